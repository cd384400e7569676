"""Walks: the same recipe, the same bytes; and what strangers may write into one."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan_hub import images
from gan_hub.latents.paths import EASINGS, KINDS, MAX_FRAMES
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.latents.text import latent_text, rounded
from gan_hub.recipes.keys import Key
from gan_hub.recipes.video import FORMATS, encode
from gan_hub.recipes.walk import MAX_KEYS, MAX_TRACKS, Walk, encode_walk, frames, read_walk
from tests.conftest import make_generator

WALK = Walk("folder:run", None, ((Key(3), Key(7, "dog", 0.5), Key(7, "été")),), frames_per_leg=4, size=16)

seeded = st.builds(
    Key,
    st.integers(0, MAX_SEED),
    st.none() | st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=64),
    st.floats(0, 2),
)
own = st.builds(
    Key,
    st.none(),
    st.none() | st.just("dog"),
    st.floats(0, 2),
    st.integers(1, 8).map(lambda n: latent_text(torch.linspace(-3, 2, n))),
)
keys = seeded | own
walks = st.builds(
    Walk,
    st.sampled_from(["mnist-gan", "org/name", "folder:my run"]),
    st.none() | st.just("0123456789abcdef" * 2 + "01234567"),
    st.integers(2, 4).flatmap(lambda n: st.lists(st.tuples(*[keys] * n), min_size=1, max_size=4).map(tuple)),
    frames_per_leg=st.integers(1, 500),
    fps=st.integers(1, 60),
    path=st.sampled_from(KINDS),
    easing=st.sampled_from(list(EASINGS)),
    loop=st.booleans(),
    even_pace=st.booleans(),
    size=st.integers(8, 1024).map(lambda half: 2 * half),
    columns=st.none() | st.integers(1, 16),
)


@given(walks)
def test_a_walk_survives_its_json(walk: Walk) -> None:
    assert Walk.from_json(walk.to_json()) == walk


@pytest.mark.parametrize("format_", FORMATS)
def test_a_walk_can_be_made_again_from_its_file_alone(format_: str) -> None:
    generator = make_generator()
    data = encode_walk(generator, WALK, format_)
    assert read_walk(data) == WALK
    assert encode_walk(generator, read_walk(data), format_) == data


def test_frames_are_those_of_sample() -> None:
    generator = make_generator()
    pictures = list(frames(generator, WALK))
    assert len(pictures) == WALK.num_frames == 9
    assert WALK.seconds == 9 / 30
    expected = [
        generator.sample(1, seed=3),
        generator.sample(1, seed=7, labels=1, truncation=0.5),
        generator.sample(1, seed=7, labels=2),
    ]
    for i, image in zip((0, 4, 8), expected):
        assert np.array_equal(pictures[i], images.to_pil(image)[0])
    with zipfile.ZipFile(io.BytesIO(encode_walk(generator, WALK, "zip"))) as archive:  # size 16: nothing is enlarged
        for i, picture in enumerate(pictures):
            assert np.array_equal(Image.open(io.BytesIO(archive.read(f"frame-{i:05d}.png"))), picture)


def test_a_walk_from_a_latent_to_a_seed_and_back() -> None:
    generator = make_generator()
    z = torch.tensor([0.3, -1.1, 2.0, 0.0, 0.7, -0.2])
    walk = Walk("folder:run", None, ((Key(None, "dog", 0.5, latent_text(z)), Key(7)),), frames_per_leg=4, size=16)
    assert read_walk(encode_walk(generator, walk, "zip")) == walk
    made = list(frames(generator, walk))
    first = generator.generate(generator.truncate(rounded(z)[None], 0.5), 1)
    assert np.array_equal(made[0], images.to_pil(first)[0])
    assert np.array_equal(made[-1], images.to_pil(generator.sample(1, seed=7))[0])
    assert walk.file_name("mp4") == "run-walk-own-7.mp4"
    with pytest.raises(ValueError, match="for another one"):
        frames(make_generator(latent_dim=8), walk)


def test_a_generator_without_classes_walks_too() -> None:
    generator = make_generator(num_classes=0, num_categories=2)
    walk = Walk("folder:run", None, ((Key(1), Key(2)),), frames_per_leg=3, loop=True)
    assert len(list(frames(generator, walk))) == 6
    with pytest.raises(ValueError, match="no classes"):
        frames(generator, WALK)


@pytest.mark.parametrize(("columns", "size"), [(None, (30, 22)), (3, (44, 12)), (1, (16, 32))])
def test_walks_side_by_side(columns: int | None, size: tuple[int, int]) -> None:
    generator = make_generator()
    tracks = tuple((Key(i), Key(i + 1, "cat")) for i in range(3))
    walk = Walk("folder:run", None, tracks, frames_per_leg=4, ping_pong=True, columns=columns)
    pictures = list(frames(generator, walk))
    assert len(pictures) == walk.num_frames == 8
    assert pictures[0].size == size
    alone = list(frames(generator, replace(walk, tracks=tracks[:1])))
    for sheet, picture in zip(pictures, alone):
        assert np.array_equal(sheet.crop((2, 2, 14, 10)), picture)
    assert read_walk(encode_walk(generator, walk, "webp")) == walk


def test_progress_and_an_early_end() -> None:
    told = []
    encode_walk(make_generator(), WALK, "mp4", on_progress=told.append)
    assert told == list(range(1, 10))
    some = (picture for picture, _ in zip(frames(make_generator(), WALK), range(5)))
    assert read_walk(encode(some, "gif", fps=30, recipe=WALK.to_json())) == WALK


def test_file_names() -> None:
    assert WALK.file_name("mp4") == "run-walk-3-7-7.mp4"
    long = Walk("a/b", "0" * 40, (tuple(Key(MAX_SEED - i) for i in range(40)),))
    assert len(long.file_name("webp")) < 80


def changed(**values: object) -> str:
    return json.dumps({**json.loads(WALK.to_json()), **values})


def key(**values: object) -> list:
    return [[{"seed": 1, "label": None, "truncation": 1.0}, {"seed": 1, "label": None, "truncation": 1.0, **values}]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "other fields"),
        ("[" * 9_000, "not JSON"),
        (" " * 70_000, "70,000 characters"),
        (changed(surplus=1), "other fields"),
        (changed(model="../x"), "the model"),
        (changed(model=None), "the model"),
        (changed(revision="main"), "not a commit"),
        (changed(version="<b>"), "the version"),
        (changed(tracks=7), "not lists of keys"),
        (changed(tracks=[7]), "not lists of keys"),
        (changed(tracks=[[7, 8]]), "the key 7"),
        (changed(tracks=[[{}, {}]]), "other fields"),
        (changed(tracks=[[{"latent": "zAAA", "seed": 1, "label": None, "truncation": 1.0}] * 2]), "other fields"),
        (changed(tracks=[[{"latent": None, "label": None, "truncation": 1.0}] * 2]), "no latent"),
        (changed(tracks=[[{"latent": "zAA", "label": None, "truncation": 1.0}] * 2]), "the latent 'zAA'"),
        (changed(tracks=key(seed=None)), "no seed"),
        (changed(tracks=[]), "walks of no keys"),
        (changed(tracks=[[]]), "walks of 0 keys"),
        (changed(tracks=key()[0][:1]), "not lists of keys"),
        (changed(tracks=key() * (MAX_TRACKS + 1)), "from 1 to 16 walks"),
        (changed(tracks=[key()[0] * (MAX_KEYS // 2 + 1)]), "from 2 to 64"),
        (changed(tracks=[*key(), key()[0] * 2]), "walks of 2, 4 keys"),
        (changed(tracks=key(seed=-1)), "seed -1"),
        (changed(tracks=key(seed=True)), "seed True"),
        (changed(tracks=key(seed="1")), "seed '1'"),
        (changed(tracks=key(label=7)), "the class 7"),
        (changed(tracks=key(label="x" * 65)), "the class"),
        (changed(tracks=key(truncation=2.1)), "truncation 2.1"),
        (changed(tracks=key(truncation=None)), "truncation None"),
        (changed(tracks=key()).replace("1.0", "NaN"), "not JSON"),
        (changed(frames_per_leg=0), "frames_per_leg 0"),
        (changed(frames_per_leg=MAX_FRAMES), "20,001 frames"),
        (changed(frames_per_leg=10**400), "frames_per_leg"),
        (changed(fps=61), "fps 61"),
        (changed(fps=None), "fps None"),
        (changed(size=255), "even number"),
        (changed(size=10**6), "size 1000000"),
        (changed(columns=0), "columns 0"),
        (changed(path="<script>"), "unknown path"),
        (changed(path=["slerp"]), "unknown path"),
        (changed(easing={}), "unknown easing"),
        (changed(loop=1), "loop 1"),
        (changed(even_pace="yes"), "even_pace 'yes'"),
        (changed(loop=True, ping_pong=True), "not both"),
    ],
)
def test_refusals_say_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Walk.from_json(text)


def test_long_names_are_bounded_together() -> None:
    track = tuple(Key(i, chr(0x1F600 + i) * 64) for i in range(64))
    with pytest.raises(ValueError, match="too many keys with long names"):
        Walk("mnist-gan", None, (track, track), frames_per_leg=1)

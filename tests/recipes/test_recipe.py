"""Recipes: round trips, and what strangers may put into a PNG."""

import json
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gan_hub.images import png_bytes
from gan_hub.recipes.recipe import (
    MAX_PNG_BYTES,
    MAX_SEED,
    PNG_KEY,
    PNG_SIGNATURE,
    Recipe,
    format_seeds,
    parse_seeds,
    read_recipe,
)

RECIPE = Recipe("mnist-gan", None, (7,), None, 1.0, "0.1.0")
PICTURE = Image.new("L", (8, 8))

labels = st.none() | st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=64)
recipes = st.builds(
    Recipe,
    model=st.sampled_from(["mnist-gan", "org/name", "folder:my run"]),
    revision=st.none() | st.just("0123456789abcdef" * 2 + "01234567"),
    seeds=st.integers(0, MAX_SEED).map(lambda seed: (seed,)),
    label=labels,
    truncation=st.floats(0, 2),
    version=st.just("0.1.0"),
)


def with_text(text: str) -> bytes:
    return png_bytes(PICTURE, {PNG_KEY: text})


def with_field(**fields: object) -> bytes:
    return with_text(json.dumps({**json.loads(RECIPE.to_json()), **fields}))


@given(recipes)
def test_recipe_survives_the_png(recipe: Recipe) -> None:
    assert read_recipe(with_text(recipe.to_json())) == recipe


def test_recipe_of_a_grid_survives_the_png(tmp_path) -> None:
    recipe = Recipe("org/name", "a" * 40, (3, 7, 8, 9), "Ankle boot", 0.7, "0.1.0", columns=2)
    path = tmp_path / "grid.png"
    path.write_bytes(with_text(recipe.to_json()))
    assert read_recipe(path) == recipe


@pytest.mark.parametrize(
    ("png", "words"),
    [
        (b"", "not a PNG"),
        (b"GIF89a", "not a PNG"),
        (png_bytes(PICTURE), "carries no recipe"),
        (with_text("{}"), "other fields"),
        (with_text("[]"), "not a JSON object"),
        (with_text("[" * 9000), "not JSON"),
        (with_text(RECIPE.to_json().replace("1.0", "NaN", 1)), "not JSON"),
        (with_text(" " * 20_000), "longer than 16,384 bytes"),
        (with_text("\N{SNOWMAN}"), "not JSON"),
        (with_text(RECIPE.to_json())[:60], "cut off"),
        (with_field(surplus=1), "other fields"),
        (with_field(seed=-1), "seed -1"),
        (with_field(seed=MAX_SEED + 1), "whole number"),
        (with_field(seed=True), "seed True"),
        (with_field(seed="7"), "seed '7'"),
        (with_field(truncation=2.5), "truncation 2.5"),
        (with_field(model="../../etc/passwd"), "the model"),
        (with_field(model="/etc/passwd"), "the model"),
        (with_field(model="folder:../x"), "the model"),
        (with_field(model=["mnist-gan"]), "the model"),
        (with_field(revision="main"), "not a commit"),
        (with_field(label="x" * 65), "the class"),
        (with_field(label="a\nb"), "the class"),
        (with_field(version="<b>"), "the version"),
        (b"\0" * (MAX_PNG_BYTES + 1), "bytes"),
    ],
)
def test_refusals_say_what_is_wrong(png: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_recipe(png)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_sentence(junk: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        read_recipe(PNG_SIGNATURE + junk)


def test_compressed_text_is_not_inflated() -> None:
    bomb = PNG_KEY.encode() + b"\0\1\0\0\0" + zlib.compress(b" " * 10_000_000)[:10_000]
    chunk = struct.pack(">I", len(bomb)) + b"iTXt" + bomb + b"\0" * 4
    with pytest.raises(ValueError, match="compressed"):
        read_recipe(PNG_SIGNATURE + chunk)


def test_a_recipe_is_looked_for_in_so_many_chunks_and_before_the_end() -> None:
    whole = with_text(RECIPE.to_json())
    start, chunks = whole[: len(PNG_SIGNATURE)], whole[len(PNG_SIGNATURE) :]
    empty = struct.pack(">I4sI", 0, b"junk", 0)
    assert read_recipe(start + empty * 9_000 + chunks) == RECIPE
    for data in (start + empty * 10_000 + chunks, start + struct.pack(">I4sI", 0, b"IEND", 0) + chunks):
        with pytest.raises(ValueError, match="carries no recipe"):
            read_recipe(data)
    with pytest.raises(ValueError, match="cut off"):
        read_recipe(start + empty)


@given(st.lists(st.integers(0, MAX_SEED), min_size=1, max_size=50, unique=True))
def test_seeds_survive_their_text(seeds: list[int]) -> None:
    assert parse_seeds(format_seeds(seeds)) == tuple(seeds)


def test_seed_ranges() -> None:
    assert parse_seeds("3, 7,10-12") == (3, 7, 10, 11, 12)
    assert format_seeds(range(16)) == "0-15"


@pytest.mark.parametrize("text", ["", "a", "-1", "1-", "5-3", "0-99999999", "4294967296", "1,1", "\u0663", "1;2"])
def test_impossible_seeds(text: str) -> None:
    with pytest.raises(ValueError, match="seed"):
        parse_seeds(text)

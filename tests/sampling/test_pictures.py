"""From seeds to files: the same recipe, the same bytes."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_hub import GanGenerator, images
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.recipes.archives import zip_bytes
from gan_hub.recipes.names import file_stem, public_name
from gan_hub.recipes.picture import grid_png
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import sample, sample_chunks


@pytest.fixture(scope="module")
def generator() -> GanGenerator:
    torch.manual_seed(0)
    config = {"image_size": (12, 8), "channels": 3, "latent_dim": 6, "num_classes": 3, "widths": [8]}
    return GanGenerator(architecture="mlp", class_names=["cat", "dog", "eel"], **config).eval()


@pytest.mark.parametrize("label", [None, "dog"])
def test_pictures_are_those_of_the_contract(generator: GanGenerator, label: str | None) -> None:
    pictures = sample(generator, range(5, 25), label=label, truncation=0.7)
    labels = None if label is None else 1
    expected = images.to_pil(generator.sample(20, seed=5, labels=labels, truncation=0.7))
    assert all(np.array_equal(picture.image, other) for picture, other in zip(pictures, expected))
    assert [picture.recipe.seed for picture in pictures] == list(range(5, 25))
    names = {picture.class_name for picture in pictures}
    assert names == ({"cat", "dog", "eel"} if label is None else {"dog"})


def test_a_picture_can_be_made_again_from_its_png_alone(generator: GanGenerator) -> None:
    for picture in sample(generator, [3, 99, MAX_SEED], label="eel", truncation=1.5):
        recipe = read_recipe(picture.png())
        again = sample(generator, recipe.seeds, label=recipe.label, truncation=recipe.truncation)
        assert again[0].png() == picture.png()


def test_chunks_are_made_when_asked_for(generator: GanGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    generate = generator.generate
    monkeypatch.setattr(generator, "generate", lambda z, labels: made.append(len(z)) or generate(z, labels))
    chunks = sample_chunks(generator, range(40))
    assert made == []
    assert len(next(chunks)) == 16
    assert made == [16]
    assert [len(chunk) for chunk in chunks] == [16, 8]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seeds": [-1]}, "seed -1"),
        ({"seeds": [MAX_SEED + 1]}, "seed"),
        ({"seeds": [0], "label": "owl"}, "choose from: cat, dog, eel"),
        ({"seeds": [0], "truncation": 3.0}, "truncation 3.0"),
        ({"seeds": [0], "truncation": float("nan")}, "truncation nan"),
    ],
)
def test_refusals_come_before_the_first_chunk(generator: GanGenerator, arguments: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sample_chunks(generator, **arguments)


def test_unconditional(generator: GanGenerator) -> None:
    config = {"image_size": (8, 8), "channels": 1, "latent_dim": 4, "widths": [8]}
    plain = GanGenerator(architecture="mlp", **config).eval()
    (picture,) = sample(plain, [1])
    assert picture.class_name is None
    with pytest.raises(ValueError, match="no classes"):
        sample(plain, [1], label="cat")


def test_grid_carries_the_recipe_of_all(generator: GanGenerator) -> None:
    pictures = sample(generator, [4, 5, 9], label="cat")
    png = grid_png(pictures, 2)
    recipe = read_recipe(png)
    assert (recipe.seeds, recipe.columns, recipe.label) == ((4, 5, 9), 2, "cat")
    assert grid_png(sample(generator, recipe.seeds, label=recipe.label), recipe.columns) == png
    assert Image.open(io.BytesIO(png)).size == (2 * 8 + 3 * 2, 2 * 12 + 3 * 2)


def test_zip_is_the_same_each_time_and_says_what_is_in_it(generator: GanGenerator) -> None:
    pictures = sample(generator, [7, 123456])
    data = zip_bytes(pictures)
    assert data == zip_bytes(sample(generator, [7, 123456]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        rows = json.loads(archive.read("manifest.json"))["pictures"]
        assert [row["file"] for row in rows] == ["unsaved-seed-00007.png", "unsaved-seed-123456.png"]
        assert [row["recipe"]["seed"] for row in rows] == [7, 123456]
        assert archive.read(rows[0]["file"]) == pictures[0].png()


def test_a_folder_is_named_without_its_path(generator: GanGenerator, tmp_path: Path) -> None:
    folder = tmp_path / "secret place" / "my run"
    generator.save_pretrained(folder)
    loaded = GanGenerator.from_pretrained(folder)
    assert public_name(loaded) == "folder:my run"
    (picture,) = sample(loaded, [0])
    assert b"secret" not in picture.png()
    assert read_recipe(picture.png()).model == "folder:my run"
    assert picture.file_name == "my-run-seed-00000.png"


def test_a_folder_can_not_pass_for_a_bundled_model(generator: GanGenerator, tmp_path: Path) -> None:
    generator.save_pretrained(tmp_path / "mnist-gan")
    assert public_name(GanGenerator.from_pretrained(tmp_path / "mnist-gan")) == "folder:mnist-gan"


@pytest.mark.parametrize(
    ("model", "stem"),
    [("mnist-gan", "mnist-gan"), ("org/a.b_c", "a.b_c"), ("folder:..", "picture"), ("folder:a\u2603b c", "a-b-c")],
)
def test_file_stem(model: str, stem: str) -> None:
    assert file_stem(model) == stem

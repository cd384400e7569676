"""Keys: pictures of seeds and of latents, made again from what names them."""

import io

import pytest
import torch
from PIL import Image

from gan_hub import images
from gan_hub.latents.text import latent_text, read_latent
from gan_hub.recipes.keys import Key
from gan_hub.recipes.links import SampleState
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import pictures_of, sample
from tests.conftest import make_generator


def latent(seed: int = 0, length: int = 6) -> str:
    return latent_text(torch.randn(length, generator=torch.Generator().manual_seed(seed)))


def test_pictures_of_seeds_are_those_of_sample() -> None:
    generator = make_generator()
    made = pictures_of(generator, [Key(5), Key(9, "dog", 0.5)])
    assert made[0].png() == sample(generator, [5])[0].png()
    assert made[1].png() == sample(generator, [9], label="dog", truncation=0.5)[0].png()
    assert made[0].file_name == sample(generator, [5])[0].file_name


def test_a_latent_is_painted_as_it_stands_and_its_png_brings_it_back() -> None:
    generator = make_generator()
    key = Key(None, "dog", 0.5, latent())
    picture = pictures_of(generator, [key])[0]
    index = generator.class_names.index("dog")
    expected = generator.generate(read_latent(latent())[None] * 0.5, [index])
    assert picture.image.tobytes() == images.to_pil(expected)[0].tobytes()
    recipe = read_recipe(picture.png())
    assert Key.from_recipe(recipe) == key
    assert pictures_of(generator, [Key.from_recipe(recipe)])[0].png() == picture.png()
    assert Image.open(io.BytesIO(picture.png())).size == (12, 8)
    assert picture.file_name != pictures_of(generator, [Key(None, "dog", 0.5, latent(1))])[0].file_name
    with pytest.raises(ValueError, match="drop it on the tab Explore"):
        SampleState.from_recipe(recipe)


def test_the_class_is_the_asked_one_or_the_latents_own() -> None:
    generator = make_generator()
    assert Key(None, "dog", latent=latent()).class_of(generator) == generator.class_names.index("dog")
    own = Key(None, latent=latent()).class_of(generator)
    assert Key(None, None, 0.2, latent()).class_of(generator) == own, "truncation does not change it"
    assert Key(3).class_of(make_generator(num_classes=0)) is None


def test_another_seed_takes_the_place_of_the_latent() -> None:
    assert Key(None, "dog", 0.5, latent()).with_seed(4) == Key(4, "dog", 0.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None,), "either a seed or a latent"),
        ((3, None, 1.0, latent()), "either a seed or a latent"),
        ((None, None, 1.0, "zA"), "the latent 'zA'"),
    ],
)
def test_keys_that_are_none(arguments: tuple, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Key(*arguments)


def test_what_another_model_can_show_of_a_key() -> None:
    generator = make_generator()
    key = Key(None, "dog", 0.5, latent())
    assert key.for_model(generator) == key
    assert key.for_model(make_generator(num_classes=0)) == Key(None, None, 0.5, latent())
    assert key.for_model(make_generator(latent_dim=8)) == Key(0, "dog", 0.5)
    assert Key(7, "owl").for_model(generator) == Key(7)


def test_a_latent_of_another_model() -> None:
    with pytest.raises(ValueError, match="has 5 numbers, those of this model have 6"):
        pictures_of(make_generator(), [Key(None, latent=latent(length=5))])

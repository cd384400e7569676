"""Pictures prepared for a generator: inverted, cut out, scaled and placed as its own are."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from gan_hub import GanGenerator
from gan_hub.images import to_pil
from gan_hub.inversion.preparation import border, framing_of, prepare, prepare_mask
from tests.conftest import make_generator


@pytest.fixture(scope="module")
def digits() -> GanGenerator:
    return GanGenerator.from_pretrained("mnist-gan")


def seven(size: int = 280, *, ink: int = 0, paper: int = 255, at: tuple[int, int] = (30, 20)) -> Image.Image:
    image = Image.new("L", (size, size), paper)
    x, y = at
    ImageDraw.Draw(image).line([(x, y), (x + 90, y), (x + 30, y + 140)], fill=ink, width=20)
    return image


def extent(picture: torch.Tensor) -> tuple[int, int]:
    seen = picture[0] > -0.5
    rows, columns = seen.any(1).nonzero(), seen.any(0).nonzero()
    return int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1


def centre(picture: torch.Tensor) -> tuple[float, float]:
    ink = (picture[0] + 1) / 2
    axis = torch.arange(28.0)
    return float((ink.sum(1) * axis).sum() / ink.sum()), float((ink.sum(0) * axis).sum() / ink.sum())


def test_the_framing_of_bundled_generators(digits: GanGenerator) -> None:
    framing = framing_of(digits)
    assert framing is not None
    assert framing.dark
    assert framing.by_mass
    assert 19 <= framing.side <= 20
    assert framing.centre == pytest.approx((13.8, 13.8), abs=0.6)
    clothes = framing_of(GanGenerator.from_pretrained("fashion-gan"))
    assert clothes is None or (clothes.side >= 26 and not clothes.by_mass)
    assert framing_of(make_generator(channels=3)) is None


def test_a_drawing_is_scaled_centred_and_inverted(digits: GanGenerator) -> None:
    placed = prepare(seven(), digits)
    assert placed.shape == (1, 28, 28)
    assert placed.min() == -1
    assert placed.max() == 1
    assert 19 <= max(extent(placed)) <= 22
    assert centre(placed) == pytest.approx((13.8, 13.8), abs=1.0)
    for other in (
        seven(ink=255, paper=0),  # light on dark
        seven(at=(150, 120)),  # elsewhere
        seven(ink=90, paper=200),  # pencil on grey paper
        seven().convert("RGB"),
        seven().convert("1"),
    ):
        assert (prepare(other, digits) - placed).abs().mean() < 0.03


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 40)])
def test_ink_on_nothing_is_seen_whatever_its_colour(colour: tuple[int, int, int], digits: GanGenerator) -> None:
    layer = Image.new("RGBA", (280, 280), (*colour, 255))
    layer.putalpha(seven(ink=255, paper=0))
    assert (prepare(layer, digits) - prepare(seven(), digits)).abs().mean() < 0.03


def test_a_picture_of_the_right_size_is_not_moved(digits: GanGenerator) -> None:
    picture = digits.sample(1, seed=4)[0]
    (image,) = to_pil(picture[None])
    assert torch.allclose(prepare(image, digits), picture, atol=1 / 127)
    inverted = Image.fromarray(255 - np.asarray(image))
    assert torch.allclose(prepare(inverted, digits), picture, atol=2 / 127)


def test_blank_paper_is_the_ground(digits: GanGenerator) -> None:
    for paper in (0, 130, 255):
        assert (prepare(Image.new("L", (90, 50), paper), digits) == -1).all()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "CMYK", "1", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), (300, 9), (9, 300)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_mode_and_size(mode: str, size: tuple[int, int], channels: int, digits: GanGenerator) -> None:
    generator = digits if channels == 1 else make_generator(channels=channels)
    picture = prepare(Image.new(mode, size), generator)
    assert picture.shape == (channels, *generator.image_size)
    assert picture.isfinite().all()
    assert picture.abs().max() <= 1


def test_a_mask_is_cropped_as_the_picture_is(digits: GanGenerator) -> None:
    mask = Image.new("L", (200, 100), 255)
    ImageDraw.Draw(mask).rectangle([100, 0, 199, 99], fill=0)
    known = prepare_mask(mask, digits)
    assert known.dtype == torch.bool
    assert known[:, :14].all()
    assert not known[:, 14:].any()
    assert torch.equal(known, prepare(mask, digits, framed=False)[0] > 0)


def test_border() -> None:
    picture = torch.arange(12.0).reshape(1, 3, 4)
    assert sorted(border(picture).tolist()) == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]

"""The losses on pretrained features: 0 where they should be, and larger the further a result is from what is asked."""

import pytest
import torch
from torch.nn.functional import avg_pool2d

from gan_hub.features import photo_network
from gan_hub.images import to_uint8
from gan_hub.models.strokes import drawn
from gan_hub.training.style.options import OptionError, StyleOptions, parsed_style, style_name
from gan_hub.training.style.perceptual import (
    OBJECTS_TAP,
    STYLE_TAPS,
    across_the_flow,
    colour_statistics,
    content_distance,
    gram_distance,
    grid_energy,
    luminance_distance,
    object_distance,
    palette_transfer,
    photo_recolourings,
    style_grams,
)


def smooth(seed: int, size: int = 96) -> torch.Tensor:
    """A blurred picture [1, 3, H, W] in [-1, 1]."""
    noise = torch.randn(1, 3, size + 8, size + 8, generator=torch.Generator().manual_seed(seed))
    return (avg_pool2d(noise, 9, 1) * 4).clamp(-1, 1)


@pytest.fixture(scope="module")
def network():
    return photo_network()


def test_the_painting_itself_is_painted_like_itself(network):
    painting, other = smooth(0), smooth(1).sign()
    grams = style_grams(network, [painting[0]])
    with torch.no_grad():
        same, far, mean = (gram_distance(network(x, STYLE_TAPS), [grams]) for x in (painting, other, painting * 0))
    assert same < 1e-6
    assert far > 0.5
    assert mean > 0.5


def test_where_things_stand_does_not_matter_to_the_style_and_does_to_the_content(network):
    painting = smooth(0)
    turned = painting.flip(3)
    with torch.no_grad():
        (maps,), (moved,) = network(painting, (4,)), network(turned, (4,))
        style = gram_distance(network(turned, STYLE_TAPS), [style_grams(network, [painting[0]])])
    assert content_distance(maps, moved) > 0.5
    assert style < 0.5
    assert content_distance(maps, maps) == 0


def test_objects_are_found_by_what_fires(network):
    photo = smooth(0)
    with torch.no_grad():
        (deep,), (other,) = network(photo, (OBJECTS_TAP,)), network(smooth(5), (OBJECTS_TAP,))
    assert object_distance(deep, deep) == 0
    assert object_distance(other, deep) > object_distance(0.5 * (deep + other), deep) > 0


def test_a_few_glaring_lines_do_not_hide_the_others():
    """Lines along the flow at one place must not make up for those across it elsewhere."""
    rows = torch.arange(64.0)
    across = 0.1 * (rows / 3).sin().view(1, 1, 1, 64).expand(1, 3, 64, 64)
    angle = torch.stack([torch.ones(1, 16, 16), torch.zeros(1, 16, 16)], dim=1)  # level
    glaring = across.clone()
    glaring[:, :, :8] = (rows[:8] * 3).sin()[:, None]
    assert across_the_flow(glaring, angle) > 0.8 * across_the_flow(across, angle)


def test_contrast_and_brightness_do_not_matter_to_the_luminance():
    photo = smooth(0)
    assert luminance_distance(photo * 0.5 + 0.2, photo) < 1e-2
    assert luminance_distance(-photo, photo) > 1


def test_the_palette_is_the_paintings():
    colours, wanted = torch.rand(3, 500), torch.rand(3, 500) ** 2 * torch.tensor([[0.9], [0.5], [0.2]])
    target = colour_statistics(wanted)
    matrix, shift = palette_transfer(*colour_statistics(colours), *target, rest=0.0)
    mean, covariance = colour_statistics(matrix @ colours + shift[:, None])
    assert torch.allclose(mean, target[0], atol=1e-5)
    assert torch.allclose(covariance, target[1], atol=1e-5)
    assert torch.allclose(matrix, matrix.T, atol=1e-5)  # of all such maps the one that moves colours least


def test_a_dark_photo_stays_darker():
    dark, bright, painting = (to_uint8(smooth(i)[0] * 0.3 + shift) for i, shift in enumerate((-0.5, 0.5, 0.0)))
    maps = photo_recolourings([dark, bright], [[painting], [dark]])
    assert [tuple(m.shape) for m in maps] == [(2, 3, 4)] * 2
    means = [m[0, :, :3] @ (p.float().mean((1, 2)) / 255) + m[0, :, 3] for m, p in zip(maps, (dark, bright))]
    assert (means[0] < means[1]).all()


def test_strokes_along_lines_lie_along_the_flow():
    rows = torch.arange(64.0)
    stripes = (rows / 3).sin().view(1, 1, 64, 1).expand(1, 3, 64, 64)
    angle = drawn(avg_pool2d(stripes, 4), torch.zeros(1, 2, 16, 16))[:, :2]
    assert across_the_flow(stripes, angle) < 0.05
    assert across_the_flow(stripes.transpose(2, 3), angle) > 0.9


def test_a_waffle_is_seen_and_strokes_are_not():
    cell = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.1
    waffle, noise = (
        cell.repeat(1, 1, 12, 12),
        torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(1)) * 0.1,
    )
    assert grid_energy(waffle) > 30 * grid_energy(noise)


def test_several_styles_in_one_option():
    name, paths, weight = parsed_style("monet=a.jpg,b/c.jpg:2.5")
    assert (name, [str(path) for path in paths], weight) == ("monet", ["a.jpg", "b/c.jpg"], 2.5)
    assert parsed_style("my style=a.jpg")[2] is None
    for wrong in ("monet", "=a.jpg", "monet=", "a/b=c.jpg", "monet=a.jpg,"):
        with pytest.raises(OptionError, match="NAME=FILE"):
            StyleOptions(styles=(wrong,))


@pytest.mark.parametrize(
    ("text", "name"), [("my-style", "my-style"), ("a=b", "a-b"), ("..", "style"), ("", "style"), ("x" * 99, "x" * 64)]
)
def test_a_folder_names_its_style(text, name):
    assert style_name(text) == name

"""Strokes follow what they paint."""

import math

import pytest
import torch

from gan_hub.models.painter import Painter
from gan_hub.models.strokes import directions
from gan_hub.painting.noise import position_noise
from gan_hub.training.style.strokes import Strokes, calmness, flattened, flow_of, lines, lit, paint, smeared


def stripes(angle: float, size: int = 96, period: float = 12) -> torch.Tensor:
    """Waves whose crests run at an angle to the x axis."""
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    across = -math.sin(angle) * columns + math.cos(angle) * rows
    return torch.sin(across * 2 * math.pi / period).expand(1, 3, size, size)


def noise(size=24, seed=1):
    return position_noise(size, size, cells=(1, 1, 16), seed=seed)[None]


@pytest.mark.parametrize("degrees", [0, 30, 60, 90, 150])
def test_the_flow_runs_along_the_stripes(degrees):
    angle = math.radians(degrees)
    flow = flow_of(stripes(angle, period=32), noise())[..., 16:-16, 16:-16]
    along = flow[:, 0] * math.cos(angle) + flow[:, 1] * math.sin(angle)
    assert along.abs().min() > 0.95
    assert torch.allclose(flow.norm(dim=1), torch.ones(1, 64, 64), atol=1e-5)


def test_where_the_photo_is_flat_the_flow_follows_the_smooth_noise():
    smooth = noise(64, seed=3)[:, 2:]
    flow = directions(torch.zeros(1, 3, 64, 64), smooth)[..., 1:-1, 1:-1]
    dx, dy = smooth[..., 1:-1, 2:] - smooth[..., 1:-1, :-2], smooth[..., 2:, 1:-1] - smooth[..., :-2, 1:-1]
    steep = (dx.square() + dy.square()).sqrt()
    uphill = (flow[:, :1] * dx + flow[:, 1:] * dy).abs() / steep
    assert uphill[steep > steep.median()].mean() < 0.3


def test_smearing_averages_along_the_flow_and_not_across():
    flow = torch.zeros(1, 2, 64, 64)
    flow[:, 0] = 1  # to the right
    white = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    found = smeared(white, flow, 12)
    assert (found[..., 1:] - found[..., :-1]).square().mean() < 0.05 * (
        white[..., 1:] - white[..., :-1]
    ).square().mean()
    rough = found[..., 1:, :] - found[..., :-1, :]
    assert rough.square().mean() > 1.5 * found.square().mean()  # rows know nothing of one another
    assert torch.allclose(
        smeared(torch.full((1, 1, 64, 64), 0.3), flow, 12), torch.full((1, 1, 64, 64), 0.3), atol=1e-6
    )
    assert torch.allclose(smeared(white, flow, 12), smeared(white, -flow, 12), atol=1e-5)  # the sign means nothing


def test_lines_lie_on_the_dark_side_of_an_edge():
    photo = torch.ones(1, 3, 64, 64) * 0.5
    photo[..., :32] = -0.5
    flow = flow_of(photo, noise(16))
    found = lines(photo, flow)[0, 0, 32]
    assert found[28:32].max() > 0.5
    assert found[33:].max() < 0.01
    assert found[:20].max() < 0.01


def test_flattening_takes_the_grain_and_leaves_the_edge():
    photo = torch.full((1, 3, 48, 48), -0.4)
    photo[..., 24:] = 0.4
    grain = 0.1 * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))
    found = flattened(photo + grain, 5)
    assert (found - photo).abs().mean() < 0.35 * grain.abs().mean()
    blurred_edge = torch.nn.functional.avg_pool2d(photo, 5, stride=1, padding=2, count_include_pad=False)
    beside = slice(22, 26)
    assert (found - photo)[..., beside].abs().mean() < 0.5 * (blurred_edge - photo)[..., beside].abs().mean()


@pytest.mark.parametrize("radius", [0, 1, 4, 9])
def test_flattening_leaves_what_is_flat(radius):
    photo = torch.full((1, 3, 20, 24), 0.3)
    assert torch.allclose(flattened(photo, radius), photo, atol=1e-6)


def test_light_falls_from_above():
    ridge = torch.zeros(1, 1, 9, 9)
    ridge[..., 4, :] = 1
    shade = lit(ridge)[0, 0, :, 3]
    assert shade[4] > 0 > shade[5]
    assert torch.equal(lit(ridge.flip(3)), lit(ridge).flip(3))


def test_strokes_are_calmer_where_there_is_much_to_see():
    photo = torch.zeros(1, 3, 64, 128)
    photo[..., 64:] = stripes(0.3, 64)
    calm = calmness(photo)[0, 0]
    assert calm[:, :48].min() > 0.99
    assert calm[:, 80:].max() < 0.5


def test_a_painted_photo_keeps_its_tones_and_has_strokes():
    photo = stripes(0.5, period=32) * 0.3
    colours, relief = paint(photo, noise(), Strokes())
    assert colours.shape == photo.shape
    assert relief.shape == (1, 5, 96, 96)
    assert torch.cosine_similarity(colours.flatten(), photo.flatten(), dim=0) > 0.9
    again, _ = paint(photo, noise(), Strokes())
    assert torch.equal(colours, again)
    _, other = paint(photo, noise(seed=2), Strokes())
    assert (relief - other).abs().mean() > 0.1


def test_the_network_sees_the_strokes_that_it_is_to_paint():
    photo = stripes(0.5, period=32) * 0.3
    painter = Painter(widths=(8, 8), num_blocks=2, noise_channels=3)
    seen = painter.strokes(photo, noise())
    _, relief = paint(photo, noise(), Strokes())
    small = torch.nn.functional.avg_pool2d(relief, 4)[:, :1, 4:-4, 4:-4].flatten()
    best = max(abs(float(torch.corrcoef(torch.stack([small, x[4:-4, 4:-4].flatten()]))[0, 1])) for x in seen[0, 5:])
    assert best > 0.6

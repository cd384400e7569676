"""The painter's last step removes the grid of the shuffle and nothing else."""

import torch

from gan_hub.models.painter import PATCH, Painter, without_a_grid


def test_a_grid_goes_and_slopes_stay():
    generator = torch.Generator().manual_seed(0)
    grid = torch.randn(1, 3, PATCH, PATCH, generator=generator)
    grid = (grid - grid.mean((2, 3), keepdim=True)).repeat(1, 1, 16, 16)
    slope = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    found = without_a_grid(slope + grid)
    inside = slice(16, -16)
    assert (found - slope)[..., inside, inside].abs().max() < 1e-5


def test_a_stroke_stays():
    picture = torch.zeros(1, 3, 64, 64)
    picture[..., 20:44, 29:36] = 1
    assert (without_a_grid(picture) - picture).abs().mean() < 0.4 * picture.mean()
    assert without_a_grid(picture)[0, 0, 32, 32] > 0.85


def test_it_looks_no_further_than_the_painter_says():
    painter = Painter(widths=(4, 4), num_blocks=1, noise_channels=2)
    moved = torch.zeros(1, 3, 64, 64)
    moved[..., 32, 32] = 1
    rows = without_a_grid(moved)[0, 0].abs().sum(1).nonzero()[:, 0]
    convolutions = PATCH * (6 + 2 * (2 * 1 + 1))
    assert max(32 - int(rows.min()), int(rows.max()) - 32) <= painter.inner_halo - convolutions

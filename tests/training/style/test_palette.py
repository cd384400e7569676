"""Colours of photos become colours of paintings."""

import torch

from gan_hub.training.style.palette import colours_of, match_palette, recoloured


def cloud(seed, centre, axes):
    """Colours of a smooth distribution, as many photos have together."""
    normals = torch.randn(4000, 3, generator=torch.Generator().manual_seed(seed))
    return (torch.tensor(centre) + normals @ torch.tensor(axes)).clamp(-1, 1)


PHOTO = cloud(0, [0.1, 0.1, 0.2], [[0.3, 0.3, 0.3], [0.1, 0.0, -0.1], [0.0, 0.1, 0.0]])
PAINTING = cloud(1, [-0.3, -0.1, 0.1], [[0.2, 0.2, 0.1], [0.2, 0.1, -0.3], [0.0, 0.1, 0.1]])


def distance(first, second):
    """Sliced Wasserstein distance of colours [N, 3]."""
    directions = torch.nn.functional.normalize(torch.randn(3, 64, generator=torch.Generator().manual_seed(5)), dim=0)
    return (first @ directions).sort(0).values.sub((second @ directions).sort(0).values).abs().mean()


def applied(colours, table, amount=1.0):
    return recoloured(colours.T[None, :, :, None], table, amount)[0, :, :, 0].T


def test_the_table_brings_the_palettes_together():
    table = match_palette(PHOTO, PAINTING, seed=0)
    assert distance(applied(PHOTO, table), PAINTING) < 0.25 * distance(PHOTO, PAINTING)


def test_amount_is_how_far_the_colours_move():
    table = match_palette(PHOTO, PAINTING, seed=0)
    assert torch.equal(applied(PHOTO, table, 0.0), PHOTO)
    half, whole = applied(PHOTO, table, 0.5) - PHOTO, applied(PHOTO, table) - PHOTO
    assert torch.allclose(2 * half, whole, atol=1e-6)


def test_a_palette_that_is_there_already_is_left_alone():
    table = match_palette(PHOTO, PHOTO, seed=0)
    assert (applied(PHOTO, table) - PHOTO).abs().max() < 0.02


def test_neighbouring_colours_stay_neighbours():
    table = match_palette(PHOTO, PAINTING, seed=0)
    ramp = torch.linspace(-1, 1, 512)[:, None].expand(512, 3)
    steps = applied(ramp, table).diff(dim=0).abs()
    assert steps.max() < 0.05  # no bands in a sky


def test_each_picture_gives_as_many_colours():
    dark, light = torch.zeros(3, 4, 4, dtype=torch.uint8), torch.full((3, 90, 90), 255, dtype=torch.uint8)
    colours = colours_of([dark, light], seed=0)
    assert ((colours == -1).all(1).float().mean() - 0.5).abs() < 0.01

"""From the colours of photos to the colours of paintings, as a smooth table."""

import torch
from torch import Tensor
from torch.nn.functional import conv3d, grid_sample, pad

SIZE = 17  # of the table, to a side
NUM_ROTATIONS = 60
STEP = 0.3  # of the way in each rotation
SIGMA = 1.5  # cells over which neighbouring colours share what they learned
NUM_COLOURS = 20_000


def match_palette(source: Tensor, target: Tensor, seed: int) -> Tensor:
    """A table of displacements that turns the distribution of `source` colours into that of `target`.

    Sliced optimal transport: along the axes of random rotations, quantiles are moved to quantiles (Pitie et al., 2005,
    "N-dimensional probability density function transfer"; Rabin et al., 2011). Then each cell of the table takes the
    mean over its neighbourhood, so that a sky does not break into bands.

    Args:
        source: [N, 3] in [-1, 1].
        target: [M, 3] in [-1, 1].
        seed: of the rotations.

    Returns:
        [1, 3, 17, 17, 17], for `recoloured`; axes are red, green and blue.
    """
    displacement = _transported(source, target, seed) - source
    cells = ((source + 1) / 2 * (SIZE - 1)).round().long().clamp(0, SIZE - 1)
    places = (cells[:, 0] * SIZE + cells[:, 1]) * SIZE + cells[:, 2]
    sums = torch.zeros(SIZE**3, 4).index_add_(0, places, torch.cat([displacement, torch.ones(len(source), 1)], 1))
    smooth = _blurred((sums / len(source)).T.reshape(1, 4, SIZE, SIZE, SIZE))
    weight = smooth[:, 3:]
    # Where no photo has a colour, the displacement dies away.
    return smooth[:, :3] / (weight + 0.01 * weight.mean())


def recoloured(images: Tensor, table: Tensor, amount: float = 1.0) -> Tensor:
    """Images [B, 3, H, W] in [-1, 1] with the table's displacements added, `amount` of them; not clamped."""
    places = images.flip(1).permute(0, 2, 3, 1)[:, None].clamp(-1, 1)  # grid_sample wants the last axis first
    displacement = grid_sample(
        table.expand(len(images), -1, -1, -1, -1), places, padding_mode="border", align_corners=True
    )
    return images + amount * displacement[:, :, 0]


def colours_of(pictures: list[Tensor], seed: int) -> Tensor:
    """Colours [N, 3] in [-1, 1], as many of each uint8 picture [3, H, W] whatever its size."""
    random = torch.Generator().manual_seed(seed)
    each = -(-NUM_COLOURS // len(pictures))
    drawn = []
    for picture in pictures:
        pixels = picture.flatten(1)
        drawn.append(pixels[:, torch.randint(0, pixels.shape[1], (each,), generator=random)].T)
    return torch.cat(drawn).float() / 127.5 - 1


def _transported(source: Tensor, target: Tensor, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    levels = torch.linspace(0, 1, len(source))
    moved = source.clone()
    for _ in range(NUM_ROTATIONS):
        rotation, _ = torch.linalg.qr(torch.randn(3, 3, generator=random))
        along, goal = moved @ rotation, target @ rotation
        change = torch.zeros_like(along)
        for axis in range(3):
            order = along[:, axis].argsort()
            change[order, axis] = torch.quantile(goal[:, axis], levels) - along[order, axis]
        moved = moved + STEP * change @ rotation.T
    return moved


def _blurred(table: Tensor) -> Tensor:
    """Gaussian blur of a table [1, C, n, n, n] along its three axes."""
    radius = 2 * round(2 * SIGMA)
    weights = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / SIGMA) ** 2)
    channels = table.shape[1]
    for axis in range(3):
        shape = [channels, 1, 1, 1, 1]
        shape[2 + axis] = len(weights)
        kernel = weights.reshape([1, 1, *shape[2:]]).expand(shape)
        padding = [0] * 6
        padding[2 * (2 - axis)] = padding[2 * (2 - axis) + 1] = radius
        table = conv3d(pad(table, padding), kernel, groups=channels)
    return table

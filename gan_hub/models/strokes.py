"""The directions of strokes: along the lines of a picture, with noise smeared along them.

The direction of a stroke comes from the smoothed structure tensor, across the gradient (Kang et al., 2009,
"Flow-based image abstraction", section 2; Kyprianidis & Kang, 2011, "Image and video abstraction by coherence-enhancing
filtering", section 3); where a picture is flat it follows the swirls of a smooth noise. Noise smeared along this
direction becomes strokes (line integral convolution, Cabral & Leedom, 1993, in growing steps). Nothing here is learned,
and no value depends on cells further away than `REACH`.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

SHORT_STEPS = (0.5, 1.0)  # cells; after these, strokes are short
LONG_STEPS = (1.5, 1.5, 1.5)  # cells; after these, strokes are long
SHORT_SCALE, LONG_SCALE = 4.4, 6.1  # of blurred noise after these
DILATIONS = (1, 2, 4)  # of the blurs of the structure tensor: over the width of a stroke, then over its length
WIDE_WEIGHT = 0.15  # of the widest blur, which decides where no line is near
SWIRL_WEIGHT = 4e-3  # of a swirl's tensor of unit trace; a difference of 0.06 between cells two apart weighs as much
# Warps move up to 6 cells and read bilinearly; the tensor's gradients and blurs read 1 + 2 * (1 + 2 + 4) cells around.
REACH = math.ceil(sum((*SHORT_STEPS, *LONG_STEPS))) + 1 + 1 + 2 * sum(DILATIONS)


def directions(picture: Tensor, smooth: Tensor) -> Tensor:
    """Unit vectors [B, 2, h, w] (x, y) along the lines of a picture; their sign has no meaning.

    Args:
        picture: [B, C, h, w] in [-1, 1].
        smooth: noise [B, 1, h, w] whose level lines are followed where the picture is flat.
    """
    tensor = outer(picture)
    narrow = blurred(tensor, DILATIONS[0])
    wide = narrow
    for dilation in DILATIONS[1:]:
        wide = blurred(wide, dilation)
    swirls = outer(smooth)
    swirls = blurred(swirls / (swirls[:, :1] + swirls[:, 2:] + 1e-6), DILATIONS[1])
    xx, xy, yy = (narrow + WIDE_WEIGHT * wide + SWIRL_WEIGHT * swirls).unbind(1)
    angle = 0.5 * torch.atan2(2 * xy, xx - yy) + math.pi / 2  # of the eigenvector of the smaller eigenvalue
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def drawn(colours: Tensor, noise: Tensor) -> Tensor:
    """Twice the angle of the lines of a picture, and noise smeared along them to three lengths.

    Args:
        colours: the picture, [B, 3, h, w] in [-1, 1].
        noise: [B, C, h, w] of variance 1, whose last channel is smooth and decides where the picture is flat.

    Returns:
        [B, 2 + 3 * (C - 1), h, w]: the angle's cosine and sine, and the noise not smeared, briefly and long.
    """
    flow = directions(colours, noise[:, -1:])
    x, y = flow.unbind(1)
    # Blurred first: along rows and columns a smeared cell would stay a line of its own width, and sharper than aslant.
    short = smear(blurred(noise[:, :-1], 1), flow, SHORT_STEPS)
    long = smear(short, flow, LONG_STEPS)
    angle = torch.stack([x * x - y * y, 2 * x * y], dim=1)
    # Blurring and smearing lower the scale of the noise, so it is restored.
    return torch.cat([angle, noise[:, :-1], SHORT_SCALE * short, LONG_SCALE * long], dim=1)


def smear(x: Tensor, flow: Tensor, steps: tuple[float, ...]) -> Tensor:
    """Average x [B, C, h, w] along the flow [B, 2, h, w] to about the sum of the steps, in cells, on either side.

    Each step takes the mean of a cell and its two neighbours along the flow. This needs a few warps instead of one for
    each cell, and no consistent sign of the flow.
    """
    for step in steps:
        x = (x + moved(x, flow * step) + moved(x, flow * -step)) / 3
    return x


def moved(x: Tensor, offset: Tensor) -> Tensor:
    """Read x [B, C, h, w] at each cell's position plus its offset [B, 2, h, w], in cells."""
    height, width = x.shape[2:]
    rows = torch.arange(height, dtype=x.dtype, device=x.device)[:, None]
    columns = torch.arange(width, dtype=x.dtype, device=x.device)
    grid_x = (columns + offset[:, 0] + 0.5) * (2 / width) - 1
    grid_y = (rows + offset[:, 1] + 0.5) * (2 / height) - 1
    grid = torch.stack([grid_x, grid_y], dim=-1)
    return grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)


def outer(x: Tensor) -> Tensor:
    """The structure tensor of x [B, C, h, w], its entries (xx, xy, yy) [B, 3, h, w] summed over channels."""
    wide = pad(x, (1, 1, 1, 1), mode="replicate")
    dx = wide[:, :, 1:-1, 2:] - wide[:, :, 1:-1, :-2]
    dy = wide[:, :, 2:, 1:-1] - wide[:, :, :-2, 1:-1]
    return torch.stack([(dx * dx).sum(1), (dx * dy).sum(1), (dy * dy).sum(1)], dim=1)


def blurred(x: Tensor, dilation: int) -> Tensor:
    """Binomial blur (1, 4, 6, 4, 1) / 16 of x [B, C, h, w] along both axes, its taps `dilation` cells apart.

    It sums slices, which is faster than a grouped convolution.
    """
    for axis in (2, 3):
        length, reach = x.shape[axis], 2 * dilation
        edges = (0, 0, reach, reach) if axis == 2 else (reach, reach, 0, 0)
        wide = pad(x, edges, mode="replicate")
        taps = [wide.narrow(axis, i * dilation, length) for i in range(5)]
        x = 0.375 * taps[2] + 0.25 * (taps[1] + taps[3]) + 0.0625 * (taps[0] + taps[4])
    return x

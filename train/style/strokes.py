"""A painter without weights, for a network to learn from: colours smeared along the lines of a photo, in strokes.

The direction of a stroke is that of the smoothed structure tensor, across the gradient (Kang et al., 2009,
"Flow-based image abstraction", section 2; Kyprianidis & Kang, 2011, "Image and video abstraction by coherence-enhancing
filtering", section 3). Noise smeared along it becomes strokes (line integral convolution, Cabral & Leedom, 1993). Where
the photo is flat the strokes follow the swirls of a smooth noise. The noise is the network's own input, so that a
stroke's place is nothing left to chance: a network can learn it from pairs, in minutes.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d, grid_sample, interpolate, pad, relu

GRADIENT_SIGMA = 1.0  # pixels
TENSOR_SIGMA = 4.0  # of the tensor's average: over the width of a stroke
WIDE_SIGMA = 20.0  # and over its length, for where there is no line near
WIDE_WEIGHT = 0.15
SWIRL_SIGMA = 16.0
SWIRL_WEIGHT = 4e-4  # of a swirl's tensor, of unit trace: what a gradient of 0.02 has
LINE_SIGMA = 1.6  # pixels
LINE_THRESHOLD = 0.015  # difference of lightness, of a range of 2, below which there is no line
LINE_SOFTNESS = 0.06
INK = -0.95
BUSY = 0.35  # strength of strokes where there is much to see
BUSY_ENERGY = 0.02  # squared gradient, per pixel, summed over channels, at which half of the way there is gone
RELIEF_SIGMA = 16.0  # strokes are told from the tone they lie on by this much


@dataclass(frozen=True)
class Strokes:
    """How a photo is painted.

    Attributes:
        width: sigma of a stroke's profile across, in pixels, above the noise's own cell of 4.
        length: to either side along the flow, in pixels.
        smoothing: the same for the photo's colours.
        raggedness: pixels by which a stroke pushes the colours' edges about.
        swirl: how far flat places follow the smooth noise; 0 = along the nearest lines alone.
        outline: strength of dark lines where light and dark meet, from 0 to 1.
    """

    width: float = 1.0
    length: float = 24.0
    smoothing: float = 8.0
    raggedness: float = 3.0
    swirl: float = 1.0
    outline: float = 0.0


def paint(photo: Tensor, noise: Tensor, strokes: Strokes) -> tuple[Tensor, Tensor]:
    """The photo's colours in strokes, and the strokes themselves.

    Args:
        photo: [1, 3, H, W] in [-1, 1].
        noise: [1, 3, H / 4, W / 4] of variance 1: two of strokes, one smooth.
        strokes: how they are to be.

    Returns:
        colours [1, 3, H, W] in [-1, 1]; relief [1, 2, H, W], of lightness and of colour: of variance 1 where the photo
        is flat, less where it shows much.
    """
    large = interpolate(noise, size=photo.shape[2:], mode="bicubic", align_corners=False)
    flow = directions(photo, large[:, 2:], swirl=strokes.swirl)
    relief = smear(blurred(large[:, :2], strokes.width), flow, strokes.length)
    relief = relief - blurred(relief, RELIEF_SIGMA)
    relief = relief / (relief.square().mean((2, 3), keepdim=True).sqrt() + 1e-6)
    relief = relief * calmness(photo)
    colours = smear(blurred(photo, GRADIENT_SIGMA), flow, strokes.smoothing)
    if strokes.outline:
        dark = strokes.outline * lines(photo, flow)
        colours = colours + dark * (INK - colours)
    across = torch.cat([-flow[:, 1:], flow[:, :1]], dim=1)
    return moved(colours, across * strokes.raggedness * relief[:, :1].clamp(-2, 2)), relief


def lines(photo: Tensor, flow: Tensor) -> Tensor:
    """Lines on the dark side of edges, from 0 to 1: [1, 1, H, W].

    A difference of Gaussians along the flow, its threshold a soft one (Winnemoeller et al., 2012, "XDoG: an extended
    difference-of-Gaussians compendium", section 2).

    Args:
        photo: [1, 3, H, W] in [-1, 1].
        flow: of `directions`.
    """
    light = photo.mean(1, keepdim=True)
    difference = blurred(light, LINE_SIGMA) - blurred(light, 1.6 * LINE_SIGMA)
    return smear(torch.tanh(relu(-difference - LINE_THRESHOLD) / LINE_SOFTNESS), flow, 5.0)


def calmness(photo: Tensor) -> Tensor:
    """From 1 where a photo [1, 3, H, W] is flat to `BUSY` where it is full of lines: [1, 1, H, W].

    A painter takes smaller strokes where there is more to see, such as in a face.
    """
    tensor = blurred(_outer(*_gradients(blurred(photo, GRADIENT_SIGMA))), TENSOR_SIGMA)
    energy = tensor[:, :1] + tensor[:, 2:]
    return BUSY + (1 - BUSY) / (1 + energy / BUSY_ENERGY)


def directions(photo: Tensor, smooth: Tensor, *, swirl: float) -> Tensor:
    """Unit vectors [1, 2, H, W] (x, y) along the lines of a photo [1, 3, H, W]; their sign means nothing.

    Args:
        photo: [1, 3, H, W].
        smooth: noise [1, 1, H, W] whose level lines flat places follow.
        swirl: how strongly.
    """
    tensor = _outer(*_gradients(blurred(photo, GRADIENT_SIGMA)))
    hills = blurred(smooth, SWIRL_SIGMA)
    swirls = _outer(*_gradients(hills))
    swirls = swirls / (swirls[:, 0] + swirls[:, 2]).mean().clamp(min=1e-12)
    tensor = blurred(tensor, TENSOR_SIGMA) + WIDE_WEIGHT * blurred(tensor, WIDE_SIGMA) + SWIRL_WEIGHT * swirl * swirls
    xx, xy, yy = tensor.unbind(1)
    angle = 0.5 * torch.atan2(2 * xy, xx - yy) + math.pi / 2  # of the eigenvector of the smaller eigenvalue
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def smear(x: Tensor, flow: Tensor, reach: float) -> Tensor:
    """Average x [1, C, H, W] along the flow [1, 2, H, W] to about `reach` pixels on either side.

    In steps that grow, each the mean of a pixel and its two neighbours along the flow: a few warps in place of one a
    pixel, and no sign of the flow to be carried along.
    """
    step, done = 1.0, 0.0
    while done < reach:
        x = (x + moved(x, flow * step) + moved(x, flow * -step)) / 3
        done += step
        step = min(1.8 * step, 6.0)
    return x


def moved(x: Tensor, offset: Tensor) -> Tensor:
    """Read x [1, C, H, W] at each pixel's place plus its offset [1, 2, H, W], in pixels."""
    height, width = x.shape[2:]
    rows = torch.arange(height, dtype=x.dtype, device=x.device)[:, None]
    columns = torch.arange(width, dtype=x.dtype, device=x.device)
    grid_x = (columns + offset[:, 0] + 0.5) / width * 2 - 1
    grid_y = (rows + offset[:, 1] + 0.5) / height * 2 - 1
    grid = torch.stack([grid_x, grid_y], dim=-1)
    return grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of x [B, C, H, W], the edge's pixels repeated beyond it; sigma in pixels."""
    if sigma <= 0:
        return x
    radius = math.ceil(3 * sigma)
    weights = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=x.device) / sigma) ** 2)
    weights = (weights / weights.sum()).to(x.dtype).expand(x.shape[1], 1, 1, -1)
    x = conv2d(pad(x, (radius, radius, 0, 0), mode="replicate"), weights, groups=x.shape[1])
    return conv2d(pad(x, (0, 0, radius, radius), mode="replicate"), weights.mT, groups=x.shape[1])


def _gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences of x [B, C, H, W] along x and y."""
    wide = pad(x, (1, 1, 1, 1), mode="replicate")
    return wide[:, :, 1:-1, 2:] - wide[:, :, 1:-1, :-2], wide[:, :, 2:, 1:-1] - wide[:, :, :-2, 1:-1]


def _outer(dx: Tensor, dy: Tensor) -> Tensor:
    """The structure tensor's entries (xx, xy, yy) [B, 3, H, W], summed over channels."""
    return torch.stack([(dx * dx).sum(1), (dx * dy).sum(1), (dy * dy).sum(1)], dim=1)

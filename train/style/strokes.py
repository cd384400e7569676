"""A painter without weights, for a network to learn from: colours smeared along the lines of a photo, in strokes.

The strokes are noise smeared along the lines (gan_hub.models.strokes), at full size and with ragged edges. The noise is
the network's own input, so that a stroke's place is nothing left to chance: a network can learn it from pairs, in
minutes.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad, relu

from gan_hub.models.strokes import directions, moved, outer, smear

CELL = 4  # pixels of a cell of noise
GRADIENT_SIGMA = 1.0  # pixels
TENSOR_SIGMA = 4.0  # of the tensor's average: over the width of a stroke
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
        outline: strength of dark lines where light and dark meet, from 0 to 1.
    """

    width: float = 1.0
    length: float = 24.0
    smoothing: float = 8.0
    raggedness: float = 3.0
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
    large = interpolate(noise[:, :2], size=photo.shape[2:], mode="bicubic", align_corners=False)
    flow = flow_of(photo, noise)
    relief = smeared(blurred(large, strokes.width), flow, strokes.length)
    relief = relief - blurred(relief, RELIEF_SIGMA)
    relief = relief / (relief.square().mean((2, 3), keepdim=True).sqrt() + 1e-6)
    relief = relief * calmness(photo)
    colours = smeared(blurred(photo, GRADIENT_SIGMA), flow, strokes.smoothing)
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
    return smeared(torch.tanh(relu(-difference - LINE_THRESHOLD) / LINE_SOFTNESS), flow, 5.0)


def calmness(photo: Tensor) -> Tensor:
    """From 1 where a photo [1, 3, H, W] is flat to `BUSY` where it is full of lines: [1, 1, H, W].

    A painter takes smaller strokes where there is more to see, such as in a face.
    """
    tensor = blurred(outer(blurred(photo, GRADIENT_SIGMA)), TENSOR_SIGMA)
    energy = tensor[:, :1] + tensor[:, 2:]
    return BUSY + (1 - BUSY) / (1 + energy / BUSY_ENERGY)


def flow_of(photo: Tensor, noise: Tensor) -> Tensor:
    """Unit vectors [1, 2, H, W] along the lines of a photo: those that the network finds at a quarter of the size."""
    x, y = directions(avg_pool2d(photo, CELL), noise[:, -1:]).unbind(1)
    twice = torch.stack([x * x - y * y, 2 * x * y], dim=1)  # of the angle: this way a direction has one sign alone
    large = interpolate(twice, size=photo.shape[2:], mode="bilinear", align_corners=False)
    angle = 0.5 * torch.atan2(large[:, 1], large[:, 0])
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def smeared(x: Tensor, flow: Tensor, reach: float) -> Tensor:
    """Average x [1, C, H, W] along the flow [1, 2, H, W] to about `reach` pixels on either side."""
    steps: list[float] = []
    step = 1.0
    while sum(steps) < reach:
        steps.append(step)
        step = min(1.8 * step, 6.0)
    return smear(x, flow, tuple(steps))


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of x [B, C, H, W], the edge's pixels repeated beyond it; sigma in pixels."""
    if sigma <= 0:
        return x
    radius = math.ceil(3 * sigma)
    weights = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=x.device) / sigma) ** 2)
    weights = (weights / weights.sum()).to(x.dtype).expand(x.shape[1], 1, 1, -1)
    x = conv2d(pad(x, (radius, radius, 0, 0), mode="replicate"), weights, groups=x.shape[1])
    return conv2d(pad(x, (0, 0, radius, radius), mode="replicate"), weights.mT, groups=x.shape[1])

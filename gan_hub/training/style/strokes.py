"""A painter without weights, for a network to learn from: a photo's colours flattened, in strokes along its lines.

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
SECTORS = 8  # of the disc that colours are flattened over
FLAT_VARIANCE = 0.01  # summed over channels; a sector of less stands for one colour
FLAT_SHARPNESS = 4  # power of the variance by which sectors are told apart
DAB_LENGTH = 3.0  # pixels to either side
STROKE_EDGE = 1.5  # of a stroke's profile, between its flat middle and the next one
BUSY_ENERGY = 0.02  # squared gradient, per pixel, summed over channels, at which half of the way there is gone
RELIEF_SIGMA = 16.0  # strokes are told from the tone they lie on by this much


@dataclass(frozen=True)
class Strokes:
    """How a photo is painted.

    Attributes:
        width: sigma of a stroke's profile across, in pixels, above the noise's own cell of 4.
        length: to either side along the flow, in pixels.
        flattening: radius of the discs over which the photo's colours are made one, in pixels; 0 = not at all.
        smoothing: to either side along the flow, in pixels, for the photo's colours.
        raggedness: pixels by which a stroke pushes the colours' edges about.
        outline: strength of dark lines where light and dark meet, from 0 to 1.
    """

    width: float = 1.0
    length: float = 20.0
    flattening: int = 5
    smoothing: float = 6.0
    raggedness: float = 3.0
    outline: float = 0.0


def paint(photo: Tensor, noise: Tensor, strokes: Strokes) -> tuple[Tensor, Tensor]:
    """The photo's colours in strokes, and the strokes themselves.

    Args:
        photo: [1, 3, H, W] in [-1, 1].
        noise: [1, 3, H / 4, W / 4] of variance 1: two of strokes, one smooth.
        strokes: how they are to be.

    Returns:
        colours [1, 3, H, W] in [-1, 1]; relief [1, 5, H, W]: how light and how warm a stroke is, and two of the same
        kind for short dabs, from -1 to 1; and how light from above falls on the paint, of variance 1. Less of all where
        the photo shows much.
    """
    large = interpolate(noise[:, :2], size=photo.shape[2:], mode="bicubic", align_corners=False)
    flow = flow_of(photo, noise)
    dabs = smeared(blurred(large, strokes.width), flow, DAB_LENGTH)
    height = smeared(dabs, flow, strokes.length)
    dabs, height = (_of_variance_1(x - blurred(x, RELIEF_SIGMA)) for x in (dabs, height))
    calm = calmness(photo)
    colours = smeared(flattened(blurred(photo, GRADIENT_SIGMA), strokes.flattening), flow, strokes.smoothing)
    if strokes.outline:
        dark = strokes.outline * lines(photo, flow)
        colours = colours + dark * (INK - colours)
    across = torch.cat([-flow[:, 1:], flow[:, :1]], dim=1)
    colours = moved(colours, across * strokes.raggedness * (height[:, :1] * calm).clamp(-2, 2))
    in_strokes, in_dabs = (torch.tanh(STROKE_EDGE * x) * calm for x in (height, dabs))
    return colours, torch.cat([in_strokes, in_dabs, _of_variance_1(lit(height[:, :1]) * calm)], dim=1)


def flattened(x: Tensor, radius: int) -> Tensor:
    """Each pixel of x [1, C, H, W] given the mean of those sectors around it that vary least.

    So edges stay, and what lies between them becomes flat: the generalised Kuwahara filter (Papari et al., 2007,
    "Artistic edge and corner enhancing smoothing", section III).

    Args:
        x: [1, C, H, W] in [-1, 1].
        radius: of the disc that the sectors divide, in pixels; 0 leaves x alone.
    """
    if radius == 0:
        return x
    kernels = _sectors(radius).to(x)[:, None]
    channels = pad(x, (radius,) * 4, mode="replicate").transpose(0, 1)
    means = conv2d(channels, kernels)
    variances = (conv2d(channels * channels, kernels) - means * means).clamp(min=0).sum(0)
    # What is flat to the eye counts alike; else a sky would go by its grain.
    weights = 1 / (1e-3 + (variances / FLAT_VARIANCE) ** FLAT_SHARPNESS)
    return (means * weights).sum(1)[None] / weights.sum(0)


def _sectors(radius: int) -> Tensor:
    """Weights of each sector of a disc, each of sum 1: [8, 2 radius + 1, 2 radius + 1]."""
    steps = torch.arange(-radius, radius + 1.0)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    squares = x * x + y * y
    disc = torch.exp(-2 * squares / radius**2) * (squares <= radius**2)
    middles = 2 * math.pi / SECTORS * torch.arange(SECTORS)[:, None, None]
    offsets = torch.atan2(y, x) - middles
    offsets = torch.atan2(offsets.sin(), offsets.cos())
    window = (offsets * SECTORS / 4).cos().clamp(min=0) ** 2 * (offsets.abs() < 2 * math.pi / SECTORS)
    window[:, radius, radius] = 1
    weights = disc * window
    return weights / weights.sum((1, 2), keepdim=True)


def lit(height: Tensor) -> Tensor:
    """How light from above falls on a surface [1, 1, H, W]: its slope towards there, the same for its mirror image."""
    return height - pad(height, (0, 0, 1, 0), mode="replicate")[:, :, :-1]


def _of_variance_1(x: Tensor) -> Tensor:
    return x / (x.square().mean((2, 3), keepdim=True).sqrt() + 1e-6)


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

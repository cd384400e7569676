"""Losses on features of a network that was trained to know objects: painted like the paintings, showing the photo.

Gatys et al., 2016, "Image style transfer using convolutional neural networks"; with a network that paints in one pass,
Johnson et al., 2016, arXiv:1603.08155; with many styles in it, Dumoulin et al., 2017, arXiv:1610.07629. The features
are those of `photo-features`, a cut of EfficientNet-Lite0.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pixel_unshuffle

from gan_hub.images import from_uint8
from gan_hub.models.efficientnet import EfficientNet

STYLE_TAPS = (-1, 0, 2, 4, 7)  # the stem and blocks: from the touch of a brush to the forms that strokes make
LINES_TAP, OBJECTS_TAP = 4, 10  # where lines are, and what the objects are
LUMA = (0.299, 0.587, 0.114)
EPS = 1e-5
FLOW_CELL = 8  # pixels along the side of a square whose contrast is compared with the flow
FLOW_EPS = 1e-3  # of squared contrast; where there is less, no stroke is seen
GRID = 8  # pixels; the coarsest grid of the networks


@torch.no_grad()
def style_grams(network: EfficientNet, paintings: Sequence[Tensor]) -> list[Tensor]:
    """The Gram matrix [C, C] of each of `STYLE_TAPS`, averaged over paintings, [3, H, W] each in [-1, 1]."""
    maps = [network(painting[None].contiguous(memory_format=torch.channels_last), STYLE_TAPS) for painting in paintings]
    return [torch.stack([gram(features)[0] for features in taps]).mean(0) for taps in zip(*maps)]


def _shrunk(painting: Tensor) -> Tensor:
    """Colours [3, N] in [0, 1], as many of each painting whatever its size."""
    return (interpolate(painting[None], (64, 64), mode="area")[0].flatten(1) + 1) / 2


def colour_statistics(colours: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [..., 3] and covariance [..., 3, 3] of colours [..., 3, N]."""
    mean = colours.mean(-1)
    centred = colours - mean[..., None]
    return mean, centred @ centred.mT / colours.shape[-1]


def gram(features: Tensor) -> Tensor:
    """The Gram matrices [B, C, C] of features [B, C, h, w]: how often channels fire together, wherever they do."""
    flat = features.float().flatten(2)
    return flat @ flat.mT / flat.shape[2]


def gram_distance(maps: Sequence[Tensor], targets: Sequence[Sequence[Tensor]]) -> Tensor:
    """Squared distances of Gram matrices over the squared length of the target's, summed over taps: [B].

    Args:
        maps: [B, C, h, w] for each tap.
        targets: for each picture of the batch, [C, C] for each tap.
    """
    total = torch.zeros(len(targets), device=maps[0].device)
    for features, wanted in zip(maps, zip(*targets)):
        target = torch.stack(wanted)
        total = total + (gram(features) - target).square().sum((1, 2)) / target.square().sum((1, 2))
    return total


def content_distance(painted: Tensor, photo: Tensor) -> Tensor:
    """Mean squared difference of two maps of features [B, C, h, w], each channel standardised over its picture: [B].

    Standardised as a painting may be paler, or bluer, than what it shows.
    """
    return (standardised(painted.float()) - standardised(photo.float())).square().flatten(1).mean(1)


def object_distance(painted: Tensor, photo: Tensor) -> Tensor:
    """Mean squared difference of two maps of deep features [B, C, h, w], over the photo's variance: [B].

    Not standardised: what fires at all says what is there.
    """
    painted, photo = painted.float(), photo.float()
    variance = photo.var((2, 3), correction=0).mean(1).clamp(min=1e-3)
    return (painted - photo).square().flatten(1).mean(1) / variance


def standardised(x: Tensor) -> Tensor:
    """Each channel of x [B, C, h, w] with mean 0 and variance 1 over its picture."""
    variance, mean = torch.var_mean(x, dim=(2, 3), keepdim=True, correction=0)
    return (x - mean) * torch.rsqrt(variance + EPS)


def luminance_distance(painted: Tensor, photo: Tensor, cell: int = 8) -> Tensor:
    """The same of the luminance [B, 3, H, W] over squares of `cell` pixels: light stays light, so faces keep form."""
    return content_distance(*(avg_pool2d(luminance(x), cell) for x in (painted, photo)))


def luminance(images: Tensor) -> Tensor:
    """Y of images [B, 3, H, W]: [B, 1, H, W]."""
    return torch.einsum("bchw,c->bhw", images, images.new_tensor(LUMA))[:, None]


def palette_transfer(
    mean: Tensor, covariance: Tensor, target_mean: Tensor, target_covariance: Tensor, rest: float = 2e-3
) -> tuple[Tensor, Tensor]:
    """The linear map of colours that turns a mean and covariance into others: a matrix [3, 3] and a shift [3].

    Monge-Kantorovich: of all linear maps with that result the one that moves colours least (Pitie & Kokaram, 2007, "The
    linear Monge-Kantorovitch linear colour mapping for example-based colour transfer", section 3).

    Args:
        mean: [3] in [0, 1].
        covariance: [3, 3].
        target_mean: [3].
        target_covariance: [3, 3].
        rest: added to the variances, so that a grey photo is not stretched to all colours of the rainbow.
    """
    eye = torch.eye(3)
    root = _power(covariance + rest * eye, 0.5)
    inverse = _power(covariance + rest * eye, -0.5)
    matrix = inverse @ _power(root @ (target_covariance + rest * eye) @ root, 0.5) @ inverse
    return matrix, target_mean - matrix @ mean


def _power(matrix: Tensor, exponent: float) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values.clamp(min=1e-8) ** exponent) @ vectors.T


def across_the_flow(painted: Tensor, angle: Tensor) -> Tensor:
    """The share of the contrast of images [B, 3, H, W] that lies along the lines of the photo: [B], from 0 to 1.

    Strokes along a line are alike along it and differ across it, so less is better.

    Args:
        painted: [B, 3, H, W].
        angle: the cosine and sine of twice the angle of the lines, [B, 2, H / 4, W / 4].
    """
    light = luminance(painted)
    dx, dy = light[..., :-1, 1:] - light[..., :-1, :-1], light[..., 1:, :-1] - light[..., :-1, :-1]
    cosine, sine = interpolate(angle, light.shape[2:], mode="bilinear")[..., :-1, :-1].unbind(1)
    energy = (dx.square() + dy.square()).squeeze(1)
    # (gradient . line)^2 = (|g|^2 + (gx^2 - gy^2) cos 2a + 2 gx gy sin 2a) / 2
    along = (energy + (dx.square() - dy.square()).squeeze(1) * cosine + 2 * (dx * dy).squeeze(1) * sine) / 2
    # Square by square: a few glaring lines where the flow is level would make all of a picture look better.
    along, energy = (avg_pool2d(x[:, None], FLOW_CELL).flatten(1) for x in (along, energy))
    return (along / (energy + FLOW_EPS)).mean(1)


def grid_energy(painted: Tensor) -> Tensor:
    """The mean square of the detail that all cells of 8 x 8 pixels of images [B, 3, H, W] have in common: [B].

    A network whose coarsest grid has such cells can paint a waffle wherever it wants texture; a painter can't.
    """
    fine = painted - avg_pool2d(painted, 5, 1, 2, count_include_pad=False)
    return pixel_unshuffle(fine, GRID).mean((2, 3)).square().mean(1)


def photo_recolourings(
    photos: Sequence[Tensor], groups: Sequence[Sequence[Tensor]], amount: float = 1.0
) -> list[Tensor]:
    """For each photo [3, H, W], uint8, the linear maps to the palettes of groups of paintings: [groups, 3, 4] each.

    The map starts half from the colours of the photo and half from those of all photos, so that a dark photo stays
    darker than a bright one; and it goes `amount` of the way.
    """
    of_photos = [colour_statistics(_shrunk(from_uint8(photo))) for photo in photos]
    means, covariances = (torch.stack(values) for values in zip(*of_photos))
    spread = covariances.mean(0) + colour_statistics(means.T)[1]
    palettes = [colour_statistics(torch.cat([_shrunk(from_uint8(p)) for p in group], dim=1)) for group in groups]
    found = []
    for mean, covariance in of_photos:
        between = (mean + means.mean(0)) / 2, (covariance + spread) / 2
        maps = [palette_transfer(*between, *palette) for palette in palettes]
        whole = torch.stack([torch.cat([matrix, shift[:, None]], dim=1) for matrix, shift in maps])
        found.append(amount * whole + (1 - amount) * torch.eye(3, 4))
    return found


class PerceptualLoss:
    """All losses on a batch that need pretrained features or the photo's palette.

    Args:
        network: frozen; see `gan_hub.features.photo_network`.
        groups: the paintings of each style, [3, H, W], uint8.
        weights: of each style's Gram matrices.
    """

    def __init__(self, network: EfficientNet, groups: Sequence[Sequence[Tensor]], weights: Sequence[float]) -> None:
        self.network = network
        self.grams = [style_grams(network, [from_uint8(painting) for painting in group]) for group in groups]
        self.weights = torch.tensor(weights)

    def __call__(
        self,
        photo: Tensor,
        painted: Tensor,
        styles: Tensor,
        recolouring: Tensor,
        angle: Tensor,
        offset: tuple[int, int] = (0, 0),
        side: int | None = None,
    ) -> dict[str, Tensor]:
        """Each loss, not weighted except that of style.

        Args:
            photo: [B, 3, H, W] in [-1, 1].
            painted: the same shape.
            styles: the number of each picture's style [B].
            recolouring: of each picture [B, 3, 4].
            angle: as in `across_the_flow`.
            offset: rows and columns to leave out above and left before features are computed, less than 8: features lie
                on grids of 2 to 16 pixels, and a pattern that always meets them alike would be the cheapest answer.
            side: to which the squares are reduced before features are computed; None = as they are. Strokes that look
                right in both sizes are larger, and without a grain of single pixels.
        """
        down, right = offset
        cut = [x[:, :, down : x.shape[2] - 8 + down, right : x.shape[3] - 8 + right] for x in (photo, painted)]
        if side is not None:
            cut = [interpolate(x, (side, side), mode="bilinear", antialias=True) for x in cut]
        with torch.no_grad():
            lines, objects = self._maps(cut[0], (LINES_TAP, OBJECTS_TAP))
        *maps, painted_objects = self._maps(cut[1], (*STYLE_TAPS, OBJECTS_TAP))
        distance = gram_distance(maps, [self.grams[int(style)] for style in styles])
        target = torch.einsum("bij,bjhw->bihw", recolouring[:, :, :3], avg_pool2d((photo + 1) / 2, 16))
        target = (target + recolouring[:, :, 3, None, None]).clamp(0, 1)
        return {
            "style": (self.weights.to(distance.device)[styles] * distance).mean(),
            "features": content_distance(maps[STYLE_TAPS.index(LINES_TAP)], lines).mean(),
            "objects": object_distance(painted_objects, objects).mean(),
            "luminance": luminance_distance(cut[1], cut[0]).mean(),
            "palette": (avg_pool2d((painted + 1) / 2, 16) - target).square().mean(),
            "flow": across_the_flow(painted, angle).mean(),
            "grid": grid_energy(painted).mean(),
        }

    def _maps(self, images: Tensor, taps: Sequence[int]) -> list[Tensor]:
        # In 16 bits, in which these layers' gradients are several times as fast on a CPU; Gram matrices have 32.
        images = images.to(torch.bfloat16 if images.device.type == "cpu" else images.dtype)
        return self.network(images.contiguous(memory_format=torch.channels_last), taps)

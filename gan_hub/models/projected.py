"""Projected discriminators: small heads on the frozen features of a network that knows photos.

Sauer et al., 2021, "Projected GANs Converge Faster", arXiv:2111.01007. The features are those of the bundled
`photo-features`; the projections, which mix channels and scales, are random and fixed. The heads are without
normalisation and are meant for a relativistic loss with a gradient penalty on their inputs (arXiv:2501.05441).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, leaky_relu, pixel_unshuffle

from gan_hub.models.efficientnet import BLOCKS, EfficientNet
from gan_hub.models.layers import SLOPE, he_init

TAPS = (1, 4, 7, 10)  # blocks of the frozen network: from edges to parts of objects
WIDTHS = (32, 64, 128, 256)  # of the projected maps, fine to coarse
MAX_WIDTH = 256  # of a head's convolutions


class ProjectedFeatures(nn.Module):
    """Pictures as standardised and mixed maps of four depths; nothing of it learns.

    Args:
        network: frozen.
        size: pixels of the shorter side that pictures are scaled to before they are shown to the network.
        seed: of the projections.
    """

    means: Tensor
    deviations: Tensor

    def __init__(self, network: EfficientNet, *, size: int = 96, seed: int = 0) -> None:
        super().__init__()
        self.network, self.size = network, size
        self.register_buffer("means", torch.zeros(len(TAPS)))
        self.register_buffer("deviations", torch.ones(len(TAPS)))
        random = torch.Generator().manual_seed(seed)
        for i, (tap, width) in enumerate(zip(TAPS, WIDTHS)):
            in_width = BLOCKS[tap].width
            self.register_buffer(f"channels{i}", _random_mix(width, in_width, random))
            if i + 1 < len(TAPS):
                self.register_buffer(f"scales{i}", _random_mix(width, WIDTHS[i + 1], random))
        self.eval()

    @torch.no_grad()
    def standardise(self, images: Tensor) -> None:
        """Measure mean and deviation of each depth on real images [N, C, H, W] in [-1, 1]."""
        for i, features in enumerate(self._tapped(_on_ground(images, torch.Generator().manual_seed(0)))):
            self.means[i], self.deviations[i] = features.float().mean(), features.float().std()

    def statistics(self) -> dict[str, Tensor]:
        """The tensors that `standardise` fills."""
        return {"means": self.means, "deviations": self.deviations}

    def sizes(self, image_size: tuple[int, int]) -> list[tuple[int, int]]:
        """Height and width of each map of pictures of a size."""
        weight = self.network.stem.weight
        with torch.no_grad():
            maps = self._tapped(torch.zeros(1, 3, *image_size, device=weight.device, dtype=weight.dtype))
        return [(x.shape[2], x.shape[3]) for x in maps]

    def forward(self, images: Tensor, random: torch.Generator) -> list[Tensor]:
        """Map images [B, C, H, W] in [-1, 1] to maps [B, width, h, w], fine to coarse.

        Pictures with transparency are laid on a ground of a random colour each: were it always the same, what is of
        its colour and what is transparent would look alike.
        """
        maps: list[Tensor] = []
        for i, features in reversed(list(enumerate(self._tapped(_on_ground(images, random))))):
            x = (features - self.means[i].to(features.dtype)) / self.deviations[i].to(features.dtype)
            x = conv2d(x, getattr(self, f"channels{i}").to(x.dtype))
            if maps:
                coarser = conv2d(maps[0], getattr(self, f"scales{i}").to(x.dtype))
                if coarser.shape != x.shape:
                    coarser = interpolate(coarser, size=x.shape[2:], mode="bilinear")
                x = (x + coarser) * 0.5**0.5
            maps.insert(0, x)
        return maps

    def _tapped(self, images: Tensor) -> list[Tensor]:
        height, width = images.shape[2:]
        factor = self.size / min(height, width)
        if factor != 1:
            size = (round(height * factor), round(width * factor))
            images = interpolate(images, size, mode="bilinear", antialias=factor < 1)
        return self.network(images.contiguous(memory_format=torch.channels_last), TAPS)


def _on_ground(images: Tensor, random: torch.Generator) -> Tensor:
    """RGB [B, 3, H, W] of grey, RGB or RGBA images in [-1, 1] whose colours are multiplied by alpha."""
    if images.shape[1] != 4:
        return images.expand(-1, 3, -1, -1)
    ground = torch.rand(len(images), 3, 1, 1, generator=random).to(images)
    return images[:, :3] + (1 - images[:, 3:]) * ground


def _random_mix(width: int, in_width: int, random: torch.Generator) -> Tensor:
    return torch.randn(width, in_width, 1, 1, generator=random) * in_width**-0.5


class MapHead(nn.Module):
    """From one map to logits at several places, in the light of how the maps of a group differ from each other.

    Args:
        in_width: channels of the map.
        size: its height and width.
        num_classes: of the labels; 0 without.
        group: pictures, one after the other in the batch, whose differences are shown to the head
            (minibatch standard deviation: Karras et al., 2018, arXiv:1710.10196, section 3).
    """

    def __init__(self, in_width: int, size: tuple[int, int], *, num_classes: int, group: int) -> None:
        super().__init__()
        self.group = group
        layers: list[nn.Module] = []
        width, (rows, columns) = max(64, in_width), size
        while min(rows, columns) > 8:
            layers += [he_init(nn.Conv2d(in_width, width, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
            in_width, width, rows, columns = width, min(2 * width, MAX_WIDTH), rows // 2, columns // 2
        self.down = nn.Sequential(*layers)
        width = min(2 * in_width, MAX_WIDTH)
        self.mix = he_init(nn.Conv2d(in_width + 1, width, 3, padding=1))
        self.to_logits = he_init(nn.Conv2d(width, max(1, num_classes), (min(4, rows), min(4, columns))))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map x [B, in_width, h, w] and labels [B] to logits [B, places]."""
        x = self.down(x)
        x = leaky_relu(self.mix(torch.cat([x, deviation_of_groups(x, self.group)], 1)), SLOPE)
        logits = self.to_logits(x).float()
        if labels is not None:
            logits = logits[torch.arange(len(x), device=x.device), labels, None]
        return logits.flatten(1)


def deviation_of_groups(x: Tensor, group: int) -> Tensor:
    """The mean standard deviation within each group of consecutive pictures x [B, C, h, w], as a map [B, 1, h, w]."""
    group = next(size for size in range(min(group, len(x)), 0, -1) if len(x) % size == 0)
    grouped = x.float().unflatten(0, (-1, group))
    deviation = (grouped.var(1, correction=0) + 1e-4).sqrt().mean((1, 2, 3))
    return deviation.repeat_interleave(group)[:, None, None, None].expand(-1, 1, *x.shape[2:]).to(x.dtype)


class PixelHead(nn.Module):
    """A `MapHead` on the pixels themselves, which sees the fine grain that the features overlook."""

    def __init__(self, channels: int, image_size: tuple[int, int], *, num_classes: int, group: int) -> None:
        super().__init__()
        height, width = image_size
        self.head = MapHead(4 * channels, (height // 2, width // 2), num_classes=num_classes, group=group)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map images [B, channels, H, W] and labels [B] to logits [B, places]."""
        return self.head(pixel_unshuffle(images, 2), labels)


class ProjectedDiscriminator(nn.Module):
    """One `MapHead` for each map of `ProjectedFeatures`, beside a network that judges the pixels.

    Args:
        pixels: maps (images, labels) to logits [B] or [B, places].
        sizes: height and width of each map.
        num_classes: of the labels; 0 without.
        group: see `MapHead`.
    """

    def __init__(self, pixels: nn.Module, sizes: Sequence[tuple[int, int]], *, num_classes: int, group: int) -> None:
        super().__init__()
        self.pixels = pixels
        self.heads = nn.ModuleList(
            MapHead(width, size, num_classes=num_classes, group=group) for width, size in zip(WIDTHS, sizes)
        )

    def forward(self, views: Sequence[Tensor], labels: Tensor | None = None) -> list[Tensor]:
        """Map the images, their maps and labels [B] to the logits [B, places] of each judge, the pixels' first."""
        images, *maps = views
        return [
            self.pixels(images, labels).view(len(images), -1),
            *(head(x, labels) for head, x in zip(self.heads, maps)),
        ]

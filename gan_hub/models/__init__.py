"""The networks. To add an architecture: its file here, its row below, its preset in train/presets.py."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from gan_hub.models.conv import ConvDiscriminator, ConvGenerator
from gan_hub.models.mlp import MLPDiscriminator, MLPGenerator


@dataclass(frozen=True)
class Architecture:
    """A generator, the discriminator it is trained against, and the options both take besides the image's shape."""

    generator: Callable[..., nn.Module]
    discriminator: Callable[..., nn.Module]
    options: tuple[str, ...]


ARCHITECTURES: dict[str, Architecture] = {
    "conv": Architecture(ConvGenerator, ConvDiscriminator, ("widths", "num_blocks", "patch_size")),
    "mlp": Architecture(MLPGenerator, MLPDiscriminator, ("widths",)),
}

"""The checked contents of a stylizer's config.json: flat, and every field bounded before a network is built."""

from dataclasses import dataclass
from typing import Any

from gan_hub.loading.config import FORMAT_VERSION, FlatConfig, integer, integers, one_of
from gan_hub.models import STYLIZERS

MAX_WIDTH = 512


@dataclass(frozen=True)
class StylizerConfig(FlatConfig):
    """The checked configuration of a stylizer."""

    architecture: str
    widths: tuple[int, ...]
    num_blocks: int = 0
    noise_channels: int = 0
    scale: int = 1
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        """Check every field; a list becomes a tuple.

        Raises:
            ConfigError: a field has the wrong type, is out of bounds, or does not fit the architecture.
        """
        one_of("format_version", self.format_version, (FORMAT_VERSION,))
        one_of("architecture", self.architecture, tuple(sorted(STYLIZERS)))
        architecture = STYLIZERS[self.architecture]
        count = architecture.num_widths
        widths = integers("widths", self.widths, min_length=count, max_length=count, low=1, high=MAX_WIDTH)
        object.__setattr__(self, "widths", widths)
        integer("num_blocks", self.num_blocks, *architecture.blocks)
        integer("noise_channels", self.noise_channels, *architecture.noise)
        one_of("scale", self.scale, architecture.scales)

    def network_options(self) -> dict[str, Any]:
        """The arguments that the architecture's network is built from, by name."""
        return {name: getattr(self, name) for name in STYLIZERS[self.architecture].options}

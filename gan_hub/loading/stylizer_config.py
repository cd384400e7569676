"""The checked contents of a stylizer's config.json: flat, and every field bounded before a network is built."""

import re
from dataclasses import dataclass
from typing import Any

from gan_hub.loading.config import FORMAT_VERSION, ConfigError, FlatConfig, integer, integers, one_of, shorten
from gan_hub.models import STYLIZERS

MAX_WIDTH = 512
MAX_STYLE_CHARACTERS = 64
STYLE_NAME = re.compile(
    r"[^\W_](?:[\w .-]{0,62}[^\W_])?"
)  # letters of any script, digits, and what stands between them


@dataclass(frozen=True)
class StylizerConfig(FlatConfig):
    """The checked configuration of a stylizer.

    Attributes:
        styles: the names of the styles in it; None for an architecture that holds one style without a name.
        style: the one that it paints in unless another is asked for; None as above.
    """

    architecture: str
    widths: tuple[int, ...]
    num_blocks: int = 0
    noise_channels: int = 0
    scale: int = 1
    styles: tuple[str, ...] | None = None
    style: str | None = None
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
        self._check_styles(*architecture.styles)

    def _check_styles(self, low: int, high: int) -> None:
        if not high:
            if self.styles is not None or self.style is not None:
                raise ConfigError(
                    f"the architecture '{self.architecture}' has no named styles; leave styles and style out"
                )
            return
        styles = self.styles
        if not isinstance(styles, (list, tuple)) or not low <= len(styles) <= high:
            raise ConfigError(f"styles is {shorten(repr(styles))}; it must be a list of {low} to {high} names")
        if bad := [name for name in styles if not is_style_name(name)]:
            raise ConfigError(
                f"styles holds {shorten(repr(bad[0]))}; a name has at most {MAX_STYLE_CHARACTERS} letters, digits, "
                "spaces, dots and hyphens, and begins and ends with a letter or digit"
            )
        if len(set(styles)) < len(styles):
            raise ConfigError(f"styles is {shorten(repr(styles))}; no name may be there twice")
        object.__setattr__(self, "styles", tuple(styles))
        object.__setattr__(self, "style", styles[0] if self.style is None else self.style)
        one_of("style", self.style, styles)

    @property
    def num_styles(self) -> int:
        """How many styles the network holds; 0 for an architecture without names for them."""
        return len(self.styles or ())

    def network_options(self) -> dict[str, Any]:
        """The arguments that the architecture's network is built from, by name."""
        return {name: getattr(self, name) for name in STYLIZERS[self.architecture].options}


def is_style_name(name: object) -> bool:
    """Whether a style may be called that."""
    return isinstance(name, str) and STYLE_NAME.fullmatch(name) is not None

"""The checked contents of a generator's config.json: flat, and every field bounded before a network is built.

The base classes and the checks at the end also serve `gan_hub.loading.stylizer_config`, `gan_hub.editing.encoder` and
`gan_hub.features`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from gan_hub.models import ARCHITECTURES

FORMAT_VERSION = 1
MAX_LATENT_DIM = 4096
MAX_CONFIG_BYTES = 256 * 1024
MAX_NAME_CHARACTERS = 40_000  # of all class names together: 10,000 of them in UTF-8 still fit into MAX_CONFIG_BYTES
MAX_ATTENTION_CELLS = 4096  # a 64 x 64 grid; the memory grows with the square of the number of cells
MAX_PARAMETERS = 64_000_000  # 256 MB in float32: ten times what a 512 x 512 generator of this project needs


class ConfigError(ValueError):
    """A config that can't be used; the message says what it holds and what is accepted."""


Config = TypeVar("Config", bound="FlatConfig")


@dataclass(frozen=True)
class FlatConfig:
    """A checked configuration that converts to and from the mapping in config.json."""

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON scalars and lists, as config.json holds them; those that are None are left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        }

    @classmethod
    def from_dict(cls: type[Config], values: Mapping[str, Any]) -> Config:
        """Check a mapping as read from config.json.

        Raises:
            ConfigError: a key is unknown or missing, or a value is refused.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ConfigError(f"unknown keys in the config: {shorten(unknown)}; known are {', '.join(sorted(known))}")
        required = {field.name for field in fields(cls) if field.default is MISSING} | {"format_version"}
        if missing := sorted(required - set(values)):
            raise ConfigError(f"the config lacks {', '.join(missing)}")
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class LatentConfig(FlatConfig):
    """The fields that describe the pictures and the latents of a generator; its encoder has them too."""

    architecture: str
    image_size: tuple[int, int]
    channels: int
    latent_dim: int
    num_classes: int
    widths: tuple[int, ...]
    num_categories: int = 0
    num_active: int = 0
    format_version: int = FORMAT_VERSION

    def check_fields(self, architectures: Iterable[str], *, max_width: int) -> None:
        """Check and normalise the fields of this class; lists become tuples.

        Raises:
            ConfigError: a field has the wrong type, is out of bounds, or does not fit another field.
        """
        one_of("format_version", self.format_version, (FORMAT_VERSION,))
        one_of("architecture", self.architecture, sorted(architectures))
        object.__setattr__(self, "image_size", image_size_of(self.image_size))
        one_of("channels", self.channels, (1, 3, 4))
        integer("latent_dim", self.latent_dim, 1, MAX_LATENT_DIM)
        integer("num_classes", self.num_classes, 0, 10_000)
        widths = integers("widths", self.widths, min_length=1, max_length=8, low=1, high=max_width)
        object.__setattr__(self, "widths", widths)
        integer("num_categories", self.num_categories, 0, min(self.latent_dim - 1, 1000))
        integer("num_active", self.num_active, 0, self.latent_dim - self.num_categories)
        for name in ("num_categories", "num_active"):
            if getattr(self, name) and self.num_classes:
                raise ConfigError(
                    f"{name} is {getattr(self, name)} and num_classes is {self.num_classes}; structured latents go "
                    "without classes: set one of the two to 0"
                )


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig(LatentConfig):
    """The checked configuration of a generator. Options that its architecture does not take are None and not saved."""

    class_names: tuple[str, ...]
    num_blocks: int | None = None
    patch_size: int | None = None
    attention_stages: int | None = None
    num_frames: int | None = None

    def __post_init__(self) -> None:
        """Check and normalise every field; lists become tuples.

        Raises:
            ConfigError: a field has the wrong type, is out of bounds, or does not fit another field.
        """
        self.check_fields(ARCHITECTURES, max_width=4096)
        object.__setattr__(self, "class_names", _class_names(self.class_names, self.num_classes))
        self._check_options()
        self._check_stages()
        if self.attention_stages:
            self._check_attention(self.attention_stages)

    def _check_options(self) -> None:
        """Check the options that only some architectures take."""
        possible: dict[str, Sequence[int]] = {
            "num_blocks": range(1, 17),
            "patch_size": (1, 2, 4),
            "attention_stages": range(len(self.widths) + 1),
            "num_frames": range(2, 65),
        }
        taken = ARCHITECTURES[self.architecture].options
        for name, allowed in possible.items():
            value = getattr(self, name)
            if name not in taken:
                if value is not None:
                    raise ConfigError(
                        f"{name} is {value!r}, but the architecture '{self.architecture}' takes no {name}; leave it out"
                    )
                continue
            if value is None:  # a config from before this option, if the architecture has a default for it
                object.__setattr__(self, name, value := taken[name])
            if isinstance(allowed, range):
                integer(name, value, allowed[0], allowed[-1])
            else:
                one_of(name, value, allowed)

    def _check_stages(self) -> None:
        """Check that the picture can be halved as often as there are widths."""
        doublings = ARCHITECTURES[self.architecture].doublings(len(self.widths), self.patch_size or 1)
        if 2**doublings > min(self.image_size):
            height, width = self.image_size
            surplus = doublings - min(height, width).bit_length() + 1
            raise ConfigError(
                f"{len(self.widths)} widths halve {height}x{width} pixels below one cell; "
                f"use at most {len(self.widths) - surplus} widths"
            )

    def _check_attention(self, num_stages: int) -> None:
        scale = 2 ** (len(self.widths) - num_stages) * (self.patch_size or 1)
        height, width = self.image_size
        if (cells := -(-height // scale) * -(-width // scale)) > MAX_ATTENTION_CELLS:
            raise ConfigError(
                f"attention_stages is {num_stages}, over {cells} cells; use fewer: at most {MAX_ATTENTION_CELLS} cells "
                "are possible"
            )

    def network_options(self) -> dict[str, Any]:
        """The options that the architecture takes, by name."""
        return {name: getattr(self, name) for name in ARCHITECTURES[self.architecture].options}


def read_json(path: Path) -> dict[str, Any]:
    """Read an untrusted config.json.

    Raises:
        ConfigError: the file is too large, not JSON, nested too deeply, or not an object.
    """
    if (size := path.stat().st_size) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path.name} has {size:,} bytes; at most {MAX_CONFIG_BYTES:,} are read")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise ConfigError(f"{path.name} is not valid JSON ({type(error).__name__})") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path.name} holds a {type(values).__name__}; it must hold an object")
    return values


def shorten(value: object, limit: int = 80) -> str:
    """Format a value for a message: cut at `limit` characters, and with control characters escaped."""
    text = value if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."


def one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    """Raise ConfigError unless the value equals one of those allowed and has its type."""
    # True == 1, so the types are compared too.
    if not any(type(value) is type(option) and value == option for option in allowed):
        raise ConfigError(f"{name} is {shorten(repr(value))}; it must be one of {', '.join(map(str, allowed))}")


def integer(name: str, value: object, low: int, high: int) -> int:
    """Return the value, or raise ConfigError unless it is a whole number from `low` to `high`."""
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(f"{name} is {shorten(repr(value))}; it must be a whole number from {low} to {high}")
    return value


def integers(name: str, value: object, *, min_length: int, max_length: int, low: int, high: int) -> tuple[int, ...]:
    """Return the list as a tuple, or raise ConfigError unless its length and each of its numbers is within bounds."""
    if not isinstance(value, (list, tuple)) or not min_length <= len(value) <= max_length:
        span = f"{min_length} to {max_length} whole numbers" if min_length < max_length else f"length {min_length}"
        raise ConfigError(f"{name} is {shorten(repr(value))}; it must be a list of {span}")
    return tuple(integer(f"{name}[{i}]", item, low, high) for i, item in enumerate(value))


def image_size_of(value: object) -> tuple[int, int]:
    """Return the list [H, W] as a tuple, or raise ConfigError unless both are multiples of 4 from 8 to 512."""
    height, width = integers("image_size", value, min_length=2, max_length=2, low=8, high=512)
    if height % 4 or width % 4:
        raise ConfigError(f"image_size is [{height}, {width}]; height and width must be multiples of 4 from 8 to 512")
    return height, width


def _class_names(value: object, num_classes: int) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or len(value) not in (0, num_classes):
        raise ConfigError(
            f"class_names is {shorten(repr(value))}; it must be a list of one name a class ({num_classes}), or empty"
        )
    for name in value:
        if not isinstance(name, str) or not 1 <= len(name) <= 64 or not name.isprintable():
            raise ConfigError(f"the class name {shorten(repr(name))} is not possible; use 1 to 64 printable characters")
    if len(set(value)) != len(value):
        raise ConfigError("class_names holds the same name twice; give each class its own")
    if (length := sum(map(len, value))) > MAX_NAME_CHARACTERS:
        raise ConfigError(f"class_names has {length:,} characters in all; at most {MAX_NAME_CHARACTERS:,} are possible")
    return tuple(value) or tuple(str(i) for i in range(num_classes))

"""LatentEncoder: from a picture, in one pass, to the latent that a generator paints it from; it lies beside that.

Two files, `encoder.json` and `encoder.safetensors`, as strictly checked as those of the generator.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import one_hot

from gan_hub.latents.seeds import structured
from gan_hub.loading import model_files, weights
from gan_hub.loading.config import (
    FORMAT_VERSION,
    MAX_CONFIG_BYTES,
    ConfigError,
    FlatConfig,
    GeneratorConfig,
    image_size_of,
    integer,
    integers,
    one_of,
    read_json,
)
from gan_hub.models.encoder import Encoder

CONFIG_FILE = "encoder.json"
WEIGHTS_FILE = "encoder.safetensors"
WIDTHS = (112, 96, 64)  # with pictures of 28 x 28, just below 2 MB in 16 bits


@dataclass(frozen=True)
class EncoderConfig(FlatConfig):
    """The checked configuration of an encoder: what pictures and latents of its generator are, and its own widths."""

    architecture: str
    image_size: tuple[int, int]
    channels: int
    latent_dim: int
    num_classes: int
    widths: tuple[int, ...]
    num_categories: int = 0
    num_active: int = 0
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        """Check and normalise every field; lists become tuples.

        Raises:
            ConfigError: a field has another type than it should, or is out of bounds.
        """
        one_of("format_version", self.format_version, (FORMAT_VERSION,))
        one_of("architecture", self.architecture, ("encoder",))
        object.__setattr__(self, "image_size", image_size_of(self.image_size))
        one_of("channels", self.channels, (1, 3, 4))
        integer("latent_dim", self.latent_dim, 1, 4096)
        integer("num_classes", self.num_classes, 0, 10_000)
        integer("num_categories", self.num_categories, 0, 0 if self.num_classes else min(self.latent_dim - 1, 1000))
        integer("num_active", self.num_active, 0, self.latent_dim - self.num_categories)
        widths = integers("widths", self.widths, min_length=1, max_length=8, low=1, high=1024)
        object.__setattr__(self, "widths", widths)
        if 2 ** len(widths) > min(self.image_size):
            raise ConfigError(f"{len(widths)} widths halve {list(self.image_size)} pixels below one cell; use fewer")

    @property
    def num_told(self) -> int:
        """Classes or, where there are none, categories of the code that the encoder tells apart."""
        return self.num_classes or self.num_categories

    @classmethod
    def for_generator(cls, config: GeneratorConfig, widths: Sequence[int] | None = None) -> "EncoderConfig":
        """The configuration of an encoder for the pictures of a generator; of clips, it sees the first frame.

        Args:
            config: of the generator.
            widths: channels of the stages, coarse to fine; `WIDTHS`, and more of them for larger pictures, if None.
        """
        if widths is None:
            side, stages = min(config.image_size) // 2, 1
            while side > 4:
                side, stages = -(-side // 2), stages + 1
            widths = [WIDTHS[0]] * (stages - len(WIDTHS)) + list(WIDTHS[-stages:])
        return cls(
            architecture="encoder",
            image_size=config.image_size,
            channels=config.channels,
            latent_dim=config.latent_dim,
            num_classes=config.num_classes,
            widths=tuple(widths),
            num_categories=config.num_categories,
            num_active=config.num_active,
        )


class LatentEncoder:
    """Predicts latents and classes from pictures.

    It holds a network and is none, so that it can be an attribute of a generator without becoming a part of it.

    Attributes:
        config: checked.
        network: an `Encoder`, in evaluation mode.

    Raises:
        ConfigError: the config asks for more than `MAX_PARAMETERS`.
    """

    def __init__(self, config: EncoderConfig) -> None:
        self.config = config
        with torch.device("meta"):
            weights.check_parameter_budget(self._build_network(), "encoder")
        self.network = self._build_network().to(memory_format=torch.channels_last).eval()

    def _build_network(self) -> Encoder:
        config = self.config
        return Encoder(
            image_size=config.image_size,
            channels=config.channels,
            latent_dim=config.latent_dim - config.num_categories,
            num_classes=config.num_told,
            widths=config.widths,
        )

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    def to(self, device: torch.device | str) -> "LatentEncoder":
        """Move the weights; returns itself."""
        self.network.to(device)
        return self

    @torch.no_grad()
    def encode(self, images: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The latents and classes of pictures.

        Args:
            images: [N, C, H, W] in [-1, 1].
            labels: [N], of the class, or the category, that each latent is to be for; None = the likeliest.

        Returns:
            z [N, latent_dim], with the structure of the generator's latents, and the logits [N, K] of classes or
            categories, K = 0 without any; both on the encoder's device.

        Raises:
            ValueError: the pictures have another shape.
        """
        expected = (self.config.channels, *self.config.image_size)
        if images.ndim != 4 or tuple(images.shape[1:]) != expected:
            raise ValueError(f"the pictures have the shape {list(images.shape)}; this encoder takes {['N', *expected]}")
        labels = None if labels is None else labels.to(self.device)
        rest, logits = self.network(images.to(self.device, torch.float32), labels)
        rest = structured(rest, num_active=self.config.num_active)
        if self.config.num_categories:
            code = logits.argmax(1) if labels is None else labels
            rest = torch.cat([one_hot(code, self.config.num_categories).to(rest), rest], dim=1)
        return rest, logits

    def halve(self) -> "LatentEncoder":
        """Round the weights to the 16 bits that they are saved in, so that what is measured is what is loaded.

        Raises:
            ModelError: they do not fit into 16 bits.
        """
        with torch.no_grad():
            for name, tensor in self.network.state_dict().items():
                if not torch.isfinite(half := tensor.half()).all():
                    raise weights.ModelError(f"'{name}' of the encoder is too large, or NaN, for 16 bits")
                tensor.copy_(half)
        return self

    def save(self, folder: Path) -> None:
        """Write encoder.json and encoder.safetensors, which holds the weights in 16 bits; the encoder is halved.

        Raises:
            ModelError: the weights do not fit into 16 bits.
        """
        state = self.halve().network.state_dict()
        halved = {name: tensor.half().cpu().contiguous() for name, tensor in state.items()}
        save_file(halved, folder / WEIGHTS_FILE, metadata={"format": "pt"})
        text = json.dumps(self.config.to_dict(), indent=2, sort_keys=True)
        (folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def beside(cls, files: model_files.ModelFiles, config: GeneratorConfig) -> "LatentEncoder | None":
        """The encoder that lies beside a generator, from the same folder or commit, in evaluation mode.

        Args:
            files: of the generator.
            config: of the generator, which the encoder has to fit.

        Returns:
            None if there is no encoder.json.

        Raises:
            ModelError: the files can't be reached, are damaged, or are for another generator.
        """
        path = files.optional_path(CONFIG_FILE, MAX_CONFIG_BYTES)
        if path is None:
            return None
        try:
            found = EncoderConfig.from_dict(read_json(path))
            with torch.device("meta"):
                encoder = cls(check_fit(found, config))
        except ConfigError as error:
            raise weights.ModelError(f"the encoder of '{files.name}' can't be loaded: {error}") from error
        check_size = partial(weights.check_weights_size, files.name, network=encoder.network, filename=WEIGHTS_FILE)
        path = files.path(WEIGHTS_FILE, check_size)
        try:
            weights.load_weights(encoder.network, path, files.name)
        except weights.ModelError as error:
            raise weights.ModelError(f"{WEIGHTS_FILE} can't be loaded: {error}") from error
        encoder.network.to(memory_format=torch.channels_last)
        return encoder


def check_fit(config: EncoderConfig, generator: GeneratorConfig) -> EncoderConfig:
    """Return the encoder's config, or raise ConfigError unless it is for such a generator."""
    for name in ("image_size", "channels", "latent_dim", "num_classes", "num_categories", "num_active"):
        if (own := getattr(config, name)) != (other := getattr(generator, name)):
            raise ConfigError(
                f"{name} is {own} of the encoder and {other} of its generator; they do not belong together"
            )
    return config

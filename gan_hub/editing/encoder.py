"""LatentEncoder: predicts, in one pass, the latent that a generator would paint a picture from.

Its two files, `encoder.json` and `encoder.safetensors`, lie beside those of the generator and are checked as strictly.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import one_hot

from gan_hub.latents.seeds import structured
from gan_hub.loading.budget import build_checked, on_meta
from gan_hub.loading.config import MAX_CONFIG_BYTES, ConfigError, GeneratorConfig, LatentConfig
from gan_hub.loading.model_files import ModelFiles, load_config
from gan_hub.loading.weights import ModelError
from gan_hub.models.encoder import Encoder

CONFIG_FILE = "encoder.json"
WEIGHTS_FILE = "encoder.safetensors"
WIDTHS = (112, 96, 64)  # with pictures of 28 x 28, just below 2 MB in 16 bits


@dataclass(frozen=True, kw_only=True)
class EncoderConfig(LatentConfig):
    """The checked configuration of an encoder: its generator's pictures and latents, and its own widths."""

    def __post_init__(self) -> None:
        """Check and normalise every field; lists become tuples.

        Raises:
            ConfigError: a field has the wrong type, is out of bounds, or does not fit another field.
        """
        self.check_fields(["encoder"], max_width=1024)
        if 2 ** len(self.widths) > min(self.image_size):
            raise ConfigError(
                f"{len(self.widths)} widths halve {list(self.image_size)} pixels below one cell; use fewer"
            )

    @property
    def num_labels(self) -> int:
        """How many classes the encoder distinguishes or, without classes, how many categories of the code."""
        return self.num_classes or self.num_categories

    @classmethod
    def for_generator(cls, config: GeneratorConfig, widths: Sequence[int] | None = None) -> "EncoderConfig":
        """The configuration of an encoder for a generator's pictures, or for the first frames of its clips.

        Args:
            config: of the generator.
            widths: channels of the stages, coarse to fine; None = `WIDTHS`, extended for larger pictures.
        """
        if widths is None:
            side, stages = min(config.image_size) // 2, 1
            while side > 4:
                side, stages = -(-side // 2), stages + 1
            widths = [WIDTHS[0]] * (stages - len(WIDTHS)) + list(WIDTHS[-stages:])
        shared = {field.name: getattr(config, field.name) for field in fields(LatentConfig)}
        return cls(**{**shared, "architecture": "encoder", "widths": tuple(widths)})


class LatentEncoder:
    """Predicts latents and classes from pictures.

    It is not a module itself, so that as an attribute of a generator it does not become part of the generator.

    Attributes:
        config: the checked configuration.
        network: an `Encoder`, in evaluation mode.

    Raises:
        ConfigError: the config asks for more than `MAX_PARAMETERS`.
    """

    def __init__(self, config: EncoderConfig) -> None:
        self.config = config
        self.network = build_checked(self._build_network, "encoder").eval()

    def _build_network(self) -> Encoder:
        config = self.config
        return Encoder(
            image_size=config.image_size,
            channels=config.channels,
            latent_dim=config.latent_dim - config.num_categories,
            num_classes=config.num_labels,
            widths=config.widths,
        )

    @property
    def device(self) -> torch.device:
        """The device that holds the weights."""
        return next(self.network.parameters()).device

    def to(self, device: torch.device | str) -> "LatentEncoder":
        """Move the weights, and return the encoder."""
        self.network.to(device)
        return self

    @torch.no_grad()
    def encode(self, images: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Predict the latents and classes of pictures.

        Args:
            images: [N, C, H, W] in [-1, 1].
            labels: [N], the class or category to predict each latent for; None = the likeliest of each picture.

        Returns:
            z [N, latent_dim], with the structure of the generator's latents, and the logits [N, K] of the classes or
            categories, where K may be 0; both on the encoder's device.

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
        """Round the weights to the 16 bits that they are saved in, so that measurements hold for the saved encoder.

        Raises:
            ModelError: the weights do not fit into 16 bits.
        """
        with torch.no_grad():
            for name, tensor in self.network.state_dict().items():
                if not torch.isfinite(half := tensor.half()).all():
                    raise ModelError(f"'{name}' of the encoder holds NaN, or values too large for 16 bits")
                tensor.copy_(half)
        return self

    def save(self, folder: Path) -> None:
        """Write encoder.json and, with the weights in 16 bits, encoder.safetensors; the encoder itself is halved too.

        Raises:
            ModelError: the weights do not fit into 16 bits.
        """
        state = self.halve().network.state_dict()
        halved = {name: tensor.half().cpu().contiguous() for name, tensor in state.items()}
        save_file(halved, folder / WEIGHTS_FILE, metadata={"format": "pt"})
        text = json.dumps(self.config.to_dict(), indent=2, sort_keys=True)
        (folder / CONFIG_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def beside(cls, files: ModelFiles, config: GeneratorConfig) -> "LatentEncoder | None":
        """Load the encoder beside a generator, from the same folder or commit, in evaluation mode.

        Args:
            files: of the generator.
            config: of the generator, which the encoder has to fit.

        Returns:
            None if there is no encoder.json.

        Raises:
            ModelError: the files can't be fetched, are damaged, or belong to another generator.
        """
        if files.optional_path(CONFIG_FILE, MAX_CONFIG_BYTES) is None:
            return None
        values = load_config(files, CONFIG_FILE)
        try:
            found = EncoderConfig.from_dict(values)
            with on_meta():
                encoder = cls(check_fit(found, config))
        except ConfigError as error:
            raise ModelError(f"the encoder of '{files.name}' can't be loaded: {error}") from error
        files.load_weights(encoder.network, WEIGHTS_FILE)
        return encoder


def check_fit(config: EncoderConfig, generator: GeneratorConfig) -> EncoderConfig:
    """Return the encoder's config, or raise ConfigError unless it fits the generator's."""
    for name in sorted({field.name for field in fields(LatentConfig)} - {"architecture", "widths", "format_version"}):
        if (own := getattr(config, name)) != (other := getattr(generator, name)):
            raise ConfigError(
                f"{name} is {own} of the encoder and {other} of its generator; the two do not belong together"
            )
    return config

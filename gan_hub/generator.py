"""GanGenerator: from seeds or latents to pictures, over every noise-to-image architecture, on and off the Hub."""

from collections.abc import Sequence

import torch
from huggingface_hub import ModelCard
from torch import Tensor, nn

from gan_hub import __version__, card, weights
from gan_hub.config import FORMAT_VERSION, GeneratorConfig, shown
from gan_hub.latents import check_seed, emphasised, labels_of_latents, latents_from_seeds, structured, truncate
from gan_hub.models import ARCHITECTURES
from gan_hub.pretrained import PretrainedModel

Labels = int | Sequence[int] | Tensor | None


class GanGenerator(
    PretrainedModel,
    library_name="gan-hub",
    pipeline_tag="unconditional-image-generation",
    license="apache-2.0",
    tags=["gan"],
):
    """A generator of pictures from noise.

    Args:
        architecture: a key of `gan_hub.models.ARCHITECTURES`.
        image_size: [H, W], multiples of 4 from 8 to 512.
        channels: 1 grey, 3 RGB, 4 RGBA.
        latent_dim: length of z.
        num_classes: 0 = unconditional.
        class_names: one a class; the numbers from 0 if empty.
        widths: mlp: units of the hidden layers; conv: channels of the stages, coarse to fine.
        num_blocks: conv, recurrent: residual blocks in each stage. The other architectures take none.
        patch_size: conv, recurrent: side of the pixels painted at once. The other architectures take none.
        attention_stages: conv: coarsest stages with self-attention. The other architectures take none.
        num_frames: recurrent: T, of a clip. The other architectures take none.
        num_categories: entries at the front of z that are a one-hot code; 0 = none.
        num_active: entries of z that are not zero, the code aside; 0 = all.
        format_version: of config.json.

    Raises:
        ConfigError: an argument is out of bounds, or all together ask for more than `MAX_PARAMETERS`.
    """

    config: GeneratorConfig
    config_class = GeneratorConfig
    kinds = ("generator",)

    def __init__(
        self,
        *,
        architecture: str,
        image_size: Sequence[int],
        channels: int,
        latent_dim: int,
        num_classes: int = 0,
        class_names: Sequence[str] = (),
        widths: Sequence[int],
        num_blocks: int | None = None,
        patch_size: int | None = None,
        attention_stages: int | None = None,
        num_frames: int | None = None,
        num_categories: int = 0,
        num_active: int = 0,
        format_version: int = FORMAT_VERSION,
    ) -> None:
        config = GeneratorConfig(
            architecture=architecture,
            image_size=image_size,  # type: ignore[arg-type]  # the config checks and converts the sequences
            channels=channels,
            latent_dim=latent_dim,
            num_classes=num_classes,
            class_names=class_names,  # type: ignore[arg-type]
            widths=widths,  # type: ignore[arg-type]
            num_blocks=num_blocks,
            patch_size=patch_size,
            attention_stages=attention_stages,
            num_frames=num_frames,
            num_categories=num_categories,
            num_active=num_active,
            format_version=format_version,
        )
        super().__init__(config)

    @property
    def image_size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.config.image_size

    @property
    def channels(self) -> int:
        """1 grey, 3 RGB, 4 RGBA."""
        return self.config.channels

    @property
    def latent_dim(self) -> int:
        """Length of z."""
        return self.config.latent_dim

    @property
    def num_classes(self) -> int:
        """0 = unconditional."""
        return self.config.num_classes

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name a class; empty when unconditional."""
        return self.config.class_names

    @property
    def num_frames(self) -> int:
        """T, of the clips of a recurrent generator; 1 for one of pictures."""
        return self.config.num_frames or 1

    @property
    def chunk_size(self) -> int:
        """Pictures made at a time on the CPU: 16 small ones, down to one from 128 x 128 on."""
        height, width = self.image_size
        return max(1, min(16, 128 * 128 // (height * width)))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z [B, latent_dim] and labels [B] (None when unconditional) to images [B, T * C, H, W] in [-1, 1]."""
        return self.network(emphasised(z, self.config.num_categories), labels)

    def latents(self, seeds: Sequence[int]) -> Tensor:
        """The latents of the seeds: [N, latent_dim], on the CPU; each row depends on its own seed alone."""
        return self.structured(latents_from_seeds(seeds, self.latent_dim))

    def structured(self, normals: Tensor) -> Tensor:
        """Standard normal latents [N, latent_dim] with this generator's code and sparsity; see `latents.structured`."""
        return structured(normals, num_categories=self.config.num_categories, num_active=self.config.num_active)

    def truncate(self, z: Tensor, truncation: float) -> Tensor:
        """Scale latents [N, latent_dim] towards their mean, a categorical code aside; see `latents.truncate`."""
        return truncate(z, truncation, num_categories=self.config.num_categories)

    def sample(self, n: int, *, seed: int, labels: Labels = None, truncation: float = 1.0) -> Tensor:
        """Draw n pictures; picture i depends on (seed + i) alone, whatever n, the device or the platform.

        Args:
            n: at least 1.
            seed: of the first picture; seed + n - 1 is at most 2**32 - 1.
            labels: one class for all, one a picture, or None: each seed's own.
            truncation: psi in [0, 2]; 1 leaves the latents alone, 0 gives the average picture.

        Returns:
            [n, C, H, W], float32 in [-1, 1], on the generator's device.

        Raises:
            ValueError: an argument is out of its range.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError(f"{n!r} pictures are not possible; ask for a whole number of at least 1")
        first, last = check_seed(seed), check_seed(seed + n - 1)
        z = self.latents(range(first, last + 1))
        if labels is None and self.num_classes:
            labels = labels_of_latents(z, self.num_classes)
        return self.generate(self.truncate(z, truncation), labels)

    def generate(self, z: Tensor, labels: Labels = None) -> Tensor:
        """Pictures from latents, without a gradient; of a clip, the first frame.

        Args:
            z: [N, latent_dim], on any device.
            labels: one class for all, one a picture, or None: the class each latent stands for.

        Returns:
            [N, C, H, W], float32 in [-1, 1], on the generator's device.

        Raises:
            ValueError: z has another shape, or a label is not a class of this generator.
        """
        return self.clips(z, labels)[:, 0].contiguous()

    @torch.no_grad()
    def clips(self, z: Tensor, labels: Labels = None) -> Tensor:
        """Clips from latents, without a gradient; a generator of pictures gives clips of one frame.

        Arguments and errors are those of `generate`.

        Returns:
            [N, T, C, H, W], float32 in [-1, 1], on the generator's device.
        """
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(f"z has the shape {list(z.shape)}; this generator takes [N, {self.latent_dim}]")
        label_tensor = self._label_tensor(labels, z)
        if len(z) == 0:
            raise ValueError("z has no rows; give at least one latent")
        was_training = self.training
        self.eval()
        images = self._forward_in_chunks(z.to(self.device, torch.float32), label_tensor)
        self.train(was_training)
        return images.unflatten(1, (self.num_frames, self.channels))

    def _forward_in_chunks(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """The forward pass in chunks of one size, so that on the CPU a picture is the same bits in every batch.

        Matrix products sum in another order for other numbers of rows. Small pictures are padded to a full chunk;
        from 128 x 128 on a chunk is one picture, so that padding costs nothing where it would cost most.
        """
        if self.device.type != "cpu":
            return self.forward(z, labels)
        size = self.chunk_size
        padding = -len(z) % size
        z = nn.functional.pad(z, (0, 0, 0, padding))
        label_chunks = (
            [None] * (len(z) // size) if labels is None else nn.functional.pad(labels, (0, padding)).split(size)
        )
        images = [self.forward(*chunk) for chunk in zip(z.split(size), label_chunks)]
        return torch.cat(images)[: len(z) - padding]

    def _label_tensor(self, labels: Labels, z: Tensor) -> Tensor | None:
        if not self.num_classes:
            if labels is not None:
                raise ValueError(f"labels are {shown(labels)}, but this generator has no classes; leave them out")
            return None
        if labels is None:
            labels = labels_of_latents(z, self.num_classes)
        refusal = ValueError(
            f"labels are {shown(labels)}; use one whole number from 0 to {self.num_classes - 1}, or {len(z)} of them"
        )
        try:
            tensor = torch.as_tensor(labels)
        except (TypeError, ValueError, RuntimeError) as error:  # what torch raises for text, ragged lists, huge numbers
            raise refusal from error
        if tensor.ndim == 0:
            tensor = tensor.expand(len(z))
        whole = not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool)
        if tensor.shape != (len(z),) or not whole or not ((tensor >= 0) & (tensor < self.num_classes)).all():
            raise refusal
        return tensor.to(self.device, torch.int64)

    def generate_model_card(self, *, name: str, facts: card.RunFacts | None = None) -> ModelCard:
        """The README of the model: what it is, how to load it by `name`, how it was trained if `facts` say so."""
        return card.model_card(self.config, weights.count_parameters(self), facts, name=name, version=__version__)

    def _build_network(self) -> nn.Module:
        return ARCHITECTURES[self.config.architecture].generator(
            image_size=self.image_size,
            channels=self.channels,
            latent_dim=self.latent_dim,
            num_classes=self.num_classes,
            **self.config.network_options(),
        )

"""GanGenerator: turns seeds or latents into pictures with any architecture, and loads, saves and pushes itself."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import ModelCard
from torch import Tensor, nn

from gan_hub import __version__
from gan_hub.editing import directions as directions_file
from gan_hub.editing import encoder as encoder_files
from gan_hub.editing.directions import Directions
from gan_hub.editing.encoder import LatentEncoder
from gan_hub.latents.labels import Labels, class_weights, label_tensor
from gan_hub.latents.paths import MAX_FRAMES, Route, evenly_paced, points, timeline
from gan_hub.latents.seeds import (
    check_seed,
    labels_of_latents,
    latents_from_seeds,
    structured,
    truncate,
    with_scaled_code,
)
from gan_hub.loading import card
from gan_hub.loading.budget import check_budget
from gan_hub.loading.config import FORMAT_VERSION, GeneratorConfig
from gan_hub.loading.pretrained import PretrainedModel
from gan_hub.loading.weights import count_parameters
from gan_hub.models import ARCHITECTURES
from gan_hub.models.chunks import in_chunks


class GanGenerator(
    PretrainedModel,
    library_name="gan-hub",
    pipeline_tag="unconditional-image-generation",
    tags=["gan"],
):
    """A generator of pictures from noise.

    Args:
        architecture: a key of `gan_hub.models.ARCHITECTURES`.
        image_size: [H, W], multiples of 4 from 8 to 512.
        channels: 1 grey, 3 RGB, 4 RGBA.
        latent_dim: length of z.
        num_classes: 0 = unconditional.
        class_names: one for each class; the numbers from 0 if empty.
        widths: channels of the stages, coarse to fine, or units of the hidden layers of an MLP.
        num_blocks: residual blocks in each stage. This and the next three are None for architectures without them.
        patch_size: side of the square of pixels that one cell of the finest grid paints.
        attention_stages: how many of the coarsest stages have self-attention.
        num_frames: T, the length of a clip.
        num_categories: length of the one-hot code at the front of z; 0 = no code.
        num_active: entries of z outside the code that are not zero; 0 = all.
        format_version: of config.json.

    Raises:
        ConfigError: an argument is out of bounds, or the network would have more than `MAX_PARAMETERS`.
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
        arguments = locals()
        super().__init__(GeneratorConfig(**{field.name: arguments[field.name] for field in fields(GeneratorConfig)}))
        self._sidecars: dict[str, Any] = {}  # the directions and the encoder, once they have been asked for

    @property
    def directions(self) -> Directions | None:
        """Directions (`gan_hub.editing.directions`), loaded, saved and pushed with the generator; None = none.

        Raises:
            ModelError: when first asked for, the file beside the generator can't be fetched or used.
        """
        return self._sidecar("directions", Directions)

    @directions.setter
    def directions(self, directions: Directions | None) -> None:
        self._sidecars["directions"] = directions and directions_file.check_fit(directions, self.config)

    @property
    def encoder(self) -> LatentEncoder | None:
        """The encoder of this generator (`gan_hub.editing.encoder`), loaded, saved and pushed as `directions` are."""
        return self._sidecar("encoder", LatentEncoder)

    @encoder.setter
    def encoder(self, encoder: LatentEncoder | None) -> None:
        if encoder is not None:
            encoder_files.check_fit(encoder.config, self.config)
        self._sidecars["encoder"] = encoder

    def _sidecar(self, name: str, kind: Any) -> Any:
        if name not in self._sidecars:
            self._sidecars[name] = None if self.files is None else kind.beside(self.files, self.config)
        return self._sidecars[name]

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
        """The name of each class; empty when unconditional."""
        return self.config.class_names

    @property
    def num_frames(self) -> int:
        """T, the length of the clips of a recurrent generator; 1 for a generator of pictures."""
        return self.config.num_frames or 1

    @property
    def chunk_size(self) -> int:
        """Pictures made at once: on the CPU 16 small ones, or one from 128 x 128 on; on a GPU 16 times as many."""
        height, width = self.image_size
        factor = 1 if self.device.type == "cpu" else 16
        return max(1, min(16 * factor, factor * 128 * 128 // (height * width)))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z [B, latent_dim] and labels, as the network takes them, to images [B, T * C, H, W] in [-1, 1]."""
        return self.network(with_scaled_code(z, self.config.num_categories), labels)

    def latents(self, seeds: Sequence[int]) -> Tensor:
        """Draw the latents of seeds: [N, latent_dim], on the CPU; each row depends on its own seed alone."""
        return self.structured(latents_from_seeds(seeds, self.latent_dim))

    def structured(self, normals: Tensor) -> Tensor:
        """Give normal latents [N, latent_dim] this generator's code and sparsity; see `latents.seeds.structured`."""
        return structured(normals, num_categories=self.config.num_categories, num_active=self.config.num_active)

    def truncate(self, z: Tensor, truncation: float) -> Tensor:
        """Scale latents [N, latent_dim] towards their mean, except for the code; see `latents.seeds.truncate`."""
        return truncate(z, truncation, num_categories=self.config.num_categories)

    def sample(self, n: int, *, seed: int, labels: Labels = None, truncation: float = 1.0) -> Tensor:
        """Draw n pictures; picture i depends on (seed + i) alone, not on n, the device or the platform.

        Args:
            n: at least 1.
            seed: of the first picture; seed + n - 1 is at most 2**32 - 1.
            labels: one class for all pictures, one for each, or None for the class that each seed stands for.
            truncation: psi in [0, 2]; 1 leaves the latents as they are, 0 gives the average picture.

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
        """Make pictures from latents, without a gradient; of clips, the first frames.

        Args:
            z: [N, latent_dim], on any device.
            labels: one class for all pictures, one for each, weights [N, num_classes] that mix the classes, or None for
                the class that each latent stands for.

        Returns:
            [N, C, H, W], float32 in [-1, 1], on the generator's device.

        Raises:
            ValueError: z has another shape, or a label is not a class of this generator.
        """
        return self.clips(z, labels)[:, 0].contiguous()

    @torch.no_grad()
    def clips(self, z: Tensor, labels: Labels = None) -> Tensor:
        """Make clips from latents, without a gradient; a generator of pictures makes clips of one frame.

        The arguments and errors are those of `generate`.

        Returns:
            [N, T, C, H, W], float32 in [-1, 1], on the generator's device.
        """
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(f"z has the shape {list(z.shape)}; this generator takes [N, {self.latent_dim}]")
        checked = label_tensor(labels, z, self.num_classes)
        if len(z) == 0:
            raise ValueError("z has no rows; give at least one latent")
        was_training = self.training
        self.eval()
        z = z.to(self.device, torch.float32)
        on_device = None if checked is None else checked.to(self.device)
        # On the CPU a picture has the same bits in every batch; see `in_chunks`.
        images = in_chunks(self, z, on_device, self.chunk_size if self.device.type == "cpu" else len(z))
        self.train(was_training)
        return images.unflatten(1, (self.num_frames, self.channels))

    def interpolate(
        self,
        keys: Sequence[int] | Tensor,
        *,
        num_frames: int,
        labels: Labels = None,
        truncation: float = 1.0,
        kind: str = "slerp",
        easing: str = "linear",
        loop: bool = False,
        ping_pong: bool = False,
        even_pace: bool = False,
    ) -> Iterator[Tensor]:
        """Make the pictures of a walk from key to key, each when the iterator is asked for it.

        The picture at a key equals the one of `generate`, or for a seed the one of `sample`, pixel for pixel. The walk
        starts at the first key and, unless it returns, ends at the last. Between keys of two classes the classes mix.

        Args:
            keys: seeds, or latents [K, latent_dim]; at least two.
            num_frames: of the walk: 1 for the first key alone, or enough to show each key, up to 10,000.
            labels: of the keys, as in `generate`; None = the class that each key stands for.
            truncation: psi in [0, 2], of the keys.
            kind: lerp, slerp or cubic; see `gan_hub.latents.paths.points`.
            easing: a key of `gan_hub.latents.paths.EASINGS`, the pace from key to key.
            loop: append a leg back to the first key, which is not repeated.
            ping_pong: append the way back, which repeats neither end. Excludes `loop`.
            even_pace: let successive pictures differ equally, which takes a first pass over 32 pictures for each leg.

        Returns:
            pictures [C, H, W], float32 in [-1, 1], on the generator's device.

        Raises:
            ValueError: an argument is out of its range. Raised at once, before the first picture.
        """
        z_keys = keys if isinstance(keys, Tensor) else self.latents(keys)
        if z_keys.ndim != 2 or z_keys.shape[1] != self.latent_dim or len(z_keys) < 2:
            raise ValueError(
                f"the keys have the shape {list(z_keys.shape)}; give at least two seeds, or latents "
                f"[K, {self.latent_dim}]"
            )
        if isinstance(num_frames, bool) or not isinstance(num_frames, int) or not 1 <= num_frames <= MAX_FRAMES:
            raise ValueError(f"{num_frames!r} frames are not possible; use a whole number from 1 to {MAX_FRAMES:,}")
        checked = label_tensor(labels, z_keys, self.num_classes)
        weights = None if checked is None else class_weights(checked, self.num_classes)
        z_keys = self.truncate(z_keys.cpu().float(), truncation)
        route = Route(kind, easing, closed=loop, ping_pong=ping_pong)
        positions = timeline(z_keys, num_frames, route)

        def paint(positions: Tensor) -> Iterator[Tensor]:
            for batch in positions.split(self.chunk_size):
                z = points(z_keys, batch, kind=kind, closed=loop, num_categories=self.config.num_categories)
                mixed = None if weights is None else points(weights, batch, kind="lerp", closed=loop)
                yield from self.generate(z, mixed)

        def walk() -> Iterator[Tensor]:
            paced = positions
            if even_pace and num_frames > 1:
                paced = evenly_paced(paint, len(z_keys), num_frames, route)
            yield from paint(paced)

        return walk()

    def generate_model_card(self, *, name: str, facts: card.RunFacts | None = None) -> ModelCard:
        """Write the model's README: what it is, how to load it by `name` and, given `facts`, how it was trained."""
        return card.model_card(self.config, count_parameters(self), facts, name=name, version=__version__)

    def _check_pass(self) -> None:
        z = torch.empty(self.chunk_size, self.latent_dim)
        labels = torch.zeros(len(z), dtype=torch.int64) if self.num_classes else None
        check_budget(lambda: self(z, labels), self.config.architecture)

    def _save_pretrained(self, save_directory: Path) -> None:
        super()._save_pretrained(save_directory)
        sidecars = self.directions, self.encoder
        # The folder may hold files of an earlier model.
        for name in (directions_file.DIRECTIONS_FILE, encoder_files.CONFIG_FILE, encoder_files.WEIGHTS_FILE):
            (save_directory / name).unlink(missing_ok=True)
        for sidecar in sidecars:
            if sidecar is not None:
                sidecar.save(save_directory)

    def _build_network(self) -> nn.Module:
        return ARCHITECTURES[self.config.architecture].generator(
            image_size=self.image_size,
            channels=self.channels,
            latent_dim=self.latent_dim,
            num_classes=self.num_classes,
            **self.config.network_options(),
        )

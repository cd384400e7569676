"""The default architecture: residual convolutions without normalisation, in the manner of R3GAN.

Huang et al., 2024, "The GAN is dead; long live the GAN!", arXiv:2501.05441, section 3, with three changes that are
faster on a CPU at these sizes, as measured: plain instead of grouped 3x3 convolutions, pixels folded into channels at
both ends (Shi et al., 2016, arXiv:1609.05158), and z that modulates every block (FiLM) instead of entering only at the
base.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pixel_shuffle

from gan_hub.models.layers import (
    SLOPE,
    Head,
    Linear,
    Logits,
    ResidualBlock,
    SelfAttention,
    he_init,
    picture_trunk,
    resolutions,
    with_embedding,
)


class ConvGenerator(nn.Module):
    """Paints the image from a coarse grid that doubles at each stage.

    Args:
        widths: channels of each stage, coarse to fine. The grid of the last stage is the image size / patch_size.
        num_blocks: residual blocks in each stage.
        patch_size: side of the square of pixels that one cell of the finest grid paints; 1, 2 or 4.
        attention_stages: how many of the coarsest stages end with self-attention.
    """

    def __init__(
        self,
        *,
        image_size: tuple[int, int],
        channels: int,
        latent_dim: int,
        num_classes: int,
        widths: Sequence[int],
        num_blocks: int,
        patch_size: int,
        attention_stages: int = 0,
    ) -> None:
        super().__init__()
        self.patch_size, self.latent_dim = patch_size, latent_dim
        sizes = resolutions((image_size[0] // patch_size, image_size[1] // patch_size), len(widths))
        self.embedding = nn.Embedding(num_classes, latent_dim) if num_classes else None
        condition_dim = max(widths)
        self.condition = he_init(Linear(latent_dim * (2 if num_classes else 1), condition_dim))
        self.base_shape = (widths[0], *sizes[0])
        self.base = he_init(Linear(condition_dim, widths[0] * sizes[0][0] * sizes[0][1]))
        depth = num_blocks * len(widths)
        in_widths = (widths[0], *widths)
        self.stages = nn.ModuleList(
            GeneratorStage(
                in_widths[i],
                width,
                size,
                num_blocks=num_blocks,
                depth=depth,
                condition_dim=condition_dim,
                attention=i < attention_stages,
            )
            for i, (width, size) in enumerate(zip(widths, sizes))
        )
        self.to_pixels = he_init(nn.Conv2d(widths[-1], channels * patch_size**2, 3, padding=1), 0.5)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z [B, latent_dim] and labels to images [B, C, H, W] in [-1, 1].

        Labels are [B], weights [B, num_classes] that mix the classes, or None when there are none.
        """
        condition = self._condition(z, labels)
        x = self.base(condition).unflatten(1, self.base_shape)
        for stage in self.stages:
            x = stage(x, condition)
        pixels = pixel_shuffle(self.to_pixels(leaky_relu(x, SLOPE)), self.patch_size)
        # In bfloat16 the tanh of anything beyond 3.2 is exactly 1 and its gradient 0: a generator that starts by
        # painting everything black, as it easily does on MNIST, would never stop.
        return pixels.float().tanh()

    @property
    def latent_weight(self) -> Tensor:
        """The first weight that z is multiplied by: [condition_dim, latent_dim]."""
        return self.condition.weight[:, : self.latent_dim]

    def early(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """The activations after the first, coarsest stage: [B, D]."""
        condition = self._condition(z, labels)
        return self.stages[0](self.base(condition).unflatten(1, self.base_shape), condition).flatten(1)

    def _condition(self, z: Tensor, labels: Tensor | None) -> Tensor:
        return leaky_relu(self.condition(with_embedding(z, self.embedding, labels)), SLOPE)


class GeneratorStage(nn.Module):
    """Changes the width, upsamples to the stage's grid, then applies residual blocks and, if asked for, attention."""

    def __init__(
        self,
        in_width: int,
        width: int,
        size: tuple[int, int],
        *,
        num_blocks: int,
        depth: int,
        condition_dim: int,
        attention: bool,
    ) -> None:
        super().__init__()
        self.size = size
        self.transition = he_init(nn.Conv2d(in_width, width, 1)) if in_width != width else nn.Identity()
        self.blocks = nn.ModuleList(
            ResidualBlock(width, depth=depth, condition_dim=condition_dim) for _ in range(num_blocks)
        )
        self.attention = SelfAttention(width) if attention else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map x [B, in_width, h, w] and condition [B, condition_dim] to [B, width, *size]."""
        x = self.transition(x)
        if x.shape[2:] != self.size:
            x = interpolate(x, size=self.size, mode="nearest")
        for block in self.blocks:
            x = block(x, condition)
        return self.attention(x)


class ConvDiscriminator(nn.Module):
    """The generator in reverse: from the image to a coarse grid, then the `Head`."""

    def __init__(
        self,
        *,
        image_size: tuple[int, int],
        channels: int,
        num_classes: int,
        num_categories: int = 0,
        widths: Sequence[int],
        num_blocks: int,
        patch_size: int,
        attention_stages: int = 0,
    ) -> None:
        super().__init__()
        sizes = resolutions((image_size[0] // patch_size, image_size[1] // patch_size), len(widths))
        self.trunk = picture_trunk(
            channels, widths, patch_size=patch_size, num_blocks=num_blocks, attention_stages=attention_stages
        )
        self.features = he_init(nn.Linear(widths[0] * sizes[0][0] * sizes[0][1], widths[0]))
        self.head = Head(widths[0], num_classes=num_classes, num_categories=num_categories)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Logits:
        """Map images [B, C, H, W] in [-1, 1] and labels [B] (None without classes) to the output of `Head`."""
        return self.head(leaky_relu(self.features(self.trunk(images)), SLOPE), labels)

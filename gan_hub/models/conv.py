"""The default architecture: residual convolutions without normalisation, in the manner of R3GAN.

Huang et al., 2024, "The GAN is dead; long live the GAN!", arXiv:2501.05441, section 3, with three departures that
measure faster on a CPU at these sizes: plain instead of grouped 3x3 convolutions, the pixels folded into channels at
both ends (Shi et al., 2016, arXiv:1609.05158), and z modulating every block (FiLM) instead of entering at the base
alone.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, pixel_shuffle, pixel_unshuffle

from gan_hub.models.layers import SLOPE, Linear, ResidualBlock, he_init, resolutions


class ConvGenerator(nn.Module):
    """From a coarse grid to the image, doubling it at each stage.

    Args:
        widths: channels of each stage, coarse to fine. The grid of the last stage is the image size / patch_size.
        num_blocks: residual blocks in each stage.
        patch_size: side of the square of pixels that one cell of the finest grid paints; 1, 2 or 4.
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
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.sizes = resolutions((image_size[0] // patch_size, image_size[1] // patch_size), len(widths))
        self.embedding = nn.Embedding(num_classes, latent_dim) if num_classes else None
        condition_dim = max(widths)
        self.condition = he_init(Linear(latent_dim * (2 if num_classes else 1), condition_dim))
        self.base_shape = (widths[0], *self.sizes[0])
        self.base = he_init(Linear(condition_dim, widths[0] * self.sizes[0][0] * self.sizes[0][1]))
        depth = num_blocks * len(widths)
        self.transitions = nn.ModuleList(
            nn.Identity() if i == 0 else he_init(nn.Conv2d(widths[i - 1], width, 1)) for i, width in enumerate(widths)
        )
        self.stages = nn.ModuleList(
            nn.ModuleList(ResidualBlock(width, depth=depth, condition_dim=condition_dim) for _ in range(num_blocks))
            for width in widths
        )
        self.to_pixels = he_init(nn.Conv2d(widths[-1], channels * patch_size**2, 3, padding=1), 0.5)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z [B, latent_dim] and labels [B] (None when there are no classes) to images [B, C, H, W] in [-1, 1]."""
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(labels)], dim=1)
        condition = leaky_relu(self.condition(z), SLOPE)
        x = self.base(condition).unflatten(1, self.base_shape)
        for size, transition, stage in zip(self.sizes, self.transitions, self.stages):
            x = transition(x)
            if x.shape[2:] != size:
                x = interpolate(x, size=size, mode="nearest")
            for block in stage:  # type: ignore[attr-defined]  # a ModuleList in a ModuleList
                x = block(x, condition)
        return pixel_shuffle(self.to_pixels(leaky_relu(x, SLOPE)), self.patch_size).tanh()


class ConvDiscriminator(nn.Module):
    """The generator turned around: from the image to a coarse grid, then one logit.

    The class enters as the inner product of its embedding with the features
    (projection, Miyato & Koyama, 2018, arXiv:1802.05637, equation 5).
    """

    def __init__(
        self,
        *,
        image_size: tuple[int, int],
        channels: int,
        num_classes: int,
        widths: Sequence[int],
        num_blocks: int,
        patch_size: int,
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        sizes = resolutions((image_size[0] // patch_size, image_size[1] // patch_size), len(widths))
        self.from_pixels = he_init(nn.Conv2d(channels * patch_size**2, widths[-1], 3, padding=1))
        fine_to_coarse = list(reversed(widths))
        depth = num_blocks * len(widths)
        self.stages = nn.ModuleList(
            nn.ModuleList(ResidualBlock(width, depth=depth) for _ in range(num_blocks)) for width in fine_to_coarse
        )
        self.transitions = nn.ModuleList(
            he_init(nn.Conv2d(width, coarser, 1)) for width, coarser in pairwise(fine_to_coarse)
        )
        self.features = he_init(nn.Linear(widths[0] * sizes[0][0] * sizes[0][1], widths[0]))
        self.logit = he_init(nn.Linear(widths[0], 1))
        self.embedding = nn.Embedding(num_classes, widths[0]) if num_classes else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map images [B, C, H, W] in [-1, 1] and labels [B] (None when there are no classes) to logits [B]."""
        x = self.from_pixels(pixel_unshuffle(images, self.patch_size))
        for i, stage in enumerate(self.stages):
            for block in stage:  # type: ignore[attr-defined]
                x = block(x)
            if i < len(self.transitions):
                x = self.transitions[i](avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False))
        features = leaky_relu(self.features(leaky_relu(x, SLOPE).flatten(1)), SLOPE)
        logits = self.logit(features).squeeze(1)
        if self.embedding is not None:
            logits = logits + (self.embedding(labels) * features).sum(1) * features.shape[1] ** -0.5
        return logits

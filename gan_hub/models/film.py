"""The architecture for colour pictures: batch normalisation whose scale and shift come from z.

Normalised activations keep a generator from painting one colour when a discriminator on pretrained features pulls hard
at the start, which the residual architecture without normalisation (`conv`) does not survive. The modulation is FiLM
(Perez et al., 2017, arXiv:1709.07871), as in self-modulation (Chen et al., 2019, arXiv:1810.01365).
"""

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from gan_hub.models.conv import ConvDiscriminator
from gan_hub.models.layers import SLOPE, Linear, he_init, resolutions, with_embedding


class FilmGenerator(nn.Module):
    """Paints from a coarse grid that doubles at each stage; its last convolution is linear.

    Args:
        widths: channels of each stage, coarse to fine. The grid of the last stage is the image.
    """

    def __init__(
        self, *, image_size: tuple[int, int], channels: int, latent_dim: int, num_classes: int, widths: Sequence[int]
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.embedding = nn.Embedding(num_classes, latent_dim) if num_classes else None
        condition_dim = latent_dim * (2 if num_classes else 1)
        sizes = resolutions(image_size, len(widths))
        self.base_shape = (widths[0], *sizes[0])
        self.base = he_init(Linear(condition_dim, widths[0] * sizes[0][0] * sizes[0][1]))
        in_widths = (widths[0], *widths)
        self.stages = nn.ModuleList(
            FilmStage(in_widths[i], width, size, condition_dim) for i, (width, size) in enumerate(zip(widths, sizes))
        )
        self.to_pixels = he_init(nn.Conv2d(widths[-1], channels, 3, padding=1), 0.5)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z [B, latent_dim] and labels to images [B, C, H, W] in [-1, 1]; while training, they may lie outside.

        Labels are [B], weights [B, num_classes] that mix the classes, or None when there are none.
        """
        condition = with_embedding(z, self.embedding, labels)
        x = self.base(condition).unflatten(1, self.base_shape)
        for stage in self.stages:
            x = stage(x, condition)
        pixels = self.to_pixels(leaky_relu(x, SLOPE)).float()
        return pixels if self.training else pixels.clamp(-1, 1)

    @property
    def latent_weight(self) -> Tensor:
        """The first weight that z is multiplied by: [units, latent_dim]."""
        return self.base.weight[:, : self.latent_dim]

    def early(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """The activations after the first, coarsest stage: [B, D]."""
        condition = with_embedding(z, self.embedding, labels)
        return self.stages[0](self.base(condition).unflatten(1, self.base_shape), condition).flatten(1)


class FilmStage(nn.Module):
    """Upsamples to the stage's grid and convolves twice, beside a 1x1 shortcut."""

    def __init__(self, in_width: int, width: int, size: tuple[int, int], condition_dim: int) -> None:
        super().__init__()
        self.size = size
        self.norm1, self.norm2 = FilmNorm(in_width, condition_dim), FilmNorm(width, condition_dim)
        self.conv1 = he_init(nn.Conv2d(in_width, width, 3, padding=1))
        self.conv2 = he_init(nn.Conv2d(width, width, 3, padding=1))
        self.shortcut = he_init(nn.Conv2d(in_width, width, 1)) if in_width != width else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map x [B, in_width, h, w] and condition [B, condition_dim] to [B, width, *size]."""
        hidden, shortcut = leaky_relu(self.norm1(x, condition), SLOPE), self.shortcut(x)
        if x.shape[2:] != self.size:
            hidden = interpolate(hidden, size=self.size, mode="bilinear")
            shortcut = interpolate(shortcut, size=self.size, mode="bilinear")
        hidden = self.conv2(leaky_relu(self.norm2(self.conv1(hidden), condition), SLOPE))
        return (shortcut + hidden) * 0.5**0.5  # of as much variance as each


class FilmNorm(nn.Module):
    """Batch normalisation, then a scale and a shift of each channel from a condition vector."""

    def __init__(self, width: int, condition_dim: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.modulation = he_init(Linear(condition_dim, 2 * width), 0.25)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map x [B, width, h, w] and condition [B, condition_dim] to the shape of x."""
        scale, shift = self.modulation(condition)[:, :, None, None].chunk(2, dim=1)
        return self.norm(x) * (1 + scale) + shift


# The residual discriminator of `conv`, without normalisation, so that penalties on its gradient have a meaning.
FilmDiscriminator = partial(ConvDiscriminator, num_blocks=1, patch_size=2)

"""The convolutional GAN of the tutorials: transposed convolutions with batch normalisation against strided ones.

Radford et al., 2015 (DCGAN), arXiv:1511.06434, section 3, with He's initialisation: under batch normalisation the
scale of a weight does not matter to what a new network paints, and in evaluation mode, before any statistics are
gathered, its pictures already differ.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu

from gan_hub.models.layers import SLOPE, Head, Linear, Logits, embedded, he_init, resolutions


class DCGANGenerator(nn.Module):
    """From a coarse grid to the image through transposed 4x4 convolutions of stride 2.

    Args:
        widths: channels of each grid, coarse to fine; the last one has half the image's height and width.
    """

    def __init__(
        self, *, image_size: tuple[int, int], channels: int, latent_dim: int, num_classes: int, widths: Sequence[int]
    ) -> None:
        super().__init__()
        self.sizes = resolutions(image_size, len(widths) + 1)
        self.latent_dim = latent_dim
        self.embedding = nn.Embedding(num_classes, latent_dim) if num_classes else None
        self.base_shape = (widths[0], *self.sizes[0])
        units = widths[0] * self.sizes[0][0] * self.sizes[0][1]
        self.base = he_init(Linear(latent_dim * (2 if num_classes else 1), units, bias=False))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths)
        self.layers = nn.ModuleList(
            he_init(nn.ConvTranspose2d(*pair, 4, stride=2, padding=1, bias=False)) for pair in pairwise(widths)
        )
        self.to_pixels = he_init(nn.ConvTranspose2d(widths[-1], channels, 4, stride=2, padding=1), 0.5)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z [B, latent_dim] and labels to images [B, C, H, W] in [-1, 1].

        Labels are [B], weights [B, num_classes] that mix the classes, or None when there are none.
        """
        x = self._base(z, labels)
        for norm, layer, (height, width) in zip(self.norms, [*self.layers, self.to_pixels], self.sizes[1:]):
            # Where the size halves to an odd one, the doubled grid is a cell too large.
            x = layer(relu(norm(x)))[:, :, :height, :width]
        return x.float().tanh()

    @property
    def latent_weight(self) -> Tensor:
        """What z is multiplied by first: [units, latent_dim]."""
        return self.base.weight[:, : self.latent_dim]

    def early(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """What z has become on the coarsest grid, after its activation: [B, D]."""
        return relu(self.norms[0](self._base(z, labels))).flatten(1)

    def _base(self, z: Tensor, labels: Tensor | None) -> Tensor:
        if self.embedding is not None:
            assert labels is not None, "a conditional network needs labels"
            z = torch.cat([z, embedded(self.embedding, labels)], dim=1)
        return self.base(z).unflatten(1, self.base_shape)


class DCGANDiscriminator(nn.Module):
    """4x4 convolutions of stride 2 with batch normalisation on all but the first, then the `Head`.

    Args:
        widths: channels of each grid, coarse to fine; the last one is the first after the pixels.
    """

    def __init__(
        self,
        *,
        image_size: tuple[int, int],
        channels: int,
        num_classes: int,
        num_categories: int = 0,
        widths: Sequence[int],
    ) -> None:
        super().__init__()
        fine_to_coarse = [channels, *reversed(widths)]
        layers: list[nn.Module] = []
        for i, (in_width, out_width) in enumerate(pairwise(fine_to_coarse)):
            layers.append(he_init(nn.Conv2d(in_width, out_width, 4, stride=2, padding=1, bias=i == 0)))
            if i:
                # A discriminator is never used outside training: statistics gathered on the way would serve nobody.
                layers.append(nn.BatchNorm2d(out_width, track_running_stats=False))
            layers.append(nn.LeakyReLU(SLOPE))
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        units = widths[0] * (image_size[0] >> len(widths)) * (image_size[1] >> len(widths))
        self.features = he_init(nn.Linear(units, widths[0]))
        self.head = Head(widths[0], num_classes=num_classes, num_categories=num_categories)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Logits:
        """Map images [B, C, H, W] in [-1, 1] and labels [B] (None when there are no classes) to what `Head` gives."""
        return self.head(leaky_relu(self.features(self.trunk(images)), SLOPE), labels)

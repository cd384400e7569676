"""The convolutional GAN of the tutorials: transposed convolutions with batch normalisation against strided ones.

Radford et al., 2015 (DCGAN), arXiv:1511.06434, section 3, but with He's initialisation: under batch normalisation the
scale of the weights does not matter to a new network's pictures, and with it these pictures differ from each other
even in evaluation mode, before any statistics are gathered.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu

from gan_hub.models.layers import SLOPE, Head, Linear, Logits, he_init, resolutions, with_embedding


class DCGANGenerator(nn.Module):
    """Maps a coarse grid to the image with transposed 4x4 convolutions of stride 2.

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
        """The first weight that z is multiplied by: [units, latent_dim]."""
        return self.base.weight[:, : self.latent_dim]

    def early(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """The activations on the coarsest grid: [B, D]."""
        return relu(self.norms[0](self._base(z, labels))).flatten(1)

    def _base(self, z: Tensor, labels: Tensor | None) -> Tensor:
        return self.base(with_embedding(z, self.embedding, labels)).unflatten(1, self.base_shape)


class DCGANDiscriminator(nn.Module):
    """4x4 convolutions of stride 2 with batch normalisation on all but the first, then the `Head`.

    Args:
        widths: channels of each grid, coarse to fine; the last one follows the pixels.
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
                # A discriminator is never used outside training, so nothing would use running statistics.
                layers.append(nn.BatchNorm2d(out_width, track_running_stats=False))
            layers.append(nn.LeakyReLU(SLOPE))
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        units = widths[0] * (image_size[0] >> len(widths)) * (image_size[1] >> len(widths))
        self.features = he_init(nn.Linear(units, widths[0]))
        self.head = Head(widths[0], num_classes=num_classes, num_categories=num_categories)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Logits:
        """Map images [B, C, H, W] in [-1, 1] and labels [B] (None without classes) to the output of `Head`."""
        return self.head(leaky_relu(self.features(self.trunk(images)), SLOPE), labels)

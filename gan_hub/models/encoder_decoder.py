"""The encoder-decoder of the tutorials, from photo to painting, unchanged for comparison.

A 9x9 convolution to 64 channels, two strided ones to 256, two transposed ones back, a 9x9 one to the pixels and tanh;
instance normalisation after all but the last (the layout of Johnson et al., 2016, arXiv:1603.08155, without its
residual blocks). It normalises over the whole picture, so that a single tile would come out differently; therefore
`ImageNorm` accepts statistics that were gathered over all tiles.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import instance_norm, relu

from gan_hub.models.layers import he_init


class ImageNorm(nn.Module):
    """Instance normalisation without weights (Ulyanov et al., 2016, arXiv:1607.08022), whose statistics can be set.

    Attributes:
        statistics: mean and variance [2, width] over a whole picture; None = those of the input.
    """

    eps = 1e-5

    def __init__(self) -> None:
        super().__init__()
        self.statistics: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Map x [B, width, h, w] to the same shape."""
        if self.statistics is None:
            return instance_norm(x, eps=self.eps)
        mean, variance = self.statistics.to(x.dtype)[:, None, :, None, None]
        # In place, because a copy at full resolution costs much memory.
        return (x - mean).mul_(torch.rsqrt(variance + self.eps))


class EncoderDecoder(nn.Module):
    """Maps a photo to a painting.

    Args:
        widths: channels at full, half and quarter resolution.
        num_blocks: 0, as the network has none.
        noise_channels: 0, as the network takes no noise.
    """

    grid = 4
    noise_grid = 4
    noise_cells = ()
    scale = 1
    tile_size = 512  # larger tiles would take too much memory, with 64 channels at full resolution
    halo = 16  # a pixel depends on 11 on either side of its cell of the grid; rounded up, with a cell to spare

    def __init__(self, *, widths: tuple[int, ...], num_blocks: int = 0, noise_channels: int = 0) -> None:
        super().__init__()
        fine, half, quarter = widths
        self.encoder = nn.ModuleList(
            [
                he_init(nn.Conv2d(3, fine, 9, padding=4)),
                he_init(nn.Conv2d(fine, half, 3, stride=2, padding=1)),
                he_init(nn.Conv2d(half, quarter, 3, stride=2, padding=1)),
            ]
        )
        self.decoder = nn.ModuleList(
            [
                he_init(nn.ConvTranspose2d(quarter, half, 3, stride=2, padding=1, output_padding=1)),
                he_init(nn.ConvTranspose2d(half, fine, 3, stride=2, padding=1, output_padding=1)),
            ]
        )
        self.norms = nn.ModuleList([ImageNorm() for _ in range(5)])
        self.to_pixels = he_init(nn.Conv2d(fine, 3, 9, padding=4), 0.5)

    def features(self, photo: Tensor, noise: Tensor) -> list[Tensor]:
        """The encoder's activations, one tensor for each layer; for losses that compare contents.

        Args:
            photo: [B, 3, H, W] in [-1, 1], H and W multiples of `grid`.
            noise: [B, 0, H / 4, W / 4]; not used.
        """
        x, found = photo.to(self.to_pixels.weight.dtype), []
        for layer, norm in zip(self.encoder, self.norms):
            x = relu(norm(layer(x)))
            found.append(x)
        return found

    def forward(self, photo: Tensor, noise: Tensor) -> Tensor:
        """Map a photo and noise, shaped as in `features`, to a painting [B, 3, H, W] in [-1, 1]."""
        return self.paint_over(photo, self.features(photo, noise)[-1:])  # which frees the memory of the other layers

    def paint_over(self, photo: Tensor, features: list[Tensor]) -> Tensor:
        """The second half of `forward`, from the result of `features`."""
        x = features[-1]
        for layer, norm in zip(self.decoder, list(self.norms)[len(self.encoder) :]):
            x = relu(norm(layer(x)))
        return torch.tanh(self.to_pixels(x)).to(photo.dtype)

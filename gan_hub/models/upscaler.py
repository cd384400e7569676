"""A light network that makes a picture 2 or 4 times as large.

All layers work at the small resolution, and the pixels of the large picture are shuffled out at the end (Shi et al.,
2016, arXiv:1609.05158, ESPCN). The network adds the details that bicubic enlargement lacks.
"""

from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pixel_shuffle

from gan_hub.models.layers import SLOPE, he_init
from gan_hub.models.painter import PaintBlock


class Upscaler(nn.Module):
    """Maps a picture to a larger one.

    Args:
        widths: channels, one number.
        num_blocks: residual blocks.
        noise_channels: 0, as the network takes no noise.
        scale: 2 or 4.
    """

    grid = 1
    noise_grid = 1
    noise_cells = ()
    tile_size = 512

    def __init__(self, *, widths: tuple[int, ...], num_blocks: int, noise_channels: int = 0, scale: int = 2) -> None:
        super().__init__()
        (width,) = widths
        self.scale = scale
        self.read = he_init(nn.Conv2d(3, width, 3, padding=1))
        self.blocks = nn.Sequential(*[PaintBlock(width, depth=num_blocks) for _ in range(num_blocks)])
        self.paint = he_init(nn.Conv2d(width, 3 * scale**2, 3, padding=1), 0.0)
        # This is also more than the two pixels that bicubic enlargement reads on either side.
        self.halo = 2 * num_blocks + 2

    def features(self, photo: Tensor, noise: Tensor) -> list[Tensor]:
        """The activations before the last layer.

        Args:
            photo: [B, 3, H, W] in [-1, 1], of any size.
            noise: [B, 0, H, W]; not used.
        """
        return [self.blocks(leaky_relu(self.read(photo.to(self.read.weight.dtype)), SLOPE))]

    def forward(self, photo: Tensor, noise: Tensor) -> Tensor:
        """Map a picture, shaped as in `features`, to [B, 3, scale * H, scale * W], about in [-1, 1]."""
        return self.paint_over(photo, self.features(photo, noise))

    def paint_over(self, photo: Tensor, features: list[Tensor]) -> Tensor:
        """The second half of `forward`, from the result of `features`."""
        details = pixel_shuffle(self.paint(leaky_relu(features[-1], SLOPE)), self.scale)
        return interpolate(photo, scale_factor=self.scale, mode="bicubic", align_corners=False) + details

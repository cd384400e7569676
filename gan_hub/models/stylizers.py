"""The image-to-image networks. To add one: its file here, its row below, its preset in training/style/presets.py.

Each maps (photo [B, 3, H, W], noise [B, noise_channels, H / noise_grid, W / noise_grid]) to
[B, 3, scale * H, scale * W], and knows `grid` (H and W are multiples of it), `noise_grid`, `noise_cells` (see
`gan_hub.painting.noise`), `scale`, `halo` (pixels around a pixel that it depends on), and `tile_size` (side of what is
best painted at a time of a large picture; see benchmarks/stylize.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from gan_hub.models.encoder_decoder import EncoderDecoder
from gan_hub.models.painter import Painter
from gan_hub.models.upscaler import Upscaler


@dataclass(frozen=True)
class StylizerArchitecture:
    """A network and what its config may say.

    Attributes:
        network: from `widths`, `num_blocks`, `noise_channels`, and `scale` if there is more than one.
        num_widths: how many widths it takes.
        blocks: smallest and largest number of blocks.
        noise: smallest and largest number of noise channels.
        scales: of the output.
    """

    network: Callable[..., nn.Module]
    num_widths: int
    blocks: tuple[int, int]
    noise: tuple[int, int]
    scales: tuple[int, ...] = (1,)


STYLIZERS: dict[str, StylizerArchitecture] = {
    "painter": StylizerArchitecture(Painter, 2, (2, 16), (2, 16)),
    "encoder-decoder": StylizerArchitecture(EncoderDecoder, 3, (0, 0), (0, 0)),
    "upscaler": StylizerArchitecture(Upscaler, 1, (1, 16), (0, 0), (2, 4)),
}

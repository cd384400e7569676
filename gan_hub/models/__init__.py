"""The networks. To add an architecture, add its file to this folder and its row to one of the two tables here.

`ARCHITECTURES` holds the GANs that turn noise into pictures, `STYLIZERS` the networks that turn pictures into pictures.
Both tables are the only lists of their names and of the options that each network takes: configs, training options,
help and tests derive from them.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from gan_hub.models.conv import ConvDiscriminator, ConvGenerator
from gan_hub.models.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_hub.models.encoder_decoder import EncoderDecoder
from gan_hub.models.film import FilmDiscriminator, FilmGenerator
from gan_hub.models.mlp import MLPDiscriminator, MLPGenerator
from gan_hub.models.multi_style import MultiStylePainter
from gan_hub.models.painter import Painter
from gan_hub.models.recurrent import RecurrentDiscriminator, RecurrentGenerator
from gan_hub.models.upscaler import Upscaler

SHAPE_ARGUMENTS = ("image_size", "channels", "latent_dim", "num_classes")  # what every generator is built from


def parameters_of(network: Callable[..., nn.Module]) -> dict[str, Any]:
    """The arguments that a network is built from, with their defaults; None stands for no default."""
    parameters = inspect.signature(network).parameters.values()
    return {each.name: None if each.default is each.empty else each.default for each in parameters}


def _conv_doublings(num_widths: int, patch_size: int) -> int:
    return num_widths - 1 + patch_size.bit_length() - 1


@dataclass(frozen=True)
class Architecture:
    """A generator and the discriminator that it is trained against.

    Attributes:
        generator: is built from `SHAPE_ARGUMENTS` and `options`. Beside `forward` it has `latent_weight` and `early`,
            in which `gan_hub.editing.directions` looks for directions.
        discriminator: is built from the same, with `num_categories` in place of `latent_dim`.
        doublings: maps the number of widths and the patch size to how often the coarsest grid doubles on its way to the
            image.
        batch_statistics: whether the discriminator normalises over the batch. Real and fake pictures then pass it
            separately, and a penalty on the gradient of each sample has no meaning.
    """

    generator: Callable[..., nn.Module]
    discriminator: Callable[..., nn.Module]
    doublings: Callable[[int, int], int] = _conv_doublings
    batch_statistics: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """What both networks take besides the shape, with the generator's defaults; see `parameters_of`."""
        return {name: value for name, value in parameters_of(self.generator).items() if name not in SHAPE_ARGUMENTS}


@dataclass(frozen=True)
class StylizerArchitecture:
    """An image-to-image network and what its config may say.

    The network maps (photo [B, 3, H, W], noise [B, noise_channels, H / noise_grid, W / noise_grid]) to
    [B, 3, scale * H, scale * W]. Its attributes are `grid` (H and W are multiples of it), `noise_grid`, `noise_cells`
    (see `gan_hub.painting.noise`), `scale`, `halo` (the pixels around a pixel that it depends on) and `tile_size` (the
    best side of the tiles that a large picture is painted in; see benchmarks/stylize.py).

    Attributes:
        network: is built from `widths`, `num_blocks`, `noise_channels`, and `scale` if it takes one.
        num_widths: the number of widths.
        blocks: the smallest and the largest number of blocks.
        noise: the smallest and the largest number of noise channels.
        scales: of the output.
        styles: the smallest and the largest number of named styles; a network that holds some is built from
            `num_styles`, and its `forward` takes `style`, `statistics`; see `gan_hub.models.multi_style`.
    """

    network: Callable[..., nn.Module]
    num_widths: int
    blocks: tuple[int, int]
    noise: tuple[int, int]
    scales: tuple[int, ...] = (1,)
    styles: tuple[int, int] = (0, 0)

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the arguments that the network is built from."""
        return tuple(parameters_of(self.network))


ARCHITECTURES: dict[str, Architecture] = {
    "conv": Architecture(ConvGenerator, ConvDiscriminator),
    "dcgan": Architecture(DCGANGenerator, DCGANDiscriminator, lambda num_widths, _: num_widths, batch_statistics=True),
    "film": Architecture(FilmGenerator, FilmDiscriminator),
    "mlp": Architecture(MLPGenerator, MLPDiscriminator, lambda _, __: 0),
    "recurrent": Architecture(RecurrentGenerator, RecurrentDiscriminator),
}

STYLIZERS: dict[str, StylizerArchitecture] = {
    "multi-style": StylizerArchitecture(MultiStylePainter, 3, (1, 16), (2, 16), styles=(1, 64)),
    "painter": StylizerArchitecture(Painter, 2, (2, 16), (2, 16)),
    "encoder-decoder": StylizerArchitecture(EncoderDecoder, 3, (0, 0), (0, 0)),
    "upscaler": StylizerArchitecture(Upscaler, 1, (1, 16), (0, 0), (2, 4)),
}

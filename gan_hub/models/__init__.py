"""The networks. To add an architecture, add its file here and its row below."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from gan_hub.models.conv import ConvDiscriminator, ConvGenerator
from gan_hub.models.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_hub.models.mlp import MLPDiscriminator, MLPGenerator
from gan_hub.models.recurrent import RecurrentDiscriminator, RecurrentGenerator


@dataclass(frozen=True)
class Architecture:
    """A generator, the discriminator it is trained against, and what to know about both.

    Attributes:
        generator: from the image's shape, the latent's length, the classes and `options`.
        discriminator: the same, with the number of categories of a code instead of the latent's length.
        options: that both take besides.
        doublings: from the number of widths and the patch size: how often the coarsest grid doubles up to the image.
        batch_statistics: whether they normalise over the batch: then real and fake pictures go through the
            discriminator apart, and a penalty on the gradient of each sample has no meaning.
    """

    generator: Callable[..., nn.Module]
    discriminator: Callable[..., nn.Module]
    options: tuple[str, ...]
    doublings: Callable[[int, int], int]
    batch_statistics: bool = False


def _conv_doublings(num_widths: int, patch_size: int) -> int:
    return num_widths - 1 + patch_size.bit_length() - 1


_CONV_OPTIONS = ("widths", "num_blocks", "patch_size")

ARCHITECTURES: dict[str, Architecture] = {
    "conv": Architecture(ConvGenerator, ConvDiscriminator, (*_CONV_OPTIONS, "attention_stages"), _conv_doublings),
    "dcgan": Architecture(
        DCGANGenerator, DCGANDiscriminator, ("widths",), lambda num_widths, _: num_widths, batch_statistics=True
    ),
    "mlp": Architecture(MLPGenerator, MLPDiscriminator, ("widths",), lambda _, __: 0),
    "recurrent": Architecture(
        RecurrentGenerator, RecurrentDiscriminator, (*_CONV_OPTIONS, "num_frames"), _conv_doublings
    ),
}

"""The discriminator of patches: it judges for each patch of a picture separately whether it looks painted.

Isola et al., 2016 (pix2pix), arXiv:1611.07004, section 3.2.2 (PatchGAN); at several scales as in Wang et al., 2017
(pix2pixHD), arXiv:1711.11585, section 3.2.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from gan_hub.models.layers import SLOPE, he_init


class PatchDiscriminator(nn.Module):
    """A logit for each patch of a picture.

    Args:
        widths: channels of the strided 4x4 convolutions; two 3x3 ones follow. A logit sees 46 pixels to a side with
            three widths.
        instance_norm: normalise after each convolution but the first and the last. This hides the palette: only the
            differences between the colours of a patch remain.
    """

    def __init__(self, *, widths: Sequence[int], instance_norm: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = [he_init(nn.Conv2d(3, widths[0], 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
        convolutions = [he_init(nn.Conv2d(*pair, 4, stride=2, padding=1)) for pair in pairwise(widths)]
        convolutions.append(he_init(nn.Conv2d(widths[-1], widths[-1], 3, padding=1)))
        for convolution in convolutions:
            norm = [nn.InstanceNorm2d(convolution.out_channels)] if instance_norm else []
            layers += [convolution, *norm, nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, he_init(nn.Conv2d(widths[-1], 1, 3, padding=1)))

    def forward(self, images: Tensor) -> Tensor:
        """Map images [B, 3, H, W] in [-1, 1] to logits [B, N], one for each patch."""
        return self.layers(images).flatten(1)


class MultiScaleDiscriminator(nn.Module):
    """One `PatchDiscriminator` for the picture, one for half of its size, and so on.

    Args:
        widths, instance_norm: of each `PatchDiscriminator`.
        num_scales: the number of sizes.
    """

    def __init__(self, *, widths: Sequence[int], instance_norm: bool, num_scales: int) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            [PatchDiscriminator(widths=widths, instance_norm=instance_norm) for _ in range(num_scales)]
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map images [B, 3, H, W] in [-1, 1] to logits [B, N] of each scale, fine to coarse."""
        sizes = (avg_pool2d(images, 2**i) if i else images for i in range(len(self.scales)))
        return [discriminator(resized) for discriminator, resized in zip(self.scales, sizes)]

    def penalised(self, logits: Sequence[Tensor]) -> Tensor:
        """The logit [B] whose gradient is penalised: the sum over scales of the mean over patches."""
        return torch.stack([scale.mean(1) for scale in logits]).sum(0)

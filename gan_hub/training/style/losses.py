"""Losses of image-to-image networks besides the adversarial ones: contents kept, colours met, no speckles."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, normalize

from gan_hub.models.layers import SLOPE, he_init

TEMPERATURE = 0.07  # CUT's, and MoCo's before it
NUM_DIRECTIONS = 16
EMBEDDING_DIM = 64


class PatchNCE(nn.Module):
    """How hard it is to tell, by the network's own features, which patch of the photo became a patch of the result.

    Park et al., 2020 (CUT), arXiv:2007.15651, equations 3 and 4: a patch of the result is to be nearer to the photo's
    patch at its place than to the others of the same photo.

    Args:
        widths: channels of each tensor of features.
        num_patches: drawn from each.
    """

    def __init__(self, widths: Sequence[int], num_patches: int = 128) -> None:
        super().__init__()
        self.num_patches = num_patches
        self.heads = nn.ModuleList(
            nn.Sequential(
                he_init(nn.Linear(width, EMBEDDING_DIM)),
                nn.LeakyReLU(SLOPE),
                he_init(nn.Linear(EMBEDDING_DIM, EMBEDDING_DIM)),
            )
            for width in widths
        )

    def forward(self, photo: Sequence[Tensor], result: Sequence[Tensor], random: torch.Generator) -> Tensor:
        """The loss of each picture [B], from features of the photo and of the result, [B, width, h, w] each.

        The photo's features are not learned from.
        """
        losses = []
        for head, of_photo, of_result in zip(self.heads, photo, result):
            places = torch.randperm(of_photo.shape[2] * of_photo.shape[3], generator=random)[: self.num_patches]
            places = places.to(of_photo.device)
            keys, queries = (
                normalize(head(features.flatten(2)[:, :, places].transpose(1, 2).float()), dim=2)
                for features in (of_photo.detach(), of_result)
            )
            similarity = queries @ keys.detach().transpose(1, 2) / TEMPERATURE
            own = torch.arange(len(places), device=similarity.device).expand(len(similarity), -1)
            losses.append(cross_entropy(similarity.transpose(1, 2), own, reduction="none").mean(1))
        return torch.stack(losses).mean(0)


def colour_distance(real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
    """How far the colours of two batches are apart, wherever they stand: a scalar.

    The sliced Wasserstein distance (Rabin et al., 2011; Bonneel et al., 2015) of the means over 4 x 4 pixels.

    Args:
        real: [B, 3, H, W].
        fake: the same shape.
        random: draws the directions.
    """
    directions = normalize(torch.randn(NUM_DIRECTIONS, 3, generator=random), dim=1).to(fake.device)
    projected = [
        (directions @ avg_pool2d(images, 4).transpose(0, 1).flatten(1)).sort(dim=1).values for images in (real, fake)
    ]
    return (projected[0] - projected[1]).abs().mean()


def total_variation(images: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels of images [B, C, H, W]: [B].

    Rudin et al., 1992; in style transfer since Johnson et al., 2016, arXiv:1603.08155, section 3.2.
    """
    down = (images[:, :, 1:] - images[:, :, :-1]).abs().flatten(1).mean(1)
    across = (images[:, :, :, 1:] - images[:, :, :, :-1]).abs().flatten(1).mean(1)
    return down + across


def multi_scale_distance(images: Tensor, targets: Tensor, num_scales: int = 3) -> Tensor:
    """Mean absolute difference of images [B, C, H, W] from targets, summed over halved sizes: [B].

    The smaller sizes weigh what is large in both: tone and colour before the grain.
    """
    total = torch.zeros(len(images), device=images.device)
    for scale in range(num_scales):
        if scale:
            images, targets = avg_pool2d(images, 2), avg_pool2d(targets, 2)
        total = total + (images - targets).abs().flatten(1).mean(1)
    return total

"""Adversarial losses on logits, per sample, real before fake; penalties on gradients.

`real_logits` and `fake_logits` are [B]; every loss returns [B] and the mean is taken by the caller.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import softplus


def relativistic_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """softplus(-(D(x) - D(G(z)))): each real picture should look more real than the fake beside it.

    Relativistic pairing (Jolicoeur-Martineau, 2018, arXiv:1807.00734) as in R3GAN
    (Huang et al., 2024, arXiv:2501.05441, equation 2), where it is shown to leave no basin for collapsed modes.
    """
    return softplus(-(real_logits - fake_logits))


def relativistic_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """softplus(-(D(G(z)) - D(x))): the non-saturating counterpart, as R3GAN's published code trains it."""
    return softplus(-(fake_logits - real_logits))


def gradient_penalty(images: Tensor, logits: Tensor) -> Tensor:
    """||dD(x)/dx||^2 for each sample: R1 when the images are real, R2 when they are fake.

    Mescheder et al., 2018, arXiv:1801.04406, equation 9 (R1) and 10 (R2), there multiplied by gamma / 2.

    Args:
        images: [B, C, H, W], a leaf that requires a gradient and from which `logits` were computed.
        logits: [B].

    Returns:
        [B], with a graph through the gradient, so that it can be trained on.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum((1, 2, 3))


DiscriminatorLoss = Callable[[Tensor, Tensor], Tensor]

LOSSES: dict[str, tuple[DiscriminatorLoss, DiscriminatorLoss]] = {
    # name: (the discriminator's loss, the generator's loss)
    "relativistic": (relativistic_discriminator_loss, relativistic_generator_loss),
}

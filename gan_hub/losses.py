"""Adversarial losses on logits, per sample, real before fake; penalties on gradients.

`real_logits` and `fake_logits` are [B]; every loss returns [B] and the mean is taken by the caller. Where a paper
writes D(x) for a probability, it is sigmoid(logit) here, and log sigmoid(l) = -softplus(-l).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, relu, softplus


def cross_entropy_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))): minus the value of the game.

    Goodfellow et al., 2014, arXiv:1406.2661, equation 1.
    """
    return softplus(-real_logits) + softplus(fake_logits)


def minimax_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """log(1 - D(G(z))), the other side of the same game; it saturates: where D is sure, its gradient vanishes.

    Goodfellow et al., 2014, arXiv:1406.2661, equation 1. `real_logits` are not used.
    """
    return -softplus(fake_logits)


def non_saturating_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-log D(G(z)): the same fixed point, with a strong gradient where D is sure.

    Goodfellow et al., 2014, arXiv:1406.2661, end of section 3. `real_logits` are not used.
    """
    return softplus(-fake_logits)


def least_squares_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """(D(x) - 1)^2 / 2 + D(G(z))^2 / 2 on logits: Mao et al., 2016, arXiv:1611.04076, equation 9 (a = 0, b = c = 1)."""
    return ((real_logits - 1).square() + fake_logits.square()) / 2


def least_squares_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """(D(G(z)) - 1)^2 / 2: Mao et al., 2016, arXiv:1611.04076, equation 9. `real_logits` are not used."""
    return (fake_logits - 1).square() / 2


def hinge_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))).

    Lim & Ye, 2017, arXiv:1705.02894; Miyato et al., 2018, arXiv:1802.05957, equation 16.
    """
    return relu(1 - real_logits) + relu(1 + fake_logits)


def wasserstein_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """D(G(z)) - D(x): minus the estimate of the Wasserstein distance by a critic that a penalty keeps Lipschitz.

    Arjovsky et al., 2017, arXiv:1701.07875, equation 2; Gulrajani et al., 2017, arXiv:1704.00028, equation 3.
    """
    return fake_logits - real_logits


def critic_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-D(G(z)), the generator's side of both the Wasserstein and the hinge loss. `real_logits` are not used."""
    return -fake_logits


def relativistic_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """softplus(-(D(x) - D(G(z)))): each real picture should look more real than the fake one it is paired with.

    Relativistic pairing (Jolicoeur-Martineau, 2018, arXiv:1807.00734) as in R3GAN
    (Huang et al., 2024, arXiv:2501.05441, equation 2), which shows that it leaves no basin for collapsed modes.
    """
    return softplus(-(real_logits - fake_logits))


def relativistic_generator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """softplus(-(D(G(z)) - D(x))): the non-saturating counterpart, as in R3GAN's published code."""
    return softplus(-(fake_logits - real_logits))


def squared_gradient_norms(views: Sequence[Tensor], logits: Tensor) -> list[Tensor]:
    """||dD/dv||^2 for each sample and each view v that a discriminator looks at.

    Args:
        views: [B, ...] each; they require a gradient, and `logits` were computed from all of them.
        logits: [B].

    Returns:
        [B] for each view, with a graph through the gradient, so that it can be a training loss.
    """
    gradients = torch.autograd.grad(logits.sum(), list(views), create_graph=True)
    return [gradient.float().square().flatten(1).sum(1) for gradient in gradients]


def squared_gradient_norm(images: Tensor, logits: Tensor) -> Tensor:
    """||dD(x)/dx||^2 for each sample: R1 when the images are real, R2 when they are fake.

    Mescheder et al., 2018, arXiv:1801.04406, equation 9 (R1) and 10 (R2), there multiplied by gamma / 2.

    Args:
        images: [B, C, H, W]; requires a gradient, and `logits` were computed from it.
        logits: [B].

    Returns:
        [B], with a graph through the gradient.
    """
    return squared_gradient_norms([images], logits)[0]


def gradient_penalty(images: Tensor, logits: Tensor) -> Tensor:
    """(||dD(x)/dx|| - 1)^2 for each sample, on images between real and fake: GP.

    Gulrajani et al., 2017, arXiv:1704.00028, equation 3, there multiplied by lambda = 10.

    Args:
        images: [B, C, H, W], from `interpolates`, and `logits` were computed from it.
        logits: [B].

    Returns:
        [B], with a graph through the gradient.
    """
    # The square root has no derivative at 0, which a new critic may give.
    return ((squared_gradient_norm(images, logits) + 1e-12).sqrt() - 1).square()


def interpolates(real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    """Points drawn uniformly from the lines between paired real and fake pictures [B, C, H, W], as a leaf tensor."""
    weight = torch.rand(len(real), *[1] * (real.ndim - 1), generator=generator).to(real.device)
    return torch.lerp(fake, real, weight).detach().requires_grad_()


def mutual_information_loss(code_logits: Tensor, codes: Tensor) -> Tensor:
    """-log Q(c | G(z, c)): minus the lower bound on the information that a picture holds about its code, up to H(c).

    Chen et al., 2016 (InfoGAN), arXiv:1606.03657, equation 5.

    Args:
        code_logits: [B, num_categories], the discriminator's guess.
        codes: [B, num_categories], one-hot: the codes that the pictures were made from.

    Returns:
        [B].
    """
    return cross_entropy(code_logits, codes.argmax(1), reduction="none")


Loss = Callable[[Tensor, Tensor], Tensor]

LOSSES: dict[str, tuple[Loss, Loss]] = {
    # name: (the discriminator's loss, the generator's loss)
    "minimax": (cross_entropy_discriminator_loss, minimax_generator_loss),
    "non_saturating": (cross_entropy_discriminator_loss, non_saturating_generator_loss),
    "least_squares": (least_squares_discriminator_loss, least_squares_generator_loss),
    "hinge": (hinge_discriminator_loss, critic_generator_loss),
    "wasserstein": (wasserstein_discriminator_loss, critic_generator_loss),
    "relativistic": (relativistic_discriminator_loss, relativistic_generator_loss),
}


def chance_loss(name: str) -> float | None:
    """The loss of a discriminator that can't tell real from fake: the lowest that equal logits for all pictures give.

    Args:
        name: a key of `LOSSES`.

    Returns:
        None for a critic: its loss is then 0 and has no scale to compare with.
    """
    logits = torch.tensor([0.0, 0.5])  # in the middle between the targets: of cross entropy and of least squares
    return float(LOSSES[name][0](logits, logits).min()) or None

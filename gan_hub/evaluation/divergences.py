"""How far apart two distributions are: by definition, and by the lower bounds that a discriminator's logits prove.

All in nats. A better discriminator would prove a higher bound.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus


def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL(p || q) = sum p log(p / q) of two histograms [K]; infinite where p is positive and q is 0.

    Kullback & Leibler, 1951, "On information and sufficiency", equation 2.4. Histograms need not sum to 1.
    """
    p, q = p.double() / p.sum(), q.double() / q.sum()
    return torch.where(p > 0, p * (p / q).log(), 0.0).sum()


def js_divergence(p: Tensor, q: Tensor) -> Tensor:
    """The Jensen-Shannon divergence of two histograms [K]: the mean KL to their mixture, from 0 to log 2.

    Lin, 1991, "Divergence measures based on the Shannon entropy", equation 4.1 with equal weights.
    """
    p, q = p.double() / p.sum(), q.double() / q.sum()
    mixture = (p + q) / 2
    return (kl_divergence(p, mixture) + kl_divergence(q, mixture)) / 2


def wasserstein_distance(x: Tensor, y: Tensor) -> Tensor:
    """The Wasserstein-1 distance of two samples of numbers, [N] and [M]: the area between their distribution functions.

    Villani, 2009, "Optimal transport", remark 2.19 (iii).
    """
    points, _ = torch.cat([x, y]).double().sort()
    below = [torch.searchsorted(values.double().sort().values, points[:-1], right=True) for values in (x, y)]
    difference = below[0] / len(x) - below[1] / len(y)
    return (difference.abs() * points.diff()).sum()


def jensen_shannon_bound(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The lower bound that logits [B] and [B] prove for the Jensen-Shannon divergence of real and fake, at most log 2.

    V(D, G) = E[log D(x)] + E[log(1 - D(G(z)))] is at most 2 JSD - 2 log 2, reached by the best discriminator
    (Goodfellow et al., 2014, arXiv:1406.2661, equations 1 and 6), so that JSD >= V / 2 + log 2.
    """
    value = -softplus(-real_logits).mean() - softplus(fake_logits).mean()
    return value / 2 + math.log(2)


def paired_jensen_shannon_bound(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The same from relativistic logits, for pairs of a real and a fake picture, at most log 2.

    D(x) - D(G(z)) is the logit of a classifier that sees a pair in either order and says whether the real one comes
    first; by the same argument the log loss of any such classifier is at least log 2 - JSD(P x Q, Q x P), where P and Q
    are the distributions of real and fake pictures. Two samples tell more than one: this JSD is at least that of P and
    Q.
    """
    return math.log(2) - softplus(-(real_logits - fake_logits)).mean()


def wasserstein_estimate(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """E[D(x)] - E[D(G(z))]: for a critic of slope 1 at most the Wasserstein-1 distance.

    Arjovsky et al., 2017, arXiv:1701.07875, equation 2 (Kantorovich and Rubinstein's duality).
    """
    return real_logits.mean() - fake_logits.mean()


def total_variation_bound(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The lower bound that a hinge discriminator proves for the total variation distance, at most 1.

    The hinge loss E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))] is at least 2 - 2 TV, reached by the sign of p - q
    (Lim & Ye, 2017, arXiv:1705.02894, section 3.2), so that TV >= 1 - loss / 2.
    """
    loss = torch.relu(1 - real_logits).mean() + torch.relu(1 + fake_logits).mean()
    return 1 - loss / 2


def triangular_discrimination_bound(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The lower bound that a least-squares discriminator proves for the triangular discrimination, at most 1.

    The loss E[(D(x) - 1)^2] + E[D(G(z))^2], of targets 1 and 0, is at least the integral of p q / (p + q), reached by
    D = p / (p + q); and 1 - 2 times that integral is half of the triangular discrimination, the integral of
    (p - q)^2 / (p + q) (a Pearson chi-square to the mixture; Mao et al., 2016, arXiv:1611.04076, section 3.2).
    """
    loss = (real_logits - 1).square().mean() + fake_logits.square().mean()
    return 1 - 2 * loss


# The bound that a loss of a discriminator proves: its name in the logs and its function of the logits. A loss without a
# row proves none.
PROVED = {
    "minimax": ("jensen_shannon_bound", jensen_shannon_bound),
    "non_saturating": ("jensen_shannon_bound", jensen_shannon_bound),
    "least_squares": ("triangular_discrimination_bound", triangular_discrimination_bound),
    "hinge": ("total_variation_bound", total_variation_bound),
    "wasserstein": ("wasserstein_estimate", wasserstein_estimate),
    "relativistic": ("paired_jensen_shannon_bound", paired_jensen_shannon_bound),
}

"""How far generated pictures are from real ones, in the space of any feature extractor.

Every function takes features [N, D] of real pictures first, of generated pictures second, and computes in float64.
The results depend on the extractor and on N: always name both.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor

CHUNK = 1000  # rows of a distance matrix held at once


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """|mu_r - mu_f|^2 + Tr(C_r + C_f - 2 (C_r C_f)^(1/2)): 0 when means and covariances agree.

    Heusel et al., 2017, arXiv:1706.08500, equation 6. Called FID only with Inception features.
    The trace of the root is the sum of the roots of the eigenvalues of C_r^(1/2) C_f C_r^(1/2), which is symmetric:
    no complex numbers, and singular covariances are fine.

    Args:
        real: [N, D], N at least 2.
        fake: [M, D], M at least 2.
    """
    real, fake = _checked(real, fake, at_least=2)
    root = _symmetric_root(real.T.cov())
    eigenvalues = torch.linalg.eigvalsh(root @ fake.T.cov() @ root)
    trace = real.var(0).sum() + fake.var(0).sum() - 2 * eigenvalues.clamp(min=0).sqrt().sum()
    return max(0.0, float((real.mean(0) - fake.mean(0)).square().sum() + trace))


def _symmetric_root(matrix: Tensor) -> Tensor:
    eigenvalues, vectors = torch.linalg.eigh(matrix)
    return (vectors * eigenvalues.clamp(min=0).sqrt()) @ vectors.T


def kernel_distance(real: Tensor, fake: Tensor) -> float:
    """Squared maximum mean discrepancy with the kernel (x.y / D + 1)^3, unbiased: 0 on average when the sets agree.

    KID, Binkowski et al., 2018, arXiv:1801.01401, section 4, over all pairs instead of over subsets.

    Args:
        real: [N, D], N at least 2.
        fake: [M, D], M at least 2.
    """
    real, fake = _checked(real, fake, at_least=2)
    return _mean_kernel(real, real, same=True) + _mean_kernel(fake, fake, same=True) - 2 * _mean_kernel(real, fake)


def _mean_kernel(x: Tensor, y: Tensor, *, same: bool = False) -> float:
    total = sum(float((rows @ y.T / x.shape[1] + 1).pow(3).sum()) for rows in x.split(CHUNK))
    if not same:
        return total / (len(x) * len(y))
    diagonal = float((x.square().sum(1) / x.shape[1] + 1).pow(3).sum())
    return (total - diagonal) / (len(x) * (len(x) - 1))


@dataclass(frozen=True)
class Neighbourhood:
    """Four measures that separate fidelity from diversity.

    Attributes:
        precision: share of fakes inside some real picture's ball. Kynkaanniemi et al., 2019, arXiv:1904.06991.
        recall: share of reals inside some fake's ball. The same paper.
        density: how many real balls hold a fake, divided by k; above 1 in dense regions. Naeem et al., 2020,
            arXiv:2002.09797, equation 3.
        coverage: share of reals with a fake inside their ball; 1 - 2^-k for equal distributions. Equation 4 there.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def neighbourhood(real: Tensor, fake: Tensor, *, k: int = 5) -> Neighbourhood:
    """Precision, recall, density and coverage; a picture's ball reaches to its k-th nearest neighbour of its own set.

    Args:
        real: [N, D], N above k.
        fake: [M, D], M above k.
        k: neighbours.
    """
    real, fake = _checked(real, fake, at_least=k + 1)
    real_radii, fake_radii = _radii(real, k), _radii(fake, k)
    balls_around_fake, reals_recalled, reals_covered = [], [], torch.zeros(len(real), dtype=torch.bool)
    for rows in fake.split(CHUNK):
        inside = torch.cdist(rows, real) < real_radii  # [rows, N]
        balls_around_fake.append(inside.sum(1))
        reals_covered |= inside.any(0)
    for rows in real.split(CHUNK):
        reals_recalled.append((torch.cdist(rows, fake) < fake_radii).any(1))
    balls = torch.cat(balls_around_fake).double()
    return Neighbourhood(
        precision=float((balls > 0).double().mean()),
        recall=float(torch.cat(reals_recalled).double().mean()),
        density=float(balls.mean() / k),
        coverage=float(reals_covered.double().mean()),
    )


def _radii(features: Tensor, k: int) -> Tensor:
    """[N]: the distance of each row to its k-th nearest other row."""
    # The nearest of all is the row itself, at distance 0.
    return torch.cat([torch.cdist(rows, features).kthvalue(k + 1).values for rows in features.split(CHUNK)])


def all_metrics(real: Tensor, fake: Tensor, *, k: int = 5) -> dict[str, float]:
    """Every metric of this module by name."""
    return {
        "frechet_distance": frechet_distance(real, fake),
        "kernel_distance": kernel_distance(real, fake),
        **asdict(neighbourhood(real, fake, k=k)),
    }


def _checked(real: Tensor, fake: Tensor, *, at_least: int) -> tuple[Tensor, Tensor]:
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1] or min(len(real), len(fake)) < at_least:
        raise ValueError(
            f"features have the shapes {list(real.shape)} and {list(fake.shape)}; "
            f"use [N, D] and [M, D] with N and M at least {at_least}"
        )
    return real.detach().cpu().double(), fake.detach().cpu().double()

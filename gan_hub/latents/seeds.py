"""Latents from seeds: drawing z, giving it a structure, truncating it, and the class that a z stands for.

All functions are pure and run on the CPU, so that a seed gives the same picture on every machine.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

MAX_SEED = 2**32 - 1
CODE_SCALE = 10.0


def latents_from_seeds(seeds: Sequence[int], latent_dim: int) -> Tensor:
    """Draw one standard normal latent per seed; each row depends on its own seed alone.

    numpy's `RandomState` is used because its stream is frozen for good and the same on every platform;
    `torch.randn` draws different numbers for different lengths, devices and instruction sets.

    Args:
        seeds: N integers, each in [0, 2**32 - 1].
        latent_dim: length of each latent.

    Returns:
        [N, latent_dim], float32, on the CPU.

    Raises:
        ValueError: a seed is not an integer in the range.
    """
    stream = np.random.RandomState(0)  # seeded again for each row, which is ten times as fast as a new one
    rows = np.empty((len(seeds), latent_dim), dtype=np.float32)
    for row, seed in zip(rows, seeds):
        stream.seed(check_seed(seed))
        row[:] = stream.randn(latent_dim)
    return torch.from_numpy(rows)


def check_seed(seed: int) -> int:
    """Return `seed` as an int, or raise ValueError unless it is a whole number in [0, 2**32 - 1]."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed {seed!r} is not possible; use a whole number from 0 to {MAX_SEED}")
    return int(seed)


def structured(normals: Tensor, *, num_categories: int = 0, num_active: int = 0) -> Tensor:
    """Turn standard normal latents into structured ones; each row depends on its own normals alone.

    With categories, the first entries of z become a one-hot code with the 1 at the largest of them, which is uniform
    over the categories (the categorical code of InfoGAN, Chen et al., 2016, arXiv:1606.03657, section 7.1). With
    `num_active`, only that many of the other entries, the largest in size, are kept and the rest become zero: a sparse
    code.

    Args:
        normals: [N, latent_dim].
        num_categories: length of the code at the front of z; 0 = no code.
        num_active: entries outside the code that are not zero; 0 = all.

    Returns:
        [N, latent_dim].
    """
    code, rest = normals[:, :num_categories], normals[:, num_categories:]
    if num_active:
        kept = torch.zeros_like(rest, dtype=torch.bool).scatter_(1, rest.abs().topk(num_active, dim=1).indices, True)
        rest = torch.where(kept, rest, 0.0)
    if num_categories:
        code = torch.nn.functional.one_hot(code.argmax(1), num_categories).to(normals.dtype)
    return torch.cat([code, rest], dim=1)


def with_scaled_code(z: Tensor, num_categories: int) -> Tensor:
    """Scale a categorical code so that it outweighs the rest of z, as the network takes it.

    Beside dozens of normals a one-hot code would be a small step among large ones, and categories would come to stand
    for some minor detail. ClusterGAN makes the normals small instead (Mukherjee et al., 2019, arXiv:1809.03627,
    section 3), but then the network needs long to use them.

    Args:
        z: [N, latent_dim].
        num_categories: length of the one-hot code at the front of z; 0 leaves z as it is.
    """
    if not num_categories:
        return z
    return torch.cat([z[:, :num_categories] * CODE_SCALE, z[:, num_categories:]], dim=1)


def truncate(z: Tensor, truncation: float, *, num_categories: int = 0) -> Tensor:
    """Scale latents towards their mean, which is zero: fidelity below 1, variety above.

    The truncation trick of BigGAN (Brock et al., 2018, arXiv:1809.11096, section 3.1) in the linear form of StyleGAN
    (Karras et al., 2018, arXiv:1812.04948, appendix B): psi = 0 gives the average picture, 1 leaves z as it is.

    Args:
        z: [N, latent_dim].
        truncation: psi in [0, 2].
        num_categories: length of the one-hot code at the front of z, which is not scaled.

    Raises:
        ValueError: truncation is outside [0, 2] or not finite.
    """
    if not (math.isfinite(truncation) and 0 <= truncation <= 2):
        raise ValueError(
            f"truncation {truncation!r} is not possible; use a number from 0 to 2 (1 leaves the latents as they are)"
        )
    return torch.cat([z[:, :num_categories], z[:, num_categories:] * truncation], dim=1)


def labels_of_latents(z: Tensor, num_classes: int) -> Tensor:
    """The class that each latent stands for if no label is given: uniform over the classes, a function of z alone.

    The sum of d independent standard normals is N(0, d), so Phi(sum / sqrt(d)) is uniform in (0, 1); that interval is
    cut into `num_classes` equal parts. Computed in float64 on the CPU.

    Args:
        z: [N, latent_dim], not truncated.
        num_classes: at least 1.

    Returns:
        [N], int64, each in [0, num_classes), on the CPU.
    """
    total = z.detach().to("cpu", torch.float64).sum(1) / math.sqrt(z.shape[1])
    return (torch.special.ndtr(total) * num_classes).long().clamp_(0, num_classes - 1)

"""Whether generated pictures differ from one another, and from the training pictures, without a trained network.

Distances are between thumbnails, so that the measures work for any pictures and cost little.
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

THUMBNAIL = 16  # pixels a side at most: enough to tell two pictures apart, too few to see noise
COPY_RATIO = 0.5
CHUNK = 2048  # rows of a distance matrix held at once


def thumbnails(images: Tensor) -> Tensor:
    """Images [B, C, H, W] in [-1, 1], scaled down to 16 pixels a side at most by averaging: [B, D]."""
    height, width = images.shape[2:]
    return adaptive_avg_pool2d(images.float(), (min(height, THUMBNAIL), min(width, THUMBNAIL))).flatten(1)


def diversity(real: Tensor, fake: Tensor) -> float:
    """The mean distance between two fakes, relative to that between two reals: 0 when all are the same, 1 if good.

    Args:
        real: thumbnails [N, D], N at least 2.
        fake: thumbnails [M, D], M at least 2.

    Returns:
        0 or more; 1 for real pictures that are all the same.
    """
    real_spread, fake_spread = (float(torch.pdist(features).mean()) for features in (real, fake))
    return fake_spread / real_spread if real_spread > 0 else 1.0


def copied_share(train: Tensor, pictures: Tensor | None = None, *, ratio: float = COPY_RATIO) -> float:
    """The share of pictures that lie so near to a training picture that they must be copies of it.

    A picture is a copy if its distance to the nearest training picture is below `ratio` times the distance from that
    one to its nearest other training picture. With a ratio of 1 the share is the complement of authenticity (Alaa et
    al., 2022, arXiv:2102.08921, section 3.3); with less, new pictures in a dense region pass.

    Args:
        train: thumbnails [N, D], N at least 3.
        pictures: thumbnails [M, D]; None = the training pictures themselves, each held out in turn, for the share that
            pictures have which were not memorised.
        ratio: below 1, only nearer pictures count as copies.
    """
    held_out = pictures is None
    rows = train if pictures is None else pictures
    copied = []
    for start in range(0, len(rows), CHUNK):
        distances = torch.cdist(rows[start : start + CHUNK], train)
        own = torch.arange(start, start + len(distances))
        if held_out:
            distances[torch.arange(len(distances)), own] = torch.inf
        nearest = distances.min(1)
        others = torch.cdist(train[nearest.indices], train)
        others[torch.arange(len(others)), nearest.indices] = torch.inf
        if held_out:
            others[torch.arange(len(others)), own] = torch.inf
        copied.append(nearest.values < ratio * others.min(1).values)
    return float(torch.cat(copied).double().mean())

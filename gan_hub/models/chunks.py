"""The forward pass in chunks of one size: a picture is the same bits in every batch, and memory has a bound."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def in_chunks(
    forward: Callable[[Tensor, Tensor | None], Tensor], z: Tensor, labels: Tensor | None, size: int
) -> Tensor:
    """Map z and labels by `forward`, `size` rows at a time, the last chunk padded and cut back.

    Matrix products sum in another order for other numbers of rows. Small pictures are padded to a full chunk; where a
    chunk is one picture, padding costs nothing, which is where it would cost most.

    Args:
        forward: from z [size, latent_dim] and labels to images [size, ...].
        z: [N, latent_dim], N at least 1.
        labels: [N], weights [N, num_classes], or None.
        size: rows of a chunk.

    Returns:
        [N, ...].
    """
    padding = -len(z) % size
    chunks: Sequence[Tensor | None] = [None] * -(-len(z) // size)
    if labels is not None:
        chunks = torch.cat([labels, labels.new_zeros(padding, *labels.shape[1:])]).split(size)
    images = [forward(*chunk) for chunk in zip(nn.functional.pad(z, (0, 0, 0, padding)).split(size), chunks)]
    return torch.cat(images)[: len(z)]

"""The forward pass in chunks of one size: a picture has the same bits in every batch, and memory is bounded."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def in_chunks(
    forward: Callable[[Tensor, Tensor | None], Tensor], z: Tensor, labels: Tensor | None, size: int
) -> Tensor:
    """Map z and labels by `forward`, `size` rows at a time; the last chunk is padded and its result cut back.

    Matrix products sum in an order that depends on the number of rows, so all chunks have the same number. Padding
    costs little for small pictures, and nothing for large ones, whose chunks hold one picture.

    Args:
        forward: maps z [size, latent_dim] and labels to images [size, ...].
        z: [N, latent_dim], N at least 1.
        labels: [N], weights [N, num_classes], or None.
        size: the number of rows of a chunk.

    Returns:
        [N, ...].
    """
    padding = -len(z) % size
    chunks: Sequence[Tensor | None] = [None] * -(-len(z) // size)
    if labels is not None:
        chunks = torch.cat([labels, labels.new_zeros(padding, *labels.shape[1:])]).split(size)
    images = [forward(*chunk) for chunk in zip(nn.functional.pad(z, (0, 0, 0, padding)).split(size), chunks)]
    return torch.cat(images)[: len(z)]

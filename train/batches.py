"""The batch of any step, as a pure function of (seed, step, rank)."""

from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from gan_hub.data.dataset import Dataset
from gan_hub.images import from_uint8
from gan_hub.latents import structured
from train.config import TrainingOptions


@dataclass(frozen=True)
class Batch:
    """One process's share of a pass through the networks.

    Attributes:
        real: [B, C, H, W] in [-1, 1]; of clips, C is their channels times their frames.
        labels: [B], or None when unconditional.
        z: [B, latent_dim].
        seed: of whatever else is drawn for this batch: augmentation, interpolates.
    """

    real: Tensor
    labels: Tensor | None
    z: Tensor
    seed: int


class Batches:
    """The batch of any number from 0 on, as a pure function of (seed, number, rank).

    Pictures are taken along one endless sequence of shuffled epochs, so that every process sees its own share,
    each picture comes once an epoch, and a later start at any step continues as if never interrupted.
    """

    def __init__(self, data: Dataset, options: TrainingOptions, *, accelerator: Accelerator, conditional: bool) -> None:
        self.device = accelerator.device
        # A mapped file stays where it is, and each batch is moved instead.
        self.images = data.images if data.is_mapped else data.images.to(self.device)
        self.labels = data.labels.to(self.device) if conditional else None
        self.options = options
        self.rank, self.num_processes = accelerator.process_index, accelerator.num_processes
        self._mirrored_labels = data.mirrored_labels().to(self.device)
        self._orders: dict[int, Tensor] = {}

    def __call__(self, number: int) -> Batch:
        """The batch of that number, counting every one that an update of the discriminator is computed from."""
        options = self.options
        size = options.train_batch_size
        first = (number * self.num_processes + self.rank) * size
        indices = self._indices(first, size)
        noise = _stream(options.seed, "noise", number, self.rank)
        normals = torch.randn(size, options.latent_dim, generator=noise)
        z = structured(normals, num_categories=options.num_categories, num_active=options.num_active).to(self.device)
        real = from_uint8(self.images[indices].to(self.device))
        labels = self.labels[indices.to(self.device)] if self.labels is not None else None
        if options.random_flip:
            flip = torch.rand(size, generator=noise).to(self.device) < 0.5
            real = torch.where(flip[:, None, None, None], real.flip(3), real)
            if labels is not None:
                labels = torch.where(flip, self._mirrored_labels[labels], labels)
        seed = int(torch.randint(2**62, (), generator=noise))
        return Batch(real.contiguous(memory_format=torch.channels_last), labels, z, seed)

    def _indices(self, first: int, size: int) -> Tensor:
        """The pictures at positions first to first + size of the endless sequence."""
        count = len(self.images)
        positions = torch.arange(first, first + size)
        epochs = range(first // count, (first + size - 1) // count + 1)
        for epoch in epochs:
            if epoch not in self._orders:
                order = torch.randperm(count, generator=_stream(self.options.seed, "order", epoch))
                self._orders[epoch] = order.to(self.images.device)
        parts = [self._orders[epoch][positions[positions // count == epoch] % count] for epoch in epochs]
        for epoch in [old for old in self._orders if old < epochs[0]]:
            del self._orders[epoch]
        return torch.cat(parts)


def _stream(seed: int, purpose: str, *key: int) -> torch.Generator:
    """A generator of random numbers that depends on its arguments alone."""
    sequence = np.random.SeedSequence([seed, *purpose.encode(), *key])
    return torch.Generator().manual_seed(int(sequence.generate_state(1, np.uint64)[0]))

"""The batch of any step, as a pure function of (seed, step, rank)."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from gan_hub.data.dataset import Dataset
from gan_hub.images import from_uint8
from gan_hub.latents.seeds import structured
from gan_hub.training.options.options import TrainingOptions


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
    each picture comes once an epoch, and a later start at any step continues as if never interrupted. With
    `class_group_size`, groups of one class are shuffled instead of single pictures; what no whole group is left of in
    an epoch comes in another one.
    """

    def __init__(self, data: Dataset, options: TrainingOptions, *, accelerator: Accelerator) -> None:
        self.device = accelerator.device
        # A mapped file stays where it is, and each batch is moved instead.
        self.images = data.images if data.is_mapped else data.images.to(self.device)
        self.labels = data.labels.to(self.device) if options.conditional and data.class_names else None
        self.options = options
        self.rank, self.num_processes = accelerator.process_index, accelerator.num_processes
        self._mirrored_labels = data.mirrored_labels().to(self.device)
        self._orders: dict[int, Tensor] = {}
        self._members = self._by_class(data) if self.labels is not None and options.group_size > 1 else None
        size = options.group_size
        # A class with too few pictures for a group comes as one of repeated pictures.
        self._epoch_length = (
            len(self.images) if self._members is None else sum(len(some) // size * size for some in self._members)
        )

    def _by_class(self, data: Dataset) -> list[Tensor]:
        """The pictures of each class that has any; those of a class that is smaller than a group several times."""
        size = self.options.group_size
        members = [(data.labels == label).nonzero().flatten() for label in range(len(data.class_names))]
        return [some.repeat(-(-size // len(some))) if len(some) < size else some for some in members if len(some)]

    def __call__(self, number: int) -> Batch:
        """The batch of that number, counting every one that an update of the discriminator is computed from."""
        options = self.options
        size = options.train_batch_size
        first = (number * self.num_processes + self.rank) * size
        indices = self._indices(first, size)
        noise = stream(options.seed, "noise", number, self.rank)
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

    def numbered(self, first: int, count: int) -> Callable[[int], Batch]:
        """These batches, made ahead from number `first` on by `dataloader_num_workers` processes, if there are any.

        They come in order. What is random depends on the number alone, so that they are the same as without.
        """
        if not self.options.dataloader_num_workers:
            return self
        on_cpu = copy.copy(self)
        on_cpu.device = torch.device("cpu")
        on_cpu.images = self.images.cpu()
        on_cpu.labels = None if self.labels is None else self.labels.cpu()
        on_cpu._mirrored_labels, on_cpu._orders = self._mirrored_labels.cpu(), {}
        loader = DataLoader(
            _Numbered(on_cpu, first, count),
            batch_size=None,
            collate_fn=_as_it_is,  # type: ignore[arg-type]  # without a batch size it is given single items
            num_workers=self.options.dataloader_num_workers,
            multiprocessing_context="fork" if "fork" in torch.multiprocessing.get_all_start_methods() else None,
        )
        made = iter(loader)

        def take(number: int) -> Batch:
            at, batch = next(made)
            assert at == number, f"batch {number} was asked for, {at} is next"
            labels = None if batch.labels is None else batch.labels.to(self.device)
            return Batch(batch.real.to(self.device), labels, batch.z.to(self.device), batch.seed)

        return take

    def _indices(self, first: int, size: int) -> Tensor:
        """The pictures at positions first to first + size of the endless sequence."""
        count = self._epoch_length
        positions = torch.arange(first, first + size)
        epochs = range(first // count, (first + size - 1) // count + 1)
        for epoch in epochs:
            if epoch not in self._orders:
                self._orders[epoch] = self._order(stream(self.options.seed, "order", epoch)).to(self.images.device)
        parts = [self._orders[epoch][positions[positions // count == epoch] % count] for epoch in epochs]
        for epoch in [old for old in self._orders if old < epochs[0]]:
            del self._orders[epoch]
        return torch.cat(parts)

    def _order(self, random: torch.Generator) -> Tensor:
        """The pictures of an epoch in a random order: by themselves, or in groups of one class."""
        if self._members is None:
            return torch.randperm(len(self.images), generator=random)
        size = self.options.group_size
        shuffled = [some[torch.randperm(len(some), generator=random)] for some in self._members]
        groups = torch.cat([some[: len(some) // size * size].view(-1, size) for some in shuffled])
        return groups[torch.randperm(len(groups), generator=random)].flatten()


class _Numbered(TorchDataset[tuple[int, Batch]]):
    """Batches as a data set, for `DataLoader`."""

    def __init__(self, batches: Batches, first: int, count: int) -> None:
        self.batches, self.first, self.count = batches, first, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[int, Batch]:
        return self.first + index, self.batches(self.first + index)


def _as_it_is(item: tuple[int, Batch]) -> tuple[int, Batch]:
    return item


def stream(seed: int, purpose: str, *key: int) -> torch.Generator:
    """A generator of random numbers that depends on its arguments alone."""
    sequence = np.random.SeedSequence([seed, *purpose.encode(), *key])
    return torch.Generator().manual_seed(int(sequence.generate_state(1, np.uint64)[0]))

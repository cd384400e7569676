"""The training loop: one context for both updates, everything random a function of the step."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from gan_hub.generator import GanGenerator
from gan_hub.images import from_uint8
from gan_hub.losses import LOSSES, gradient_penalty
from train.config import TrainingOptions
from train.data import Dataset

Tensors = tuple[Tensor, ...] | list[Tensor]


@dataclass(frozen=True)
class Batch:
    """One process's share of a step.

    Attributes:
        real: [B, C, H, W] in [-1, 1].
        labels: [B], or None when unconditional.
        z: [B, latent_dim].
    """

    real: Tensor
    labels: Tensor | None
    z: Tensor


class Batches:
    """The batch of any step, as a pure function of (seed, step, rank).

    Pictures are taken along one endless sequence of shuffled epochs, so that every process sees its own share,
    each picture comes once an epoch, and a later start at any step continues as if never interrupted.
    """

    def __init__(self, data: Dataset, options: TrainingOptions, *, accelerator: Accelerator, conditional: bool) -> None:
        self.device = accelerator.device
        self.images = data.images.to(self.device)
        self.labels = data.labels.to(self.device) if conditional else None
        self.options = options
        self.rank, self.num_processes = accelerator.process_index, accelerator.num_processes
        self._orders: dict[int, Tensor] = {}

    def __call__(self, step: int) -> Batch:
        """The batch of a step, from 0 on, counting every pass of an accumulated update as one."""
        size = self.options.train_batch_size
        first = (step * self.num_processes + self.rank) * size
        indices = self._indices(first, size)
        noise = _stream(self.options.seed, "noise", step, self.rank)
        z = torch.randn(size, self.options.latent_dim, generator=noise).to(self.device)
        real = from_uint8(self.images[indices])
        if self.options.random_flip:
            flip = torch.rand(size, generator=noise).to(self.device) < 0.5
            real = torch.where(flip[:, None, None, None], real.flip(3), real)
        labels = self.labels[indices] if self.labels is not None else None
        return Batch(real.contiguous(memory_format=torch.channels_last), labels, z)

    def _indices(self, first: int, size: int) -> Tensor:
        """The pictures at positions first to first + size of the endless sequence."""
        count = len(self.images)
        positions = torch.arange(first, first + size)
        epochs = range(first // count, (first + size - 1) // count + 1)
        for epoch in epochs:
            if epoch not in self._orders:
                order = torch.randperm(count, generator=_stream(self.options.seed, "order", epoch))
                self._orders[epoch] = order.to(self.device)
        parts = [self._orders[epoch][positions[positions // count == epoch] % count] for epoch in epochs]
        for epoch in [old for old in self._orders if old < epochs[0]]:
            del self._orders[epoch]
        return torch.cat(parts)


def _stream(seed: int, purpose: str, *key: int) -> torch.Generator:
    """A generator of random numbers that depends on its arguments alone."""
    sequence = np.random.SeedSequence([seed, *purpose.encode(), *key])
    return torch.Generator().manual_seed(int(sequence.generate_state(1, np.uint64)[0]))


def cosine(start: float, end: float, progress: float) -> float:
    """From start to end along half a cosine as progress goes from 0 to 1."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


def averaged(generator: nn.Module, *, images_per_step: int, half_life: float) -> AveragedModel:
    """The exponential moving average of a generator, its half-life growing with the images seen up to `half_life`.

    The ramp, a twentieth of the images seen, is StyleGAN3's and R3GAN's: an average over the whole of a short run
    would remember the noise it began with.
    """

    def multi_avg_fn(ema: Tensors, current: Tensors, num_averaged: Tensor | int) -> None:
        current_half_life = min(half_life, 0.05 * (int(num_averaged) + 1) * images_per_step)
        decay = 0.5 ** (images_per_step / max(current_half_life, 1e-8))
        torch._foreach_lerp_(list(ema), list(current), 1 - decay)

    return AveragedModel(generator, multi_avg_fn=multi_avg_fn, use_buffers=False)


@dataclass
class Trainer:
    """Both networks, their optimizers and the averaged generator, and the step that updates them.

    Attributes:
        generator: prepared by accelerate.
        discriminator: prepared by accelerate; maps (images, labels) to logits [B].
        generator_ema: average of the generator's weights; what is sampled, saved and measured.
        autocast_dtype: of the forward passes; None = float32.
    """

    options: TrainingOptions
    accelerator: Accelerator
    generator: nn.Module
    discriminator: nn.Module
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer
    generator_ema: AveragedModel
    autocast_dtype: torch.dtype | None

    @property
    def average(self) -> GanGenerator:
        """The averaged generator."""
        module = self.generator_ema.module
        assert isinstance(module, GanGenerator)
        return module

    def step(self, batches: Callable[[int], Batch], step: int) -> dict[str, Tensor]:
        """One update of both networks; returns what to log, as tensors, so that nothing waits for the device."""
        progress = step / self.options.max_train_steps
        learning_rate = cosine(self.options.learning_rate, self.options.final_learning_rate, progress)
        learning_rate *= min(1.0, (step + 1) / max(1, self.options.lr_warmup_steps))
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate
        gamma = cosine(self.options.gamma, self.options.final_gamma, progress)
        accumulation = self.options.gradient_accumulation_steps
        with_penalty = gamma > 0 and step % self.options.penalty_interval == 0
        for micro_step in range(step * accumulation, (step + 1) * accumulation):
            # One context around both updates: it counts its passes, so two would update one network too often.
            with self.accelerator.accumulate(self.generator, self.discriminator):
                stats = self._update(batches(micro_step), gamma if with_penalty else 0.0)
        self.generator_ema.update_parameters(self.accelerator.unwrap_model(self.generator))
        return stats

    def _update(self, batch: Batch, gamma: float) -> dict[str, Tensor]:
        with self._autocast():
            fake = self.generator(batch.z, batch.labels)
        real_logits, stats = self._update_discriminator(batch, fake.detach().float(), gamma)
        return stats | self._update_generator(batch, fake, real_logits)

    def _update_discriminator(self, batch: Batch, fake: Tensor, gamma: float) -> tuple[Tensor, dict[str, Tensor]]:
        discriminator_loss, _ = LOSSES[self.options.loss]
        images = torch.cat([batch.real, fake])
        labels = None if batch.labels is None else torch.cat([batch.labels, batch.labels])
        with self._autocast():
            logits = self.discriminator(images.requires_grad_(bool(gamma)), labels).float()
        real_logits, fake_logits = logits.chunk(2)
        loss = discriminator_loss(real_logits, fake_logits).mean()
        stats = {
            "discriminator_loss": loss.detach(),
            "real_logits": real_logits.detach().mean(),
            "fake_logits": fake_logits.detach().mean(),
        }
        if gamma:
            r1, r2 = gradient_penalty(images, logits).chunk(2)
            loss = loss + gamma / 2 * self.options.penalty_interval * (r1 + r2).mean()
            stats |= {"r1": r1.detach().mean(), "r2": r2.detach().mean()}
        self.accelerator.backward(loss)
        self.discriminator_optimizer.step()
        self.discriminator_optimizer.zero_grad()
        return real_logits.detach(), stats

    def _update_generator(self, batch: Batch, fake: Tensor, real_logits: Tensor) -> dict[str, Tensor]:
        """Update the generator; `real_logits` are those from before the discriminator's update.

        They only weigh the pictures in the generator's gradient, and a new forward pass for them would cost a twelfth
        of the step.
        """
        _, generator_loss = LOSSES[self.options.loss]
        # Frozen, so that the generator's backward neither computes nor leaves gradients in it.
        discriminator = self.accelerator.unwrap_model(self.discriminator).requires_grad_(False)
        with self._autocast():
            fake_logits = discriminator(fake, batch.labels).float()
        loss = generator_loss(real_logits, fake_logits).mean()
        self.accelerator.backward(loss)
        self.generator_optimizer.step()
        self.generator_optimizer.zero_grad()
        discriminator.requires_grad_(True)
        return {"generator_loss": loss.detach()}

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.accelerator.device.type, self.autocast_dtype, enabled=self.autocast_dtype is not None
        )

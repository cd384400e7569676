"""The part that all trainings share: two networks, their optimizers, the averaged generator, and their state."""

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from gan_hub.training.checkpoints.checkpoint import copy_into, part_of, tensors_of
from gan_hub.training.loop.environment import bf16_pays
from gan_hub.training.loop.nonfinite import SkippingOptimizer
from gan_hub.training.loop.plan import Plan
from gan_hub.training.options.options import EngineOptions, LaunchOptions

Tensors = tuple[Tensor, ...] | list[Tensor]

# What a rescue multiplies the learning rate and the weight of the penalty by.
RESCUED_RATE, RESCUED_GAMMA = 0.5, 2.0


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
class Engine(ABC):
    """Both networks, their optimizers and the averaged generator; a training adds the step that updates them.

    Attributes:
        generator: prepared by accelerate.
        discriminator: prepared by accelerate.
        generator_guard, discriminator_guard: hold the optimizers.
        generator_ema: average of the generator's weights; what is sampled, saved and measured.
        autocast_dtype: of the forward passes; None = float32.
        plan: of the course; how far a step is along it.
        num_rescues: how often the run went back with a gentler setting.
    """

    options: EngineOptions
    accelerator: Accelerator
    generator: nn.Module
    discriminator: nn.Module
    generator_guard: SkippingOptimizer
    discriminator_guard: SkippingOptimizer
    generator_ema: AveragedModel
    autocast_dtype: torch.dtype | None

    def __post_init__(self) -> None:
        """Plan the course, and count the rescues."""
        self.plan = Plan(self.options.max_train_steps, self.options.minutes)
        self.num_rescues = 0

    @property
    def average(self) -> Any:
        """The averaged generator."""
        return self.generator_ema.module

    @abstractmethod
    def step(self, batches: Callable[[int], Any], step: int) -> dict[str, Tensor]:
        """One step, from 0 on; returns what to log, as tensors, so that nothing waits for the device.

        Args:
            batches: from a number to the batch of that number; asked for in order.
            step: its number.
        """

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that a later step depends on besides its number, the averaged generator included."""
        tensors: dict[str, Tensor] = tensors_of("generator_ema", self.generator_ema.module.state_dict())
        tensors["num_averaged"] = self.generator_ema.n_averaged
        for name, guard in self._guards().items():
            network = self.accelerator.unwrap_model(guard.network)
            tensors |= tensors_of(name, network.state_dict()) | tensors_of(f"{name}_guard", guard.state_dict())
        return tensors

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up a state that `state_dict` gave.

        Raises:
            CheckpointError: it belongs to other networks.
        """
        copy_into(self.generator_ema.module.state_dict(), part_of("generator_ema", tensors), "the averaged generator")
        self.generator_ema.n_averaged.copy_(tensors["num_averaged"])
        for name, guard in self._guards().items():
            network = self.accelerator.unwrap_model(guard.network)
            copy_into(network.state_dict(), part_of(name, tensors), f"the {name}")
            guard.load_state_dict(part_of(f"{name}_guard", tensors))

    def _guards(self) -> dict[str, SkippingOptimizer]:
        return {"generator": self.generator_guard, "discriminator": self.discriminator_guard}

    @property
    def num_skipped(self) -> int:
        """Updates left out so far; waits for the device."""
        return sum(int(guard.num_skipped) for guard in self._guards().values())

    def check_skipped(self, num_steps: int) -> None:
        """Read the guards' counters, which waits for the device; the same on every process.

        Raises:
            FloatingPointError: too many updates in a row were left out. The weights are those of the last good one.
        """
        in_a_row = max(int(guard.num_in_a_row) for guard in self._guards().values())
        if in_a_row >= self.options.max_skipped_updates:
            raise FloatingPointError(
                f"the loss or its gradient was NaN or infinite in the last {in_a_row} updates, by step {num_steps}; "
                "start again with a lower --learning_rate or a higher --gamma"
            )

    def _set_learning_rate(self, step: int) -> None:
        options, progress = self.options, self.plan.progress(step)
        learning_rate = cosine(options.learning_rate, options.final_learning_rate, progress)
        learning_rate *= RESCUED_RATE**self.num_rescues * min(1.0, (step + 1) / max(1, options.lr_warmup_steps))
        for guard in self._guards().values():
            for group in guard.optimizer.param_groups:
                group["lr"] = learning_rate

    def _gamma(self, step: int) -> float:
        """Weight of the penalty at a step."""
        gamma = cosine(self.options.gamma, self.options.final_gamma, self.plan.progress(step))
        return RESCUED_GAMMA**self.num_rescues * gamma

    def _sync_gradients(self, network: nn.Module, is_last: bool) -> AbstractContextManager[None]:
        """Of several accumulated passes, only the last one exchanges gradients with the other processes."""
        return torch.enable_grad() if is_last else self.accelerator.no_sync(network)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.accelerator.device.type, self.autocast_dtype, enabled=self.autocast_dtype is not None
        )


def make_optimizer(network: nn.Module, options: EngineOptions) -> torch.optim.Optimizer:
    """Adam as R3GAN uses it, fused: one pass over the weights instead of a dozen."""
    betas = (float(options.adam_beta1), float(options.adam_beta2))
    fused = next(network.parameters()).device.type in ("cpu", "cuda")
    return torch.optim.Adam(network.parameters(), lr=options.learning_rate, betas=betas, fused=fused)


def choose_precision(options: LaunchOptions, accelerator: Accelerator) -> Literal["no", "bf16"]:
    """bf16 if asked for, by option or by the launcher, or if it measures faster; the same on every process."""
    if options.mixed_precision != "auto":
        return options.mixed_precision
    asked = os.environ.get("ACCELERATE_MIXED_PRECISION") == "bf16"
    pays = asked or (accelerator.is_main_process and bf16_pays(accelerator.device.type))
    return "bf16" if broadcast_object_list([pays])[0] else "no"

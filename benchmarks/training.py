"""Images per CPU second: the trainer against loops written by hand over the same networks.

    python -m benchmarks.training --data_dir data
    python -m benchmarks.training --preset dcgan

- bare: the trainer's own step and nothing else: no guard, monitor, log, progress bar, augmentation hook or accelerate.
  The trainer is measured as it runs in life, with a look at the run's health; the ratio is what its conveniences cost.
- huggan: the loop of HugGAN's DCGAN script: float32, pictures through PIL and torchvision transforms in a DataLoader,
  real and fake pictures through the discriminator one after the other, gradients left to flow into it from the
  generator's loss, `.item()` three times a step, no penalties, no average.
- plain: a new batch of fakes for each network as well, the trainer's loss and average, penalties at every step as in
  R3GAN's published code; and the same with the trainer's lazy penalties.

Each is a process of its own with one thread, they take turns, and the ratio is the median over the rounds of the ratio
within a round.
"""

import copy
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from tqdm.auto import tqdm

from benchmarks.measuring import cost, from_own_process, machine, median, print_header, print_row, spread, start
from gan_hub.data.dataset import Dataset
from gan_hub.images import from_uint8
from gan_hub.losses import LOSSES, relativistic_discriminator_loss, relativistic_generator_loss, squared_gradient_norm
from gan_hub.models import ARCHITECTURES
from gan_hub.training.checkpoints.interrupt import Interrupt
from gan_hub.training.data.batches import Batches
from gan_hub.training.data.datasets import load_dataset
from gan_hub.training.loop.build import build_trainer, make_discriminator, make_generator
from gan_hub.training.loop.environment import PROCESS_SETTINGS
from gan_hub.training.loop.step import Trainer
from gan_hub.training.options.options import TrainingOptions
from gan_hub.training.options.presets import preset
from gan_hub.training.run.launch import make_accelerator
from gan_hub.training.run.run import Run
from gan_hub.training.train import subject

CONTENDERS = ("trainer", "bare", "huggan", "plain", "plain, lazy penalties")
NO_PENALTY = ("trainer", "bare", "huggan")  # what is left where the preset has no penalties


@dataclass(frozen=True)
class Options:
    """Measure the trainer against a plain loop."""

    data_dir: Path = Path("data")
    preset: str = "mnist"
    rounds: int = 5
    num_steps: int = 96
    """Counted steps of each contender in each round; a multiple of the penalty interval."""
    loops: tuple[str, ...] = CONTENDERS
    """Which of them to measure; the trainer always is."""
    contender: str = ""
    """Run one contender and print its speed; used by the benchmark itself."""


def main(options: Options) -> None:
    """Take turns and print the table, or run one contender in a process that the former started."""
    if options.contender:
        print(json.dumps(run(options.contender, options)))
        return
    possible = CONTENDERS if preset(options.preset).gamma else NO_PENALTY
    names = [name for name in possible if name in ("trainer", *options.loops)]
    rounds = [{name: in_own_process(name, options) for name in names} for _ in range(options.rounds)]
    print(f"preset {options.preset}, one thread, {options.rounds} rounds of {options.num_steps} steps; {machine()}\n")
    print_header("loop", "images per CPU second", "trainer is faster by (median, min to max)")
    for name in names:
        ratios = [speeds["trainer"] / speeds[name] for speeds in rounds]
        print_row(name, f"{median([speeds[name] for speeds in rounds]):.0f}", spread(ratios))


def in_own_process(contender: str, options: Options) -> float:
    """Images per CPU second of one contender, started with the settings that it would have in life."""
    environment = {key: value for key, value in os.environ.items() if key not in PROCESS_SETTINGS}
    environment |= PROCESS_SETTINGS if contender in ("trainer", "bare") else {}
    words = ["--contender", contender, "--data_dir", options.data_dir, "--num_steps", options.num_steps]
    return from_own_process("training", *words, "--preset", options.preset, environment=environment)


def run(contender: str, options: Options) -> float:
    """Images per CPU second over the counted steps, after as many warm-up steps as one penalty interval."""
    training = replace(preset(options.preset), data_dir=options.data_dir, mixed_precision="bf16", evaluation_steps=-1)
    data = load_dataset(training)
    with tempfile.TemporaryDirectory() as folder:
        training = replace(training, output_dir=Path(folder), sampling_steps=10**9, checkpointing_steps=0)
        if contender == "trainer":
            step = trainer_step(training, data)
        elif contender == "bare":
            step = BareLoop(training, data).step
        elif contender == "huggan":
            step = HugganLoop(training, data).step
        else:
            step = PlainLoop(training, data, training.penalty_interval if "lazy" in contender else 1).step
        for _ in range(training.penalty_interval):
            step()
        seconds = sum(cost(step).cpu for _ in range(options.num_steps))
    return options.num_steps * training.images_per_step(1) / seconds


def trainer_step(options: TrainingOptions, data: Dataset) -> Callable[[], None]:
    """A step as `gan_hub.training.run.launch.run_loop` takes it."""
    trainer = build_trainer(options, data, accelerator := make_accelerator(options))
    batches = Batches(data, options, accelerator=accelerator)
    run = Run(options, subject(options, data, accelerator), trainer)
    interrupt = Interrupt(accelerator)
    progress = tqdm(total=10**9, unit="img", mininterval=15.0)
    steps = iter(range(10**9))

    def step() -> None:
        number = next(steps)
        stats = trainer.step(batches, number)
        progress.update(run.images_per_step)
        if (number + 1) % options.logging_steps == 0:
            trainer.check_skipped(number + 1)
        run.after_step(number + 1, stats)
        interrupt.agreed()

    return step


class BareLoop:
    """The trainer's step written out for one preset: its losses, penalties, precision, layout, optimizer and average.

    Of one batch a step, relativistic or cross-entropy losses, and R1 and R2 or no penalty: what `mnist` and `dcgan` do.
    """

    def __init__(self, options: TrainingOptions, data: Dataset) -> None:
        self.options, self.steps_done = options, 0
        self.images, self.labels = data.images, data.labels if options.conditional else None
        self.generator = make_generator(options, data)
        self.discriminator = make_discriminator(options, self.generator)
        self.average = copy.deepcopy(self.generator)
        betas = (float(options.adam_beta1), float(options.adam_beta2))
        self.generator_optimizer, self.discriminator_optimizer = (
            torch.optim.Adam(network.parameters(), options.learning_rate, betas, fused=True)
            for network in (self.generator, self.discriminator)
        )
        self.together = not ARCHITECTURES[options.architecture].batch_statistics

    def step(self) -> None:
        """One update of both networks and of the average."""
        options = self.options
        chosen = torch.randint(len(self.images), (options.train_batch_size,))
        real = from_uint8(self.images[chosen]).contiguous(memory_format=torch.channels_last)
        labels = None if self.labels is None else self.labels[chosen]
        z = torch.randn(len(real), options.latent_dim)
        penalty_weight = 0.0
        if options.gamma and self.steps_done % options.penalty_interval == 0:
            penalty_weight = options.gamma * options.penalty_interval / 2
        self.steps_done += 1
        discriminator_loss, generator_loss = LOSSES[options.loss]
        with torch.autocast("cpu", torch.bfloat16):
            fake = self.generator(z, labels)
        images = torch.cat([real, fake.detach()]).requires_grad_(bool(penalty_weight))
        with torch.autocast("cpu", torch.bfloat16):
            if self.together:
                both = None if labels is None else torch.cat([labels, labels])
                real_logits, fake_logits = self.discriminator(images, both).float().chunk(2)
            else:
                real_logits, fake_logits = (self.discriminator(half, labels).float() for half in images.chunk(2))
        loss = discriminator_loss(real_logits, fake_logits).mean()
        if penalty_weight:
            norms = squared_gradient_norm(images, torch.cat([real_logits, fake_logits]))
            loss = loss + penalty_weight * 2 * norms.mean()
        loss.backward()
        self.discriminator_optimizer.step()
        self.discriminator_optimizer.zero_grad()

        self.discriminator.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16):
            fake_logits = self.discriminator(fake, labels).float()
        generator_loss(real_logits.detach(), fake_logits).mean().backward()
        self.discriminator.requires_grad_(True)
        self.generator_optimizer.step()
        self.generator_optimizer.zero_grad()
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), 0.005)


class PlainLoop:
    """A GAN loop without any of the trainer's speed."""

    def __init__(self, options: TrainingOptions, data: Dataset, penalty_interval: int) -> None:
        self.loader = pil_loader(data, options.train_batch_size, drop_last=True)
        self.batches = iter(self.loader)
        self.options, self.penalty_interval, self.steps_done = options, penalty_interval, 0
        contiguous = torch.contiguous_format
        self.generator = make_generator(options, data).to(memory_format=contiguous)
        self.discriminator = make_discriminator(options, self.generator).to(memory_format=contiguous)
        self.average = make_generator(options, data).to(memory_format=contiguous)
        betas = (options.adam_beta1, options.adam_beta2)
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), options.learning_rate, betas)
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), options.learning_rate, betas)

    def step(self) -> None:
        """One update of both networks and of the average."""
        real, labels = self._next_batch()
        with_penalty = self.steps_done % self.penalty_interval == 0
        self.steps_done += 1
        fake = self.generator(torch.randn(len(real), self.options.latent_dim), labels).detach()
        real.requires_grad_(with_penalty)
        fake.requires_grad_(with_penalty)
        real_logits, fake_logits = self.discriminator(real, labels), self.discriminator(fake, labels)
        loss = relativistic_discriminator_loss(real_logits, fake_logits).mean()
        if with_penalty:
            penalty = squared_gradient_norm(real, real_logits) + squared_gradient_norm(fake, fake_logits)
            loss = loss + self.options.gamma / 2 * self.penalty_interval * penalty.mean()
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step()

        fake = self.generator(torch.randn(len(real), self.options.latent_dim), labels)
        real_logits, fake_logits = self.discriminator(real.detach(), labels), self.discriminator(fake, labels)
        loss = relativistic_generator_loss(real_logits, fake_logits).mean()
        self.generator_optimizer.zero_grad()
        loss.backward()
        self.generator_optimizer.step()
        with torch.no_grad():
            for average, current in zip(self.average.parameters(), self.generator.parameters()):
                average.lerp_(current, 0.005)

    def _next_batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        try:
            return next(self.batches)
        except StopIteration:
            self.batches = iter(self.loader)
            return next(self.batches)


class HugganLoop(PlainLoop):
    """HugGAN's loop (huggingface/community-events, huggan/pytorch/dcgan/train.py) over our networks."""

    def __init__(self, options: TrainingOptions, data: Dataset) -> None:
        super().__init__(options, data, 1)
        self.loss = torch.nn.BCEWithLogitsLoss()
        self.conditional = options.conditional

    def step(self) -> None:
        """One update of both networks."""
        real, all_labels = self._next_batch()
        labels = all_labels if self.conditional else None
        is_real, is_fake = torch.ones(len(real)), torch.zeros(len(real))
        self.discriminator.zero_grad()
        real_logits = self.discriminator(real, labels)
        real_loss = self.loss(real_logits, is_real)
        real_loss.backward()
        real_logits.mean().item()
        fake = self.generator(torch.randn(len(real), self.options.latent_dim), labels)
        fake_logits = self.discriminator(fake.detach(), labels)
        fake_loss = self.loss(fake_logits, is_fake)
        fake_loss.backward()
        fake_logits.mean().item()
        self.discriminator_optimizer.step()
        self.generator.zero_grad()
        fake_logits = self.discriminator(fake, labels)
        loss = self.loss(fake_logits, is_real)
        loss.backward()
        fake_logits.mean().item()
        self.generator_optimizer.step()


class PILDataset(torch.utils.data.Dataset):
    """Pictures that are made PIL images and transformed one at a time, as torchvision's own MNIST class does."""

    def __init__(self, data: Dataset, transform: Callable[[Image.Image], torch.Tensor]) -> None:
        self.data, self.transform = data, transform

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        picture = Image.fromarray(self.data.images[index, 0].numpy(), mode="L")
        return self.transform(picture), int(self.data.labels[index])


def pil_loader(data: Dataset, batch_size: int, *, drop_last: bool = False) -> torch.utils.data.DataLoader:
    """Batches as the tutorials load them: through PIL and torchvision's transforms."""
    from torchvision import transforms

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    return torch.utils.data.DataLoader(
        PILDataset(data, transform), batch_size=batch_size, shuffle=True, drop_last=drop_last
    )


def trained(options: TrainingOptions, data: Dataset, measured: Sequence[int]) -> Iterator[tuple[int, float, Trainer]]:
    """Train until the last of the measured steps; yields each of them, and the seconds of the processor so far.

    What the caller does with the trainer in between does not count.
    """
    trainer = build_trainer(options, data, accelerator := make_accelerator(options))
    batches = Batches(data, options, accelerator=accelerator)
    seconds = 0.0
    for step in range(max(measured)):
        seconds += cost(partial(trainer.step, batches, step)).cpu
        if step + 1 in measured:
            yield step + 1, seconds, trainer


if __name__ == "__main__":
    start(main)

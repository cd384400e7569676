"""Images per CPU second: the trainer against a plain loop over the same networks.

    python -m benchmarks.training --data_dir data

The plain loop is how such a loop is usually written: float32, pictures through PIL and torchvision transforms in a
DataLoader, a new batch of fakes for each network, gradients left to flow into the discriminator, penalties at every
step as in R3GAN's published code, no accelerate. A second plain loop has the trainer's lazy penalties and nothing
else of it. Each is a process of its own with one thread, the three take turns, and the ratio is the median over the
rounds of the ratio within a round.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import tyro

from benchmarks.machine import machine
from gan_hub.data.dataset import Dataset
from gan_hub.losses import (
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    squared_gradient_norm,
)
from train.batches import Batches
from train.build import build_trainer, make_discriminator, make_generator
from train.config import TrainingOptions
from train.data import load_dataset
from train.environment import PROCESS_SETTINGS
from train.presets import preset
from train.train import make_accelerator

CONTENDERS = ("trainer", "plain", "plain, lazy penalties")


@dataclass(frozen=True)
class Options:
    """Measure the trainer against a plain loop."""

    data_dir: Path = Path("data")
    rounds: int = 5
    num_steps: int = 48
    """Counted steps of each contender in each round; a multiple of the penalty interval."""
    contender: str = ""
    """Run one contender and print its speed; used by the benchmark itself."""


def main(options: Options) -> None:
    """Take turns and print the table, or run one contender in a process that the former started."""
    if options.contender:
        print(json.dumps(run(options.contender, options)))
        return
    rounds = [{name: in_own_process(name, options) for name in CONTENDERS} for _ in range(options.rounds)]
    print(f"preset mnist, one thread, {options.rounds} rounds of {options.num_steps} steps; {machine()}\n")
    print("| loop | images per CPU second | trainer is faster by (median, min to max) |\n|---|---|---|")
    for name in CONTENDERS:
        ratios = [speeds["trainer"] / speeds[name] for speeds in rounds]
        speed = statistics.median(speeds[name] for speeds in rounds)
        print(f"| {name} | {speed:.0f} | {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |")


def in_own_process(contender: str, options: Options) -> float:
    """Images per CPU second of one contender, started with the settings that it would have in life."""
    environment = {key: value for key, value in os.environ.items() if key not in PROCESS_SETTINGS}
    environment |= {"OMP_NUM_THREADS": "1"} | (PROCESS_SETTINGS if contender == "trainer" else {})
    arguments = ["--contender", contender, "--data_dir", str(options.data_dir), "--num_steps", str(options.num_steps)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.training", *arguments],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def run(contender: str, options: Options) -> float:
    """Images per CPU second over the counted steps, after as many warm-up steps as one penalty interval."""
    torch.set_num_threads(1)
    training = replace(preset("mnist"), data_dir=options.data_dir)
    data = load_dataset(training)
    if contender == "trainer":
        trainer = build_trainer(training, data, accelerator := make_accelerator(training))
        batches = Batches(data, training, accelerator=accelerator, conditional=True)
        step_of = iter(range(10**9))

        def step() -> None:
            trainer.step(batches, next(step_of))
    else:
        interval = training.penalty_interval if "lazy" in contender else 1
        step = PlainLoop(training, data, interval).step
    for _ in range(training.penalty_interval):
        step()
    start = time.process_time()
    for _ in range(options.num_steps):
        step()
    return options.num_steps * training.train_batch_size / (time.process_time() - start)


class PlainLoop:
    """A GAN loop without any of the trainer's speed."""

    def __init__(self, options: TrainingOptions, data: Dataset, penalty_interval: int) -> None:
        from torch.utils.data import DataLoader
        from torchvision import transforms

        transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
        self.loader = DataLoader(
            PILDataset(data, transform), batch_size=options.train_batch_size, shuffle=True, drop_last=True
        )
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


class PILDataset(torch.utils.data.Dataset):
    """Pictures that are made PIL images and transformed one at a time, as torchvision's own MNIST class does."""

    def __init__(self, data: Dataset, transform: object) -> None:
        self.data, self.transform = data, transform

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        from PIL import Image

        picture = Image.fromarray(self.data.images[index, 0].numpy(), mode="L")
        return self.transform(picture), int(self.data.labels[index])  # type: ignore[operator]


if __name__ == "__main__":
    main(tyro.cli(Options))

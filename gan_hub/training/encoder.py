"""Trains the encoder of a generator, from pictures back to latents, and writes it beside a copy of the generator.

accelerate launch train/encoder.py --model mnist-gan
accelerate launch train/encoder.py --model you/your-gan --push_to_hub --hub_model_id you/your-gan

It needs no data: the generator makes endless pairs of a latent and its picture. The loss compares latents, classes, and
the picture with what the frozen generator makes from the prediction.
"""

import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import torch
import tyro
from accelerate import Accelerator
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, one_hot
from tqdm.auto import trange

from gan_hub.editing.encoder import EncoderConfig, LatentEncoder
from gan_hub.generator import GanGenerator
from gan_hub.hub.push import CARD, add
from gan_hub.hub.push import push as push_folder
from gan_hub.latents.seeds import labels_of_latents
from gan_hub.loading.config import MAX_CONFIG_BYTES
from gan_hub.training.encoder_card import EncoderFacts, with_encoder
from gan_hub.training.loop.engine import choose_precision, cosine
from gan_hub.training.loop.environment import entry_point, hardware, tune_process
from gan_hub.training.loop.nonfinite import SkippingOptimizer
from gan_hub.training.options.options import OptionError, check_hub_options
from gan_hub.training.run.launch import launched, set_num_threads
from gan_hub.training.run.push import check_hub

ADDED = ("encoder.json", "encoder.safetensors", CARD)  # to a generator's repository
MEASURED_SEED = 1_000_000
MEASURED = 500


@dataclass(frozen=True)
class EncoderOptions:
    """Train the encoder of a generator."""

    script: ClassVar[str] = "train/encoder.py"

    model: str = "mnist-gan"
    """A bundled name, a folder, or org/name on the Hub."""
    revision: str | None = None
    """Branch, tag or commit on the Hub."""
    output_dir: Path = Path("runs/encoder")
    """Where the generator goes with its encoder."""
    widths: tuple[int, ...] = ()
    """Channels of the encoder's stages, coarse to fine; chosen by the size of the pictures if left out."""
    train_batch_size: int = 64
    """On each process."""
    max_train_steps: int = 2500
    learning_rate: float = 1e-3
    """After the warm-up; it falls along a cosine to a fiftieth."""
    lr_warmup_steps: int = 100
    latent_weight: float = 0.5
    """Of the squared error of z."""
    class_weight: float = 0.2
    """Of the cross-entropy of the class, or of the category of a code."""
    picture_weight: float = 10.0
    """Of the squared error of what the generator paints from the prediction."""
    max_skipped_updates: int = 20
    """End the run after so many updates in a row whose loss or gradient was not finite; each is left out."""
    mixed_precision: Literal["auto", "no", "bf16"] = "auto"
    """auto: bf16 if it measures faster on this machine."""
    num_threads: int = 0
    """Of each process on a CPU; 0 = the physical cores shared among the processes."""
    seed: int = 0
    """Of the weights and the latents."""
    logging_steps: int = 50
    """Show the losses every so many steps."""
    push_to_hub: bool = False
    """Push the generator with its encoder at the end."""
    hub_model_id: str | None = None
    """org/name; needed by --push_to_hub."""
    hub_private_repo: bool = False
    """Create the repository private."""
    hub_revision: str | None = None
    """A branch to push to; main if left out."""

    def __post_init__(self) -> None:
        """Check what a type can't say.

        Raises:
            OptionError: with the option's name, what came and what is allowed.
        """
        for name in ("train_batch_size", "max_train_steps", "max_skipped_updates", "logging_steps"):
            if getattr(self, name) < 1:
                raise OptionError(f"--{name} is {getattr(self, name)}; it must be at least 1")
        if self.learning_rate <= 0:
            raise OptionError("--learning_rate must be above 0")
        check_hub_options(self)


class Pairs:
    """Latents, their classes or categories, and their pictures: endless, a function of the seed and the process.

    Args:
        generator: on its device.
        seed: of the latents.
        process: number of this process, whose pairs are its own.
    """

    def __init__(self, generator: GanGenerator, *, seed: int, process: int) -> None:
        self.generator, self.config = generator, generator.config
        self.random = torch.Generator().manual_seed(seed * 1_000 + process)

    def draw(self, count: int) -> tuple[Tensor, Tensor | None, Tensor]:
        """Z [count, latent_dim], labels [count] or None without classes, pictures [count, C, H, W]."""
        device = self.generator.device
        z = self.generator.structured(torch.randn(count, self.config.latent_dim, generator=self.random)).to(device)
        told = None
        if self.config.num_classes:
            told = torch.randint(self.config.num_classes, (count,), generator=self.random).to(device)
        elif self.config.num_categories:
            told = z[:, : self.config.num_categories].argmax(1)
        with torch.no_grad():
            return z, told, self.paint(z, told)

    def paint(self, z: Tensor, told: Tensor | None) -> Tensor:
        """Pictures of latents; of clips, the first frame."""
        return self.generator(z, told if self.config.num_classes else None)[:, : self.config.channels]


def losses(encoder: torch.nn.Module, pairs: Pairs, options: EncoderOptions) -> dict[str, Tensor]:
    """The weighted losses of one batch: of latents, classes and pictures."""
    z, told, pictures = pairs.draw(options.train_batch_size)
    predicted, logits = encoder(pictures, told)
    num_categories = pairs.config.num_categories
    rest, whole = z[:, num_categories:], predicted
    if num_categories:
        assert told is not None
        whole = torch.cat([one_hot(told, num_categories).to(predicted), predicted], dim=1)
    found = {
        "latent": options.latent_weight * mse_loss(predicted, rest),
        "picture": options.picture_weight * mse_loss(pairs.paint(whole, told), pictures),
    }
    if told is not None:
        found["class"] = options.class_weight * cross_entropy(logits, told)
    return found


def train(options: EncoderOptions) -> None:
    """Train from start to end and write the folder."""
    accelerator = Accelerator(cpu=not torch.accelerator.is_available(), mixed_precision="no")
    set_num_threads(options, accelerator)
    check_hub(options, accelerator)
    precision = torch.bfloat16 if choose_precision(options, accelerator) == "bf16" else None
    generator = GanGenerator.from_pretrained(options.model, revision=options.revision).to(accelerator.device)
    generator.requires_grad_(False)
    torch.manual_seed(options.seed)
    encoder = LatentEncoder(EncoderConfig.for_generator(generator.config, options.widths or None))
    optimizer = torch.optim.Adam(encoder.network.parameters(), lr=options.learning_rate, betas=(0.9, 0.99), fused=True)
    network, optimizer = accelerator.prepare(encoder.network.train(), optimizer)
    guard = SkippingOptimizer(network, optimizer, accelerator)
    pairs = Pairs(generator, seed=options.seed, process=accelerator.process_index)
    start, progress = time.process_time(), trange(options.max_train_steps, disable=not accelerator.is_main_process)
    for step in progress:
        rate = cosine(options.learning_rate, options.learning_rate / 50, (step + 1) / options.max_train_steps)
        for group in guard.optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / max(1, options.lr_warmup_steps))
        with torch.autocast(accelerator.device.type, precision, enabled=precision is not None):
            found = losses(network, pairs, options)
        loss = torch.stack(list(found.values())).sum()
        accelerator.backward(loss)
        guard.step(loss)
        if (step + 1) % options.logging_steps == 0:
            if int(guard.num_in_a_row) >= options.max_skipped_updates:
                raise FloatingPointError(f"the loss was NaN or infinite by step {step + 1}; lower --learning_rate")
            progress.set_postfix({name: f"{float(value.detach()):.3f}" for name, value in found.items()})
    minutes = (time.process_time() - start) / 60
    if accelerator.is_main_process:
        encoder.network.eval()
        finish(options, generator, encoder, minutes)
    accelerator.wait_for_everyone()
    accelerator.end_training()


def finish(options: EncoderOptions, generator: GanGenerator, encoder: LatentEncoder, minutes: float) -> None:
    """Measure the encoder, write the generator's folder with it and its card, and push them if that was asked for."""
    error, agreement = measure(generator, encoder.halve())
    facts = EncoderFacts(
        num_parameters=sum(parameter.numel() for parameter in encoder.network.parameters()),
        command=shlex.join(["accelerate", "launch", *entry_point(options.script), *sys.argv[1:]]),
        num_images=options.train_batch_size * options.max_train_steps,
        minutes=minutes,
        hardware=hardware(),
        error=error,
        agreement=agreement,
        num_samples=MEASURED,
        seed=MEASURED_SEED,
    )
    generator.encoder = encoder
    generator.save_pretrained(options.output_dir)
    files, readme = generator.files, options.output_dir / "README.md"
    card = (files and files.optional_path("README.md", MAX_CONFIG_BYTES)) or readme
    readme.write_text(with_encoder(card.read_text(encoding="utf-8"), facts), encoding="utf-8")
    print(f"painted again, pictures differ by {error:.2%} of the range of pixels")
    print(f"the generator and its encoder are in {options.output_dir}")
    if options.push_to_hub:
        push(options)


def push(options: EncoderOptions) -> None:
    """Push the generator with its encoder: beside what its own repository holds, or whole to another one.

    Raises:
        PushError: the Hub did not take it; says why and how to repeat it. The folder stays.
    """
    assert options.hub_model_id is not None
    if options.model == options.hub_model_id:  # its samples and curves are there, and not here
        pushed = add(options.output_dir, options.hub_model_id, ADDED, "Add an encoder", branch=options.hub_revision)
    else:
        pushed = push_folder(
            options.output_dir,
            options.hub_model_id,
            private=options.hub_private_repo,
            branch=options.hub_revision,
        )
    print(f"pushed to {pushed.url}")


@torch.no_grad()
def measure(generator: GanGenerator, encoder: LatentEncoder) -> tuple[float, float | None]:
    """Encode pictures of seeds that training did not see, and paint them again.

    Returns:
        mean absolute error of the pictures as a share of the range, and the share of classes told right, or None.
    """
    num_classes, num_categories = generator.num_classes, generator.config.num_categories
    z = generator.latents(range(MEASURED_SEED, MEASURED_SEED + MEASURED))
    told = (
        labels_of_latents(z, num_classes)
        if num_classes
        else z[:, :num_categories].argmax(1)
        if num_categories
        else None
    )
    pictures = generator.generate(z, told if num_classes else None)
    found, logits = encoder.encode(pictures)
    again = generator.generate(found, logits.argmax(1) if num_classes else None)
    agreement = None if told is None else float((logits.argmax(1).cpu() == told).double().mean())
    return float((again - pictures).abs().mean() / 2), agreement


def parse(arguments: Sequence[str]) -> EncoderOptions:
    """The options of a command line.

    Raises:
        OptionError: an option is refused.
    """
    return tyro.cli(EncoderOptions, args=arguments)


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, train, and return the exit status; see `gan_hub.training.run.launch.launched`."""
    return launched(parse, train, arguments)


if __name__ == "__main__":
    tune_process()
    sys.exit(main())

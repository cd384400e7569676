"""Trains a GAN and writes a generator that `GanGenerator.from_pretrained` loads.

accelerate launch train/train.py --preset mnist
accelerate launch train/train.py --preset folder --train_data_dir my_pictures
accelerate launch train/train.py --preset tiny          # seconds, needs no data
torchrun --nproc_per_node 2 train/train.py --preset tiny  # two processes, on CPUs too
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from gan_hub.data.dataset import Dataset
from gan_hub.evaluation.evaluator import Evaluator
from gan_hub.features import PHOTO_FEATURES
from gan_hub.generator import GanGenerator
from gan_hub.loading.card import Metric, RunFacts
from gan_hub.training.checkpoints import resume
from gan_hub.training.data.batches import Batches
from gan_hub.training.data.datasets import load_dataset
from gan_hub.training.health.gan import HealthMonitor
from gan_hub.training.loop.batch_size import fitting_batch
from gan_hub.training.loop.build import build_trainer
from gan_hub.training.loop.init import options_of
from gan_hub.training.loop.step import Trainer
from gan_hub.training.loop.timing import planned
from gan_hub.training.options.options import TrainingOptions
from gan_hub.training.options.presets import PRESETS
from gan_hub.training.run.launch import begin, carry_out, launched, parse_with_preset
from gan_hub.training.run.run import Run, Subject
from gan_hub.training.run.sheets import save_grid

# Where the named sets are on the Hub, so that a card can point there.
HUB_IDS = {"mnist": ("ylecun/mnist",), "fashion-mnist": ("zalando-datasets/fashion_mnist",)}


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, train, and return the exit status; see `gan_hub.training.run.launch.launched`."""
    return launched(parse, train, arguments)


def parse(arguments: Sequence[str]) -> TrainingOptions:
    """The options: the preset's, with those named on the command line instead.

    Raises:
        OptionError: the preset is unknown, or an option is refused.
    """
    return parse_with_preset(arguments, TrainingOptions, PRESETS, default="mnist", what="a GAN")


def train(options: TrainingOptions) -> None:
    """Train from start to end, or to an interrupt, and write the run folder."""
    options, accelerator, resumed = begin(options)
    with accelerator.main_process_first():
        data = load_dataset(options)
    if options.auto_batch_size:
        options = resume.batch_of(resumed, options) if resumed else fitting_batch(options, data, accelerator)
    start = None
    if options.init is not None and resumed is None:
        start = GanGenerator.from_pretrained(options.init)
        options = options_of(start, options)
    batches = Batches(data, options, accelerator=accelerator)

    def build() -> Trainer:
        return build_trainer(options, data, accelerator, start)

    options = planned(options, build, batches, resume.known_options(resumed) if resumed else None)
    trainer = build()
    run = Run(options, subject(options, data, accelerator), trainer, resumed)
    carry_out(trainer, batches, run, resumed, build)


def subject(options: TrainingOptions, data: Dataset, accelerator: Accelerator) -> Subject:
    """What the run is about."""
    sha256, main = data.sha256(), accelerator.is_main_process

    def facts(measured: Sequence[Metric] | None, **known: Any) -> RunFacts:
        ids = hub_ids(options)
        return RunFacts(
            dataset=data.description(),
            dataset_sha256=sha256,
            metrics=measured or (),
            dataset_ids=ids,
            init=options.init,
            features=None if options.discriminator == "pixels" else PHOTO_FEATURES,
            **known,
        )

    extractor, measured = options.extractor, main and options.evaluation_steps >= 0
    return Subject(
        description=data.description(),
        data_sha256=sha256,
        save_sheet=save_grid,
        facts=facts,
        health=HealthMonitor(options, data, accelerator.device) if main and options.health_steps > 0 else None,
        evaluator=Evaluator.for_dataset(data, options.data_dir, extractor=extractor) if measured else None,
        evaluation_steps=options.evaluation_steps,
        keep_best=options.keep_best,
    )


def hub_ids(options: TrainingOptions) -> tuple[str, ...]:
    """What the data is called on the Hub; nothing for one's own pictures."""
    if options.train_data_dir is not None:
        return ()
    if options.dataset_name is not None:
        return () if Path(options.dataset_name).exists() else (options.dataset_name,)
    return HUB_IDS.get(options.dataset, ())

"""Trains a GAN and writes a generator that `GanGenerator.from_pretrained` loads.

accelerate launch train/train.py --preset mnist
accelerate launch train/train.py --preset folder --train_data_dir my_pictures
accelerate launch train/train.py --preset tiny          # seconds, needs no data
torchrun --nproc_per_node 2 train/train.py --preset tiny  # two processes, on CPUs too
"""

import sys
from pathlib import Path

if __package__ in (None, ""):
    # Launched as a file, Python puts train/ itself first on the path, where `import train` would find this file.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from train.environment import asked_processes, default_num_threads, tune_process

if __name__ == "__main__":
    tune_process()  # before torch is imported, which reads the settings

import argparse
import logging
import os
import shlex
from dataclasses import replace

import torch
import tyro
from accelerate import Accelerator, DistributedDataParallelKwargs
from tqdm.auto import tqdm

from gan_hub.config import ConfigError
from gan_hub.evaluation import Evaluator
from gan_hub.weights import ModelError
from train import resume
from train.batch_size import fitting_batch
from train.batches import Batches
from train.build import build_trainer, choose_precision
from train.checkpoint import CheckpointError, checkpoints
from train.config import OptionError, TrainingOptions
from train.data import load_dataset
from train.health import CollapseError
from train.interrupt import Interrupt
from train.loop import Trainer
from train.presets import PRESETS, preset
from train.run import Run
from train.trackers import FOLDER as TRACKING_FOLDER
from train.trackers import check_installed

logger = logging.getLogger("train")


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, train, and return the exit status: 0 done or interrupted, 1 failed, 2 refused."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        train(options)
    except (OptionError, ConfigError, CheckpointError, ModelError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (FloatingPointError, CollapseError) as error:
        kept = checkpoints(options.output_dir)
        print(f"error: {error}", file=sys.stderr)
        print(f"the last checkpoint is {kept[-1]}" if kept else "there is no checkpoint yet", file=sys.stderr)
        return 1
    return 0


def parse(arguments: list[str]) -> TrainingOptions:
    """The options: the preset's, with those named on the command line instead.

    Raises:
        OptionError: the preset is unknown, or an option is refused.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", default="mnist")
    chosen, rest = parser.parse_known_args(arguments)
    description = f"Train a GAN. --preset NAME sets the defaults below; NAME is one of: {', '.join(sorted(PRESETS))}."
    return tyro.cli(TrainingOptions, args=rest, default=preset(chosen.preset), description=description)


def train(options: TrainingOptions) -> None:
    """Train from start to end, or to an interrupt, and write the run folder."""
    accelerator = make_accelerator(options)
    set_num_threads(options, accelerator)
    warn_of_missing_processes(accelerator)
    resumed = resume.choose(options)
    # What was measured once holds to the end: measured again, it could come out otherwise.
    known = resumed.record["settings"]["mixed_precision"] if resumed and options.mixed_precision == "auto" else None
    options = replace(options, mixed_precision=known or choose_precision(options, accelerator))
    with accelerator.main_process_first():
        data = load_dataset(options)
    if options.auto_batch_size:
        options = resume.batch_of(resumed, options) if resumed else fitting_batch(options, data, accelerator)
    trainer = build_trainer(options, data, accelerator)
    batches = Batches(data, options, accelerator=accelerator)
    measured = accelerator.is_main_process and options.evaluation_steps >= 0
    evaluator = Evaluator.for_dataset(data, options.data_dir, extractor=options.extractor) if measured else None
    run = Run(options, data, trainer, evaluator, resumed)
    if resumed is not None:
        trainer.load_state_dict(resumed.tensors)
    run.announce()
    with Interrupt(accelerator) as interrupt:
        num_steps = run_loop(trainer, batches, run, interrupt)
    if accelerator.is_main_process:
        run.finish(num_steps, interrupted=interrupt.requested and num_steps < options.max_train_steps)
    accelerator.wait_for_everyone()
    accelerator.end_training()


def run_loop(trainer: Trainer, batches: Batches, run: Run, interrupt: Interrupt) -> int:
    """Step until done or interrupted; returns the steps taken."""
    options = trainer.options
    passes = options.num_discriminator_steps * options.gradient_accumulation_steps
    take = batches.numbered(run.first_step * passes, (options.max_train_steps - run.first_step) * passes)
    progress = tqdm(
        total=options.max_train_steps * run.images_per_step,
        initial=run.first_step * run.images_per_step,
        unit="img",
        unit_scale=True,
        desc="training",
        mininterval=0.5 if sys.stderr.isatty() else 15.0,  # a log file needs fewer lines than a terminal
        smoothing=0.05,
        disable=not trainer.accelerator.is_main_process,
    )
    with progress:
        for step in range(run.first_step, options.max_train_steps):
            stats = trainer.step(take, step)
            progress.update(run.images_per_step)
            if (step + 1) % options.logging_steps == 0:
                trainer.check_skipped(step + 1)
            if trainer.accelerator.is_main_process:
                run.after_step(step + 1, stats)
            if interrupt.agreed():
                return step + 1
    return options.max_train_steps


def make_accelerator(options: TrainingOptions) -> Accelerator:
    """One accelerator for both networks.

    Raises:
        OptionError: the launcher was told to use a precision or a strategy that two networks can't be trained with,
            or a tracker is not installed.
    """
    check_installed(options.report_to)
    if os.environ.get("ACCELERATE_MIXED_PRECISION", "no") not in ("no", "bf16"):
        raise OptionError(
            f"the launcher asks for {os.environ['ACCELERATE_MIXED_PRECISION']}; the penalties overflow in it: "
            "use --mixed_precision bf16 or no"
        )
    for variable, strategy in (("ACCELERATE_USE_FSDP", "FSDP"), ("ACCELERATE_USE_DEEPSPEED", "DeepSpeed")):
        if os.environ.get(variable, "false") == "true":
            raise OptionError(f"{strategy} handles one network only and a GAN has two; launch with --multi_gpu instead")
    # Autocast is entered in the loop itself, where the penalties need to leave it; accelerate would wrap every forward.
    return Accelerator(
        # Without this, processes started by torchrun on a machine without a GPU would not find each other.
        cpu=not torch.accelerator.is_available(),
        mixed_precision="no",  # and accumulation is the loop's own: accelerate's counts the passes of both networks
        log_with=list(options.report_to) or None,
        project_dir=options.output_dir / TRACKING_FOLDER,
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )


def warn_of_missing_processes(accelerator: Accelerator) -> None:
    """Say so if the launcher started fewer processes than it was asked for, as accelerate's does on CPUs."""
    asked = asked_processes()
    if asked is not None and asked > 1 and accelerator.num_processes == 1:
        command = shlex.join(["torchrun", "--nproc_per_node", str(asked), "train/train.py", *sys.argv[1:]])
        logger.warning(
            "`accelerate launch` was asked for %d processes and started one, as it does on CPUs; for %d use: %s",
            asked,
            asked,
            command,
        )


def set_num_threads(options: TrainingOptions, accelerator: Accelerator) -> None:
    """Share the cores among the processes of this machine; `accelerate launch` alone would leave each with one."""
    if accelerator.device.type == "cpu":
        local_processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        torch.set_num_threads(options.num_threads or default_num_threads(local_processes))


if __name__ == "__main__":
    sys.exit(main())

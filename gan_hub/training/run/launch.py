"""What the training scripts share once they are launched: the accelerator, the loop over steps, the exit status."""

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
import tyro
from accelerate import Accelerator, DistributedDataParallelKwargs
from tqdm.auto import tqdm

from gan_hub.hub import http_client
from gan_hub.hub.push import PushError
from gan_hub.loading.config import ConfigError
from gan_hub.loading.weights import ModelError
from gan_hub.training.checkpoints import resume
from gan_hub.training.checkpoints.checkpoint import Checkpoint, CheckpointError, checkpoints
from gan_hub.training.checkpoints.interrupt import Interrupt
from gan_hub.training.health.monitor import CollapseError
from gan_hub.training.loop.engine import Engine, choose_precision
from gan_hub.training.loop.environment import asked_processes, default_num_threads, entry_point
from gan_hub.training.options.options import EngineOptions, LaunchOptions, OptionError, from_preset
from gan_hub.training.run.push import check_hub
from gan_hub.training.run.rescue import MAX_RESCUES, rescued
from gan_hub.training.run.run import Run
from gan_hub.training.run.trackers import FOLDER as TRACKING_FOLDER
from gan_hub.training.run.trackers import check_installed

logger = logging.getLogger("train")

Options = TypeVar("Options", bound=EngineOptions)
Launched = TypeVar("Launched", bound=LaunchOptions)


class NumberedBatches(Protocol):
    """What the loop takes its batches from."""

    def numbered(self, first: int, count: int) -> Callable[[int], Any]:
        """The batches from number `first` on, by number, which are asked for in order."""


def launched(
    parse: Callable[[Sequence[str]], Launched], train: Callable[[Launched], None], arguments: Sequence[str] | None
) -> int:
    """Parse the command line, train, and return the exit status.

    0 done or interrupted, 1 failed, 2 refused, 3 trained and saved, but not pushed.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    http_client.install()
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        train(options)
    except PushError as error:
        print(f"error: trained and saved, but not pushed: {error}", file=sys.stderr)
        return 3
    except (OptionError, ConfigError, CheckpointError, ModelError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (FloatingPointError, CollapseError) as error:
        kept = checkpoints(options.output_dir)
        print(f"error: {error}", file=sys.stderr)
        print(f"the last checkpoint is {kept[-1]}" if kept else "there is no checkpoint yet", file=sys.stderr)
        return 1
    return 0


def parse_with_preset(
    arguments: Sequence[str], kind: type[Options], presets: Mapping[str, Mapping[str, Any]], *, default: str, what: str
) -> Options:
    """The options: those named on the command line, and else the checkpoint's to resume from, or the preset's.

    Args:
        arguments: of the command line.
        kind: of the options.
        presets: by name: what differs from the defaults of the kind.
        default: name of the preset if none is named.
        what: is trained, for the help.

    Raises:
        OptionError: the preset is unknown, the checkpoint can't be used, or an option is refused.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset")
    chosen, rest = parser.parse_known_args(arguments)
    base = from_preset(kind, presets, chosen.preset or default)
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("--resume_from_checkpoint", "--resume-from-checkpoint")
    parser.add_argument("--output_dir", "--output-dir", type=Path)
    asked, _ = parser.parse_known_args(rest)
    resumed = resume.choose(replace(base, **vars(asked))) if hasattr(asked, "resume_from_checkpoint") else None
    if resumed is not None:
        base = resume.resumed_options(resumed, base)
    if any(word.partition("=")[0] in ("--max_train_steps", "--max-train-steps") for word in rest):
        base = replace(base, minutes=0.0)
    names = ", ".join(sorted(presets))
    source = f"of the preset {chosen.preset}" if chosen.preset else f"of {default}, since no --preset is named"
    description = f"Train {what}. --preset NAME sets the defaults; NAME is one of: {names}. Those below are {source}."
    options = tyro.cli(kind, args=rest, default=base, description=description)
    # The checkpoint that the options were read from, whatever is written meanwhile.
    return options if resumed is None else replace(options, resume_from_checkpoint=str(resumed.folder))


def begin(options: Options) -> tuple[Options, Accelerator, Checkpoint | None]:
    """The accelerator, the checkpoint to go on from, and the options with the precision that was chosen."""
    accelerator = make_accelerator(options)
    warn_of_missing_processes(options, accelerator)
    check_hub(options, accelerator)
    resumed = resume.choose(options)
    if resumed and not options.num_threads:
        options = replace(options, num_threads=resumed.record.get("options", {}).get("num_threads", 0))
    options = replace(options, num_threads=set_num_threads(options, accelerator))
    # What was measured once holds to the end: measured again, it could come out otherwise.
    known = resumed.record["settings"]["mixed_precision"] if resumed and options.mixed_precision == "auto" else None
    return replace(options, mixed_precision=known or choose_precision(options, accelerator)), accelerator, resumed


def carry_out(
    trainer: Engine,
    batches: NumberedBatches,
    run: Run,
    resumed: Checkpoint | None,
    build: Callable[[], Engine],
) -> None:
    """Train from the start or a checkpoint to the end or an interrupt, and write the run folder.

    Args:
        trainer: new.
        batches: to train on.
        run: writes the folder.
        resumed: the checkpoint to go on from.
        build: makes a new trainer, for a rescue that goes back to the start.
    """
    accelerator = trainer.accelerator
    if resumed is not None:
        trainer.load_state_dict(resumed.tensors)
    run.announce()
    with Interrupt(accelerator) as interrupt:
        num_steps = run_loop(trainer, batches, run, interrupt, build)
    interrupted = interrupt.requested and num_steps < trainer.plan.num_steps
    if accelerator.is_main_process:
        run.finish(num_steps, interrupted=interrupted)
    accelerator.wait_for_everyone()
    accelerator.end_training()
    if run.pusher and not interrupted:
        run.pusher.finish()  # last of all: the other processes need not wait, and what it raises leaves all on disk


def run_loop(
    trainer: Engine,
    batches: NumberedBatches,
    run: Run,
    interrupt: Interrupt,
    build: Callable[[], Engine],
) -> int:
    """Step until done or interrupted; returns the steps taken."""
    options, plan, passes = trainer.options, trainer.plan, trainer.options.batches_per_step
    progress = tqdm(
        total=plan.num_steps * run.images_per_step,
        initial=run.first_step * run.images_per_step,
        unit="img",
        unit_scale=True,
        desc="training",
        mininterval=0.5 if sys.stderr.isatty() else 15.0,  # a log file needs fewer lines than a terminal
        smoothing=0.05,
        disable=not trainer.accelerator.is_main_process,
    )

    def taken_from(step: int) -> Callable[[int], Any]:
        progress.total, progress.n = plan.num_steps * run.images_per_step, step * run.images_per_step
        return batches.numbered(step * passes, (plan.num_steps - step) * passes)

    step, take = run.first_step, taken_from(run.first_step)
    with progress:
        while step < plan.num_steps:
            stats = trainer.step(take, step)
            step += 1
            progress.update(run.images_per_step)
            is_looked_at = step % options.health_steps == 0 if options.health_steps else False
            trouble = _diverged(trainer, step) if step % options.logging_steps == 0 else None
            if trainer.accelerator.is_main_process:
                run.after_step(step, stats)
                if is_looked_at and run.health and trouble is None:
                    trouble = run.health.trouble
            if options.rescue and (is_looked_at or trouble):
                back = rescued(run, step, trouble, build)
                if back is not None:
                    step, take = back, taken_from(back)
                    continue
            if plan.is_due(step):
                run.fit_plan(step)
                take = taken_from(step)
            if interrupt.agreed():
                return step
    return step


def _diverged(trainer: Engine, step: int) -> str | None:
    """Why the updates are not finite, if it goes on and the run may be rescued from it; the same on every process.

    Raises:
        FloatingPointError: it may not.
    """
    try:
        trainer.check_skipped(step)
    except FloatingPointError as error:
        if not trainer.options.rescue or trainer.num_rescues >= MAX_RESCUES:
            raise
        return str(error)
    return None


def make_accelerator(options: EngineOptions) -> Accelerator:
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


def warn_of_missing_processes(options: EngineOptions, accelerator: Accelerator) -> None:
    """Say so if the launcher started fewer processes than it was asked for, as accelerate's does on CPUs."""
    asked = asked_processes()
    if asked is not None and asked > 1 and accelerator.num_processes == 1:
        command = shlex.join(["torchrun", "--nproc_per_node", str(asked), *entry_point(options.script), *sys.argv[1:]])
        logger.warning(
            "`accelerate launch` was asked for %d processes and started one, as it does on CPUs; for %d use: %s",
            asked,
            asked,
            command,
        )


def set_num_threads(options: LaunchOptions, accelerator: Accelerator) -> int:
    """Set the threads of each process of this machine, as asked or as measured, and return their number; 0 = not set.

    `accelerate launch` alone would leave each process with one.
    """
    if accelerator.device.type != "cpu":
        return options.num_threads
    num_threads = options.num_threads or default_num_threads(int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
    torch.set_num_threads(num_threads)
    return num_threads

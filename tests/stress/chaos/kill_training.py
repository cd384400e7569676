"""Kill a training without warning, again and again, and prove that what it left resumes to the bit.

    python -m tests.stress.chaos.kill_training --kills 100 --seed 0

Prints `N passed / N`: after each kill there was a checkpoint that verifies to go on from (or none yet), and at the end
the generator has the same bytes as that of a run that was never killed.
"""

import contextlib
import json
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import tyro

from benchmarks.measuring import machine
from gan_hub.training.checkpoints import checkpoint
from gan_hub.training.options.options import TrainingOptions
from gan_hub.training.options.presets import preset
from gan_hub.training.train import train


@dataclass(frozen=True)
class Options:
    """Kill a training and see whether it matters."""

    kills: int = 100
    in_a_save: int = 10
    """Of the kills, those that wait for a checkpoint to be half written."""
    seed: int = 0
    num_steps: int = 30_000
    json: Path | None = None
    """Write the result there too."""


def training(folder: Path, num_steps: int) -> TrainingOptions:
    """A run of small steps with everything in it that has a state."""
    return replace(
        preset("tiny"),
        output_dir=folder,
        max_train_steps=num_steps,
        train_batch_size=4,
        widths=(8, 8),
        discriminator_widths=(8, 8),
        augment="ada",
        ada_target=0.2,
        mixed_precision="no",
        num_threads=1,
        evaluation_steps=-1,
        logging_steps=50,
        sampling_steps=10**9,
        checkpointing_steps=20,
        checkpoints_total_limit=2,
        resume_from_checkpoint="latest",
    )


def start(options: TrainingOptions) -> int:
    """Train in a forked process, which has torch imported already; returns its number."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        train(options)
        status = 0
    finally:
        os._exit(status)


def has_ended(child: int) -> bool:
    """Whether the process ended by itself; it must not have failed."""
    number, status = os.waitpid(child, os.WNOHANG)
    if number and os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"the training failed with status {os.waitstatus_to_exitcode(status)}")
    return bool(number)


def kill(child: int) -> None:
    """SIGKILL, and wait until it is gone."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def is_saving(folder: Path, child: int) -> bool:
    """Whether the process has half written a checkpoint; what earlier ones left does not count."""
    return any(folder.glob(f"{checkpoint.TEMPORARY}checkpoint-*-{child}"))


def last_step(folder: Path) -> int:
    """Of the newest checkpoint; 0 without one."""
    found = checkpoint.checkpoints(folder)
    return int(found[-1].name.rsplit("-", 1)[1]) if found else 0


def main(options: Options) -> int:
    """Run it; the exit status is 0 if everything passed."""
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    stream = random.Random(options.seed)
    root = Path(tempfile.mkdtemp(prefix="gan-hub-kills-"))
    calm, killed = training(root / "calm", options.num_steps), training(root / "killed", options.num_steps)
    os.waitpid(start(calm), 0)
    passed = in_a_save = advanced = done = 0
    while done < options.kills:
        before = last_step(killed.output_dir)
        child = start(killed)
        wants_a_save = in_a_save < options.in_a_save
        deadline = time.monotonic() + (30 if wants_a_save else stream.uniform(0.1, 2.0))
        ended = False
        while time.monotonic() < deadline and not (wants_a_save and is_saving(killed.output_dir, child)):
            if ended := has_ended(child):
                break
            time.sleep(0.0005)
        if ended:
            break
        kill(child)
        done += 1
        in_a_save += is_saving(killed.output_dir, child)
        advanced += last_step(killed.output_dir) > before
        found = checkpoint.checkpoints(killed.output_dir)
        passed += all(checkpoint.verify(path) is None for path in found[-1:])
    os.waitpid(start(killed), 0)
    with contextlib.suppress(FileNotFoundError):
        equal = (calm.output_dir / "model.safetensors").read_bytes() == (
            killed.output_dir / "model.safetensors"
        ).read_bytes()
    shutil.rmtree(root)
    result = {
        "kills": done,
        "in_a_save": in_a_save,
        "after_a_new_checkpoint": advanced,
        "newest_checkpoint_verified": passed,
        "end_equal_to_the_calm_run": equal,
        "num_steps": options.num_steps,
        "seed": options.seed,
        "machine": machine(),
    }
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    print(f"{passed if equal else 0} passed / {done} (seed {options.seed}, {in_a_save} in the middle of a save)")
    return 0 if equal and passed == done else 1


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))

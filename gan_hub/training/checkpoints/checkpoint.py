"""Checkpoints that are whole or absent: written to a temporary folder, hashed, synced to the disk and renamed.

`checkpoint-{step}/` holds the averaged generator as `from_pretrained` loads it, the rest of the training's state as
tensors and JSON, and `manifest.json` with the hash of every file. Nothing in it is a pickle.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

MANIFEST = "manifest.json"
TENSORS = "training_state.safetensors"
RECORD = "training_state.json"
FORMAT_VERSION = 1
TEMPORARY = ".tmp-"


class CheckpointError(ValueError):
    """A checkpoint that can't be used or must not be written; the message says why."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds besides the averaged generator.

    Attributes:
        folder: where it lies.
        step: steps taken when it was written.
        tensors: by name, see `Trainer.state_dict`.
        record: JSON: the options, the data's hash, the time spent, the state of the monitors.
    """

    folder: Path
    step: int
    tensors: dict[str, Tensor]
    record: dict[str, Any]


def save(
    folder: Path,
    step: int,
    tensors: Mapping[str, Tensor],
    record: Mapping[str, Any],
    write_generator: Callable[[Path], object],
) -> Path:
    """Write `checkpoint-{step}` to the folder, whole or not at all.

    Args:
        folder: of the run.
        step: steps taken.
        tensors: of the training's state.
        record: what else there is to remember, as JSON.
        write_generator: writes the averaged generator to the folder that it is given.

    Raises:
        CheckpointError: a value is not finite.
        OSError: the disk is full or not writable; what was written is removed.
    """
    if bad := [name for name, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()]:
        raise CheckpointError(f"{', '.join(bad[:3])} hold values that are not finite, at step {step}")
    final = folder / f"checkpoint-{step}"
    temporary = folder / f"{TEMPORARY}checkpoint-{step}-{os.getpid()}"
    try:
        temporary.mkdir(parents=True)
        write_generator(temporary)
        contiguous = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
        save_file(contiguous, temporary / TENSORS)
        (temporary / RECORD).write_text(json.dumps({**record, "step": step}, indent=1, default=str), encoding="utf-8")
        files = sorted(path for path in temporary.rglob("*") if path.is_file())
        manifest = {
            "format_version": FORMAT_VERSION,
            "step": step,
            "files": {path.relative_to(temporary).as_posix(): _sha256(path) for path in files},
        }
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        for path in [*files, temporary / MANIFEST, temporary]:
            _sync(path)
        if final.exists():  # of an earlier run through the same steps
            final.rename(folder / f"{TEMPORARY}old-{step}-{os.getpid()}")
        temporary.rename(final)
        _sync(folder)
    finally:
        remove_leftovers(folder, os.getpid())
    return final


def verify(folder: Path) -> str | None:
    """What is wrong with a checkpoint, or None: every file that its manifest names is there and has the same hash."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = dict(manifest["files"])
        if manifest["format_version"] != FORMAT_VERSION:
            return f"its format is {manifest['format_version']}; this version reads {FORMAT_VERSION}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{MANIFEST} can't be read ({type(error).__name__})"
    if missing := {RECORD, TENSORS, "model.safetensors", "config.json"} - set(files):
        return f"{MANIFEST} does not name {', '.join(sorted(missing))}"
    for name, digest in files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if _sha256(path) != digest:
            return f"{name} is not what was written"
    return None


def load(folder: Path) -> Checkpoint:
    """Read a checkpoint that verifies.

    Raises:
        CheckpointError: it does not.
    """
    if (fault := verify(folder)) is not None:
        raise CheckpointError(f"'{folder}' can't be used: {fault}")
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return Checkpoint(folder, record["step"], load_file(folder / TENSORS), record)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a run, oldest first, whether they verify or not."""
    found = [(int(match[1]), path) for path in folder.glob("checkpoint-*") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


_NAME = re.compile(r"checkpoint-(\d+)")


def rotate(folder: Path, limit: int) -> None:
    """Delete the oldest checkpoints over the limit, 0 = none, once the newest verifies."""
    found = checkpoints(folder)
    if not limit or len(found) <= limit or verify(found[-1]) is not None:
        return
    for path in found[: len(found) - limit]:
        doomed = path.rename(path.with_name(f"{TEMPORARY}old-{path.name}-{os.getpid()}"))
        shutil.rmtree(doomed, ignore_errors=True)


def remove_leftovers(folder: Path, process: int | None = None) -> None:
    """Remove the leftovers of interrupted saves and deletions, of one process or of all."""
    for path in folder.glob(f"{TEMPORARY}*"):
        if process is None or path.name.endswith(f"-{process}"):
            shutil.rmtree(path, ignore_errors=True)


def tensors_of(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state with every name put behind a prefix."""
    return {f"{prefix}.{name}": tensor for name, tensor in state.items()}


def part_of(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names are behind a prefix, without it."""
    return {name[len(prefix) + 1 :]: tensor for name, tensor in tensors.items() if name.startswith(f"{prefix}.")}


@torch.no_grad()
def copy_into(targets: Mapping[str, Tensor], values: Mapping[str, Tensor], what: str) -> None:
    """Copy tensors into others of the same names, which keep their memory format and device.

    Raises:
        CheckpointError: names or shapes differ.
    """
    if difference := set(targets) ^ set(values):
        raise CheckpointError(f"{what} differs in {', '.join(sorted(difference)[:3])}")
    for name, target in targets.items():
        if target.shape != values[name].shape:
            raise CheckpointError(f"{what}: {name} has the shape {list(values[name].shape)}, not {list(target.shape)}")
        target.copy_(values[name])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Where a run goes on: which checkpoint is taken, and whether it may go on with other settings."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from gan_hub.training.checkpoints import checkpoint
from gan_hub.training.checkpoints.checkpoint import Checkpoint, CheckpointError
from gan_hub.training.options.options import EngineOptions, OptionError, TrainingOptions

logger = logging.getLogger(__name__)

# Options that change what is written and said, or where and how fast it is computed, but not what is learned.
FREE = {
    "allow_changed_settings",
    "auto_batch_size",  # what it came to is compared
    "checkpointing_steps",
    "checkpoints_total_limit",
    "data_cache_dir",
    "data_dir",
    "data_memory_gb",
    "dataloader_num_workers",
    "evaluation_steps",
    "extractor",
    "health_steps",
    "hub_history",
    "hub_model_id",
    "hub_private_repo",
    "hub_revision",
    "keep_best",
    "logging_steps",
    "max_skipped_updates",
    "num_threads",
    "output_dir",
    "overwrite_output_dir",
    "push_to_hub",
    "report_to",
    "resume_from_checkpoint",
    "sampling_steps",
    "stop_on_collapse",
    "strict_data",
    "tracker_project_name",
    "train_data_dir",  # what is in it is compared by its hash
}


def choose(options: EngineOptions) -> Checkpoint | None:
    """The checkpoint that the options ask to go on from; None to start anew.

    `latest` takes the newest that verifies, and says which it passed over.

    Raises:
        OptionError: there is none at the path, it can't be used, or the run folder holds another run.
    """
    asked, folder = options.resume_from_checkpoint, options.output_dir
    if asked is None:
        if (found := checkpoint.checkpoints(folder)) and not options.overwrite_output_dir:
            raise OptionError(
                f"'{folder}' holds a run up to {found[-1].name}; add --resume_from_checkpoint latest to go on with it, "
                "--overwrite_output_dir to start anew in its place, or choose another --output_dir"
            )
        return None
    if asked != "latest":
        path = Path(asked)
        try:
            return checkpoint.load(path if path.is_dir() or not (folder / asked).is_dir() else folder / asked)
        except CheckpointError as error:
            raise OptionError(f"--resume_from_checkpoint: {error}") from error
    for path in reversed(checkpoint.checkpoints(folder)):
        try:
            return checkpoint.load(path)
        except CheckpointError as error:
            logger.warning("passed over: %s", error)
    logger.warning("there is no checkpoint in '%s' to go on from; starting at step 0", folder)
    return None


def batch_of(resumed: Checkpoint, options: TrainingOptions) -> TrainingOptions:
    """The options with the batch that the run began with, which `--auto_batch_size` found."""
    names = ("train_batch_size", "gradient_accumulation_steps")
    return replace(options, **{name: resumed.record["settings"][name] for name in names})


def settings(options: EngineOptions, data_sha256: str, num_processes: int) -> dict[str, Any]:
    """What decides the course of a run, as JSON has it."""
    values = {name: value for name, value in asdict(options).items() if name not in FREE}
    values |= {"num_processes": num_processes, "data_sha256": data_sha256}
    return json.loads(json.dumps(values, default=str))


def check_settings(saved: Mapping[str, Any], now: Mapping[str, Any], *, allow: bool) -> None:
    """Refuse to go on with other settings than the run began with, unless told to.

    A setting that one side does not know, of another version of this software, is compared with what the other says.

    Raises:
        OptionError: names each setting that differs, with both values.
    """
    differing = [name for name in sorted(set(saved) | set(now)) if saved.get(name) != now.get(name)]
    if not differing:
        return
    shown = ", ".join(f"{name} was {_short(saved.get(name))} and is {_short(now.get(name))}" for name in differing)
    if not allow:
        raise OptionError(
            f"the checkpoint was made with other settings: {shown}; use the same, or add --allow_changed_settings, "
            "and the run will not be the one that was interrupted"
        )
    logger.warning("going on with changed settings: %s", shown)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 24 else f"{text[:20]}..."

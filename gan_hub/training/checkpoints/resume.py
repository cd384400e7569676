"""Resuming a run: from which checkpoint, with which options, and which options may differ."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from gan_hub.training.checkpoints import checkpoint
from gan_hub.training.checkpoints.checkpoint import Checkpoint, CheckpointError
from gan_hub.training.options.options import (
    EngineOptions,
    OptionError,
    TrainingOptions,
    learned_names,
    resumed_names,
)

logger = logging.getLogger(__name__)

Options = TypeVar("Options", bound=EngineOptions)

# Options that were added after version 0.1.0 and decide what is learned, each with the value that stands for what
# older versions did: a checkpoint that does not know the option was made with it.
ADDED: dict[str, Any] = {
    "discriminator": "pixels",
    "feature_size": 64,
    "class_group_size": 1,
    "init": None,
    "minutes": 0.0,
    "rescue": False,
    "style_weight": 0.0,
    "features_weight": 0.0,
    "objects_weight": 0.0,
    "luminance_weight": 0.0,
    "palette_weight": 0.0,
    "flow_weight": 0.0,
    "grid_weight": 0.0,
}


def choose(options: EngineOptions) -> Checkpoint | None:
    """The checkpoint to resume from; None to start anew.

    `latest` takes the newest checkpoint whose hashes are right, and logs those that it skips.

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


def known_options(resumed: Checkpoint) -> dict[str, Any]:
    """The options that a checkpoint was made with, as far as its version kept them."""
    return {**ADDED, **_options_beside(resumed), **resumed.record["settings"], **resumed.record.get("options", {})}


def resumed_options(resumed: Checkpoint, default: Options) -> Options:
    """The options of a resumed run that the command line does not name: the checkpoint's, not the preset's.

    Args:
        resumed: the checkpoint.
        default: gives the options that hold for one command only, and those that no record of the run knows.

    Raises:
        OptionError: they do not go together in this version.
    """
    kind = type(default)
    hints, names = get_type_hints(kind), resumed_names(kind)
    known = known_options(resumed)
    return replace(default, **{name: _typed(known[name], hints[name]) for name in names & set(known)})


def _options_beside(resumed: Checkpoint) -> dict[str, Any]:
    """The options in the run folder: the checkpoints of version 0.1.0 lack those that do not decide what is learned."""
    try:
        return dict(json.loads((resumed.folder.parent / "training_config.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _typed(value: Any, hint: Any) -> Any:
    """A value from JSON as the type of its option has it."""
    if isinstance(value, list):
        return tuple(_typed(item, get_args(hint)[0]) for item in value)
    return Path(value) if isinstance(value, str) and Path in (hint, *get_args(hint)) else value


def batch_of(resumed: Checkpoint, options: TrainingOptions) -> TrainingOptions:
    """The options with the batch that the run began with, which `--auto_batch_size` found."""
    names = ("train_batch_size", "gradient_accumulation_steps")
    return replace(options, **{name: resumed.record["settings"][name] for name in names})


def settings(options: EngineOptions, data_sha256: str, num_processes: int) -> dict[str, Any]:
    """What decides the course of a run, as JSON has it."""
    values = as_json(options)
    learned = {name: values[name] for name in values if name in learned_names(type(options))}
    return learned | {"num_processes": num_processes, "data_sha256": data_sha256}


def as_json(options: EngineOptions) -> dict[str, Any]:
    """All options, as JSON has them."""
    return dict(json.loads(json.dumps(asdict(options), default=str)))


def check_settings(saved: Mapping[str, Any], now: Mapping[str, Any], options: EngineOptions) -> None:
    """Refuse to resume a run with other settings than it began with, unless the options allow it.

    An option that the checkpoint does not know counts as what the version that wrote it did, see `ADDED`. Options that
    may change are not compared, although checkpoints of version 0.1.0 hold some of them.

    Raises:
        OptionError: names each setting that differs, with both values.
    """
    may_differ = {option.name for option in fields(options)} - learned_names(type(options))
    before = {**ADDED, **saved}
    compared = sorted((set(saved) | set(now)) - may_differ)
    differing = [name for name in compared if before.get(name) != now.get(name)]
    if not differing:
        return
    shown = ", ".join(f"{name} was {_short(before.get(name))} and is {_short(now.get(name))}" for name in differing)
    if not options.allow_changed_settings:
        raise OptionError(
            f"the checkpoint was made with other settings: {shown}; use the same, or add --allow_changed_settings, "
            "and the run will not be the one that was interrupted"
        )
    logger.warning("going on with changed settings: %s", shown)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 24 else f"{text[:20]}..."

"""Rescues: a run that has collapsed or diverged goes back, and on with a gentler setting."""

import logging
from collections.abc import Callable
from typing import Any

from accelerate.utils import broadcast_object_list

from gan_hub.training.checkpoints import checkpoint
from gan_hub.training.checkpoints.checkpoint import Checkpoint, CheckpointError
from gan_hub.training.loop.engine import RESCUED_GAMMA, RESCUED_RATE, Engine
from gan_hub.training.run.run import Run

logger = logging.getLogger(__name__)

MAX_RESCUES = 3


def rescued(run: Run, step: int, reason: str | None, build: Callable[[], Engine]) -> int | None:
    """Bring a run in trouble back to where it was well; every process must call it.

    The networks are those of the newest checkpoint that was healthy when it was written and that no earlier rescue
    went back to, or new ones. What was learned after it is given up, its checkpoints are removed, and the learning rate
    is halved, the penalty doubled. A checkpoint is written at once, so that a resumed run has the rescue behind it.

    Args:
        run: the run.
        step: taken so far.
        reason: what is wrong, as the main process sees it; None = nothing.
        build: makes a new trainer.

    Returns:
        The step to go on from; None if nothing is wrong, or the run was rescued as often as may be.
    """
    accelerator = run.trainer.accelerator
    (reason,) = broadcast_object_list([reason])
    if reason is None or run.trainer.num_rescues >= MAX_RESCUES:
        return None
    (folder,) = broadcast_object_list([_healthy_folder(run) if accelerator.is_main_process else None])
    found = None if folder is None else checkpoint.load(folder)
    (seconds,) = broadcast_object_list([run.stopwatch.seconds])
    number = run.trainer.num_rescues + 1
    run.trainer.load_state_dict(build().state_dict() if found is None else found.tensors)
    run.trainer.num_rescues = number
    to = 0 if found is None else found.step
    pace = seconds / step if run.trainer.plan.minutes else 0.0
    run.trainer.plan.go_back(to)
    if run.trainer.plan.minutes:
        run.trainer.plan.fit(to, seconds=seconds, seconds_per_step=pace)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        logger.warning(
            "rescue %d of at most %d: back from step %d to %d, with %g times the learning rate and %g times the "
            "penalty. %s",
            number,
            MAX_RESCUES,
            step,
            to,
            RESCUED_RATE**number,
            RESCUED_GAMMA**number,
            reason,
        )
        run.go_back(found, step, reason)
    return to


def _healthy_folder(run: Run) -> Any:
    """The newest checkpoint that verifies, was healthy when it was written, and that no rescue went back to."""
    given_up = {rescue["to"] for rescue in run.rescues}
    for folder in reversed(checkpoint.checkpoints(run.folder)):
        try:
            found: Checkpoint = checkpoint.load(folder)
        except CheckpointError:
            continue
        checks = (found.record.get("health") or {}).get("checks", {})
        is_well = run.health is None or not any(checks[name]["failing"] for name in run.health.decisive & checks.keys())
        if found.step not in given_up and is_well:
            return folder
    return None

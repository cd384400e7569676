"""What a step costs on this machine, measured before a run that is given a time instead of steps."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from accelerate.utils import broadcast_object_list

from gan_hub.training.loop.engine import Engine
from gan_hub.training.options.options import FITTED, EngineOptions

WARM_UP_STEPS = 2
MEASURED_SECONDS = 4.0
NUM_SHEETS, NUM_CHECKPOINTS = 20, 10  # over a run whose options leave the intervals to be fitted
MAX_SECONDS = 300.0  # between two of either, where a run is given a time

Options = TypeVar("Options", bound=EngineOptions)


def seconds_per_step(trainer: Engine, batches: Callable[[int], Any], interval: int) -> float:
    """Wall seconds that a step takes, averaged over whole intervals between two penalties; the trainer is used up.

    Args:
        trainer: a new one.
        batches: see `Engine.step`.
        interval: steps after which the costs repeat.
    """
    for step in range(WARM_UP_STEPS):
        trainer.step(batches, step)
    steps, start = 0, time.perf_counter()
    while steps < interval or (time.perf_counter() - start < MEASURED_SECONDS and steps < 10 * interval):
        trainer.step(batches, WARM_UP_STEPS + steps)
        steps += 1
    return (time.perf_counter() - start) / steps


def planned(
    options: Options, build: Callable[[], Engine], batches: Callable[[int], Any], known: Mapping[str, Any] | None
) -> Options:
    """The options with as many steps as fit into `--minutes`, and with the intervals that were left to be fitted.

    Args:
        options: with `minutes`, or without.
        build: makes a new trainer, whose steps are measured if there is a time to fit.
        batches: see `Engine.step`.
        known: the options of the checkpoint that the run goes on from, whose plan holds; None for a new run.
    """
    if known is not None:
        held = ["max_train_steps"] * bool(options.minutes)
        held += [name for name in ("sampling_steps", "checkpointing_steps") if getattr(options, name) == FITTED]
        options = replace(options, **{name: known[name] for name in held if name in known})
        return fitted(options, None)  # what its version did not keep
    seconds = None
    if options.minutes:
        seconds = seconds_per_step(build(), batches, options.penalty_interval if options.gamma else 1)
        (seconds,) = broadcast_object_list([seconds])
    return fitted(options, seconds)


def fitted(options: Options, seconds: float | None) -> Options:
    """The options of a run whose steps take so many seconds each; None without `minutes`."""
    if seconds is not None:
        options = replace(options, max_train_steps=max(1, round(options.minutes * 60 / seconds)))
    steps = options.max_train_steps
    most = steps if seconds is None else max(1, round(MAX_SECONDS / seconds))
    values: dict[str, Any] = {}
    if options.sampling_steps == FITTED:
        values["sampling_steps"] = max(1, min(steps // NUM_SHEETS, most))
    if options.checkpointing_steps == FITTED:
        values["checkpointing_steps"] = max(1, min(steps // NUM_CHECKPOINTS, most))
    return replace(options, **values)

"""A run that is given a time: the plan, how it is fitted anew, and that a resumed run repeats it to the bit."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gan_hub.training.loop import timing
from gan_hub.training.loop.plan import MARKS, Fit, Plan
from gan_hub.training.loop.timing import fitted
from gan_hub.training.options.options import FITTED, OptionError
from gan_hub.training.options.presets import preset
from gan_hub.training.run.stopwatch import Stopwatch
from gan_hub.training.train import parse, train

TINY = replace(preset("tiny"), num_threads=1, mixed_precision="no", evaluation_steps=-1, logging_steps=5)


def test_without_a_time_progress_is_the_share_of_the_steps() -> None:
    plan = Plan(300)
    assert [plan.progress(step) for step in (0, 75, 299)] == [0.0, 0.25, 299 / 300]
    assert not any(plan.is_due(step) for step in range(301))


def test_progress_has_no_jumps_where_the_steps_are_fitted_anew() -> None:
    """Whatever the machine does: it is half as fast at first, then three times as fast."""
    plan, clock, step = Plan(100, minutes=1.0), 0.0, 0
    before = 0.0
    while step < plan.num_steps:
        progress = plan.progress(step)
        assert 0 <= progress - before < 0.1
        before = progress
        pace = 1.2 if step < 30 else 0.4
        clock, step = clock + pace, step + 1
        if plan.is_due(step):
            plan.fit(step, seconds=clock, seconds_per_step=pace)
    assert len(MARKS) / 2 < len(plan.fits) <= 1 + len(MARKS)  # one step may pass two marks
    assert clock == pytest.approx(60, abs=0.5)
    assert before > 0.98


def test_fits_that_are_known_are_not_made_again() -> None:
    first = Plan(100, 1.0)
    first.fit(30, seconds=30.0, seconds_per_step=0.5)
    again = Plan(100, 1.0)
    again.known(json.loads(json.dumps(first.to_json())))
    assert again.fits == first.fits
    assert not any(again.is_due(step) for step in range(31))
    assert [again.progress(step) for step in range(91)] == [first.progress(step) for step in range(91)]
    again.go_back(10)
    assert again.fits == [Fit(0, 0.0, 100)]


def test_intervals_are_fitted_to_the_length_of_the_run() -> None:
    options = replace(TINY, minutes=20.0, sampling_steps=FITTED, checkpointing_steps=FITTED)
    found = fitted(options, 0.25)
    assert found.max_train_steps == 4800
    assert found.sampling_steps == 240  # a minute
    assert found.checkpointing_steps == 480
    assert fitted(replace(options, minutes=600.0), 0.25).checkpointing_steps == 1200  # five minutes
    named = fitted(replace(options, minutes=0.0, max_train_steps=1000, sampling_steps=7), None)
    assert (named.max_train_steps, named.sampling_steps, named.checkpointing_steps) == (1000, 7, 100)


def test_steps_that_are_named_win() -> None:
    assert parse(["--preset", "folder"]).minutes == 60
    for words in (["--max_train_steps", "300"], ["--max-train-steps=300"]):
        options = parse(["--preset", "folder", *words])
        assert (options.minutes, options.max_train_steps) == (0, 300)
    with pytest.raises(OptionError, match=r"--minutes is 0.01; it must be 0, or from 0.1"):
        replace(TINY, minutes=0.01)


class Clock(Stopwatch):
    """It goes on with every look at it: as uneven as a machine's."""

    now = 0.0

    @property
    def seconds(self) -> float:
        """A twentieth of a second for each look at it so far."""
        type(self).now += 0.05
        return self.now

    @property
    def cpu_seconds(self) -> float:
        """The same."""
        return self.now


@pytest.mark.parametrize("at", ["early", "late"])
def test_a_timed_run_goes_on_as_if_never_interrupted(at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clock, "now", 0.0)
    monkeypatch.setattr("gan_hub.training.run.run.Stopwatch", Clock)
    monkeypatch.setattr(timing, "seconds_per_step", lambda *_: 0.15)
    options = replace(TINY, minutes=0.2, checkpointing_steps=5, checkpoints_total_limit=0, output_dir=tmp_path)
    train(options)
    whole = (tmp_path / "model.safetensors").read_bytes()
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert len(plan) > 3, "it was fitted anew"
    assert plan[0]["num_steps"] == 80
    steps = [path.name for path in tmp_path.glob("checkpoint-*")]
    chosen = sorted(steps, key=lambda name: int(name.split("-")[1]))[1 if at == "early" else -2]
    train(replace(options, resume_from_checkpoint=chosen))
    assert (tmp_path / "model.safetensors").read_bytes() == whole
    assert json.loads((tmp_path / "plan.json").read_text()) == plan

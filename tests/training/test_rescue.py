"""Rescues: a planted collapse or divergence is answered, in words and in the record; a healthy run is left alone."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor

from gan_hub import GanGenerator
from gan_hub.models.conv import ConvGenerator
from gan_hub.training.checkpoints import checkpoint
from gan_hub.training.loop.engine import Engine
from gan_hub.training.loop.step import Trainer
from gan_hub.training.options.options import OptionError
from gan_hub.training.options.presets import preset
from gan_hub.training.train import train

TINY = replace(
    preset("tiny"),
    num_threads=1,
    mixed_precision="no",
    evaluation_steps=-1,
    max_train_steps=160,
    sampling_steps=1000,
    health_steps=10,
    checkpointing_steps=20,
    penalty_interval=4,
    rescue=True,
)


@pytest.fixture
def collapse(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Plants a collapse from a step on, until the run was rescued so often: the generator paints grey."""
    forward, step = ConvGenerator.forward, Trainer.step
    state = {"step": 0, "rescues": 0, "from": 0, "until": 0}

    def painted(self: ConvGenerator, z: Tensor, labels: Tensor | None = None) -> Tensor:
        is_grey = state["step"] >= state["from"] and state["rescues"] < state["until"]
        return forward(self, z, labels) * (0.0 if is_grey else 1.0)

    def watched(self: Trainer, batches: object, number: int) -> dict[str, Tensor]:
        state["step"], state["rescues"] = number, self.num_rescues
        return step(self, batches, number)  # type: ignore[arg-type]

    monkeypatch.setattr(ConvGenerator, "forward", painted)
    monkeypatch.setattr(Trainer, "step", watched)
    return lambda start, rescues: state.update({"from": start, "until": rescues})


def test_a_collapse_goes_back_to_the_newest_healthy_checkpoint(
    tmp_path: Path, collapse: Callable[[int, int], None], caplog: pytest.LogCaptureFixture
) -> None:
    collapse(90, 1)
    with caplog.at_level(logging.WARNING):
        train(replace(TINY, output_dir=tmp_path))
    assert "rescue 1 of at most 3: back from step 110 to 80, with 0.5 times the learning rate" in caplog.text
    health = json.loads((tmp_path / "health.json").read_text())
    assert health["healthy"]
    assert [(rescue["step"], rescue["to"]) for rescue in health["rescues"]] == [(110, 80)]
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "rescues" in line] == [80]
    assert [line["step"] for line in lines] == sorted(line["step"] for line in lines)
    assert "At step 110 the run was rescued, back to step 80" in (tmp_path / "README.md").read_text()
    assert GanGenerator.from_pretrained(tmp_path).sample(8, seed=0).std(0).mean() > 0.1


def test_a_run_resumed_in_the_middle_of_its_rescue_is_the_same(
    tmp_path: Path, collapse: Callable[[int, int], None]
) -> None:
    collapse(90, 1)
    options = replace(TINY, output_dir=tmp_path, checkpoints_total_limit=0)
    train(options)
    whole = (tmp_path / "model.safetensors").read_bytes()
    for name in ("checkpoint-80", "checkpoint-120"):
        assert checkpoint.load(tmp_path / name).record["rescues"]
        train(replace(options, resume_from_checkpoint=name))
        assert (tmp_path / "model.safetensors").read_bytes() == whole


def test_a_second_rescue_goes_further_back_and_the_fourth_is_not_made(
    tmp_path: Path, collapse: Callable[[int, int], None]
) -> None:
    collapse(90, 99)
    train(replace(TINY, output_dir=tmp_path))
    health = json.loads((tmp_path / "health.json").read_text())
    assert [rescue["to"] for rescue in health["rescues"]] == [80, 60, 0]
    assert not health["healthy"]


def test_the_learning_rate_is_halved_and_the_penalty_doubled(
    tmp_path: Path, collapse: Callable[[int, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}
    gamma = Engine._gamma

    def watched(self: Engine, step: int) -> float:
        rate = self.generator_guard.optimizer.param_groups[0]["lr"]
        seen[self.num_rescues, step] = (rate, gamma(self, step))
        return gamma(self, step)

    monkeypatch.setattr(Engine, "_gamma", watched)
    collapse(90, 1)
    train(replace(TINY, output_dir=tmp_path))
    (rate, penalty), (gentler, stronger) = seen[0, 85], seen[1, 85]
    assert gentler == pytest.approx(rate / 2)
    assert stronger == pytest.approx(2 * penalty)


def test_a_divergence_is_rescued_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From step 70 on, no update is finite, until the run goes back."""
    check = Engine.check_skipped

    def diverged(self: Engine, num_steps: int) -> None:
        if num_steps >= 70 and not self.num_rescues:
            raise FloatingPointError("the loss was NaN in the last 20 updates")
        check(self, num_steps)

    monkeypatch.setattr(Engine, "check_skipped", diverged)
    train(replace(TINY, output_dir=tmp_path))
    (rescue,) = json.loads((tmp_path / "health.json").read_text())["rescues"]
    assert (rescue["step"], rescue["to"]) == (70, 60)
    with pytest.raises(FloatingPointError):
        train(replace(TINY, output_dir=tmp_path / "left-alone", rescue=False))


def test_a_healthy_run_is_left_alone(tmp_path: Path) -> None:
    train(replace(TINY, output_dir=tmp_path / "watched"))
    train(replace(TINY, output_dir=tmp_path / "alone", rescue=False))
    assert not json.loads((tmp_path / "watched" / "health.json").read_text())["rescues"]
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("watched", "alone")]
    assert weights[0] == weights[1]


def test_the_presets_of_the_tutorials_never_rescue() -> None:
    assert {name for name in ("mlp", "dcgan", "wgan", "mnist", "tiny") if preset(name).rescue} == set()
    assert preset("folder").rescue
    with pytest.raises(OptionError, match="--no_rescue"):
        replace(preset("folder"), stop_on_collapse=True)

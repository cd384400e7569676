"""What a run keeps and reports besides its generator: the best one, and what trackers are told."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.tracking import TrackioTracker

from gan_hub import GanGenerator
from gan_hub.evaluation.evaluator import Evaluator
from gan_hub.training.options.options import OptionError
from gan_hub.training.options.presets import preset
from gan_hub.training.train import train

TINY = replace(preset("tiny"), num_threads=1, mixed_precision="no", max_train_steps=40, logging_steps=10)


def test_the_best_evaluation_is_what_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With scores that rise and fall, the generator of the lowest is kept, through a resume too."""
    scores = {10: 3.0, 20: 1.0, 30: 2.0, 40: 4.0}
    seen: list[int] = []

    def quick(self: Evaluator, generator: GanGenerator) -> dict[str, float]:
        seen.append(10 * (len(seen) + 1))
        return {"frechet_distance": scores[seen[-1]]}

    monkeypatch.setattr(Evaluator, "quick", quick)
    options = replace(TINY, output_dir=tmp_path, evaluation_steps=10, keep_best=True, checkpointing_steps=10)
    options = replace(options, checkpoints_total_limit=0)
    train(options)
    assert seen == [10, 20, 30, 40]
    best = GanGenerator.from_pretrained(tmp_path / "checkpoint-20").state_dict()
    for folder in (tmp_path, tmp_path / "best"):
        kept = GanGenerator.from_pretrained(folder).state_dict()
        assert all(torch.equal(kept[name], best[name]) for name in best)
    seen[:] = [10, 20, 30]
    train(replace(options, resume_from_checkpoint="checkpoint-30"))
    kept = GanGenerator.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(kept[name], best[name]) for name in best)


def test_keep_best_needs_evaluations() -> None:
    with pytest.raises(OptionError, match=r"add --evaluation_steps"):
        replace(TINY, keep_best=True)


def test_tensorboard_gets_figures_and_pictures(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(replace(TINY, output_dir=tmp_path, report_to=("tensorboard",), sampling_steps=20, evaluation_steps=-1))
    files = sorted((tmp_path / "tracking").rglob("events.out.tfevents.*"), key=lambda path: path.stat().st_size)
    told = EventAccumulator(str(files[-1])).Reload()  # the other holds the options
    assert [event.step for event in told.Scalars("discriminator_loss")] == [10, 20, 30, 40]
    assert [event.step for event in told.Images("samples")] == [20, 40]


def test_trackio_gets_figures_and_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trackio = pytest.importorskip("trackio")
    told: list[tuple[dict[str, object], int]] = []

    class Run:
        def log(self, values: dict[str, object], step: int) -> None:
            told.append((values, step))

        def finish(self) -> None:
            pass

    monkeypatch.setattr(trackio, "init", lambda **_: Run())
    monkeypatch.setattr(TrackioTracker, "store_init_configuration", lambda *_: None)
    train(replace(TINY, output_dir=tmp_path, report_to=("trackio",), sampling_steps=20, evaluation_steps=-1))
    assert [step for values, step in told if "discriminator_loss" in values] == [10, 20, 30, 40]
    pictures = [values["samples"] for values, _ in told if "samples" in values]
    assert all(isinstance(picture, trackio.Image) for picture in pictures)
    assert len(pictures) == 2


def test_a_tracker_that_is_not_installed_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(OptionError, match="pip install wandb"):
        train(replace(TINY, report_to=("wandb",)))

"""Planted failures are named within 200 steps, each by its own check; a healthy run raises nothing."""

import json
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gan_hub.data.dataset import Dataset
from gan_hub.data.drawn import drawn_shapes
from gan_hub.generator import GanGenerator
from gan_hub.losses import LOSSES, chance_loss
from gan_hub.models.conv import ConvGenerator
from gan_hub.training.health.gan import HealthMonitor
from gan_hub.training.loop.nonfinite import SkippingOptimizer
from gan_hub.training.options.presets import preset
from gan_hub.training.train import main, train
from tests.conftest import make_generator

MNIST = Path("data/mnist")
TINY = replace(preset("tiny"), num_threads=1, mixed_precision="no", max_train_steps=200, sampling_steps=1000)

TOLD = {"diversity": "has collapsed", "non_finite": "NaN or infinite", "discriminator": "discriminator is perfect"}


def health_of(folder: Path) -> dict[str, dict[str, object]]:
    report = json.loads((folder / "health.json").read_text(encoding="utf-8"))
    assert report["healthy"] == (not any(check["failing"] for check in report["checks"].values()))
    return report["checks"]


def failed(folder: Path) -> set[str]:
    """The checks that failed at any time."""
    return {name for name, check in health_of(folder).items() if check["first"] is not None}


def force_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    """The generator paints grey whatever z says."""
    forward = ConvGenerator.forward
    monkeypatch.setattr(ConvGenerator, "forward", lambda self, z, labels=None: forward(self, z, labels) * 0.0)


def inject_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 38th loss of the discriminator is NaN."""
    loss, generator_loss = LOSSES["relativistic"]
    calls = []

    def spoiled(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        calls.append(1)
        return loss(real_logits, fake_logits) * (math.nan if len(calls) == 38 else 1.0)

    monkeypatch.setitem(LOSSES, "relativistic", (spoiled, generator_loss))


def force_perfect(monkeypatch: pytest.MonkeyPatch) -> None:
    """The generator's updates are left out, so that the discriminator learns to tell its pictures without fail."""
    step = SkippingOptimizer.step

    def only_discriminator(self: SkippingOptimizer, loss: Tensor) -> None:
        if hasattr(self.accelerator.unwrap_model(self.network), "generate"):
            self.optimizer.zero_grad()
        else:
            step(self, loss)

    monkeypatch.setattr(SkippingOptimizer, "step", only_discriminator)


@pytest.mark.parametrize(
    ("plant", "named"),
    [(force_constant, "diversity"), (inject_nan, "non_finite"), (force_perfect, "discriminator")],
)
def test_a_planted_failure_is_named_within_200_steps(
    plant: Callable[[pytest.MonkeyPatch], None],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    plant(monkeypatch)
    with caplog.at_level(logging.WARNING, "gan_hub.training.health.gan"):
        train(replace(TINY, output_dir=tmp_path, gamma=0.0, final_gamma=0.0))
    check = health_of(tmp_path)[named]
    assert check["failing"]
    assert check["first"] <= 200
    assert any(TOLD[named] in record.getMessage() for record in caplog.records)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"- {check['sentence']}" in card


def test_a_generator_that_learned_20_pictures_by_heart_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = drawn_shapes(20, seed=3)
    monkeypatch.setattr("gan_hub.training.train.load_dataset", lambda _: few)
    options = replace(TINY, output_dir=tmp_path, conditional=False, max_train_steps=600)
    train(options)
    assert health_of(tmp_path)["copies"]["failing"]
    # From then on it takes one look.
    monitor = HealthMonitor(options, few, torch.device("cpu"))
    monitor.look(100, GanGenerator.from_pretrained(tmp_path), 0)
    assert monitor.checks["copies"].first == 100


def test_mirrored_copies_are_copies_where_mirror_images_are_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = make_generator(num_classes=0, class_names=[])
    real = ((generator.sample(20, seed=0).flip(3) + 1) * 127.5).round().to(torch.uint8)
    data = Dataset(
        name="mirrored", images=real, labels=torch.zeros(20, dtype=torch.long), class_names=(), licence="none"
    )
    monkeypatch.setattr(HealthMonitor, "_sample", lambda _, generator: generator.sample(20, seed=0))
    for flip in (False, True):
        monitor = HealthMonitor(replace(TINY, output_dir=tmp_path, random_flip=flip), data, torch.device("cpu"))
        monitor.look(100, generator, 0)
        assert monitor.checks["copies"].failing == flip


def test_a_healthy_run_raises_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        train(replace(TINY, output_dir=tmp_path, max_train_steps=400, health_steps=50))
    assert not caplog.records
    assert not failed(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST is not in data/mnist")
def test_a_healthy_mnist_run_raises_nothing(tmp_path: Path) -> None:
    train(replace(preset("mnist"), output_dir=tmp_path, max_train_steps=300, evaluation_steps=-1))
    assert not failed(tmp_path)


def test_a_collapsed_run_is_stopped_if_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    force_constant(monkeypatch)
    arguments = ["--preset", "tiny", "--num_threads", "1", "--output_dir", str(tmp_path), "--stop_on_collapse"]
    assert main([*arguments, "--checkpointing_steps", "60"]) == 1
    told = capsys.readouterr().err
    assert "stopped at step 100: The generator has collapsed" in told
    assert str(tmp_path / "checkpoint-60") in told
    assert health_of(tmp_path)["diversity"]["first"] == 100
    assert not (tmp_path / "model.safetensors").exists()


def test_a_failure_that_passes_is_told_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good, constant = make_generator(), make_generator()
    with torch.no_grad():
        for parameter in constant.parameters():
            parameter.zero_()
    options = replace(TINY, output_dir=tmp_path, conditional=False)
    samples = ((good.sample(64, seed=0) + 1) * 127.5).round().to(torch.uint8)
    data = Dataset(name="own", images=samples, labels=torch.zeros(64, dtype=torch.long), class_names=(), licence="none")
    monitor = HealthMonitor(options, data, torch.device("cpu"))
    with caplog.at_level(logging.INFO, "gan_hub.training.health.monitor"):
        for step, generator in ((100, constant), (200, constant), (300, good)):
            monitor.look(step, generator, 0)
    about = [record.getMessage() for record in caplog.records if "differ" in record.getMessage()]
    assert [line.split(":")[0] for line in about] == ["step 100", "step 300"], "each change is told once"
    assert "It failed at step 100" in " ".join(monitor.sentences())
    again = HealthMonitor(options, data, torch.device("cpu"))
    again.load_state_dict(json.loads(json.dumps(monitor.state_dict())))
    assert again.sentences() == monitor.sentences()


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("minimax", 2 * math.log(2)),
        ("non_saturating", 2 * math.log(2)),
        ("least_squares", 0.25),
        ("hinge", 2.0),
        ("relativistic", math.log(2)),
        ("wasserstein", None),
    ],
)
def test_the_loss_of_a_toss_of_a_coin(name: str, loss: float | None) -> None:
    assert chance_loss(name) == (None if loss is None else pytest.approx(loss))

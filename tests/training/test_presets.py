"""Every preset, made tiny: it trains, saves, loads strictly and samples, with no case of its own."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from gan_hub import GanGenerator
from gan_hub.training.data.batches import Batches
from gan_hub.training.data.datasets import load_dataset
from gan_hub.training.loop.build import build_trainer
from gan_hub.training.options.options import OptionError, TrainingOptions
from gan_hub.training.options.presets import PRESETS, preset


def tiny_form(options: TrainingOptions) -> TrainingOptions:
    """The preset on drawn shapes, narrow, for a few steps; all else as it is."""
    return replace(
        options,
        dataset="shapes",
        train_data_dir=None,
        widths=(8,) * min(len(options.widths), 2),
        discriminator_widths=(8,) * min(len(options.widths), 2),
        train_batch_size=8,
        max_train_steps=2,
        mixed_precision="no",
    )


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_trains_saves_loads_and_samples(name: str, tmp_path: Path) -> None:
    options = tiny_form(preset(name))
    data = load_dataset(options)
    accelerator = Accelerator(cpu=True)
    trainer = build_trainer(options, data, accelerator)
    batches = Batches(data, options, accelerator=accelerator)
    before = [parameter.detach().clone() for parameter in trainer.average.parameters()]
    for step in range(options.max_train_steps):
        stats = trainer.step(batches, step)
    assert all(value.isfinite() for value in stats.values())
    assert any(not torch.equal(old, new) for old, new in zip(before, trainer.average.parameters()))
    trainer.average.save_pretrained(tmp_path / name)
    loaded = GanGenerator.from_pretrained(tmp_path / name)
    assert torch.equal(loaded.sample(3, seed=5), trainer.average.sample(3, seed=5))


REFUSED = [
    ({"loss": "wasserstein", "gamma": 0.0}, "nothing keeps the critic Lipschitz .* use --penalty gp --gamma 10"),
    ({"loss": "wasserstein", "final_gamma": 0.0}, "nothing keeps the critic Lipschitz"),
    ({"architecture": "dcgan"}, "batch normalisation makes every logit depend on the whole batch"),
    (
        {"architecture": "dcgan", "loss": "wasserstein", "penalty": "gp", "gamma": 10.0},
        "batch normalisation makes every logit depend .* another loss than wasserstein",
    ),
    ({"architecture": "dcgan", "loss": "wasserstein", "gamma": 0.0, "final_gamma": 0.0}, "without a penalty nothing"),
    ({"num_categories": 10}, "--num_categories and --num_active go without labels; add --no-conditional"),
    ({"num_active": 10}, "go without labels"),
    ({"architecture": "recurrent"}, "--num_frames 1 with --architecture recurrent; .* at least 2"),
    ({"num_frames": 8}, "--num_frames 8 with --architecture conv; recurrent makes clips"),
    ({"num_discriminator_steps": 0}, "--num_discriminator_steps is 0; it must be at least 1"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=str)
def test_what_can_not_work_is_refused_with_the_reason(changes: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        replace(TrainingOptions(), **changes)  # type: ignore[arg-type]

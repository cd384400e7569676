"""The step: what it asks of the network, and that an interrupted run goes on to the same bits."""

from dataclasses import replace

import pytest
import torch
from accelerate import Accelerator

from gan_hub.training.style.batches import StyleBatches
from gan_hub.training.style.build import build_style_trainer
from gan_hub.training.style.data import load_style_data
from tests.training.style.test_data import SMALL

OPTIONS = replace(
    SMALL,
    widths=(8, 12),
    num_blocks=2,
    discriminator_widths=(8, 8),
    adversarial_start=2,
    penalty_interval=2,
    max_train_steps=8,
    lr_warmup_steps=2,
    mixed_precision="no",
    identity_weight=0.1,
    tv_weight=0.01,
    content_weight=0.1,
)


@pytest.fixture
def options(photo_folder, painting_folder, tmp_path):
    return replace(OPTIONS, photos=(photo_folder,), paintings=(painting_folder,), output_dir=tmp_path / "run")


def made(options):
    accelerator = Accelerator(cpu=True)
    data = load_style_data(options)
    return build_style_trainer(options, accelerator), StyleBatches(data, options, accelerator=accelerator)


def test_every_loss_is_computed_and_every_weight_learns(options):
    trainer, batches = made(options)
    before = {name: tensor.clone() for name, tensor in trainer.state_dict().items()}
    stats = [trainer.step(batches, step) for step in range(5)]
    assert "generator_loss" not in stats[1]
    assert "generator_loss" in stats[2]
    assert set(stats[-1]) >= {
        f"{name}_loss"
        for name in ("target", "nce", "identity", "colour", "tv", "content", "generator", "discriminator")
    }
    assert all(value.isfinite() for stat in stats for value in stat.values())
    after = trainer.state_dict()
    still = [
        name
        for name in before
        if name.startswith(("generator.", "discriminator.", "nce.")) and torch.equal(before[name], after[name])
    ]
    assert not [name for name in still if name.endswith("weight")]


def test_a_weight_of_zero_leaves_its_loss_out(options):
    trainer, batches = made(
        replace(options, adversarial_weight=0.0, nce_weight=0.0, identity_weight=0.0, colour_weight=0.0, tv_weight=0.0)
    )
    stats = trainer.step(batches, 7)
    assert {name for name in stats if name.endswith("_loss")} == {"target_loss", "content_loss"}


def test_an_interrupted_run_goes_on_to_the_same_bits(options):
    whole, batches = made(options)
    for step in range(4):
        whole.step(batches, step)
    state = {name: tensor.clone() for name, tensor in whole.state_dict().items()}
    for step in range(4, 8):
        whole.step(batches, step)
    resumed, batches = made(options)
    resumed.load_state_dict(state)
    for step in range(4, 8):
        resumed.step(batches, step)
    ours, theirs = whole.state_dict(), resumed.state_dict()
    assert ours.keys() == theirs.keys()
    assert not [name for name in ours if not torch.equal(ours[name], theirs[name])]


def test_it_learns_the_sketch(options):
    trainer, batches = made(
        replace(options, adversarial_weight=0.0, identity_weight=0.0, content_weight=0.0, learning_rate=3e-3)
    )
    losses = [float(trainer.step(batches, step)["target_loss"]) for step in range(60)]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_a_value_that_is_not_finite_is_left_out(options):
    trainer, batches = made(options)
    batch = batches(3)
    batch.photo[0, 0, 0, 0] = float("nan")
    before = {name: tensor.clone() for name, tensor in trainer.generator.state_dict().items()}
    stats = trainer.step(lambda _: batch, 3)
    assert stats["skipped_updates"] > 0
    assert all(torch.equal(before[name], tensor) for name, tensor in trainer.generator.state_dict().items())

"""Training that begins with a published generator: what is taken, what is new, and that the card says so."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gan_hub import GanGenerator
from gan_hub.loading.weights import ModelError
from gan_hub.training.loop.init import begin_with
from gan_hub.training.options.presets import preset
from gan_hub.training.train import train
from tests.conftest import make_generator

TINY = replace(preset("tiny"), num_threads=1, max_train_steps=2, evaluation_steps=-1, lr_warmup_steps=1000)


def test_a_run_begins_with_the_pictures_of_the_generator(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    train(replace(TINY, max_train_steps=60, output_dir=tmp_path / "first", lr_warmup_steps=10))
    with caplog.at_level(logging.INFO):
        train(replace(TINY, widths=(8, 4), output_dir=tmp_path / "second", init=str(tmp_path / "first")))
    assert "tensors are taken whole, 0 in part; 0 are new" in caplog.text
    first, second = (GanGenerator.from_pretrained(tmp_path / name) for name in ("first", "second"))
    assert second.config == first.config  # its widths, not those that were asked for
    assert (first.sample(8, seed=0) - second.sample(8, seed=0)).abs().mean() < 0.05
    assert f"Begun with the weights of `{tmp_path / 'first'}`" in (tmp_path / "second" / "README.md").read_text()


def test_a_conditional_one_takes_what_reads_z(caplog: pytest.LogCaptureFixture) -> None:
    """Without classes at first, so that the rows for the class are new."""
    start, target = make_generator("film", num_classes=0), make_generator("film")
    before = target.network.base.weight.clone()
    with caplog.at_level(logging.INFO):
        begin_with(target, start)
    dim = start.latent_dim
    assert torch.equal(target.network.base.weight[:, :dim], start.network.base.weight)
    assert torch.equal(target.network.base.weight[:, dim:], before[:, dim:])
    assert "1 are new (network.embedding.weight)" in caplog.text


def test_another_size_takes_what_fits() -> None:
    start, target = make_generator(image_size=[8, 8]), make_generator(image_size=[12, 8])
    begin_with(target, start)
    assert torch.equal(target.network.to_pixels.weight, start.network.to_pixels.weight)
    assert torch.isfinite(target.sample(2, seed=0)).all()


def test_a_generator_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no-such-gan"):
        train(replace(TINY, output_dir=tmp_path, init="no-such-gan"))

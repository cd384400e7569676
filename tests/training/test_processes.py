"""Several processes: the same update as one with all their pictures, and words where a launcher starts fewer; and a
batch that is cut to fit."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gan_hub.training.data.batches import Batch, Batches
from gan_hub.training.loop.step import Trainer
from gan_hub.training.options.options import OptionError
from gan_hub.training.options.presets import preset
from gan_hub.training.train import train
from tests.training.test_loop import batches, trainer
from tests.training.test_train import BIN, launch, output_of
from tests.training.two_processes import NUM_STEPS, OPTIONS, weights


def test_two_processes_update_as_one_with_twice_the_batch(tmp_path: Path) -> None:
    command = [str(BIN / "torchrun"), "--standalone", "--nproc_per_node=2"]
    command += [str(Path(__file__).parent / "two_processes.py"), str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads((tmp_path / "facts.json").read_text()) == {"num_processes": 2, "equal": True, "same_z": False}

    shares = [batches(OPTIONS, rank=rank, num_processes=2) for rank in (0, 1)]

    def both(number: int) -> Batch:
        one, other = (share(number) for share in shares)
        assert one.labels is not None
        assert other.labels is not None
        return Batch(
            torch.cat([one.real, other.real]),
            torch.cat([one.labels, other.labels]),
            torch.cat([one.z, other.z]),
            one.seed,
        )

    alone = trainer(replace(OPTIONS, train_batch_size=2 * OPTIONS.train_batch_size))
    start = weights(alone)
    for step in range(NUM_STEPS):
        alone.step(both, step)
    together, expected = load_file(tmp_path / "weights.safetensors"), weights(alone)
    assert together.keys() == expected.keys()
    errors = torch.cat([(together[name] - value).abs().flatten() for name, value in expected.items()])
    changes = torch.cat([(value - start[name]).abs().flatten() for name, value in expected.items()])
    assert changes.median() > 1e-4
    # Where a gradient is zero but for rounding, Adam takes a step all the same, in a direction that rounding decides.
    assert (errors < 1e-6).double().mean() > 0.99
    assert errors.norm() < 0.01 * changes.norm()


def test_a_launcher_that_starts_fewer_processes_than_asked_is_told(tmp_path: Path) -> None:
    launcher = (str(BIN / "accelerate"), "launch", "--cpu", "--num_processes", "2")
    arguments = (
        "--preset",
        "tiny",
        "--max_train_steps",
        "2",
        "--evaluation_steps",
        "-1",
        "--output_dir",
        str(tmp_path),
    )
    output = output_of(launch(*arguments, launcher=launcher))
    assert "was asked for 2 processes and started one" in output
    assert "torchrun --nproc_per_node 2 train/train.py --preset tiny" in output


def test_a_batch_that_does_not_fit_is_halved_and_accumulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step, tried = Trainer.step, []

    def scarce(self: Trainer, take: Batches, number: int) -> dict[str, torch.Tensor]:
        tried.append(self.options.train_batch_size)
        if self.options.train_batch_size > 8:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return step(self, take, number)

    monkeypatch.setattr(Trainer, "step", scarce)
    options = replace(
        preset("tiny"), output_dir=tmp_path, max_train_steps=4, evaluation_steps=-1, checkpointing_steps=2
    )
    train(replace(options, auto_batch_size=True))
    assert tried == [32, 16, 8, 8, 8, 8, 8]
    used = json.loads((tmp_path / "training_config.json").read_text())
    assert (used["train_batch_size"], used["gradient_accumulation_steps"]) == (8, 4)
    whole = (tmp_path / "model.safetensors").read_bytes()
    train(replace(options, auto_batch_size=True, resume_from_checkpoint="checkpoint-2"))
    assert tried[7:] == [8, 8], "what was found is kept"
    assert (tmp_path / "model.safetensors").read_bytes() == whole


def test_no_batch_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(Trainer, "step", full)
    with pytest.raises(OptionError, match="not even a batch of one picture"):
        train(replace(preset("tiny"), output_dir=tmp_path, auto_batch_size=True))

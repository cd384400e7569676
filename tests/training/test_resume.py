"""Going on from a checkpoint: to the bit, from the right one, and not with other settings unawares."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gan_hub import GanGenerator
from gan_hub.training.checkpoints import checkpoint, resume
from gan_hub.training.checkpoints.resume import check_settings, settings
from gan_hub.training.options.options import OptionError
from gan_hub.training.options.presets import preset
from gan_hub.training.train import train
from tests.training.resume_matrix import NUM_STEPS
from tests.training.test_loop import OPTIONS
from tests.training.test_train import BIN, launch, output_of

STOPS = (1, 3, 5, 10, 13, 23)  # within epochs and penalty intervals, and just before the end
GROUPS = {
    "generator",
    "discriminator",
    "generator_ema",
    "num_averaged",
    "generator_guard",
    "discriminator_guard",
    "augment",
    "samples",
}


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("num_processes", [1, 2])
def test_a_resumed_run_is_the_uninterrupted_one_to_the_bit(
    tmp_path: Path, num_processes: int, num_workers: int
) -> None:
    """Six stops each, with lazy penalties, k = 2, accumulation and ADA on: 24 cases in all."""
    launcher = [sys.executable] if num_processes == 1 else [str(BIN / "torchrun"), "--standalone", "--nproc_per_node=2"]
    command = [*launcher, str(Path(__file__).parent / "resume_matrix.py"), str(tmp_path), str(num_workers)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *map(str, STOPS)], env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["num_processes"] == num_processes
    assert result["strength"] > 0  # the controller has something to remember
    assert set(result["whole"]) == GROUPS
    assert max(STOPS) < NUM_STEPS
    for stop in STOPS:
        assert result["resumed"][str(stop)] == result["whole"], f"resumed at step {stop}"


def test_an_interrupted_command_goes_on_where_it_was(tmp_path: Path) -> None:
    """As users do it: stopped by a signal, gone on with the command that is printed, equal to a run without a stop."""
    arguments = (
        "--preset",
        "tiny",
        "--max_train_steps",
        "60",
        "--logging_steps",
        "5",
        "--mixed_precision",
        "no",
        "--evaluation_steps",
        "-1",
        "--num_threads",  # which would be measured anew by another run
        "1",
    )
    whole = tmp_path / "whole"
    output_of(launch(*arguments, "--output_dir", str(whole), launcher=(sys.executable,)))
    stopped = tmp_path / "stopped"
    process = launch(*arguments, "--output_dir", str(stopped), launcher=(sys.executable,))
    deadline = time.monotonic() + 90
    while not (stopped / "metrics.jsonl").is_file() or not (stopped / "metrics.jsonl").read_text():
        assert time.monotonic() < deadline, "the run did not start"
        time.sleep(0.02)
    process.send_signal(signal.SIGUSR1)
    output = output_of(process, timeout=60)
    assert "interrupted at step" in output
    assert "to go on: accelerate launch train/train.py --preset tiny" in output
    assert "--resume_from_checkpoint latest" in output
    first = checkpoint.checkpoints(stopped)[-1]
    assert 5 <= int(first.name.split("-")[1]) < 60
    assert GanGenerator.from_pretrained(first).sample(1, seed=0).shape == (1, 1, 16, 16)
    refused = launch(*arguments, "--output_dir", str(stopped), launcher=(sys.executable,))
    assert "holds a run up to checkpoint-" in refused.communicate(timeout=60)[0]
    resumed = ("--output_dir", str(stopped), "--resume_from_checkpoint", "latest")
    output_of(launch(*arguments, *resumed, launcher=(sys.executable,)))
    assert (stopped / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    steps = [json.loads(line)["step"] for line in (stopped / "metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(5, 61, 5))
    changed = launch(*arguments, *resumed, "--learning_rate", "0.1", launcher=(sys.executable,))
    text, _ = changed.communicate(timeout=60)
    assert changed.returncode == 2
    assert "learning_rate was 0.002 and is 0.1" in text


def write(folder: Path, step: int) -> Path:
    generator = GanGenerator(architecture="mlp", image_size=(8, 8), channels=1, latent_dim=4, widths=[4])
    tensors = {"a.b": torch.arange(float(step)), "a.c": torch.tensor(step)}
    return checkpoint.save(folder, step, tensors, {"settings": {}}, generator.save_pretrained)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = checkpoint.load(write(tmp_path, 7))
    assert found.step == 7
    assert torch.equal(checkpoint.part_of("a", found.tensors)["b"], torch.arange(7.0))
    GanGenerator.from_pretrained(found.folder).sample(1, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-7"]


@pytest.mark.parametrize("name", [checkpoint.TENSORS, checkpoint.RECORD, "model.safetensors", "config.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_checkpoint_is_passed_over_by_name(
    tmp_path: Path, name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, 5)
    path = write(tmp_path, 10) / name
    data = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(data[:-3] if damage == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    options = replace(OPTIONS, output_dir=tmp_path, resume_from_checkpoint="latest")
    found = resume.choose(options)
    assert found is not None
    assert found.step == 5
    assert f"checkpoint-10' can't be used: {name} is" in caplog.text
    with pytest.raises(OptionError, match=f"{name} is"):
        resume.choose(replace(options, resume_from_checkpoint=str(tmp_path / "checkpoint-10")))
    with pytest.raises(OptionError, match=f"{name} is"):
        resume.choose(replace(options, resume_from_checkpoint="checkpoint-10"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": {}}', '{"files": {}, "format_version": 1}', "\x00"])
def test_a_damaged_manifest_is_no_checkpoint(tmp_path: Path, text: str) -> None:
    (write(tmp_path, 5) / checkpoint.MANIFEST).write_text(text)
    assert checkpoint.verify(tmp_path / "checkpoint-5") is not None
    assert resume.choose(replace(OPTIONS, output_dir=tmp_path, resume_from_checkpoint="latest")) is None


def test_latest_of_nothing_starts_anew_with_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert resume.choose(replace(OPTIONS, output_dir=tmp_path, resume_from_checkpoint="latest")) is None
    assert "starting at step 0" in caplog.text


@pytest.mark.parametrize("limit", [0, 1, 2, 3])
def test_rotation_keeps_the_newest(tmp_path: Path, limit: int) -> None:
    for step in (2, 10, 9, 30):
        write(tmp_path, step)
        checkpoint.rotate(tmp_path, limit)
    expected = {0: [2, 9, 10, 30], 1: [30], 2: [10, 30], 3: [9, 10, 30]}[limit]
    assert [path.name for path in checkpoint.checkpoints(tmp_path)] == [f"checkpoint-{step}" for step in expected]


def test_nothing_is_deleted_while_the_newest_does_not_verify(tmp_path: Path) -> None:
    write(tmp_path, 1)
    (write(tmp_path, 2) / checkpoint.TENSORS).write_bytes(b"bad")
    checkpoint.rotate(tmp_path, 1)
    assert [path.name for path in checkpoint.checkpoints(tmp_path)] == ["checkpoint-1", "checkpoint-2"]


def test_a_full_disk_leaves_the_old_checkpoint_and_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 5)

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "_sync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-5"]
    assert checkpoint.verify(tmp_path / "checkpoint-5") is None


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_checkpoint_holds_a_value_that_is_not_finite(tmp_path: Path, value: float) -> None:
    with pytest.raises(checkpoint.CheckpointError, match=r"x\.y hold values that are not finite, at step 3"):
        checkpoint.save(tmp_path, 3, {"x.y": torch.tensor([1.0, value])}, {}, Path.mkdir)
    assert not list(tmp_path.iterdir())


def test_saving_the_same_step_again_replaces_it(tmp_path: Path) -> None:
    write(tmp_path, 5)
    (tmp_path / "checkpoint-5" / checkpoint.TENSORS).write_bytes(b"bad")
    write(tmp_path, 5)
    assert checkpoint.verify(tmp_path / "checkpoint-5") is None
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-5"]


def test_changed_settings_are_named_and_refused_unless_allowed(caplog: pytest.LogCaptureFixture) -> None:
    before = settings(OPTIONS, "aaa", 1)
    check_settings(before, settings(replace(OPTIONS, logging_steps=7, num_threads=2), "aaa", 1), OPTIONS)
    now = settings(replace(OPTIONS, gamma=9.0, max_train_steps=77), "bbb", 2)
    with pytest.raises(OptionError) as caught:
        check_settings(before, now, OPTIONS)
    for words in (
        "gamma was 1.0 and is 9.0",
        "max_train_steps was 500 and is 77",
        "data_sha256",
        "num_processes was 1",
    ):
        assert words in str(caught.value)
    check_settings(before, now, replace(OPTIONS, allow_changed_settings=True))
    assert "gamma was 1.0 and is 9.0" in caplog.text


def test_the_precision_that_was_measured_holds_for_the_resumed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine it could be measured otherwise the second time."""
    options = replace(
        preset("tiny"), output_dir=tmp_path, max_train_steps=4, checkpointing_steps=2, evaluation_steps=-1
    )
    hashes = []
    for pays_at_first in (True, False):
        monkeypatch.setattr("gan_hub.training.loop.engine.bf16_pays", lambda _, pays=pays_at_first: pays)
        train(replace(options, overwrite_output_dir=True))
        monkeypatch.setattr("gan_hub.training.loop.engine.bf16_pays", lambda _: pytest.fail("measured again"))
        whole = (tmp_path / "model.safetensors").read_bytes()
        train(replace(options, resume_from_checkpoint="checkpoint-2"))
        assert (tmp_path / "model.safetensors").read_bytes() == whole
        hashes.append(whole)
    assert hashes[0] != hashes[1], "precision makes no difference here, and the test proves nothing"

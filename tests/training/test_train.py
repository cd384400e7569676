"""The script as users launch it: what it leaves behind, how it stops, and what it refuses."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from gan_hub import GanGenerator
from gan_hub.data.drawn import drawn_shapes
from gan_hub.images import from_uint8
from gan_hub.training.options.options import OptionError, TrainingOptions
from gan_hub.training.options.presets import PRESETS
from gan_hub.training.train import parse
from tests.data.test_pictures import damaged_folder

ROOT = Path(__file__).parents[2]
SCRIPT = str(ROOT / "train" / "train.py")
BIN = Path(sys.executable).parent


def launch(*arguments: str, launcher: tuple[str, ...] = (str(BIN / "accelerate"), "launch")) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [*launcher, SCRIPT, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def output_of(process: subprocess.Popen[str], timeout: float = 120) -> str:
    output, _ = process.communicate(timeout=timeout)
    assert process.returncode == 0, output
    return output


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the preset tiny, launched as the README says."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    output = output_of(launch("--preset", "tiny", "--output_dir", str(folder), "--checkpointing_steps", "250"))
    assert "the generator is in" in output
    return folder


@pytest.mark.smoke
def test_a_run_leaves_what_it_promises(run_folder: Path) -> None:
    for name in (
        "config.json",
        "model.safetensors",
        "README.md",
        "training_config.json",
        "metrics.jsonl",
        "curves.png",
    ):
        assert (run_folder / name).is_file(), name
    assert json.loads((run_folder / "training_config.json").read_text())["architecture"] == "conv"
    grids = sorted((run_folder / "samples").iterdir())
    assert len(grids) == 5
    assert json.loads((run_folder / "health.json").read_text())["healthy"]
    with Image.open(grids[-1]) as grid:
        assert len(grid.getcolors(10_000) or []) > 2
    GanGenerator.from_pretrained(run_folder / "checkpoint-250").sample(1, seed=0)


def test_metrics_count_images_and_seconds(run_folder: Path) -> None:
    lines = [json.loads(line) for line in (run_folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [*range(10, 501, 10), 500]
    assert {"frechet_distance", "recall", "copied_share"} <= set(lines[-1])
    assert all(line["num_images"] == 32 * line["step"] for line in lines)
    assert all(a["seconds"] <= b["seconds"] for a, b in itertools.pairwise(lines))
    assert {"discriminator_loss", "generator_loss", "images_per_second", "cpu_seconds"} <= set(lines[0])


@pytest.mark.smoke
def test_it_has_learned_the_shapes(run_folder: Path) -> None:
    """The average picture of each class asked for looks like that class's real average more than like any other's."""
    generator = GanGenerator.from_pretrained(run_folder)
    data = drawn_shapes(1024, seed=0)
    assert generator.class_names == data.class_names
    real = torch.stack([from_uint8(data.images[data.labels == c]).mean(0) for c in range(3)]).flatten(1)
    samples = [generator.sample(200, seed=0, labels=c) for c in range(3)]
    fake = torch.stack([images.mean(0) for images in samples]).flatten(1)
    similarity = torch.nn.functional.cosine_similarity(
        (fake - fake.mean(0))[:, None], (real - real.mean(0))[None], dim=2
    )
    assert similarity.argmax(1).tolist() == [0, 1, 2]
    assert similarity.diagonal().min() > 0.5
    real_spread = from_uint8(data.images).flatten(1).std(0).mean()
    for images in samples:
        assert images.flatten(1).std(0).mean() > 0.5 * real_spread  # no class has collapsed to one picture


def test_the_card_tells_the_run(run_folder: Path) -> None:
    card = (run_folder / "README.md").read_text()
    assert "16,000 images seen" in card
    assert "accelerate launch train/train.py --preset tiny" in card
    assert drawn_shapes(1024, seed=0).sha256() in card


def test_two_processes_train_together(tmp_path: Path) -> None:
    launcher = (str(BIN / "torchrun"), "--nproc_per_node", "2", "--standalone")
    arguments = ("--preset", "tiny", "--max_train_steps", "30", "--output_dir", str(tmp_path / "run"))
    output = output_of(launch(*arguments, launcher=launcher))
    assert "2 process(es)" in output
    assert output.count("the generator is in") == 1
    last = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["num_images"] == 2 * 32 * 30
    GanGenerator.from_pretrained(tmp_path / "run").sample(2, seed=0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "run"
    arguments = ("--preset", "tiny", "--max_train_steps", "1000000", "--output_dir", str(folder))
    process = launch(*arguments, launcher=(sys.executable,))
    deadline = time.monotonic() + 90
    while not (folder / "metrics.jsonl").is_file() or not (folder / "metrics.jsonl").read_text():
        assert time.monotonic() < deadline, "the run did not start"
        time.sleep(0.1)
    process.send_signal(number)
    output = output_of(process, timeout=30)
    assert "interrupted at step" in output
    assert "Traceback" not in output
    GanGenerator.from_pretrained(folder).sample(1, seed=0)


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match="unknown preset 'minst'; choose from: dcgan, emoji, fashion"):
        parse(["--preset", "minst"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--train_batch_size", "0"], "--train_batch_size is 0; it must be at least 1"),
        (["--push_to_hub"], "--push_to_hub needs --hub_model_id org/name"),
        (["--train_bach_size", "8"], "--train-batch-size"),
        (["--loss", "relativity"], "relativistic"),
    ],
)
def test_refusals_say_what_is_allowed(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_damaged_folder_trains_and_every_fault_is_told_once(tmp_path: Path) -> None:
    faults = damaged_folder(tmp_path / "in")
    arguments = ("--preset", "tiny", "--train_data_dir", str(tmp_path / "in"), "--resolution", "16", "16")
    arguments += ("--no-conditional", "--max_train_steps", "3", "--evaluation_steps", "-1")
    output = output_of(launch(*arguments, "--output_dir", str(tmp_path / "run"), launcher=(sys.executable,)))
    assert {name: output.count(f"{name} (") for name in faults} == dict.fromkeys(faults, 1)
    assert "10 pictures of 16x16 pixels" in output
    assert GanGenerator.from_pretrained(tmp_path / "run").sample(2, seed=0).shape == (2, 3, 16, 16)


def test_a_refusal_is_one_sentence_and_status_two(tmp_path: Path) -> None:
    process = launch("--preset", "tiny", "--train_data_dir", str(tmp_path), launcher=(sys.executable,))
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "holds no picture; give a folder or a ZIP" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_parses_and_both_spellings_of_an_option_work(name: str) -> None:
    options = parse(["--preset", name, "--max-train-steps", "7", "--train_batch_size", "5"])
    assert isinstance(options, TrainingOptions)
    assert (options.max_train_steps, options.train_batch_size) == (7, 5)


def test_fp16_is_refused_with_the_reason() -> None:
    environment = {**os.environ, "ACCELERATE_MIXED_PRECISION": "fp16"}
    done = subprocess.run(
        [sys.executable, SCRIPT, "--preset", "tiny"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "penalties overflow" in done.stderr


@pytest.mark.slow
def test_a_folder_of_pictures_trains(tmp_path: Path) -> None:
    """Colour, non-square, a class a folder; three steps."""
    for name, colour in (("red", "red"), ("blue", "blue")):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(6):
            Image.new("RGB", (50 + i, 40), colour).save(tmp_path / "pictures" / name / f"{i}.jpg")
    folder = tmp_path / "run"
    arguments = ("--preset", "folder", "--train_data_dir", str(tmp_path / "pictures"), "--resolution", "48", "32")
    output_of(launch(*arguments, "--max_train_steps", "3", "--train_batch_size", "4", "--output_dir", str(folder)))
    generator = GanGenerator.from_pretrained(folder)
    assert generator.class_names == ("blue", "red")
    assert generator.sample(1, seed=0).shape == (1, 3, 48, 32)

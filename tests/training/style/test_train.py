"""The launched script: from folders of pictures to a stylizer that loads."""

import json

import pytest

from gan_hub import GanGenerator, PhotoStylizer
from gan_hub.loading.weights import ModelError
from gan_hub.training.style.train import main, parse
from tests.loading.test_snippets import run_snippet
from tests.training.style.conftest import drawn_photo

TINY = [
    "--init",
    "None",
    "--widths",
    "8",
    "8",
    "12",
    "--num_blocks",
    "2",
    "--discriminator_widths",
    "8",
    "8",
    "--photo_sides",
    "64",
    "70",
    "--crop_size",
    "32",
    "--train_batch_size",
    "2",
    "--max_train_steps",
    "6",
    "--adversarial_start",
    "2",
    "--adversarial_weight",
    "0.05",
    "--health_steps",
    "3",
    "--sampling_steps",
    "3",
    "--logging_steps",
    "2",
    "--num_threads",
    "1",
    "--checkpointing_steps",
    "3",
]


@pytest.fixture
def arguments(photo_folder, painting_folder, tmp_path):
    return [
        "--photos",
        str(photo_folder),
        "--paintings",
        str(painting_folder),
        *TINY,
        "--output_dir",
        str(tmp_path / "r"),
    ]


def test_a_folder_of_paintings_becomes_a_stylizer(arguments, tmp_path):
    assert main(arguments) == 0
    run = tmp_path / "r"
    stylizer = PhotoStylizer.from_pretrained(run)
    photo = drawn_photo(9, (61, 47))
    assert stylizer.stylize(photo).size == (61, 47)
    card = (run / "README.md").read_text()
    assert "Nobody, Strokes, 1888" in card
    assert "train/stylize.py" in card
    health = json.loads((run / "health.json").read_text())
    assert set(health["checks"]) == {"non_finite", "discriminator", "content", "change", "diversity"}
    assert len(list((run / "samples").glob("*.jpg"))) == 2
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert {"style_loss", "features_loss", "objects_loss", "luminance_loss", "palette_loss", "flow_loss"} <= set(
        lines[-1]
    )
    assert stylizer.styles == ("r",)
    assert (run / "checkpoint-3").is_dir()
    with pytest.raises(ModelError, match="PhotoStylizer"):
        GanGenerator.from_pretrained(run)


def test_it_is_pushed_with_a_card_whose_snippet_runs(hub, arguments, tmp_path, monkeypatch):
    assert main([*arguments, "--push_to_hub", "--hub_model_id", "org/strokes", "--hub_private_repo"]) == 0
    repo = hub.repos["org/strokes"]
    assert repo.private
    assert {"model.safetensors", "samples/0000006.jpg", "curves.png", "training_config.json"} <= set(repo.head)
    assert 'from_pretrained("org/strokes")' in run_snippet(repo.head["README.md"].decode(), tmp_path, monkeypatch)


def test_a_single_painting_is_enough(photo_folder, painting_folder, tmp_path):
    style = ["--style_image", str(painting_folder / "painting0.png")]
    assert main(["--photos", str(photo_folder), *style, *TINY, "--output_dir", str(tmp_path / "r")]) == 0
    assert "Nobody, Strokes" in (tmp_path / "r" / "README.md").read_text()


def test_a_run_goes_on_from_its_checkpoint(arguments, tmp_path):
    assert main(arguments) == 0
    whole = (tmp_path / "r" / "model.safetensors").read_bytes()
    assert main([*arguments, "--resume_from_checkpoint", "checkpoint-3"]) == 0
    assert (tmp_path / "r" / "model.safetensors").read_bytes() == whole


PLAIN = "--style_weight 0 --features_weight 0"
TUTORIAL = f"--architecture encoder-decoder --widths 4 6 8 --num_blocks 0 --noise_channels 0 {PLAIN}"
UPSCALER = (
    "--architecture upscaler --widths 8 --num_blocks 1 --noise_channels 0 --scale 2 --target_weight 1 "
    f"--overwrite_output_dir {PLAIN}"
)


def test_the_tutorials_network_and_an_upscaler_train_too(arguments, tmp_path):
    assert main([*arguments, *TUTORIAL.split(), "--content_weight", "1", "--instance_norm"]) == 0
    assert PhotoStylizer.from_pretrained(tmp_path / "r").config.architecture == "encoder-decoder"
    assert main([*arguments, *UPSCALER.split()]) == 0
    assert PhotoStylizer.from_pretrained(tmp_path / "r").stylize(drawn_photo(9, (40, 31))).size == (80, 62)


def test_one_style_may_start_from_another(arguments, tmp_path):
    assert main(arguments) == 0
    other = [*arguments[:-1], str(tmp_path / "other"), "--init", str(tmp_path / "r")]
    assert main(other) == 0
    assert main([*other, "--overwrite_output_dir", "--widths", "8", "8", "16"]) == 2


def test_what_is_refused_is_said(capsys, tmp_path):
    assert main(["--output_dir", str(tmp_path)]) == 2
    assert "--paintings" in capsys.readouterr().err
    assert main(["--preset", "monnet"]) == 2
    assert "choose from" in capsys.readouterr().err


def test_dashes_do_as_well():
    assert parse(["--crop-size", "64"]).crop_size == 64

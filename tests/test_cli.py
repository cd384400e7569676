"""The command `gan-hub`: what it writes, and what it says when it can't."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from gan_hub import GanGenerator
from gan_hub.cli import main
from gan_hub.recipe import read_recipe
from gan_hub.sampling import grid_png, sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = {"image_size": (8, 8), "channels": 1, "latent_dim": 4, "widths": [8], "num_classes": 2}
    GanGenerator(architecture="mlp", **config).save_pretrained(tmp_path / "run")
    return tmp_path / "run"


def test_grid(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "new" / "grid.png"
    options = ["--seeds", "0-5,9", "--label", "1", "--truncation", "0.7", "--columns", "3", "--out", str(out)]
    main(["sample", str(folder), *options])
    generator = GanGenerator.from_pretrained(folder)
    assert out.read_bytes() == grid_png(sample(generator, (*range(6), 9), label="1", truncation=0.7), 3)
    assert "7 pictures" in capsys.readouterr().out


def test_folder_and_zip_hold_the_same_files(folder: Path, tmp_path: Path) -> None:
    main(["sample", str(folder), "--seeds", "3,4", "--out", str(tmp_path / "out")])
    main(["sample", str(folder), "--seeds", "3,4", "--out", str(tmp_path / "out.ZIP")])
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(files) == {"run-seed-00003.png", "run-seed-00004.png"}
    assert read_recipe(files["run-seed-00004.png"]).seeds == (4,)
    with zipfile.ZipFile(tmp_path / "out.ZIP") as archive:
        assert set(archive.namelist()) == {*files, "manifest.json"}
        assert all(archive.read(name) == data for name, data in files.items())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sample", "nothing-here", "--out", "x.png"], "there is no model 'nothing-here'"),
        (["sample", "{folder}", "--seeds", "9-3", "--out", "x.png"], "run backwards"),
        (["sample", "{folder}", "--label", "7", "--out", "x.png"], "unknown class '7'"),
        (["sample", "{folder}", "--truncation", "7", "--out", "x.png"], "truncation 7.0"),
        (["sample", "{folder}", "--columns", "0", "--out", "x.png"], "columns"),
        (["sample", "{folder}", "--device", "toaster", "--out", "x.png"], "toaster"),
        (["sample", "{folder}", "--out", "{folder}/config.json/x.png"], "config.json"),
        (["app", "--device", "toaster", "--no-allow-local"], "toaster"),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], words: str, folder: Path, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main([argument.replace("{folder}", str(folder)) for argument in arguments])
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert words in error
    assert error.count("\n") == 1
    assert error.startswith("gan-hub: ")
    assert not (tmp_path / "x.png").exists()


def test_the_command_and_app_import_without_gradio() -> None:
    code = "import sys, app, gan_hub.cli, gan_hub.recipe; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=False).returncode == 0


def test_check_data_says_what_is_wrong_and_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, colour in (("cats/1.png", "red"), ("cats/2.png", "red"), ("dogs/1.png", "blue")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (64, 100), colour).save(tmp_path / name)
    with pytest.raises(SystemExit) as caught:
        main(["check-data", str(tmp_path)])
    output = capsys.readouterr().out
    assert caught.value.code == 1
    assert "3 pictures can be used" in output
    assert "1 have the same pixels as another: cats/2.png (cats/1.png)" in output
    assert "3 lose more than a quarter to the crop: cats/1.png (64% kept)" in output
    assert "2 classes: dogs 1, cats 2" in output
    assert f"--preset folder --train_data_dir {tmp_path} --resolution 64 64 --channels 3 --augment ada" in output
    (tmp_path / "cats/2.png").unlink()
    main(["check-data", str(tmp_path), "--channels", "1"])
    assert "--channels 1" in capsys.readouterr().out

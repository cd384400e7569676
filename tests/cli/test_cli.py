"""The command `gan-hub`: what it writes, and what it says when it can't."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from gan_hub import GanGenerator
from gan_hub.cli.main import main
from gan_hub.recipes.keys import Key
from gan_hub.recipes.picture import grid_png
from gan_hub.recipes.recipe import read_recipe
from gan_hub.recipes.video import FORMATS
from gan_hub.recipes.walk import Walk, encode_walk, read_walk
from gan_hub.sampling.pictures import sample


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


@pytest.mark.parametrize("suffix", FORMATS)
def test_interpolate_writes_the_bytes_of_the_library(
    suffix: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "new" / f"walk.{suffix.upper()}"
    options = ["--seeds", "3,7,3", "--labels", "1", "0", "1", "--truncation", "0.5", "--frames", "4", "--fps", "20"]
    options += ["--path", "cubic", "--easing", "ease_in_out", "--loop", "--even_pace", "--size", "64"]
    main(["interpolate", str(folder), *options, "--out", str(out)])
    track = (Key(3, "1", 0.5), Key(7, "0", 0.5), Key(3, "1", 0.5))
    walk = Walk(
        "folder:run",
        None,
        (track,),
        frames_per_leg=4,
        fps=20,
        path="cubic",
        easing="ease_in_out",
        loop=True,
        even_pace=True,
        size=64,
    )
    data = out.read_bytes()
    assert data == encode_walk(GanGenerator.from_pretrained(folder), walk, suffix)
    assert read_walk(data) == walk
    assert "12 frames (0.6 s)" in capsys.readouterr().out


def test_interpolate_several_walks_and_one_seed_from_class_to_class(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "walk.webp"
    main(["interpolate", str(folder), "--seeds", "3,7;8,9", "--columns", "1", "--frames", "2", "--out", str(out)])
    assert read_walk(out.read_bytes()).tracks == ((Key(3), Key(7)), (Key(8), Key(9)))
    main(["interpolate", str(folder), "--seeds", "7", "--labels", "0", "1", "--frames", "2", "--out", str(out)])
    assert read_walk(out.read_bytes()).tracks == ((Key(7, "0"), Key(7, "1")),)


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
        (["interpolate", "{folder}", "--seeds", "1,2", "--out", "x.avi"], "ends in no format"),
        (["interpolate", "{folder}", "--seeds", "1", "--out", "x.mp4"], "from 2 to 64"),
        (["interpolate", "{folder}", "--seeds", "1,2", "--labels", "1", "1", "1", "--out", "x.mp4"], "2 seeds for 3"),
        (["interpolate", "{folder}", "--seeds", "1,2", "--labels", "x", "--out", "x.mp4"], "unknown class 'x'"),
        (["interpolate", "{folder}", "--seeds", "1,2", "--loop", "--ping_pong", "--out", "x.mp4"], "not both"),
        (["interpolate", "{folder}", "--seeds", "1,2", "--fps", "60", "--out", "x.gif"], "from 1 to 50"),
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
    code = "import sys, app, gan_hub.cli.main, gan_hub.recipes.recipe; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


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
    assert f"--preset folder --train_data_dir {tmp_path} --resolution 64 64 --channels 3 --minutes 60" in output
    (tmp_path / "cats/2.png").unlink()
    main(["check-data", str(tmp_path), "--channels", "1"])
    assert "--channels 1" in capsys.readouterr().out

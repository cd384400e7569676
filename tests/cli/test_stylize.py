"""`gan-hub stylize`: many photos, some broken, and never an input overwritten."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from gan_hub import PhotoStylizer
from gan_hub.cli.main import main
from gan_hub.painting.photos import encode_photo
from tests.conftest import make_stylizer
from tests.painting.test_tiling import noisy_photo


@pytest.fixture
def painter(tmp_path: Path) -> Path:
    make_stylizer("painter").save_pretrained(tmp_path / "painter")
    return tmp_path / "painter"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    noisy_photo(24, 13).save(tmp_path / "in" / "photo.jpg")
    return tmp_path / "in" / "photo.jpg"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_what_is_written_is_what_stylize_gives(painter, photo, tmp_path, capsys):
    options = ["--strength", "0.7", "--keep_colors", "--detail", "0.5", "--seed", "3", "--max-side", "20"]
    main(["stylize", str(painter), str(photo), "--out", str(tmp_path / "new" / "out"), *options, "--quality", "80"])
    painting = PhotoStylizer.from_pretrained(painter).stylize(
        Image.open(photo), strength=0.7, keep_colors=True, detail=0.5, seed=3, max_side=20
    )
    assert contents(tmp_path / "new" / "out") == {"photo.jpg": encode_photo(painting, "jpeg", 80)}
    output = capsys.readouterr()
    assert "1 of 1 photos are painted by" in output.out
    assert output.err == ""


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("same", ["a.jpg", "b.png", "c.webp", "d.png"]),
        ("jpeg", ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]),
        ("png", ["a.png", "b.png", "c.png", "d.png"]),
        ("webp", ["a.webp", "b.webp", "c.webp", "d.webp"]),
    ],
)
def test_formats(painter, wanted, names, tmp_path):
    files = [tmp_path / name for name in ("a.JPEG", "b.png", "c.webp", "d.gif")]
    for file in files:
        noisy_photo(9, 9).save(file)
    main(["stylize", str(painter), *map(str, files), "--out", str(tmp_path / "out"), "--format", wanted])
    assert list(contents(tmp_path / "out")) == names
    assert all(Image.open(tmp_path / "out" / name).size == (9, 9) for name in names)


def test_a_broken_photo_is_named_and_the_others_go_on(painter, photo, tmp_path, capsys):
    (tmp_path / "broken.jpg").write_bytes(photo.read_bytes()[:300])
    (tmp_path / "notes.txt").write_text("hello")
    inputs = [str(tmp_path / "broken.jpg"), str(photo), str(tmp_path / "notes.txt"), str(tmp_path / "gone.png")]
    with pytest.raises(SystemExit) as stopped:
        main(["stylize", str(painter), *inputs, "--out", str(tmp_path / "out")])
    assert stopped.value.code == 2
    output = capsys.readouterr()
    assert list(contents(tmp_path / "out")) == ["photo.jpg"]
    lines = output.err.strip().split("\n")
    assert [line.startswith(f"gan-hub: {path}: ") for line, path in zip(lines, [inputs[0], *inputs[2:]])] == [True] * 3
    assert "there is no such file" in lines[2]
    assert "1 of 4 photos" in output.out


def test_no_input_is_overwritten_and_no_output_twice(painter, photo, tmp_path):
    folder = photo.parent
    (folder / "sub").mkdir()
    for name in ("sub/photo.jpg", "sub/PHOTO.jpg"):
        noisy_photo(9, 9).save(folder / name)
    (folder / "photo-2.jpg").symlink_to(folder / "sub" / "photo.jpg")
    os.link(folder / "sub" / "PHOTO.jpg", folder / "photo-3.jpg")
    before, below = contents(folder), contents(folder / "sub")
    inputs = [photo, folder / "sub" / "photo.jpg", folder / "sub" / "PHOTO.jpg"]
    main(["stylize", str(painter), *map(str, inputs), "--out", str(folder)])
    after = contents(folder)
    assert after.items() >= before.items()
    assert contents(folder / "sub") == below
    assert len(set(after) - set(before)) == 3
    assert {"photo-4.jpg", "photo-5.jpg"} <= set(after)
    main(["stylize", str(painter), str(photo), "--out", str(folder / "again")])
    main(["stylize", str(painter), str(photo), "--out", str(folder / "again")])
    assert list(contents(folder / "again")) == ["photo.jpg"]  # a second run replaces what the first one painted


def test_metadata_stays_only_on_purpose(painter, tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "planted", 6
    noisy_photo(24, 13).save(tmp_path / "photo.jpg", exif=exif, comment=b"planted comment")
    for flags, kept in (([], None), (["--keep-metadata"], "planted")):
        main(["stylize", str(painter), str(tmp_path / "photo.jpg"), "--out", str(tmp_path / "out"), *flags])
        data = (tmp_path / "out" / "photo.jpg").read_bytes()
        picture = Image.open(io.BytesIO(data))
        assert picture.size == (13, 24)
        assert picture.getexif().get(0x010F) == kept
        assert picture.getexif().get(0x0112, 1) == 1
        assert b"planted comment" not in data


def test_paintings_are_enlarged(painter, photo, tmp_path):
    make_stylizer("upscaler", 4).save_pretrained(tmp_path / "larger")
    options = ["--upscale", str(tmp_path / "larger"), "--format", "png"]
    main(["stylize", str(painter), str(photo), "--out", str(tmp_path / "out"), *options])
    painting = PhotoStylizer.from_pretrained(painter).stylize(Image.open(photo))
    expected = PhotoStylizer.from_pretrained(tmp_path / "larger").stylize(painting)
    assert Image.open(tmp_path / "out" / "photo.png").tobytes() == expected.tobytes()
    assert expected.size == (96, 52)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing-here", "{photo}"], "there is no model 'nothing-here'"),
        (["mnist-gan", "{photo}"], "'mnist-gan' is a generator, which PhotoStylizer can't load; use GanGenerator"),
        (["{painter}"], "name at least one photo"),
        (["{painter}", "{photo}", "--strength", "2"], "strength 2.0 is not possible"),
        (["{painter}", "{photo}", "--detail", "0"], "detail 0.0 is not possible"),
        (["{painter}", "{photo}", "--seed", "-1"], "seed -1 is not possible"),
        (["{painter}", "{photo}", "--max-side", "0"], "max_side 0 is not possible"),
        (["{painter}", "{photo}", "--quality", "0"], "quality 0 is not possible"),
        (["{painter}", "{photo}", "--device", "toaster"], "toaster"),
        (["{painter}", "{photo}", "--upscale", "{painter}"], "paints and does not enlarge"),
        (["{painter}", "{photo}", "--out", "{photo}"], "photo.jpg"),
    ],
)
def test_errors_are_one_line(arguments, words, painter, photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    filled = [argument.replace("{painter}", str(painter)).replace("{photo}", str(photo)) for argument in arguments]
    before = photo.read_bytes()
    with pytest.raises(SystemExit) as stopped:
        main(["stylize", *filled, *([] if "--out" in filled else ["--out", "out"])])
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert words in error
    assert error.count("\n") == 1
    assert error.startswith("gan-hub: ")
    assert photo.read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_styles_are_mixed(photo, tmp_path, capsys):
    make_stylizer("multi-style").save_pretrained(tmp_path / "many")
    command = ["stylize", str(tmp_path / "many"), str(photo), "--out", str(tmp_path / "out"), "--format", "png"]
    main([*command, "--mix", "one=3", "three=1"])
    stylizer = PhotoStylizer.from_pretrained(tmp_path / "many")
    wanted = stylizer.stylize(Image.open(photo), style={"one": 0.75, "three": 0.25})
    assert contents(tmp_path / "out") == {"photo.png": encode_photo(wanted, "png")}
    assert contents(tmp_path / "out") != {"photo.png": encode_photo(stylizer.stylize(Image.open(photo)), "png")}
    capsys.readouterr()
    for mix, message in (
        ("four=1", "there is no style 'four'"),
        ("one=-1", "from 0 on"),
        ("one", "share"),
        ("one=0", "0"),
    ):
        with pytest.raises(SystemExit):
            main([*command, "--mix", mix])
        assert message in capsys.readouterr().err

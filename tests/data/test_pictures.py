"""Folders and ZIPs of pictures of every kind, whole and damaged."""

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_hub.data import pictures
from gan_hub.data.dataset import Dataset
from gan_hub.data.files import DataError, find_pictures
from gan_hub.data.pictures import load_pictures
from gan_hub.images import from_uint8, to_pil


def load(path: Path, *, resolution: tuple[int, int], channels: int) -> Dataset:
    return load_pictures(path, resolution=resolution, channels=channels)[0]


def save(path: Path, size: tuple[int, int] = (20, 12), mode: str = "RGB", colour: object = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)
    return path


@pytest.mark.parametrize(("channels", "pixel"), [(1, [76]), (3, [255, 0, 0]), (4, [255, 0, 0, 255])])
def test_a_flat_folder_has_no_classes(tmp_path: Path, channels: int, pixel: list[int]) -> None:
    save(tmp_path / "a.png")
    save(tmp_path / "b.png", mode="P", colour=0)
    data = load(tmp_path, resolution=(8, 16), channels=channels)
    assert data.images.shape == (2, channels, 8, 16)
    assert data.images[0, :, 4, 8].tolist() == pixel
    assert data.class_names == ()


def test_folders_in_the_folder_are_the_classes(tmp_path: Path) -> None:
    save(tmp_path / "cats" / "1.png", colour="black")
    save(tmp_path / "dogs" / "1.png", colour="white")
    save(tmp_path / "dogs" / "2.png", colour="white")
    data = load(tmp_path, resolution=(8, 8), channels=1)
    assert data.class_names == ("cats", "dogs")
    assert data.labels.tolist() == [0, 1, 1]
    assert data.images.amax((1, 2, 3)).tolist() == [0, 255, 255]


def test_pictures_are_cropped_to_shape_and_not_squashed(tmp_path: Path) -> None:
    picture = Image.new("L", (40, 10))
    picture.paste(255, (15, 0, 25, 10))  # a white square in the middle
    picture.save(tmp_path / "wide.png")
    data = load(tmp_path, resolution=(8, 8), channels=1)
    assert data.images.float().mean() > 240  # a squashed one would be three quarters black


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    picture = Image.new("L", (8, 8))
    picture.paste(255, (0, 0, 8, 4))  # white above
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise for display
    picture.save(tmp_path / "turned.png", exif=exif)
    data = load(tmp_path, resolution=(8, 8), channels=1)
    assert data.images[0, 0, :, 7].min() == 255
    assert data.images[0, 0, :, 0].max() == 0


def zipped(folder: Path, path: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + file.relative_to(folder).as_posix())
    return path


@pytest.mark.parametrize("prefix", ["", "pictures/", "a/b/"])
def test_a_zip_is_the_folder_in_it(tmp_path: Path, prefix: str) -> None:
    save(tmp_path / "in" / "cats" / "1.png", colour="black")
    save(tmp_path / "in" / "dogs" / "2.png", colour="white")
    data = load(zipped(tmp_path / "in", tmp_path / "set.zip", prefix), resolution=(8, 8), channels=3)
    assert data.class_names == ("cats", "dogs")
    assert torch.equal(data.images, load(tmp_path / "in", resolution=(8, 8), channels=3).images)
    assert data.name == "set"


@pytest.mark.parametrize("in_zip", [False, True])
def test_metadata_names_the_classes(tmp_path: Path, in_zip: bool) -> None:
    folder = tmp_path / "in"
    for name in ("a.png", "b.png", "deep/c.png", "unnamed.png"):
        save(folder / name)
    with (folder / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file_name", "label"], ["a.png", "x"], ["b.png", "y"], ["deep/c.png", "x"]])
    files = find_pictures(zipped(folder, tmp_path / "set.zip") if in_zip else folder)
    assert dict(zip(files.names, files.labels)) == {"a.png": 0, "b.png": 1, "deep/c.png": 0}
    assert files.class_names == ("x", "y")
    assert files.ignored == ["unnamed.png"]


def test_metadata_without_file_names_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("name,label\na.png,x\n")
    with pytest.raises(DataError, match="has the columns label, name; it needs file_name"):
        find_pictures(tmp_path)


def test_excluded_pictures_are_left_out(tmp_path: Path) -> None:
    for name in ("u1f44b.png", "u1f44b_1f3fb.png", "u1f44b_1f3ff.png", "u1f3f0.png"):
        save(tmp_path / name)
    assert find_pictures(tmp_path, ["*_1f3f[b-f]*"]).names == ["u1f3f0.png", "u1f44b.png"]
    with pytest.raises(DataError, match="holds no picture that is not excluded"):
        find_pictures(tmp_path, ["*.png"])


def test_transparency_is_learned_as_it_is_seen(tmp_path: Path) -> None:
    """Colours are multiplied by alpha, and come apart again in the picture that is painted."""
    picture = Image.new("RGBA", (8, 8), (255, 0, 0, 0))  # red that nobody sees
    picture.paste((0, 255, 0, 128), (0, 0, 4, 8))
    picture.save(tmp_path / "a.png")
    images = load(tmp_path, resolution=(8, 8), channels=4).images
    assert images[0, :, 4, 7].tolist() == [0, 0, 0, 0]
    assert images[0, :, 4, 0].tolist() == [0, 128, 0, 128]
    assert to_pil(from_uint8(images))[0].getpixel((0, 4)) == (0, 255, 0, 128)


def test_transparency_lies_over_white_where_there_is_no_alpha(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "a.png")
    Image.new("LA", (8, 8), (0, 0)).save(tmp_path / "b.png")
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    palette.save(tmp_path / "c.png", transparency=0)
    assert load(tmp_path, resolution=(8, 8), channels=3).images.min() == 255


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    values = np.array([[0, 257, 32896, 65535]] * 8, dtype=np.uint16).repeat(2, axis=1)
    Image.fromarray(values).save(tmp_path / "deep.png")
    images = load(tmp_path, resolution=(8, 8), channels=1).images
    assert images[0, 0, 0].tolist() == [0, 0, 1, 1, 128, 128, 255, 255]


def damaged_folder(folder: Path) -> dict[str, str]:
    """Every fault of the table, and the list of the report that it belongs to."""
    noise = np.random.RandomState(0).randint(0, 256, size=(9, 40, 40, 3), dtype=np.uint8)
    folder.mkdir(parents=True)
    for i in range(4):
        Image.fromarray(noise[i]).save(folder / f"good{i}.png")
    whole = (folder / "good0.png").read_bytes()
    (folder / "truncated.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(noise[4]).save(buffer := io.BytesIO(), "JPEG")
    (folder / "truncated.jpg").write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("not a picture at all")
    (folder / "folder.png").mkdir()
    (folder / "link.png").symlink_to(folder / "nowhere")
    Image.fromarray(noise[5]).convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray((np.arange(1600).reshape(40, 40) * 40).astype(np.uint16)).save(folder / "deep.png")
    Image.fromarray(noise[6]).quantize(8).save(folder / "palette.png")
    frames = [Image.fromarray(frame) for frame in noise[6:]]
    frames[1].save(folder / "animated.webp", save_all=True, append_images=frames, lossless=True)
    Image.new("RGB", (30_000, 20), "red").save(folder / "wide.png")
    (folder / "twice.png").write_bytes(whole)
    unreadable = ("truncated.png", "truncated.jpg", "empty.png", "text.png", "folder.png", "link.png")
    return dict.fromkeys(unreadable, "unreadable") | {
        "cmyk.jpg": "converted",
        "deep.png": "converted",
        "palette.png": "converted",
        "animated.webp": "animated",
        "wide.png": "cropped",
        "twice.png": "duplicates",
    }


def test_every_fault_of_a_damaged_folder_is_listed_once(tmp_path: Path) -> None:
    expected = damaged_folder(tmp_path / "in")
    data, report = load_pictures(tmp_path / "in", resolution=(16, 16), channels=3)
    kinds = ("unreadable", "duplicates", "near_duplicates", "small", "cropped", "converted", "animated")
    found = [(name, kind) for kind in kinds for name in getattr(report, kind)]
    assert sorted(found) == sorted(expected.items())
    assert len(data) == report.num_pictures == 4 + sum(kind != "unreadable" for kind in expected.values())
    assert report.unreadable["empty.png"] == "empty"
    assert report.unreadable["text.png"] == "not a picture"
    assert "truncated" in report.unreadable["truncated.jpg"]
    assert report.duplicates["twice.png"] == "good0.png"
    text = "\n".join(report.lines(limit=20))
    assert all(text.count(f"{name} (") + text.count(f"{name},") == 1 for name in expected)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no picture"):
        load(tmp_path, resolution=(8, 8), channels=3)
    with pytest.raises(FileNotFoundError, match="there is no folder or ZIP"):
        load(tmp_path / "nowhere", resolution=(8, 8), channels=3)
    (tmp_path / "no.zip").write_text("no zip")
    with pytest.raises(DataError, match="neither a folder nor a ZIP"):
        load(tmp_path / "no.zip", resolution=(8, 8), channels=3)
    (tmp_path / "bad.png").write_text("")
    with pytest.raises(DataError, match=r"holds no picture that can be read: bad.png \(empty\)"):
        load(tmp_path, resolution=(8, 8), channels=3)


def test_more_pictures_than_memory_are_mapped_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged_folder(tmp_path / "in")
    arguments = {"resolution": (16, 16), "channels": 3}
    plain, report = load_pictures(tmp_path / "in", **arguments)  # type: ignore[arg-type]
    arguments |= {"memory_bytes": 1000, "cache_dir": tmp_path / "cache"}
    mapped, first = load_pictures(tmp_path / "in", **arguments)  # type: ignore[arg-type]
    assert mapped.is_mapped
    assert not plain.is_mapped
    assert torch.equal(mapped.images, plain.images)
    assert mapped.labels.tolist() == plain.labels.tolist()

    def decode(*arguments: object, **options: object) -> None:
        pytest.fail("decoded again")

    monkeypatch.setattr(pictures, "decode", decode)
    again, second = load_pictures(tmp_path / "in", **arguments)  # type: ignore[arg-type]
    assert torch.equal(again.images, plain.images)
    assert first.to_dict() == second.to_dict() == report.to_dict()
    assert second.duplicates, "a fault that --strict_data refuses is known from the cache too"
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_changed_folder_is_decoded_anew(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.png", colour="black")
    arguments = {"resolution": (8, 8), "channels": 1, "memory_bytes": 1, "cache_dir": tmp_path / "cache"}
    assert load_pictures(tmp_path / "in", **arguments)[0].images.max() == 0  # type: ignore[arg-type]
    save(tmp_path / "in" / "a.png", colour="white", size=(21, 12))
    assert load_pictures(tmp_path / "in", **arguments)[0].images.max() == 255  # type: ignore[arg-type]


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "in" / "a.png")

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(DataError, match=r"can't be written to .* \(No space left on device\); make room"):
        load_pictures(tmp_path / "in", resolution=(8, 8), channels=1, memory_bytes=1, cache_dir=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_left_and_right_change_places_in_the_mirror() -> None:
    names = ("hand_left", "hand_right", "Left shoe", "Right shoe", "leftover", "cup", "LEFT", "left alone")
    data = Dataset(torch.zeros(1, 1, 8, 8, dtype=torch.uint8), torch.zeros(1).long(), names, "x", "x")
    assert data.mirrored_labels().tolist() == [1, 0, 3, 2, 4, 5, 6, 7]

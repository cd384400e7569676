"""Where training pictures come from, and what is said when they can't."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from train.config import OptionError
from train.data import drawn_shapes, load_folder, load_idx_set


def write_idx(path: Path, array: np.ndarray) -> None:
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}i", *array.shape)
    raw = header + array.astype(np.uint8).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("folder", ["", "mnist", "MNIST/raw"])
def test_idx_files_are_found_where_people_keep_them(tmp_path: Path, folder: str, suffix: str) -> None:
    images, labels = np.arange(2 * 28 * 28).reshape(2, 28, 28) % 256, np.array([3, 9])
    write_idx(tmp_path / folder / f"train-images-idx3-ubyte{suffix}", images)
    write_idx(tmp_path / folder / f"train-labels-idx1-ubyte{suffix}", labels)
    data = load_idx_set("mnist", tmp_path)
    assert torch.equal(data.images[:, 0], torch.from_numpy(images.astype(np.uint8)))
    assert data.labels.tolist() == [3, 9]
    assert data.image_size == (28, 28)
    assert data.channels == 1


def test_no_files_and_no_network_says_the_three_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision.datasets

    def no_network(*args: object, **kwargs: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torchvision.datasets, "MNIST", no_network)
    with pytest.raises(FileNotFoundError) as caught:
        load_idx_set("mnist", tmp_path)
    message = str(caught.value)
    assert "connect to the network" in message
    assert "--data_dir" in message
    assert "--train_data_dir" in message


def save(path: Path, size: tuple[int, int] = (20, 12), mode: str = "RGB", colour: object = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)
    return path


@pytest.mark.parametrize(("channels", "pixel"), [(1, [76]), (3, [255, 0, 0]), (4, [255, 0, 0, 255])])
def test_a_flat_folder_has_no_classes(tmp_path: Path, channels: int, pixel: list[int]) -> None:
    save(tmp_path / "a.png")
    save(tmp_path / "b.png", mode="P", colour=0)
    data = load_folder(tmp_path, resolution=(8, 16), channels=channels)
    assert data.images.shape == (2, channels, 8, 16)
    assert data.images[0, :, 4, 8].tolist() == pixel
    assert data.class_names == ()


def test_folders_in_the_folder_are_the_classes(tmp_path: Path) -> None:
    save(tmp_path / "cats" / "1.png", colour="black")
    save(tmp_path / "dogs" / "1.png", colour="white")
    save(tmp_path / "dogs" / "2.png", colour="white")
    data = load_folder(tmp_path, resolution=(8, 8), channels=1)
    assert data.class_names == ("cats", "dogs")
    assert data.labels.tolist() == [0, 1, 1]
    assert data.images.amax((1, 2, 3)).tolist() == [0, 255, 255]


def test_pictures_are_cropped_to_shape_and_not_squashed(tmp_path: Path) -> None:
    picture = Image.new("L", (40, 10))
    picture.paste(255, (15, 0, 25, 10))  # a white square in the middle
    picture.save(tmp_path / "wide.png")
    data = load_folder(tmp_path, resolution=(8, 8), channels=1)
    assert data.images.float().mean() > 240  # a squashed one would be three quarters black


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    picture = Image.new("L", (8, 8))
    picture.paste(255, (0, 0, 8, 4))  # white above
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise for display
    picture.save(tmp_path / "turned.png", exif=exif)
    data = load_folder(tmp_path, resolution=(8, 8), channels=1)
    assert data.images[0, 0, :, 7].min() == 255
    assert data.images[0, 0, :, 0].max() == 0


def test_files_that_can_not_be_read_are_named_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = save(tmp_path / "good.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "notes.txt").write_text("ignored without a word")
    data = load_folder(tmp_path, resolution=(8, 8), channels=3)
    assert len(data) == 1
    assert "left out 2 files" in caplog.text
    assert "cut.png" in caplog.text
    assert "text.png" in caplog.text
    assert "notes.txt" not in caplog.text


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="holds no picture"):
        load_folder(tmp_path, resolution=(8, 8), channels=3)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        load_folder(tmp_path / "nowhere", resolution=(8, 8), channels=3)


def test_drawn_shapes_are_the_same_every_time_and_not_all_alike() -> None:
    data, again = drawn_shapes(60, seed=0), drawn_shapes(60, seed=0)
    assert data.sha256() == again.sha256() != drawn_shapes(60, seed=1).sha256()
    assert len({image.numpy().tobytes() for image in data.images}) == 60
    assert set(data.labels.tolist()) == {0, 1, 2}

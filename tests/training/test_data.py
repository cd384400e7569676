"""What is said when the pictures that the options ask for are not there."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from gan_hub.training.data.datasets import load_dataset
from gan_hub.training.options.options import OptionError, TrainingOptions


def test_no_files_and_no_network_says_the_three_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision.datasets

    def no_network(*args: object, **kwargs: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torchvision.datasets, "MNIST", no_network)
    with pytest.raises(FileNotFoundError) as caught:
        load_dataset(TrainingOptions(data_dir=tmp_path))
    message = str(caught.value)
    assert "connect to the network" in message
    assert "--data_dir" in message
    assert "--train_data_dir" in message


def test_strict_data_refuses_what_is_otherwise_left_out(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"")
    options = TrainingOptions(train_data_dir=tmp_path, resolution=(16, 16))
    assert len(load_dataset(options)) == 1
    with pytest.raises(OptionError, match="1 files can't be read and 0 are there twice, with --strict_data"):
        load_dataset(replace(options, strict_data=True))


def test_no_pictures_is_a_matter_of_options(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="holds no picture"):
        load_dataset(TrainingOptions(train_data_dir=tmp_path))

"""Sets of the Hub, through the optional library; here from a folder on disk, without a network."""

import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from gan_hub.data.files import DataError
from gan_hub.data.hub import load_hub_dataset

ARGUMENTS = {"split": "train", "image_column": "image", "label_column": "label", "resolution": (8, 8), "channels": 3}


def test_pictures_and_classes_of_a_set(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra gan-hub[datasets] is not installed")
    pictures = [Image.new("RGB", (10, 12), colour) for colour in ("red", "blue", "red")]
    features = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(names=["warm", "cold"]))
    rows = datasets.Dataset.from_dict({"image": pictures, "label": [0, 1, 0]}, features=features)
    (tmp_path / "set").mkdir()
    rows.to_parquet(str(tmp_path / "set" / "train.parquet"))
    data, report = load_hub_dataset(str(tmp_path / "set"), **ARGUMENTS)  # type: ignore[arg-type]
    assert data.class_names == ("warm", "cold")
    assert data.labels.tolist() == [0, 1, 0]
    assert data.images[1, :, 4, 4].tolist() == [0, 0, 255]
    assert report.duplicates == {"row 2": "row 0"}
    with pytest.raises(DataError, match="has no pictures in a column 'label'; its columns are image, label"):
        load_hub_dataset(str(tmp_path / "set"), **{**ARGUMENTS, "image_column": "label"})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="can't be loaded"):
        load_hub_dataset(str(tmp_path / "nowhere"), **ARGUMENTS)  # type: ignore[arg-type]


def test_a_damaged_row_is_left_out_and_listed(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra gan-hub[datasets] is not installed")
    stream = io.BytesIO()
    Image.new("RGB", (10, 12), "red").save(stream, "PNG")
    good = {"bytes": stream.getvalue(), "path": None}
    damaged = [{"bytes": good["bytes"][:40], "path": None}, {"bytes": b"", "path": None}, None]
    features = datasets.Features(image=datasets.Image())
    rows = datasets.Dataset.from_dict({"image": [good, *damaged, good]}, features=features)
    (tmp_path / "set").mkdir()
    rows.to_parquet(str(tmp_path / "set" / "train.parquet"))
    data, report = load_hub_dataset(str(tmp_path / "set"), **ARGUMENTS)  # type: ignore[arg-type]
    assert len(data) == 2
    assert sorted(report.unreadable) == ["row 1", "row 2", "row 3"]


def test_without_the_library_the_command_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"pip install datasets"):
        load_hub_dataset("org/set", **ARGUMENTS)  # type: ignore[arg-type]

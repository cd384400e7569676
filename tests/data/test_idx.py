"""Sets in the IDX format, found where people keep them."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_hub.data.idx import load_idx_set


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

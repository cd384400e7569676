"""MNIST and its kin: sets in the IDX format."""

import gzip
from pathlib import Path

import numpy as np
import torch

from gan_hub.data.dataset import Dataset

MNIST_CLASSES = tuple("0123456789")
FASHION_CLASSES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
IDX_SETS = {
    # name: (torchvision's name, the classes, the licence as its source states it)
    "mnist": ("MNIST", MNIST_CLASSES, "CC BY-SA 3.0 (Yann LeCun, Corinna Cortes)"),
    "fashion-mnist": ("FashionMNIST", FASHION_CLASSES, "MIT (Zalando SE)"),
}


def load_idx_set(name: str, data_dir: Path, *, train: bool = True) -> Dataset:
    """MNIST or Fashion-MNIST from the four IDX files under `data_dir`.

    Args:
        name: a key of IDX_SETS.
        data_dir: holds the files themselves, gzipped or not, or `<name>/`, or torchvision's `MNIST/raw/`.
        train: the 60,000 training pictures, or the 10,000 test pictures.

    Raises:
        FileNotFoundError: the files are not there; says the three ways to get them.
    """
    torchvision_name, class_names, licence = IDX_SETS[name]
    split = "train" if train else "t10k"
    folders = [data_dir, data_dir / name, data_dir / torchvision_name / "raw"]
    found = _find_idx(folders, split)
    if found is None:
        raise FileNotFoundError(
            f"the {name} files are not under '{data_dir}'; a training downloads them, or copy the four *-ubyte.gz "
            "files into a folder and name that"
        )
    images, labels = (_read_idx(path) for path in found)
    return Dataset(torch.from_numpy(images)[:, None], torch.from_numpy(labels).long(), class_names, name, licence)


def _find_idx(folders: list[Path], split: str) -> tuple[Path, Path] | None:
    for folder in folders:
        for suffix in ("", ".gz"):
            pair = (folder / f"{split}-images-idx3-ubyte{suffix}", folder / f"{split}-labels-idx1-ubyte{suffix}")
            if all(path.is_file() for path in pair):
                return pair
    return None


def _read_idx(path: Path) -> np.ndarray:
    """One IDX file of unsigned bytes (http://yann.lecun.com/exdb/mnist): magic, sizes as big-endian int32, data."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    num_dims = raw[3]
    shape = np.frombuffer(raw, dtype=">i4", count=num_dims, offset=4)
    return np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * num_dims).reshape(shape).copy()

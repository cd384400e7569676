"""Training pictures as one uint8 tensor in memory: MNIST and its kin, a folder, or shapes drawn on the spot."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Dataset:
    """Pictures in memory.

    Attributes:
        images: [N, C, H, W], uint8.
        labels: [N], int64; all zero when there are no classes.
        class_names: one name a class; empty when there are no classes.
        name: for the card, such as "mnist" or the folder's name.
    """

    images: Tensor
    labels: Tensor
    class_names: tuple[str, ...]
    name: str

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.images.shape[2], self.images.shape[3]

    @property
    def channels(self) -> int:
        """1 grey, 3 RGB or 4 RGBA."""
        return self.images.shape[1]


MNIST_CLASSES = tuple("0123456789")
FASHION_CLASSES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
IDX_SETS = {"mnist": ("MNIST", MNIST_CLASSES), "fashion-mnist": ("FashionMNIST", FASHION_CLASSES)}


def load_idx_set(name: str, data_dir: Path, *, train: bool = True) -> Dataset:
    """MNIST or Fashion-MNIST from the four IDX files under `data_dir`, downloaded by torchvision if they are not there.

    Args:
        name: a key of IDX_SETS.
        data_dir: holds the files themselves, gzipped or not, or `<name>/`, or torchvision's `MNIST/raw/`.
        train: the 60,000 training pictures, or the 10,000 test pictures.

    Raises:
        FileNotFoundError: the files are not there and can't be downloaded; says the three ways to get them.
    """
    torchvision_name, class_names = IDX_SETS[name]
    split = "train" if train else "t10k"
    folders = [data_dir, data_dir / name, data_dir / torchvision_name / "raw"]
    found = _find_idx(folders, split)
    if found is None:
        _download(name, torchvision_name, data_dir)
        found = _find_idx(folders, split)
        assert found is not None, "torchvision downloaded the set to another place than it says"
    images, labels = (_read_idx(path) for path in found)
    return Dataset(torch.from_numpy(images)[:, None], torch.from_numpy(labels).long(), class_names, name)


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


def _download(name: str, torchvision_name: str, data_dir: Path) -> None:
    import torchvision.datasets

    download: Callable[..., object] = getattr(torchvision.datasets, torchvision_name)
    try:
        download(str(data_dir), train=True, download=True)
    except (OSError, RuntimeError) as error:
        raise FileNotFoundError(
            f"the {name} files are not under '{data_dir}' and could not be downloaded ({type(error).__name__}). Three ways to get pictures: "
            f"connect to the network and start again; copy the four *-ubyte.gz files into a folder and pass --data_dir FOLDER; "
            f"or train on your own pictures with --train_data_dir FOLDER (--preset tiny needs no data at all)"
        ) from error

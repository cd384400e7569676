"""Training pictures as one uint8 tensor in memory: MNIST and its kin, a folder, or shapes drawn on the spot."""

import gzip
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageOps
from torch import Tensor
from tqdm.auto import tqdm

from gan_hub.images import MODES
from train.config import OptionError, TrainingOptions

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dataset:
    """Pictures in memory.

    Attributes:
        images: [N, C, H, W], uint8; of clips [N, T * C, H, W].
        labels: [N], int64; all zero when there are no classes.
        class_names: one name a class; empty when there are no classes.
        name: such as "mnist" or the folder's name.
        licence: of the pictures, for the card.
        num_frames: T, of clips; 1 for pictures.
    """

    images: Tensor
    labels: Tensor
    class_names: tuple[str, ...]
    name: str
    licence: str
    num_frames: int = 1

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.images.shape[2], self.images.shape[3]

    @property
    def channels(self) -> int:
        """1 grey, 3 RGB or 4 RGBA."""
        return self.images.shape[1] // self.num_frames

    def description(self) -> str:
        """Name, count, size and licence in one sentence."""
        height, width = self.image_size
        what = "pictures" if self.num_frames == 1 else f"clips of {self.num_frames} frames"
        return f"{self.name}, {len(self):,} {what} of {height}x{width} pixels, licence: {self.licence}."

    def sha256(self) -> str:
        """Hash of the pictures and labels, to tell whether two runs saw the same."""
        digest = hashlib.sha256(self.images.contiguous().numpy().data)
        digest.update(self.labels.numpy().data)
        return digest.hexdigest()


MNIST_CLASSES = tuple("0123456789")
FASHION_CLASSES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
IDX_SETS = {
    # name: (torchvision's name, the classes, the licence as its source states it)
    "mnist": ("MNIST", MNIST_CLASSES, "CC BY-SA 3.0 (Yann LeCun, Corinna Cortes)"),
    "fashion-mnist": ("FashionMNIST", FASHION_CLASSES, "MIT (Zalando SE)"),
}


def load_dataset(options: TrainingOptions) -> Dataset:
    """The pictures, or clips of them, that the options ask for.

    Raises:
        FileNotFoundError: they are not there.
        OptionError: the folder holds no usable picture, or the resolution is not possible.
    """
    data = _load_pictures(options)
    return moving(data, num_frames=options.num_frames, seed=options.seed) if options.num_frames > 1 else data


def _load_pictures(options: TrainingOptions) -> Dataset:
    if options.train_data_dir is not None:
        return load_folder(options.train_data_dir, resolution=options.resolution, channels=options.channels)
    if options.dataset == "shapes":
        return drawn_shapes(1024, seed=options.seed)
    return load_idx_set(options.dataset, options.data_dir)


def load_idx_set(name: str, data_dir: Path, *, train: bool = True) -> Dataset:
    """MNIST or Fashion-MNIST from the four IDX files under `data_dir`, downloaded by torchvision if they are not there.

    Args:
        name: a key of IDX_SETS.
        data_dir: holds the files themselves, gzipped or not, or `<name>/`, or torchvision's `MNIST/raw/`.
        train: the 60,000 training pictures, or the 10,000 test pictures.

    Raises:
        FileNotFoundError: the files are not there and can't be downloaded; says the three ways to get them.
    """
    torchvision_name, class_names, licence = IDX_SETS[name]
    split = "train" if train else "t10k"
    folders = [data_dir, data_dir / name, data_dir / torchvision_name / "raw"]
    found = _find_idx(folders, split)
    if found is None:
        _download(name, torchvision_name, data_dir)
        found = _find_idx(folders, split)
        assert found is not None, "torchvision downloaded the set to another place than it says"
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


def _download(name: str, torchvision_name: str, data_dir: Path) -> None:
    import torchvision.datasets

    download: Callable[..., object] = getattr(torchvision.datasets, torchvision_name)
    try:
        download(str(data_dir), train=True, download=True)
    except (OSError, RuntimeError) as error:
        raise FileNotFoundError(
            f"the {name} files are not under '{data_dir}' and could not be downloaded ({type(error).__name__}). "
            "Three ways to get pictures: connect to the network and start again; copy the four *-ubyte.gz files into a "
            "folder and pass --data_dir FOLDER; or train on your own pictures with --train_data_dir FOLDER. "
            "(--preset tiny needs no pictures at all.)"
        ) from error


PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


def load_folder(folder: Path, *, resolution: tuple[int, int], channels: int) -> Dataset:
    """Pictures from a folder, or from one folder a class, cropped to the resolution's shape around their centre.

    EXIF rotation is applied. Files that can't be read are left out, with a warning that names them.

    Args:
        folder: pictures, or folders of pictures whose names become the classes.
        resolution: (H, W) of the result.
        channels: 1 grey, 3 RGB, 4 RGBA.

    Raises:
        FileNotFoundError: there is no such folder.
        OptionError: it holds no picture that can be read.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder '{folder}'; --train_data_dir takes a folder of pictures")
    class_folders = sorted(path for path in folder.iterdir() if path.is_dir() and _pictures(path))
    labelled = [(path, label) for label, class_folder in enumerate(class_folders) for path in _pictures(class_folder)]
    labelled = labelled or [(path, 0) for path in _pictures(folder)]
    height, width = resolution
    arrays, labels, unreadable = [], [], []
    for path, label in tqdm(labelled, desc="reading pictures", unit="img", disable=len(labelled) < 1000):
        try:
            with Image.open(path) as picture:
                upright = ImageOps.exif_transpose(picture).convert(MODES[channels])
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            unreadable.append(f"{path.name} ({type(error).__name__})")
            continue
        fitted = ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)
        arrays.append(np.asarray(fitted).reshape(height, width, channels))
        labels.append(label)
    if unreadable:
        logger.warning("left out %d files that can't be read: %s", len(unreadable), ", ".join(unreadable))
    if not arrays:
        raise OptionError(
            f"'{folder}' holds no picture that can be read; --train_data_dir takes a folder of "
            f"{', '.join(sorted(PICTURE_SUFFIXES))} files, or of one folder of them a class"
        )
    images = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()
    class_names = tuple(path.name for path in class_folders)
    return Dataset(images, torch.tensor(labels), class_names, folder.resolve().name, "that of your pictures")


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in PICTURE_SUFFIXES)


MAX_CLIPS = 20_000  # 160 MB of 8 frames of 32 x 32 pixels


def moving(data: Dataset, *, num_frames: int, seed: int) -> Dataset:
    """Clips in which the pictures of a set move straight on and bounce off the borders.

    Each picture is laid on a black canvas two pixels larger on every side, at a random place up to a fifth of it off
    the centre, and moves up to a twelfth of the canvas a frame in a random direction. After the moving digits of
    Srivastava et al., 2015, arXiv:1502.04681, section 4.1.

    Args:
        data: pictures [N, C, H, W]; at most MAX_CLIPS of them are used.
        num_frames: of each clip.
        seed: of the choice, the places and the directions.

    Returns:
        [N, num_frames * C, H + 4, W + 4], the frames one after the other along the channels.
    """
    stream = np.random.RandomState(seed)
    chosen = stream.permutation(len(data))[:MAX_CLIPS]
    pictures = data.images[torch.from_numpy(chosen)]
    count, _, height, width = pictures.shape
    canvas = np.array([height + 4, width + 4])
    reach = canvas // 5
    start = stream.uniform(-1, 1, size=(count, 1, 2)) * reach
    angle = stream.uniform(0, 2 * np.pi, size=count)
    speed = stream.uniform(0.5, 1, size=count)[:, None] * canvas / 12
    velocity = (np.stack([np.sin(angle), np.cos(angle)], axis=1) * speed)[:, None]
    unfolded = start + velocity * np.arange(num_frames)[None, :, None] + reach
    offsets = np.rint(np.abs((unfolded - 2 * reach) % (4 * reach) - 2 * reach) - reach).astype(int)
    margin = int(reach.max()) + 2
    padded = torch.nn.functional.pad(pictures, [margin] * 4)
    rows = torch.from_numpy(margin - 2 - offsets[:, :, 0, None] + np.arange(canvas[0]))  # [N, T, canvas height]
    columns = torch.from_numpy(margin - 2 - offsets[:, :, 1, None] + np.arange(canvas[1]))
    which = torch.arange(count)[:, None, None]
    frames = [padded[which, :, rows[:, t, :, None], columns[:, t, None, :]] for t in range(num_frames)]
    images = torch.stack(frames, dim=1).permute(0, 1, 4, 2, 3).flatten(1, 2).contiguous()
    labels = data.labels[torch.from_numpy(chosen)]
    return Dataset(images, labels, data.class_names, f"moving {data.name}", data.licence, num_frames)


SHAPES: dict[str, Callable[[ImageDraw.ImageDraw, tuple[float, float, float, float]], None]] = {
    "disc": lambda draw, box: draw.ellipse(box, fill=255),
    "square": lambda draw, box: draw.rectangle(box, fill=255),
    "triangle": lambda draw, box: draw.polygon(
        [(box[0], box[3]), (box[2], box[3]), ((box[0] + box[2]) / 2, box[1])], fill=255
    ),
}


def drawn_shapes(count: int, *, seed: int, size: int = 16) -> Dataset:
    """White shapes of random size and place on black, one class a shape: data for a first try and for tests."""
    stream = np.random.RandomState(seed)
    labels = stream.randint(len(SHAPES), size=count)
    arrays = []
    for label in labels:
        picture = Image.new("L", (4 * size, 4 * size))  # drawn four times as large, for smooth edges
        radius = stream.uniform(0.18, 0.32) * 4 * size
        x, y = stream.uniform(radius, 4 * size - radius, size=2)
        list(SHAPES.values())[label](ImageDraw.Draw(picture), (x - radius, y - radius, x + radius, y + radius))
        arrays.append(np.asarray(picture.resize((size, size), Image.Resampling.BOX)))
    images = torch.from_numpy(np.stack(arrays))[:, None]
    return Dataset(images, torch.from_numpy(labels).long(), tuple(SHAPES), "drawn shapes", "none needed")

"""What stylizers are judged by: photos and paintings held out of all training, and measures of pictures."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.measuring import machine, print_header, print_row, write_json
from gan_hub import PhotoStylizer
from gan_hub.data.files import PICTURE_SUFFIXES
from gan_hub.images import from_uint8
from gan_hub.loading.model_files import bundled_names
from gan_hub.painting.blending import LUMA
from gan_hub.painting.photos import open_photo, upright
from gan_hub.training.style.data import network_arguments
from gan_hub.training.style.options import StyleOptions
from gan_hub.training.style.presets import PHOTOS

NOT_A_PHOTO = "ocean-waves.jpg"  # a painting among the photos
JUDGED_PHOTOS = tuple(str(name) for name in PHOTOS["photos_exclude"] if name != NOT_A_PHOTO)
MORE_PHOTOS = Path("photos/cid22")  # train-* and val-*; for tests and experiments alone
HELD_OUT_PAINTINGS = 5  # one of so many
SHORT_SIDE = 512
UNTRAINED = "untrained"  # a new network, to try a benchmark out


@dataclass(frozen=True)
class Common:
    """What all measurements take."""

    data_dir: Path = Path("data")
    seed: int = 0
    json: Path | None = None
    """File to keep the result in."""


def report(options: Common, result: Mapping[str, Any], header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table and the result as a line of JSON, and keep that if it is wanted; `machine` and `seed` are added."""
    facts = {**result, "seed": options.seed, "machine": machine()}
    print()
    print_header(*header)
    for row in rows:
        print_row(*row)
    print(f"\n{json.dumps(facts)}", flush=True)
    if options.json is not None:
        write_json(options.json, facts)


def load_stylizers(names: Sequence[str], *kinds: str) -> dict[str, PhotoStylizer]:
    """Stylizers by the name they go by in a table; all bundled ones of these kinds if no names are given."""
    return {label_of(name): load_stylizer(name) for name in names or bundled_names(*kinds)}  # type: ignore[arg-type]


def load_stylizer(name: str) -> PhotoStylizer:
    """A bundled one, one in a folder, or `untrained`: the network that `train/stylize.py` starts with."""
    if name != UNTRAINED:
        return PhotoStylizer.from_pretrained(name)
    torch.manual_seed(0)
    options = StyleOptions()
    return PhotoStylizer(architecture=options.architecture, **network_arguments(options)).eval()  # type: ignore[arg-type]


def label_of(name: str) -> str:
    """The last part of a path, with the run's name before it for a checkpoint."""
    path = Path(name)
    return f"{path.parent.name}/{path.name}" if path.name.startswith("checkpoint-") else path.name


def photo_paths(data_dir: Path, *, held_out: bool) -> list[Path]:
    """Photos that nothing is trained on, those without restrictions of use first; or all others."""
    found = []
    for folder in PHOTOS["photos"]:
        for path in _pictures(data_dir / folder):
            if path.name != NOT_A_PHOTO and held_out == (path.name in JUDGED_PHOTOS):
                found.append(path)
    prefix = "val-" if held_out else "train-"
    return found + [path for path in _pictures(data_dir / MORE_PHOTOS) if path.name.startswith(prefix)]


def painting_paths(data_dir: Path, *, held_out: bool) -> list[Path]:
    """Paintings that the judge is not trained on, or all others."""
    root = data_dir / "paintings"
    return [path for path in _pictures(root) if is_held_out(path.relative_to(root).as_posix()) == held_out]


def is_held_out(name: str) -> bool:
    """Whether a painting is among the fifth that the judge never sees, by a hash of its name."""
    return hashlib.sha256(name.encode()).digest()[0] % HELD_OUT_PAINTINGS == 0


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)


def open_reduced(path: Path, short_side: int = SHORT_SIDE) -> Image.Image:
    """A picture, RGB and upright, with its shorter side reduced to at most `short_side`."""
    picture = upright(open_photo(path)).colours
    factor = short_side / min(picture.size)
    if factor >= 1:
        return picture
    return picture.resize([round(side * factor) for side in picture.size], Image.Resampling.LANCZOS)


def as_tensor(picture: Image.Image) -> Tensor:
    """[1, 3, H, W] in [-1, 1]."""
    return from_uint8(torch.from_numpy(np.array(picture)).permute(2, 0, 1))[None]


def as_floats(picture: Image.Image) -> np.ndarray:
    """[H, W, 3], float64, from 0 to 255."""
    return np.asarray(picture, dtype=np.float64)


def luma(picture: Image.Image) -> np.ndarray:
    """Y of full-range YCbCr: [H, W], float64, from 0 to 255, not rounded."""
    return as_floats(picture) @ np.asarray(LUMA)


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two arrays of one shape with values from 0 to 255, in dB; infinite if equal."""
    error = float(np.mean((np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def edge_energy(light: np.ndarray) -> float:
    """Mean squared gradient of [H, W], by differences of neighbours along both axes."""
    light = np.asarray(light, dtype=np.float64)
    return float(np.mean(np.diff(light, axis=0) ** 2) + np.mean(np.diff(light, axis=1) ** 2))

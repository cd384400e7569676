"""What is wrong, or worth knowing, about a collection of pictures, in words."""

import hashlib
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from gan_hub.data.decode import Decoded

THUMBNAIL = 8
MANY = 10_000  # pictures, above which a GAN does not learn them by heart, and needs no augmentation
MAX_SIDE = {"cpu": 64, "cuda": 256}  # pixels, to train at: what a night suffices for


@dataclass
class Report:
    """Gathered picture by picture; every list holds a name once.

    Attributes:
        num_pictures: that can be used.
        unreadable: left out, with the reason.
        ignored: left out since they belong to no class.
        duplicates: the same pixels as an earlier one, whose name follows.
        near_duplicates: nearly the same.
        small: enlarged, with the factor.
        cropped: with the share that is kept, where less than three quarters are.
        converted: from other channels or depths, with what they were.
        animated: of which the first frame is used, with the number of frames.
        classes: pictures a class.
    """

    num_pictures: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    duplicates: dict[str, str] = field(default_factory=dict)
    near_duplicates: dict[str, str] = field(default_factory=dict)
    small: dict[str, str] = field(default_factory=dict)
    cropped: dict[str, str] = field(default_factory=dict)
    converted: dict[str, str] = field(default_factory=dict)
    animated: dict[str, str] = field(default_factory=dict)
    classes: dict[str, int] = field(default_factory=dict)
    _modes: Counter[str] = field(default_factory=Counter)
    _seen: dict[bytes, str] = field(default_factory=dict)
    _thumbnails: dict[bytes, list[tuple[str, np.ndarray]]] = field(default_factory=dict)

    def add(self, name: str, decoded: Decoded, class_name: str | None) -> None:
        """Note a picture that can be used."""
        self.num_pictures += 1
        if class_name is not None:
            self.classes[class_name] = self.classes.get(class_name, 0) + 1
        channels = decoded.array.shape[2]
        if (was := _conversion(decoded.mode, channels)) is not None:
            self.converted[name] = was
        self._modes[decoded.mode] += 1
        if decoded.num_frames > 1:
            self.animated[name] = f"{decoded.num_frames} frames"
        if decoded.kept < 0.75:
            self.cropped[name] = f"{decoded.kept:.0%} kept" if decoded.kept >= 0.01 else f"{decoded.kept:.2%} kept"
        elif decoded.enlargement > 1:
            self.small[name] = f"{decoded.size[1]}x{decoded.size[0]}"
        self._compare(name, decoded.array)

    def _compare(self, name: str, array: np.ndarray) -> None:
        pixels = hashlib.blake2b(array.tobytes(), digest_size=16).digest()
        if (twin := self._seen.setdefault(pixels, name)) != name:
            self.duplicates[name] = twin
            return
        # Candidates share the signs of the differences between neighbours (dHash); of those the pixels decide.
        thumbnail = _thumbnail(array)
        signs = np.packbits(thumbnail[:, 1:] > thumbnail[:, :-1]).tobytes()
        candidates = self._thumbnails.setdefault(signs, [])
        for other, seen in candidates[:50]:
            if np.abs(thumbnail - seen.astype(np.float32)).mean() < 2:
                self.near_duplicates[name] = other
                return
        candidates.append((name, thumbnail.round().astype(np.uint8)))

    def to_dict(self) -> dict[str, Any]:
        """What was gathered, as JSON has it."""
        return {item.name: getattr(self, item.name) for item in fields(self) if not item.name.startswith("_")}

    def load_dict(self, found: Mapping[str, Any]) -> None:
        """Take over what another report gathered from the same pictures."""
        for name, value in found.items():
            setattr(self, name, value)

    @property
    def faults(self) -> int:
        """Files that can't be used, or are there twice."""
        return len(self.unreadable) + len(self.duplicates)

    def lines(self, limit: int = 10) -> list[str]:
        """The report, a sentence a line, with up to `limit` names for each kind."""
        lines = [f"{self.num_pictures:,} pictures can be used"]
        for title, names in (
            ("can't be read and are left out", self.unreadable),
            ("belong to no class and are left out", dict.fromkeys(self.ignored, "")),
            ("have the same pixels as another", self.duplicates),
            ("are nearly the same as another", self.near_duplicates),
            ("lose more than a quarter to the crop", self.cropped),
            ("are smaller than the training's size and are enlarged", self.small),
            ("are converted", self.converted),
            ("are animated; the first frame is used", self.animated),
        ):
            if names:
                shown = [f"{name} ({why})" if why else name for name, why in list(names.items())[:limit]]
                more = [f"and {len(names) - limit:,} more"] if len(names) > limit else []
                lines.append(f"{len(names):,} {title}: {', '.join(shown + more)}")
        if self.classes:
            counts = sorted(self.classes.items(), key=lambda item: item[1])
            lines.append(f"{len(counts)} classes: " + ", ".join(f"{name} {count:,}" for name, count in counts[:20]))
            if counts[0][1] * 10 < counts[-1][1]:
                lines.append(
                    f"{counts[0][0]} has {counts[-1][1] // counts[0][1]} times fewer pictures than {counts[-1][0]}; "
                    "rare classes will look worse"
                )
        return lines

    def suggestion(self, path: str, resolution: tuple[int, int], channels: int) -> str:
        """A command that suits these pictures."""
        words = ["accelerate", "launch", "train/train.py", "--preset", "folder", "--train_data_dir", path]
        words += ["--resolution", *map(str, resolution), "--channels", str(channels), "--minutes", "60"]
        if self.num_pictures > MANY:
            words += ["--augment", "none"]
        return shlex.join(words)

    def suggested_channels(self) -> int:
        """1 if all pictures are grey, 4 if most have transparency, else 3."""
        total = sum(self._modes.values())
        grey = sum(count for mode, count in self._modes.items() if mode in ("1", "L") or mode.startswith("I"))
        clear = sum(count for mode, count in self._modes.items() if mode in ("LA", "PA", "RGBA"))
        return 1 if grey == total else 4 if clear > total / 2 else 3


def suggested_resolution(sizes: Sequence[tuple[int, int]], device_type: str) -> tuple[int, int]:
    """Height and width to train at: square, no larger than most pictures are, and what the device can do in a night.

    Args:
        sizes: (H, W) of the pictures.
        device_type: as PyTorch calls it; one that is not known counts as a CPU.
    """
    if not sizes:
        return 64, 64
    shorter = sorted(min(size) for size in sizes)[len(sizes) // 10]  # some may be enlarged
    side = max(8, min(shorter // 4 * 4, MAX_SIDE.get(device_type, MAX_SIDE["cpu"])))
    return side, side


def _conversion(mode: str, channels: int) -> str | None:
    """What a picture was, if it is not what the training takes anyway."""
    usual = {1: ("L",), 3: ("RGB",), 4: ("RGBA", "RGB")}[channels]
    if mode in usual:
        return None
    if mode.startswith("I"):
        return "16 bits a channel"
    names = {"L": "grey", "1": "black and white", "P": "palette", "PA": "palette", "LA": "grey with transparency"}
    return names.get(mode, "with transparency" if mode == "RGBA" else mode)


def _thumbnail(array: np.ndarray) -> np.ndarray:
    """Means over an 8 x 8 grid, [8, 8, C]."""
    height, width, channels = array.shape
    rows, columns = max(1, height // THUMBNAIL), max(1, width // THUMBNAIL)
    used = array[: rows * THUMBNAIL, : columns * THUMBNAIL].astype(np.float32)
    return used.reshape(-1, rows, used.shape[1] // columns, columns, channels).mean((1, 3))

"""Training pictures as one uint8 tensor."""

import hashlib
import re
from dataclasses import dataclass

import torch
from torch import Tensor


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
        is_mapped: whether `images` is a file mapped into memory, too large to be copied to a device.
    """

    images: Tensor
    labels: Tensor
    class_names: tuple[str, ...]
    name: str
    licence: str
    num_frames: int = 1
    is_mapped: bool = False

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

    def mirrored_labels(self) -> Tensor:
        """The class of each class's mirror image, [num_classes]: itself, unless two names differ in left and right."""
        numbers = {name: i for i, name in enumerate(self.class_names)}
        return torch.tensor([numbers.get(_mirrored(name), i) for name, i in numbers.items()], dtype=torch.int64)


def _mirrored(name: str) -> str:
    """The name with the words left and right exchanged, whatever their case."""

    def exchange(match: re.Match[str]) -> str:
        word = match[0]
        other = "right" if word.lower() == "left" else "left"
        return other.upper() if word.isupper() else other.capitalize() if word[0].isupper() else other

    return re.sub(r"(?<![^\W_])(left|right)(?![^\W_])", exchange, name, flags=re.IGNORECASE)

"""From the bytes of any picture to an array of the size and channels that a training asks for."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageOps

from gan_hub.images import MODES, has_alpha, over_white, sixteen_bits_to_eight

MAX_PIXELS = 200_000_000  # 800 MB as RGBA, for a moment


class UnreadableError(ValueError):
    """Bytes that are no picture that can be used; the message says why, in a few words."""


@dataclass(frozen=True)
class Decoded:
    """A picture as the training sees it, and what it was before.

    Attributes:
        array: [H, W, C], uint8; of RGBA, the colours are multiplied by alpha.
        size: (H, W) of the file, upright.
        mode: of the file, in Pillow's words.
        num_frames: of an animation; only the first is used.
    """

    array: np.ndarray
    size: tuple[int, int]
    mode: str
    num_frames: int

    @property
    def kept(self) -> float:
        """The share of the picture that is left after cropping it to shape."""
        height, width = self.array.shape[:2]
        ratio = (self.size[1] / self.size[0]) / (width / height)
        return min(ratio, 1 / ratio)

    @property
    def enlargement(self) -> float:
        """How much larger the training sees it than it is; at most 1 where nothing is invented."""
        height, width = self.array.shape[:2]
        return max(height / self.size[0], width / self.size[1])


def decode(data: bytes, *, resolution: tuple[int, int], channels: int) -> Decoded:
    """Decode, turn upright, crop around the centre to shape, resize.

    Transparency is kept with 4 channels, and laid over white with fewer. 16 bits become 8; of an animation the first
    frame is taken.

    Raises:
        UnreadableError: what is wrong with it.
    """
    if not data:
        raise UnreadableError("empty")
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return fitted(picture, resolution=resolution, channels=channels)
    except Image.UnidentifiedImageError as error:
        raise UnreadableError("not a picture") from error
    except Image.DecompressionBombError as error:
        raise UnreadableError(f"more than {MAX_PIXELS:,} pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError, MemoryError) as error:
        if isinstance(error, UnreadableError):
            raise
        text = str(error).split("\n")[0]
        raise UnreadableError(
            "truncated" if "truncated" in text or "Truncated" in text else f"damaged ({text})"
        ) from error


def upright_size(data: bytes) -> tuple[int, int] | None:
    """(H, W) of a picture by its header, as its orientation says; None if it is none."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            is_turned = picture.getexif().get(ExifTags.Base.Orientation, 1) >= 5
            return picture.size if is_turned else (picture.height, picture.width)
    except Exception:  # whatever a damaged file makes Pillow raise; `decode` says what is wrong with it
        return None


def fitted(picture: Image.Image, *, resolution: tuple[int, int], channels: int) -> Decoded:
    """What `decode` does after opening; `picture` is any of Pillow's."""
    mode, num_frames = picture.mode, getattr(picture, "n_frames", 1)
    if picture.width * picture.height > MAX_PIXELS:
        raise UnreadableError(f"more than {MAX_PIXELS:,} pixels")
    height, width = resolution
    full_size = picture.size
    picture.draft(None, (2 * width, 2 * height))  # JPEGs are decoded at a fraction of their size, where that will do
    upright = ImageOps.exif_transpose(picture)
    size = (full_size[1], full_size[0])
    if (upright.width > upright.height) != (picture.width > picture.height):
        size = full_size
    colour = _to_mode(upright, channels)
    small = ImageOps.fit(colour, (width, height), Image.Resampling.LANCZOS)
    if channels == 4:
        small = small.convert("RGBa")  # colours multiplied by alpha: what is invisible has no colour to be learned
    array = np.asarray(small).reshape(height, width, channels)
    return Decoded(array, size, mode, num_frames)


def _to_mode(picture: Image.Image, channels: int) -> Image.Image:
    if picture.mode.startswith("I"):
        try:
            picture = sixteen_bits_to_eight(picture)
        except ValueError as error:
            raise UnreadableError(str(error)) from error
    elif picture.mode == "F":
        raise UnreadableError("floating point pixels")
    if channels == 4 or not has_alpha(picture):
        return picture.convert(MODES[channels])
    return over_white(picture).convert(MODES[channels])

"""Conversion between [-1, 1], uint8 and PIL, which no other module does; grids, enlargement, PNG and WebP."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def to_uint8(images: Tensor) -> Tensor:
    """Floats in [-1, 1] to uint8 in [0, 255], rounded to nearest; values outside are clamped. Any shape."""
    return images.float().add(1).mul(127.5).round_().clamp_(0, 255).to(torch.uint8)


def from_uint8(images: Tensor) -> Tensor:
    """uint8 in [0, 255] to floats in [-1, 1]: the inverse of `to_uint8`. Any shape."""
    return images.float().div_(127.5).sub_(1)


def to_pil(images: Tensor) -> list[Image.Image]:
    """Images [N, C, H, W] in [-1, 1] to N pictures; C = 1 is grey, 3 RGB, 4 RGBA with the colours multiplied by alpha.

    In the resulting RGBA pictures the colours are not multiplied by alpha, as in RGBA files.
    """
    arrays = to_uint8(images).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return [from_array(array) for array in arrays]


def from_array(array: np.ndarray) -> Image.Image:
    """A uint8 array [H, W, C] to a picture; the colours of an RGBA array are multiplied by alpha."""
    if array.shape[2] == 4:
        # A network may paint more colour than its alpha has room for.
        array = np.minimum(array, array[:, :, 3:])
        return Image.fromarray(array, "RGBa").convert("RGBA")
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array, MODES[array.shape[2]])


def has_alpha(picture: Image.Image) -> bool:
    """Whether pixels of a picture may be transparent."""
    return picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info


def with_alpha(picture: Image.Image) -> Image.Image:
    """Any picture as RGBA."""
    if picture.mode == "La":  # the one mode that Pillow does not convert to RGBA directly
        picture = picture.convert("LA")
    return picture.convert("RGBA")


def over_white(picture: Image.Image) -> Image.Image:
    """Composite a picture with alpha on white, as RGB; a picture without alpha stays as it is."""
    if not has_alpha(picture):
        return picture
    layer = with_alpha(picture)
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def sixteen_bits_to_eight(picture: Image.Image) -> Image.Image:
    """Convert a grey picture with values from 0 to 65535 to L, rounded; Pillow's own conversion clips them at 255.

    Raises:
        ValueError: a value is outside that range.
    """
    values = np.asarray(picture)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("more than 16 bits a channel")
    table = ((np.arange(65536, dtype=np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    return Image.fromarray(table[values])


def grid(pictures: Sequence[Image.Image], columns: int, *, padding: int = 2) -> Image.Image:
    """Arrange pictures of one size and mode in rows, left to right, on black (transparent for RGBA).

    Args:
        pictures: at least one.
        columns: pictures in a row, at least 1; the last row may be shorter.
        padding: pixels between and around the pictures.

    Raises:
        ValueError: no pictures, or fewer than one column.
    """
    if not pictures or columns < 1:
        raise ValueError(
            f"a grid of {len(pictures)} pictures in {columns} columns is not possible; both must be at least 1"
        )
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    width, height = pictures[0].size
    sheet = Image.new(pictures[0].mode, (columns * (width + padding) + padding, rows * (height + padding) + padding))
    for i, picture in enumerate(pictures):
        row, column = divmod(i, columns)
        sheet.paste(picture, (padding + column * (width + padding), padding + row * (height + padding)))
    return sheet


def enlarge(picture: Image.Image, factor: int) -> Image.Image:
    """Repeat each pixel `factor` times in both directions: crisp, and without invented detail."""
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)


def fitted(size: tuple[int, int], longest: int) -> tuple[np.ndarray, np.ndarray]:
    """For each row and column of an enlargement, the row and column of the picture that it shows; both counts are even.

    Pixels become squares whose side is the largest whole number for which the longer side is at most `longest`, but at
    least 1. The outermost rows and columns are widened to reach `longest`, if less than one square is missing, or an
    even number.

    Args:
        size: (width, height) of the picture.
        longest: even.

    Returns:
        the indices [H] of rows and [W] of columns.
    """
    factor = max(1, longest // max(size))
    missing = longest - factor * max(size)

    def indices(length: int) -> np.ndarray:
        target = longest if length == max(size) and 0 <= missing < factor else factor * length
        target += target % 2
        return np.clip((np.arange(target) - (target - factor * length) // 2) // factor, 0, length - 1)

    return indices(size[1]), indices(size[0])


def enlarged(picture: Image.Image, rows: np.ndarray, columns: np.ndarray) -> Image.Image:
    """The picture that shows the given rows and columns of another; see `fitted`."""
    result = Image.fromarray(np.asarray(picture)[rows][:, columns], picture.mode)
    if picture.mode == "P":
        result.putpalette(picture.getpalette() or [])
    return result


def png_bytes(picture: Image.Image, text: Mapping[str, str] | None = None) -> bytes:
    """Encode losslessly, with `text` as text chunks; the same picture and text give the same bytes."""
    info = PngInfo()
    for key, value in (text or {}).items():
        info.add_itxt(key, value) if not value.isascii() else info.add_text(key, value)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def save_animation(frames: Sequence[Image.Image], path: Path, *, frames_per_second: float = 10.0) -> None:
    """Write pictures of one size as a lossless animated WebP that repeats for ever."""
    duration = round(1000 / frames_per_second)
    first, *rest = [frame if frame.mode in ("RGB", "RGBA") else frame.convert("RGB") for frame in frames]
    first.save(path, "WEBP", save_all=True, append_images=rest, duration=duration, loop=0, lossless=True)

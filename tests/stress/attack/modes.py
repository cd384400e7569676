"""A4: pictures of every kind come through the page with the colours that they have, to two steps of 255."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.stress.attack.bad_images import saved
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

HEIGHT, WIDTH = 24, 32
TOLERANCE = 2


@dataclass(frozen=True)
class Modes:
    """A golden table of modes and formats."""

    json: Path | None = None


def gradient() -> np.ndarray:
    """Colours [H, W, 3] that differ in every direction, uint8."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack(
        [x * 255 // (WIDTH - 1), y * 255 // (HEIGHT - 1), (x + y) * 255 // (WIDTH + HEIGHT - 2)], -1
    ).astype(np.uint8)


def cases() -> Iterator[tuple[str, bytes, np.ndarray]]:
    """A name, a file, and the RGB or RGBA that it shows, worked out without Pillow's conversions."""
    rgb = gradient()
    grey = rgb[..., 0]
    alpha = rgb[..., 1]
    image = Image.fromarray(rgb)
    yield "RGB", saved(image, "PNG"), rgb
    yield "WebP", saved(image, "WEBP", lossless=True), rgb
    yield "BMP", saved(image, "BMP"), rgb
    yield "PPM", saved(image, "PPM"), rgb
    yield "TIFF", saved(image, "TIFF", compression="tiff_lzw"), rgb
    yield "JPEG", saved(Image.fromarray(grey), "JPEG", quality=100), np.stack([grey] * 3, -1)
    yield "L", saved(Image.fromarray(grey), "PNG"), np.stack([grey] * 3, -1)
    layered = np.dstack([grey, alpha])
    yield "LA", saved(Image.fromarray(layered, "LA"), "PNG"), np.dstack([grey, grey, grey, alpha])
    yield "RGBA", saved(Image.fromarray(np.dstack([rgb, alpha])), "PNG"), np.dstack([rgb, alpha])
    sixteen = (grey.astype(np.uint16) * 257).astype(np.uint16)
    for kind in ("PNG", "TIFF"):
        yield f"I;16 {kind}", saved(Image.fromarray(sixteen), kind), np.stack([grey] * 3, -1)
    yield "F", saved(Image.fromarray(grey.astype(np.float32) / 255), "TIFF"), np.stack([grey] * 3, -1)
    inks = np.dstack([255 - rgb, np.full_like(grey, 0)])
    yield "CMYK", saved(Image.fromarray(inks, "CMYK"), "TIFF"), rgb
    bits = (grey > 127).astype(np.uint8) * 255
    yield "1", saved(Image.fromarray(bits).convert("1"), "PNG"), np.stack([bits] * 3, -1)
    indices = (np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 64).astype(np.uint8)
    palette = np.stack([np.arange(64) * 4, 255 - np.arange(64) * 4, np.full(64, 90)], -1).astype(np.uint8)
    paletted = Image.fromarray(indices)
    paletted.putpalette(palette.tobytes())
    yield "P", saved(paletted, "PNG"), palette[indices]
    yield "GIF", saved(paletted, "GIF", save_all=True, append_images=[paletted.rotate(180)]), palette[indices]
    shown = np.dstack([palette[indices], np.where(indices == 5, 0, 255)])
    yield "P with a transparent colour", saved(paletted, "PNG", transparency=5), shown.astype(np.uint8)
    turns = [
        lambda a: a, lambda a: a[:, ::-1], lambda a: a[::-1, ::-1], lambda a: a[::-1], lambda a: a.transpose(1, 0, 2),
        lambda a: a.transpose(1, 0, 2)[:, ::-1], lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        lambda a: a.transpose(1, 0, 2)[::-1],
    ]  # fmt: skip
    for orientation, turn in enumerate(turns, 1):
        tags = Image.Exif()
        tags[0x0112] = orientation
        yield f"orientation {orientation}", saved(image, "PNG", exif=tags), turn(rgb)


def difference(made: np.ndarray, wanted: np.ndarray) -> int:
    """The largest, of what is visible; 255 if the shapes differ."""
    if made.shape != wanted.shape:
        return 255
    visible = wanted[..., 3:] > 0 if wanted.shape[-1] == 4 else np.True_
    return int((np.abs(made.astype(int) - wanted.astype(int)) * visible).max())


def main(options: Modes) -> bool:
    """Run it; returns whether everything passed."""
    tally = Tally("modes", None)
    worst = 0
    with PageProcess() as page, Caller(page.url) as caller:
        for name, data, wanted in cases():
            answer = caller.call(
                "stylize", [caller.upload("a", data), "monet", 0, False, "100", 0, 0, "png", 90, False]
            )
            made = np.asarray(Image.open(io.BytesIO(caller.fetch(answer.data[0])))) if answer.data else np.zeros(1)
            distance = difference(made, wanted)
            worst = max(worst, distance)
            tally.check(distance <= TOLERANCE, f"{name}: {answer.error or f'off by {distance}, {made.shape}'}")
    return tally.finish(options.json, worst_of_255=worst)

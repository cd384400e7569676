"""Frames to files: MP4, animated WebP, GIF, a ZIP of PNGs, a contact sheet; each carries its recipe.

Frames are taken one at a time and only the encoded ones are kept, so that a long walk fits into memory, and a walk that
is stopped half-way is a whole file. Encoders of the same version make the same bytes of the same frames.
"""

import io
import json
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import av
import numpy as np
from PIL import Image

from gan_hub import images
from gan_hub.recipes.archives import stored_zip
from gan_hub.recipes.containers import WALK_KEY, exif_of, gif_blocks, riff_chunks, sub_blocks
from gan_hub.recipes.fields import choice, whole

MAX_FPS = 60
MAX_GIF_FPS = 50  # a GIF counts hundredths of a second, and browsers slow down frames of only one
MIN_SIZE, MAX_SIZE = 16, 2048
MAX_CELLS = 64  # of a contact sheet

# The fastest preset is also the best here: it does not smooth, and these pictures are squares with sharp edges (51 dB
# at this crf, the slower presets 45 to 48), and it takes a fifth of the time of `medium`. `animation` makes the files a
# third smaller. One thread: two are no faster at this size, and the bytes would depend on their number. Measured by
# benchmarks/interpolation.py.
H264 = {"preset": "ultrafast", "tune": "animation", "crf": "18"}

# ITU-R BT.601, which players assume for small pictures: Y' in [16, 235], Cb and Cr in [16, 240] around 128. In
# 65536ths, so that the bytes are the same on every machine.
LUMA_OF_GREY = np.rint(16 + np.arange(256) * (219 / 255)).astype(np.uint8)
TO_YCBCR = ((16829, 33039, 6416, 16), (-9714, -19070, 28784, 128), (28784, -24103, -4681, 128))


@dataclass(frozen=True)
class Plan:
    """The arguments of an encoder beside the frames.

    Attributes:
        fps: frames a second.
        rows: [H], the row of a frame that each row of the file shows; see `images.fitted`.
        columns: [W], the same for columns.
        recipe: JSON, or "" for none.
    """

    fps: int
    rows: np.ndarray
    columns: np.ndarray
    recipe: str

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the file."""
        return len(self.columns), len(self.rows)

    def ticks(self, frame: int, per_second: int) -> int:
        """How many ticks a frame is shown for; rounded so that no error adds up."""
        return round((frame + 1) * per_second / self.fps) - round(frame * per_second / self.fps)


def encode(
    frames: Iterable[Image.Image],
    format: str,  # noqa: A002  # what Pillow calls it
    *,
    fps: int,
    size: int = 256,
    recipe: str = "",
    on_progress: Callable[[int], object] = lambda _: None,
) -> bytes:
    """Encode frames of one size and mode; the iterable may end early, the file is whole.

    Args:
        frames: L, RGB or RGBA, at least one; taken one at a time. Alpha is laid over white in MP4 and GIF.
        format: of `FORMATS`.
        fps: frames a second, from 1 to 60; of a GIF to 50.
        size: of the longer side, which is enlarged to it by whole pixels and never made smaller; even, from 16 to 2048.
            Of a contact sheet: of each picture.
        recipe: JSON that the file carries and `containers.walk_text` reads.
        on_progress: called with the number of frames encoded, after each.

    Raises:
        ValueError: an argument is out of its range, there are no frames, or they are not of one size and mode.
    """
    choice(FORMATS).check("format", format)
    fps = whole(1, MAX_GIF_FPS if format == "gif" else MAX_FPS).check("fps", fps)
    size = whole(MIN_SIZE, MAX_SIZE, even=True).check("size", size)
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ValueError("there are no frames; give at least one")

    def checked() -> Iterator[Image.Image]:
        for count, frame in enumerate(chain([first], iterator), 1):
            if frame.size != first.size or frame.mode != first.mode or frame.mode not in ("L", "RGB", "RGBA"):
                raise ValueError(
                    f"frame {count} is {frame.mode} {frame.size} and the first {first.mode} {first.size}; they must be "
                    "of one size, and all L, RGB or RGBA"
                )
            yield frame
            on_progress(count)

    return FORMATS[format](checked(), Plan(fps, *images.fitted(first.size, size), recipe))


def _mp4(frames: Iterator[Image.Image], plan: Plan) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4", options={"fflags": "+bitexact"}) as container:  # no date, no version
        container.metadata["comment"] = plan.recipe
        stream = container.add_stream("libx264", rate=plan.fps)
        stream.width, stream.height = plan.size
        stream.pix_fmt = "yuv420p"
        stream.options = H264
        context = stream.codec_context
        context.thread_count = 1
        context.color_range, context.colorspace = 1, 6  # TV, BT.601
        context.color_primaries, context.color_trc = 1, 13  # sRGB
        for i, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(yuv420p(np.asarray(images.over_white(frame)), plan), "yuv420p")
            picture.pts = i
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def yuv420p(pixels: np.ndarray, plan: Plan) -> np.ndarray:
    """The planes of an enlarged picture, [H * 3 / 2, W]; converted before enlarging, which is much less work."""
    width, height = plan.size
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    if pixels.ndim == 2:
        planes[:height] = LUMA_OF_GREY[pixels][plan.rows][:, plan.columns]
        return planes
    red, green, blue = np.moveaxis(pixels.astype(np.int32), 2, 0)
    luma, *colour = ((r * red + g * green + b * blue + offset * 65536 + 32768) // 65536 for r, g, b, offset in TO_YCBCR)
    planes[:height] = luma.astype(np.uint8)[plan.rows][:, plan.columns]
    squares = [np.ix_(plan.rows[i::2], plan.columns[j::2]) for i in (0, 1) for j in (0, 1)]
    of_four = [sum(plane[square] for square in squares) for plane in colour]
    planes[height:] = ((np.stack(of_four) + 2) // 4).reshape(height // 2, width)
    return planes


def _webp(frames: Iterator[Image.Image], plan: Plan) -> bytes:
    """Lossless; assembled by hand, since Pillow needs all frames at once and drops those that repeat another."""
    width, height = plan.size
    exif = exif_of(plan.recipe)
    body, has_alpha = [], False
    for i, frame in enumerate(frames):
        has_alpha = frame.mode == "RGBA"
        buffer = io.BytesIO()
        images.enlarged(frame, plan.rows, plan.columns).save(
            buffer, "WEBP", lossless=True, quality=0, method=0, exact=True
        )
        still = buffer.getvalue()
        pixels = b"".join(_chunk(name, still[a:b]) for name, a, b in riff_chunks(still) if name == b"VP8L")
        # At (0, 0), in place of the frame before, not blended with it.
        head = _u24(0, 0, width - 1, height - 1, plan.ticks(i, 1000)) + b"\x02"
        body.append(_chunk(b"ANMF", head + pixels))
    flags = 0x02 | (0x08 if plan.recipe else 0) | (0x10 if has_alpha else 0)
    start = _chunk(b"VP8X", struct.pack("<I", flags) + _u24(width - 1, height - 1)) + _chunk(b"ANIM", bytes(6))
    content = b"WEBP" + start + b"".join(body) + (_chunk(b"EXIF", exif) if plan.recipe else b"")
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _u24(*values: int) -> bytes:
    return b"".join(struct.pack("<I", value)[:3] for value in values)


def _gif(frames: Iterator[Image.Image], plan: Plan) -> bytes:
    """A palette for each frame, found before the frame is enlarged; assembled by hand for the reasons of `_webp`."""
    parts = [b"GIF89a" + struct.pack("<HHBBB", *plan.size, 0, 0, 0)]
    parts.append(b"\x21\xff\x0bNETSCAPE2.0" + sub_blocks(b"\x01\0\0"))  # for ever
    if plan.recipe:
        parts.append(b"\x21\xfe" + sub_blocks(plan.recipe.encode()))
    for i, frame in enumerate(frames):
        flat = images.over_white(frame)
        few = flat if flat.mode == "L" else flat.quantize(256, dither=Image.Dither.NONE)
        buffer = io.BytesIO()
        images.enlarged(few, plan.rows, plan.columns).save(buffer, "GIF", interlace=False, optimize=False)
        still = buffer.getvalue()
        start, end = next((a, b) for kind, a, b in gif_blocks(still) if kind == "image")
        palette = still[13 : 13 + 3 * 2 ** ((still[10] & 7) + 1)]
        parts.append(b"\x21\xf9\x04\x04" + struct.pack("<H", plan.ticks(i, 100)) + b"\0\0")
        # The palette moves from the file to the frame.
        parts.append(still[start : start + 9] + bytes([0x80 | still[10] & 7]) + palette + still[start + 10 : end])
    return b"".join([*parts, b"\x3b"])


def _zip(frames: Iterator[Image.Image], plan: Plan) -> bytes:
    names: list[str] = []

    def files() -> Iterator[tuple[str, bytes]]:
        for i, frame in enumerate(frames):
            names.append(f"frame-{i:05d}.png")
            yield names[-1], images.png_bytes(images.enlarged(frame, plan.rows, plan.columns))

    walk = json.loads(plan.recipe) if plan.recipe else None
    return stored_zip(files(), {"fps": plan.fps, "size": plan.size, "walk": walk, "frames": names})


def _sheet(frames: Iterator[Image.Image], plan: Plan) -> bytes:
    """Up to `MAX_CELLS` frames at equal distances, the first and the last among them, in rows."""
    kept: list[Image.Image] = []
    stride, last, count = 1, None, 0
    for count, last in enumerate(frames, 1):
        if (count - 1) % stride == 0:
            kept.append(last)
        if len(kept) > MAX_CELLS:
            kept, stride = kept[::2], stride * 2
    if last is not None and (count - 1) % stride:
        kept[-1] = last
    columns = max(1, round(len(kept) ** 0.5 + 0.49))
    sheet = images.grid([images.enlarged(frame, plan.rows, plan.columns) for frame in kept], columns)
    return images.png_bytes(sheet, {WALK_KEY: plan.recipe} if plan.recipe else None)


FORMATS: dict[str, Callable[[Iterator[Image.Image], Plan], bytes]] = {
    "mp4": _mp4,
    "webp": _webp,
    "gif": _gif,
    "zip": _zip,
    "png": _sheet,
}

"""Files that are no photo, pretend to be one, or are one of an unusual kind: a family a function, each from a seed.

`BAD` must be refused with a sentence; `ODD` may be painted or refused, with a sentence too.
"""

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"
Random = random.Random


def picture(rng: Random, mode: str = "RGB", size: tuple[int, int] | None = None) -> Image.Image:
    """Noise of a mode of Pillow's."""
    width, height = size or (rng.randint(8, 90), rng.randint(8, 90))
    numbers = np.random.default_rng(rng.randrange(2**32))
    channels = len(Image.new(mode, (1, 1)).getbands())
    shape = (height, width) if channels == 1 else (height, width, channels)
    return Image.fromarray(numbers.integers(0, 256, shape, dtype=np.uint8), mode if mode != "P" else "L").convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes, *, depth: int = 8, color: int = 0, before: bytes = b"") -> bytes:
    """A PNG of these compressed rows, whatever its header says."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return PNG + header + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """So many zero bytes, compressed in little memory."""
    packer, out, block = zlib.compressobj(9), [], bytes(1 << 20)
    while count > 0:
        out.append(packer.compress(block[: min(count, len(block))]))
        count -= len(block)
    return b"".join((*out, packer.flush()))


def _cut(data: bytes, rng: Random) -> bytes:
    return data[: rng.randint(len(data) // 8, len(data) * 3 // 4)]


def empty(rng: Random) -> bytes:
    """Nothing."""
    return b""


def text(rng: Random) -> bytes:
    """Words."""
    return b"this is not a picture\n" * rng.randint(1, 900)


def html(rng: Random) -> bytes:
    """A page with a script."""
    return b"<!doctype html><html><script>alert(%d)</script></html>" % rng.randrange(999)


def svg(rng: Random) -> bytes:
    """A drawing that asks for a file."""
    return b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="x">&x;</svg>'


def heic(rng: Random) -> bytes:
    """What telephones write."""
    return b"\0\0\0\x18ftypheic" + rng.randbytes(rng.randint(50, 5000))


def archive(rng: Random) -> bytes:
    """A ZIP."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("../../a.png", rng.randbytes(500))
    return buffer.getvalue()


def program(rng: Random) -> bytes:
    """A program, a script, a pickle."""
    return rng.choice([b"\x7fELF\2\1\1", b"#!/bin/sh\nid\n", b"\x80\x04cos\nsystem\n", b"MZ\x90\0"]) + rng.randbytes(
        400
    )


def postscript(rng: Random) -> bytes:
    """What would start Ghostscript."""
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(/etc/passwd) run\n"


def noise_with_a_head(rng: Random) -> bytes:
    """The first bytes of a format, then noise."""
    heads = [b"\xff\xd8\xff\xe0\0\x10JFIF\0", PNG, b"GIF89a", b"RIFF\xff\xff\0\0WEBPVP8 ", b"II*\0", b"BM", b"P6\n"]
    heads += [b"\0\0\0\x0cjP  \r\n\x87\n", b"\0\0\0\x1cftypavif", b"\0\0\1\0\1\0"]
    return rng.choice(heads) + rng.randbytes(rng.randint(20, 4000))


def cut_jpeg(rng: Random) -> bytes:
    """Half a JPEG."""
    return _cut(saved(picture(rng, size=(200, 160)), "JPEG"), rng)


def cut_png(rng: Random) -> bytes:
    """Half a PNG."""
    return _cut(saved(picture(rng), "PNG"), rng)


def cut_webp(rng: Random) -> bytes:
    """Half a WebP."""
    return _cut(saved(picture(rng), "WEBP", lossless=True), rng)


def cut_tiff(rng: Random) -> bytes:
    """Half a TIFF."""
    return _cut(saved(picture(rng), "TIFF"), rng)


def claims(rng: Random) -> bytes:
    """A header that claims more than there is."""
    side = rng.choice([7100, 13370, 60_000, 2**31 - 1])
    headers = [
        png(side, side, zlib.compress(b"0" * 50), color=2),
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 999, 0, 0, 54, 40, side, side, 1, 24, 0, 0, 1, 1, 0, 0) + bytes(900),
        b"P6\n%d %d\n255\n" % (side, side) + bytes(900),
        b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\2\2\x44\1\0;",
    ]
    return rng.choice(headers)


def bomb(rng: Random) -> bytes:
    """Half a megabyte that is half a gigabyte, below the size at which Pillow itself refuses."""
    width, height = rng.choice([(13_370, 13_380), (1, 170_000_000), (12_000, 14_000)])
    return BOMBS.setdefault((width, height), png(width, height, zeros(height * (width + 1))))


BOMBS: dict[tuple[int, int], bytes] = {}


def nearly_too_large(rng: Random) -> bytes:
    """About the most pixels that are painted, in a file of 50 to 150 kilobytes."""
    color, channels = rng.choice([(0, 1), (2, 3)])
    return BOMBS.setdefault((7000, color), png(7000, 7000, zeros(7000 * (7000 * channels + 1)), color=color))


def text_bomb(rng: Random) -> bytes:
    """A PNG whose text or profile unpacks to 200 MB."""
    kind = rng.choice([b"zTXt", b"iCCP", b"iTXt"])
    head = {b"zTXt": b"a\0\0", b"iCCP": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}[kind]
    packed = BOMBS.setdefault((0, 200_000_000), zeros(200_000_000))
    return png(64, 64, zlib.compress(bytes(64 * 65)), before=chunk(kind, head + packed))


def no_pixels(rng: Random) -> bytes:
    """A side of nothing."""
    return png(*rng.choice([(0, 9), (9, 0), (0, 0)]), zlib.compress(b"0"))


def looping_tiff(rng: Random) -> bytes:
    """Directories that follow one another in a circle, with counts without bounds."""
    entry = struct.pack("<HHII", rng.choice([256, 257, 273, 34665]), 4, rng.choice([1, 2**31, 2**32 - 1]), 8)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 3) + entry * 3 + struct.pack("<I", 8)


def zipped(rng: Random) -> bytes:
    """A picture in a gzip."""
    return gzip.compress(saved(picture(rng), "PNG"))


def flipped(rng: Random) -> bytes:
    """A picture with some bytes of it changed."""
    data = bytearray(saved(picture(rng), rng.choice(["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "ICO"])))
    for _ in range(rng.randint(1, 40)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def polyglot(rng: Random) -> bytes:
    """A picture that is a ZIP and a page too."""
    return saved(picture(rng), rng.choice(["JPEG", "PNG", "GIF"])) + html(rng) + archive(rng)


def animated(rng: Random) -> bytes:
    """Many frames, some of them of another size."""
    frames = [picture(rng, size=(40, 30)) for _ in range(rng.randint(2, 30))]
    return saved(frames[0], rng.choice(["GIF", "PNG", "WEBP"]), save_all=True, append_images=frames[1:])


def unusual_mode(rng: Random) -> bytes:
    """CMYK, 16 bits, grey with alpha, palettes with a transparent colour, one bit."""
    mode = rng.choice(["CMYK", "LA", "P", "1", "I;16", "RGBA", "YCbCr"])
    if mode == "I;16":
        array = np.random.default_rng(rng.randrange(999)).integers(0, 65536, (30, 40)).astype(np.uint16)
        return saved(Image.fromarray(array), rng.choice(["PNG", "TIFF"]))
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    options = {"transparency": rng.randrange(256)} if mode == "P" else {}
    return saved(picture(rng, mode), kind, **options)


def extreme_shape(rng: Random) -> bytes:
    """As long and as thin as it gets."""
    size = rng.choice([(1, 1), (60_000, 1), (1, 60_000), (1, 2), (30_000, 2)])
    return saved(picture(rng, size=size), "PNG")


def broken_exif(rng: Random) -> bytes:
    """EXIF that loops, points beyond its end, or is noise."""
    loop = (
        b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", rng.choice([34665, 34853, 274]), 4, 1, 8) + b"\x08\0\0\0"
    )
    return saved(
        picture(rng),
        "JPEG",
        exif=rng.choice([loop, b"Exif\0\0" + rng.randbytes(600), b"Exif\0\0MM\0*\xff\xff\xff\xff"]),
    )


def broken_profile(rng: Random) -> bytes:
    """A colour profile of noise, or of another kind of colours."""
    head = bytearray(rng.randbytes(rng.randint(10, 3000)))
    if len(head) > 40:
        head[16:20], head[36:40] = rng.choice([b"RGB ", b"CMYK", b"GRAY", b"Lab "]), b"acsp"
    return saved(picture(rng), rng.choice(["JPEG", "PNG"]), icc_profile=bytes(head))


BAD: tuple[Callable[[Random], bytes], ...] = (
    empty, text, html, svg, heic, archive, program, postscript, noise_with_a_head, cut_jpeg, cut_png, cut_webp,
    cut_tiff, claims, bomb, no_pixels, looping_tiff, zipped,
)  # fmt: skip
ODD: tuple[Callable[[Random], bytes], ...] = (
    flipped, polyglot, animated, unusual_mode, extreme_shape, broken_exif, broken_profile, text_bomb, nearly_too_large,
)  # fmt: skip
FAMILIES = (*BAD, *ODD)

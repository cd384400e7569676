"""Where each kind of file keeps a recipe, and how it is read from a file that anyone may have made.

The bytes are walked block by block with every length checked; nothing is decoded and nothing is inflated.
"""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
WALK_KEY = "gan-hub-walk"
MANIFEST = "manifest.json"
MAX_FILE_BYTES = 1024**3
MAX_TEXT_BYTES = 64 * 1024
MAX_MANIFEST_BYTES = 4 * 1024 * 1024
MAX_BLOCKS = 2_000_000
MAX_PNG_CHUNKS = 10_000
IMAGE_DESCRIPTION = 0x010E  # of EXIF

CUT_OFF = "this file is cut off or damaged; use it as it was downloaded"
NO_RECIPE = (
    "this file carries no recipe of a walk; use one that was made by gan-hub, as it is: chats and editors remove it"
)


def walk_text(data: bytes) -> str:
    """The recipe that an MP4, WebP, GIF, ZIP or PNG of a walk carries: text, for `Walk.from_json` to check.

    Raises:
        ValueError: too large, another kind of file, damaged, or without a recipe; the message says which.
    """
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"this file has {len(data):,} bytes; up to {MAX_FILE_BYTES:,} are read")
    for matches, read in READERS:
        if matches(data):
            try:
                text = read(data)
            except (struct.error, IndexError) as error:  # a length that leads out of the file
                raise ValueError(CUT_OFF) from error
            if text is None:
                raise ValueError(NO_RECIPE)
            return decoded(text, MAX_TEXT_BYTES)
    raise ValueError("this file is not an MP4, WebP, GIF, ZIP or PNG; use one that was made by gan-hub")


def boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes of an MP4 between two offsets: name, start and end of the content. ISO/IEC 14496-12, 4.2."""
    for _ in range(MAX_BLOCKS):
        if start + 8 > end:
            return
        size, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,), head = struct.unpack_from(">Q", data, start + 8), 16
        size = size or end - start
        if size < head or start + size > end:
            raise ValueError(CUT_OFF)
        yield name, start + head, start + size
        start += size


def _mp4(data: bytes) -> bytes | None:
    """The comment among the tags that players show: moov, udta, meta, ilst, (c)cmt, data."""
    start, end = 0, len(data)
    for wanted in (b"moov", b"udta", b"meta", b"ilst", b"\xa9cmt", b"data"):
        found = next(((a, b) for name, a, b in boxes(data, start, end) if name == wanted), None)
        if found is None:
            return None
        start, end = found
        start += 4 * (wanted == b"meta")  # version and flags
    return data[start + 8 : end]  # after type and locale


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a WebP: name, start and end of the content. RFC 9649, section 2."""
    offset = 12
    for _ in range(MAX_BLOCKS):
        if offset + 8 > len(data):
            return
        name, size = struct.unpack_from("<4sI", data, offset)
        if offset + 8 + size > len(data):
            raise ValueError(CUT_OFF)
        yield name, offset + 8, offset + 8 + size
        offset += 8 + size + size % 2


def exif_of(text: str) -> bytes:
    """EXIF with one entry, the description of the picture, in the form that `_webp` reads."""
    value = text.encode() + b"\0"
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, IMAGE_DESCRIPTION, 2, len(value), 26, 0) + value


def _webp(data: bytes) -> bytes | None:
    for name, start, end in riff_chunks(data):
        if name == b"EXIF" and data[start : start + 4] == b"II*\0":
            offset, entries, tag, kind, length, at = struct.unpack_from("<IHHHII", data, start + 4)
            if (offset, entries, tag, kind) == (8, 1, IMAGE_DESCRIPTION, 2) and start + at + length <= end:
                return data[start + at : start + at + length].rstrip(b"\0")
    return None


def gif_blocks(data: bytes) -> Iterator[tuple[str, int, int]]:
    """The blocks of a GIF with their sub-blocks: kind, start and end. GIF89a, sections 18 to 26."""
    offset = 13 + _colours(data[10])
    for _ in range(MAX_BLOCKS):
        start = offset
        kind = {0x2C: "image", 0x21: "extension", 0x3B: "end"}.get(data[offset], "")
        if kind == "image":
            offset += 11 + _colours(data[offset + 9])
        elif kind == "extension":
            kind = {0xFE: "comment", 0xF9: "control", 0xFF: "application"}.get(data[offset + 1], "extension")
            offset += 2
        else:
            if not kind:
                raise ValueError(CUT_OFF)
            return
        while data[offset]:
            offset += 1 + data[offset]
        offset += 1
        yield kind, start, offset


def _colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def sub_blocks(text: bytes) -> bytes:
    """The sub-blocks of a GIF that hold these bytes, at most 255 each, and the empty one that ends them."""
    parts = [text[i : i + 255] for i in range(0, len(text), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _gif(data: bytes) -> bytes | None:
    for kind, start, end in gif_blocks(data):
        if kind == "comment" and end - start < 2 * MAX_TEXT_BYTES:
            text, offset = b"", start + 2
            while data[offset]:
                text += data[offset + 1 : offset + 1 + data[offset]]
                offset += 1 + data[offset]
            return text
    return None


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a PNG up to its IEND: type, start and end of the content. W3C PNG, section 5.3."""
    offset = len(PNG_SIGNATURE)
    for _ in range(MAX_PNG_CHUNKS):
        if offset + 12 > len(data):
            raise ValueError(CUT_OFF)
        size, kind = struct.unpack_from(">I4s", data, offset)
        if offset + 12 + size > len(data):
            raise ValueError(CUT_OFF)
        yield kind, offset + 8, offset + 8 + size
        if kind == b"IEND":
            return
        offset += 12 + size


def png_text(data: bytes, key: str) -> memoryview | None:
    """The text under a key in an uncompressed text chunk of a PNG, the only kinds that gan-hub writes; None without.

    Raises:
        ValueError: the PNG is cut off, or the text compressed, which is not inflated.
    """
    head = key.encode() + b"\0"
    for kind, start, end in png_chunks(data):
        if kind in (b"tEXt", b"iTXt") and data.startswith(head, start, end):
            start += len(head)
            if kind == b"iTXt":  # compression flag and method, language tag \0, translated key \0, text in UTF-8
                language = data.find(b"\0", start + 2, end)
                translated = data.find(b"\0", language + 1, end)
                if data[start] or language < 0 or translated < 0:
                    raise ValueError("the recipe in this PNG is compressed or damaged; use it as it was downloaded")
                start = translated + 1
            return memoryview(data)[start:end]
    return None


def decoded(text: bytes | memoryview, max_bytes: int) -> str:
    """A recipe's bytes as text; raises ValueError if they are too many, or not UTF-8."""
    if len(text) > max_bytes:
        raise ValueError(f"the recipe in this file is longer than {max_bytes:,} bytes")
    try:
        return bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("the recipe in this file is damaged: it is not UTF-8") from error


def json_object(text: str) -> dict[str, Any]:
    """Read the JSON of a recipe; raises ValueError unless it is an object, of numbers that JSON knows."""

    def refuse(constant: str) -> float:
        raise ValueError(constant)

    try:
        values = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError("the recipe is damaged: it is not JSON") from error
    if not isinstance(values, dict):
        raise ValueError("the recipe is damaged: it is not a JSON object")
    return values


def _zip(data: bytes) -> bytes | None:
    """The walk in the manifest, which is stored, not compressed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = archive.getinfo(MANIFEST)
            is_stored = entry.compress_type == zipfile.ZIP_STORED and entry.file_size <= MAX_MANIFEST_BYTES
            manifest = json.loads(archive.read(entry)) if is_stored else None
    except KeyError:
        return None
    except (zipfile.BadZipFile, ValueError, RecursionError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError(CUT_OFF) from error
    if not is_stored:
        raise ValueError(f"the {MANIFEST} in this ZIP is not one that gan-hub writes")
    walk = manifest.get("walk") if isinstance(manifest, dict) else None
    return json.dumps(walk).encode() if isinstance(walk, dict) else None


READERS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], bytes | memoryview | None]], ...] = (
    (lambda data: data[4:8] == b"ftyp", _mp4),
    (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp),
    (lambda data: data[:6] in (b"GIF87a", b"GIF89a"), _gif),
    (lambda data: data.startswith(PNG_SIGNATURE), lambda data: png_text(data, WALK_KEY)),
    (lambda data: data[:2] == b"PK", _zip),
)

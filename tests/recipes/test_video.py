"""Files of frames, opened again by readers that are not ours: what was put in is there, as long as it should be."""

import io
import json
import zipfile
from collections.abc import Iterator

import av
import imageio.v3 as iio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from gan_hub.images import fitted, over_white
from gan_hub.recipes.containers import MAX_TEXT_BYTES, walk_text
from gan_hub.recipes.video import FORMATS, MAX_CELLS, encode

RECIPE = json.dumps({"a": "b" * 700})
MODES = {"L": 1, "RGB": 3, "RGBA": 4}


def frames(count: int = 10, mode: str = "RGB", size: tuple[int, int] = (12, 8)) -> list[Image.Image]:
    """Smooth gradients that drift; alpha from nothing to all."""
    y, x = np.mgrid[: size[1], : size[0]]
    drawn = []
    for i in range(count):
        channels = [100 + 60 * np.sin((x * (c + 1) + y * 2 + i) / 5) for c in range(MODES[mode])]
        if mode == "RGBA":
            channels[3] = 255 * x / (size[0] - 1)
        array = np.stack(channels, 2).round().astype(np.uint8)
        drawn.append(Image.fromarray(array[:, :, 0] if mode == "L" else array, mode))
    return drawn


def shown(frame: Image.Image, size: int) -> np.ndarray:
    """A frame as it should be shown: every pixel a square."""
    rows, columns = fitted(frame.size, size)
    return np.asarray(frame)[rows][:, columns]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fps", [1, 24, 30])
def test_mp4(mode: str, fps: int) -> None:
    drawn = frames(mode=mode)
    data = encode(iter(drawn), "mp4", fps=fps, size=120, recipe=RECIPE)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.frames, stream.average_rate) == (120, 80, 10, fps)
        assert stream.duration * stream.time_base == pytest.approx(10 / fps, abs=1e-3)
        assert container.metadata["comment"] == RECIPE
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(decoded) == 10
    for frame, pixels in zip(drawn, decoded):
        wanted = shown(over_white(frame).convert("RGB"), 120).astype(int)
        assert np.abs(wanted - pixels).mean() < 3
    assert np.array_equal(iio.imread(data, plugin="pyav", extension=".mp4")[0], decoded[0])


@pytest.mark.parametrize("mode", MODES)
def test_webp_is_lossless_and_keeps_alpha(mode: str) -> None:
    drawn = frames(mode=mode)
    drawn[4] = drawn[3]  # what repeats is a frame too
    opened = Image.open(io.BytesIO(encode(drawn, "webp", fps=30, size=36, recipe=RECIPE)))
    assert (opened.n_frames, opened.size, opened.info["loop"]) == (10, (36, 24), 0)
    assert opened.getexif()[0x010E] == RECIPE
    durations = []
    for frame, read in zip(drawn, ImageSequence.Iterator(opened)):
        read.load()
        durations.append(read.info["duration"])
        assert np.array_equal(read.convert(frame.mode), shown(frame, 36))
    assert durations == [33, 34, 33] * 3 + [33]


@pytest.mark.parametrize("mode", MODES)
def test_gif(mode: str) -> None:
    drawn = frames(mode=mode)
    drawn[4] = drawn[3]
    opened = Image.open(io.BytesIO(encode(drawn, "gif", fps=30, size=36, recipe=RECIPE)))
    assert (opened.n_frames, opened.size, opened.info["loop"]) == (10, (36, 24), 0)
    assert opened.info["comment"].decode() == RECIPE
    durations = []
    for frame, read in zip(drawn, ImageSequence.Iterator(opened)):
        read.load()
        durations.append(read.info["duration"])
        difference = np.abs(np.asarray(read.convert("RGB")).astype(int) - shown(over_white(frame).convert("RGB"), 36))
        assert difference.max() <= (0 if mode == "L" else 12)
    assert durations == [30, 40, 30] * 3 + [30]
    assert len(iio.imread(encode(drawn, "gif", fps=30), plugin="pillow", extension=".gif")) == 10


@pytest.mark.parametrize("mode", MODES)
def test_zip(mode: str) -> None:
    drawn = frames(mode=mode)
    with zipfile.ZipFile(io.BytesIO(encode(drawn, "zip", fps=30, size=36, recipe=RECIPE))) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["walk"] == json.loads(RECIPE)
        assert (manifest["fps"], manifest["size"]) == (30, [36, 24])
        assert [*manifest["frames"], "manifest.json"] == archive.namelist()
        for frame, name in zip(drawn, manifest["frames"]):
            read = Image.open(io.BytesIO(archive.read(name)))
            assert read.mode == mode
            assert np.array_equal(read, shown(frame, 36))


@pytest.mark.parametrize(("count", "cells"), [(1, 1), (10, 10), (64, 64), (65, 33), (200, 50), (1000, 63)])
def test_a_contact_sheet_shows_first_and_last(count: int, cells: int) -> None:
    drawn = [Image.new("L", (4, 4), i * 255 // count) for i in range(count)]
    drawn[-1] = Image.new("L", (4, 4), 255)
    sheet = Image.open(io.BytesIO(encode(iter(drawn), "png", fps=30, size=16, recipe=RECIPE)))
    columns, rows = (sheet.width - 2) // 18, (sheet.height - 2) // 18
    assert cells <= MAX_CELLS
    assert (columns - 1) * (rows - 1) < cells <= columns * rows
    assert sheet.getpixel((3, 3)) == (0 if count > 1 else 255)
    row, column = divmod(cells - 1, columns)
    assert sheet.getpixel((3 + 18 * column, 3 + 18 * row)) == 255
    assert sheet.info["gan-hub-walk"] == RECIPE


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("mode", MODES)
def test_bytes_are_the_same_and_carry_the_recipe(format_: str, mode: str) -> None:
    data = encode(frames(mode=mode), format_, fps=30, recipe=RECIPE)
    assert data == encode(iter(frames(mode=mode)), format_, fps=30, recipe=RECIPE)
    assert json.loads(walk_text(data)) == json.loads(RECIPE)


@pytest.mark.parametrize("format_", FORMATS)
def test_frames_are_taken_one_at_a_time_and_may_end_early(format_: str) -> None:
    taken, told = [], []

    def stopped_half_way() -> Iterator[Image.Image]:
        for i, frame in enumerate(frames(20)):
            taken.append(i)
            if told and told[-1] == 7:
                return
            yield frame

    data = encode(stopped_half_way(), format_, fps=10, recipe=RECIPE, on_progress=told.append)
    assert told == list(range(1, 8))
    assert len(taken) == 8
    assert data == encode(frames(20)[:7], format_, fps=10, recipe=RECIPE)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (7, 64), (33, 33), (300, 2)])
def test_odd_and_tiny_pictures_become_even(format_: str, size: tuple[int, int]) -> None:
    data = encode(frames(2, "RGB", size), format_, fps=2, size=64)
    if format_ == "mp4":
        with av.open(io.BytesIO(data)) as container:
            stream = container.streams.video[0]
            width, height = stream.width, stream.height
    elif format_ in ("webp", "gif"):
        width, height = Image.open(io.BytesIO(data)).size
    else:
        rows, columns = fitted(size, 64)
        width, height = len(columns), len(rows)
    assert width % 2 == height % 2 == 0
    assert max(width, height) >= 64 - 32
    with pytest.raises(ValueError, match="no recipe"):
        walk_text(data)


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [
        ((28, 28), 256, (256, 256)),  # 9 x 28 = 252: the border pixels are 11 wide
        ((64, 64), 256, (256, 256)),
        ((96, 64), 256, (192, 128)),
        ((512, 512), 256, (512, 512)),
        ((5, 3), 16, (16, 10)),
        ((1, 1), 16, (16, 16)),
        ((301, 7), 256, (302, 8)),
    ],
)
def test_sizes(size: tuple[int, int], longest: int, expected: tuple[int, int]) -> None:
    rows, columns = fitted(size, longest)
    assert (len(columns), len(rows)) == expected
    for indices, length in ((columns, size[0]), (rows, size[1])):
        counts = np.bincount(indices)
        assert len(counts) == length
        assert len(set(counts[1:-1])) <= 1
        assert (np.diff(indices) >= 0).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"format": "avi"}, "unknown format 'avi'; choose from: mp4, webp, gif, zip, png"),
        ({"fps": 0}, "fps 0"),
        ({"fps": 61}, "fps 61 .* from 1 to 60"),
        ({"fps": 60, "format": "gif"}, "fps 60 .* from 1 to 50"),
        ({"fps": 29.97}, "fps 29.97"),
        ({"size": 255}, "size 255"),
        ({"size": 4096}, "size 4096"),
        ({"frames": []}, "no frames"),
        ({"frames": [*frames(1), *frames(1, size=(8, 8))]}, "frame 2 is RGB"),
        ({"frames": [*frames(1), *frames(1, "L")]}, "frame 2 is L"),
        ({"frames": [Image.new("P", (8, 8))]}, "frame 1 is P"),
    ],
    ids=str,
)
def test_refusals(arguments: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        encode(**{"frames": frames(), "format": "mp4", "fps": 30, **arguments})


@pytest.mark.parametrize("format_", FORMATS)
def test_a_damaged_file_gives_a_sentence(format_: str) -> None:
    data = encode(frames(3), format_, fps=30, size=16, recipe=RECIPE)
    random = np.random.RandomState(0)
    for length in {*range(40), *random.randint(0, len(data), 100).tolist()}:
        _text_or_sentence(data[:length])
    for _ in range(300):
        broken = bytearray(data)
        for place in random.randint(0, len(data), 5):
            broken[place] = random.randint(256)
        _text_or_sentence(bytes(broken))


@given(
    st.sampled_from([b"GIF89a", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x18ftyp", b"\x89PNG\r\n\x1a\n", b"PK\3\4", b""]),
    st.binary(),
)
def test_any_bytes_give_a_sentence(start: bytes, junk: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
        walk_text(start + junk)


def _text_or_sentence(data: bytes) -> None:
    try:
        assert len(walk_text(data)) < MAX_TEXT_BYTES
    except ValueError as error:
        assert " file " in str(error) or " ZIP " in str(error)  # noqa: PT017  # either way is right


def test_a_manifest_is_not_inflated() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * 50_000_000)
    with pytest.raises(ValueError, match="not one that gan-hub writes"):
        walk_text(buffer.getvalue())


def test_a_recipe_without_end_is_refused() -> None:
    for format_ in ("mp4", "webp", "gif", "png"):
        data = encode(frames(1), format_, fps=30, recipe=json.dumps("x" * (MAX_TEXT_BYTES + 1)))
        with pytest.raises(ValueError, match="longer than 65,536 bytes"):
            walk_text(data)

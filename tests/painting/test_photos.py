"""Opening untrusted photos and encoding pictures: bounds, profiles, metadata, messages."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from gan_hub.painting import photos
from gan_hub.painting.photos import PhotoError, encode_photo, open_photo, upright

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def photo(mode: str = "RGB", size: tuple[int, int] = (23, 17)) -> Image.Image:
    channels = len(Image.new(mode, (1, 1)).getbands())
    values = np.random.default_rng(0).integers(0, 256, (size[1], size[0], channels), dtype=np.uint8)
    return Image.frombytes(mode, size, values.tobytes())


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO"])
def test_the_usual_formats_open_from_bytes_and_from_a_file(kind, tmp_path: Path):
    data = encoded(photo(size=(16, 16)), kind)
    (tmp_path / "x").write_bytes(data)
    assert open_photo(data).size == (16, 16)
    assert open_photo(tmp_path / "x").tobytes() == open_photo(data).tobytes()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"hello", "not a picture that can be read; use one of AVIF, BMP"),
        (b"<?xml version='1.0'?><!-- x --><svg xmlns='x'/>", "an SVG is a drawing without pixels; export it as a PNG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC pictures can't be read here; export it as a JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture that can be read"),
        (png_header(8000, 7000), "8000x7000 pixels; at most 50 million"),
        (png_header(60_000, 60_000), "50 million pixels"),
        (encoded(photo(size=(300, 300)), "JPEG")[:9000], "truncated|damaged"),
        (encoded(photo(size=(300, 300)))[:9000], "truncated|damaged"),
        (png_header(100, 100), "truncated|damaged"),
        (bytes(photos.MAX_BYTES + 1), "more than 60 MB"),
    ],
    ids=["empty", "text", "svg", "heic", "eps", "56MP", "bomb", "jpeg", "png", "short", "large"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_is_no_photo_gets_a_sentence(data, words, tmp_path: Path):
    (tmp_path / "x.jpg").write_bytes(data)
    for given_as in (data, tmp_path / "x.jpg"):
        with pytest.raises(PhotoError, match=words) as caught:
            open_photo(given_as)
        assert len(str(caught.value)) < 200
        assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path: Path):
    with pytest.raises(PhotoError, match="there is no such file"):
        open_photo(tmp_path / "x")
    with pytest.raises(PhotoError, match="it is a folder"):
        open_photo(tmp_path)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "TIFF"]))
def test_damaged_files_bring_out_nothing_but_sentences(data, kind):
    whole = bytearray(encoded(photo(), kind))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        upright(open_photo(bytes(whole[: data.draw(st.integers(1, len(whole)))])))
    except PhotoError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said


@pytest.mark.parametrize(("kind", "tolerance"), [("jpeg", 10), ("png", 0), ("webp", 10)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "CMYK"])
def test_what_is_encoded_opens_again(kind, tolerance, mode):
    picture = Image.radial_gradient("L").resize((40, 30)).convert("RGBA" if mode == "RGBA" else "RGB").convert(mode)
    again = open_photo(encode_photo(picture, kind))
    assert again.format == kind.upper()
    assert again.size == (40, 30)
    expected = np.asarray(picture.convert("RGB"), dtype=int)
    assert abs(np.asarray(again.convert("RGB"), dtype=int) - expected).mean() <= tolerance


def test_transparency_is_kept_where_it_can_be_and_white_where_it_can_not():
    picture = photo("RGBA")
    picture.putalpha(photo("L"))
    assert open_photo(encode_photo(picture, "png")).tobytes() == picture.tobytes()
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    assert np.asarray(open_photo(encode_photo(clear, "jpeg"))).min() > 250


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_the_profile_is_kept_and_the_rest_only_on_purpose(kind):
    picture = photo()
    exif = Image.Exif()
    exif[0x010E] = "a secret description"
    picture.info = {"icc_profile": SRGB, "comment": b"a secret comment", "xmp": b"<x>a secret packet</x>"}
    data = encode_photo(picture, kind)
    assert open_photo(data).info["icc_profile"] == SRGB
    assert b"secret" not in data
    picture.info["exif"] = exif.tobytes()
    assert open_photo(encode_photo(picture, kind)).getexif()[0x010E] == "a secret description"


@pytest.mark.parametrize(
    ("size", "kind", "words"),
    [((70_000, 1), "jpeg", "JPEG holds at most 65,500 a side"), ((1, 17_000), "webp", "WEBP holds at most 16,383")],
)
def test_a_side_too_long_for_the_format(size, kind, words):
    with pytest.raises(PhotoError, match=words):
        encode_photo(Image.new("RGB", size), kind)
    assert open_photo(encode_photo(Image.new("RGB", size), "png")).size == size


@pytest.mark.parametrize("quality", [0, 101, 9.5, True, "90", None])
def test_refused_arguments(quality):
    with pytest.raises(ValueError, match=r"quality .* is not possible; use a whole number from 1 to 100"):
        encode_photo(photo(), "jpeg", quality)
    with pytest.raises(ValueError, match="unknown format 'gif'; choose from: jpeg, png, webp"):
        encode_photo(photo(), "gif")


def test_quality_matters():
    assert len(encode_photo(photo(), "jpeg", 10)) < len(encode_photo(photo(), "jpeg", 95))


def test_an_rgb_profile_stays_and_others_are_converted():
    with_profile = photo()
    with_profile.info["icc_profile"] = SRGB
    assert upright(with_profile).icc_profile == SRGB
    damaged = photo()
    damaged.info["icc_profile"] = b"no profile"
    assert upright(damaged).icc_profile is None
    cmyk = photo().convert("CMYK")
    cmyk.info["icc_profile"] = SRGB  # does not fit
    assert upright(cmyk).colours.tobytes() == photo().convert("CMYK").convert("RGB").tobytes()


def test_a_grey_profile_is_converted_to_srgb():
    """A grey profile of gamma 1: linear light of a half is sRGB 188."""
    grey = Image.new("L", (4, 4), 128)
    grey.info["icc_profile"] = grey_profile(gamma=1.0)
    parts = upright(grey)
    assert parts.icc_profile is None
    assert parts.colours.getpixel((0, 0))[0] == pytest.approx(188, abs=2)
    with_alpha = Image.merge("LA", (grey, Image.new("L", (4, 4), 7)))
    with_alpha.info["icc_profile"] = grey.info["icc_profile"]
    parts = upright(with_alpha)
    assert parts.colours.getpixel((0, 0))[0] == pytest.approx(188, abs=2)
    assert parts.alpha.getpixel((0, 0)) == 7


def grey_profile(gamma: float) -> bytes:
    """A minimal ICC version 2 profile of a grey device (ICC.1:2001-04, sections 6.1 and 6.4)."""
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", round(0.9642 * 65536), 65536, round(0.8249 * 65536))
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    text = b"text\0\0\0\0none\0\0\0\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"grey\0" + bytes(4 + 4 + 2 + 1 + 67) + b"\0\0"
    tags = {b"wtpt": white, b"kTRC": curve, b"cprt": text, b"desc": description}
    table, data = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(data), len(value))
        data += value
    header = struct.pack(">I4sI4s4s4s", 128 + len(table) + len(data), b"none", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    header += struct.pack(">6H4s", 2025, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += white[8:]
    return header + bytes(128 - len(header)) + table + data


@pytest.mark.parametrize("mode", ["I;16", "I"])
def test_sixteen_bits_become_eight(mode):
    values = np.array([[0, 256, 32768, 65535]], dtype=np.uint16 if mode == "I;16" else np.int32)
    picture = Image.fromarray(values)
    assert picture.mode == mode
    assert np.asarray(upright(picture).colours)[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("mode", ["I", "F"])
def test_eight_bits_in_thirty_two_stay(mode):
    assert upright(photo("L").convert(mode)).colours.tobytes() == photo("L").convert("RGB").tobytes()


def test_floating_point_from_zero_to_one():
    values = np.array([[0, 0.5, 1, np.nan]], dtype=np.float32)
    assert np.asarray(upright(Image.fromarray(values)).colours)[0, :, 1].tolist() == [0, 128, 255, 0]


def test_more_than_sixteen_bits_are_refused():
    with pytest.raises(PhotoError, match="more than 16 bits a channel; save it with 8 or 16"):
        upright(Image.fromarray(np.array([[70_000]], dtype=np.int32)))


def test_damaged_exif_is_no_reason_to_refuse():
    picture = photo()
    picture.info["exif"] = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\x63" * 3
    parts = upright(picture)
    assert parts.colours.tobytes() == photo().tobytes()


def test_the_photo_itself_is_left_alone():
    picture = photo("RGBA")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.info.update(icc_profile=SRGB, exif=exif.tobytes())
    before = picture.tobytes(), dict(picture.info), picture.size
    upright(picture)
    encode_photo(picture, "jpeg")
    assert (picture.tobytes(), dict(picture.info), picture.size) == before

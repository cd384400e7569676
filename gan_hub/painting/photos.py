"""Opens untrusted photos, turns them into upright RGB with alpha and a colour profile, and encodes pictures.

PhotoStylizer, the command line and the page use it. `gan_hub.data.decode` opens the pictures of training sets; the two
share functions of `gan_hub.images`.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageCms
from PIL.ExifTags import Base

from gan_hub.images import has_alpha, over_white, sixteen_bits_to_eight, with_alpha

MAX_PIXELS = 50_000_000
MAX_BYTES = 60_000_000
# Not everything that Pillow can open: for EPS, it would start a program.
FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")
TURNS = {  # the transpose that turns a picture upright, by its EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# In a TIFF, EXIF lies between tags on how the pixels are stored, XMP, IPTC, Photoshop's data and the ICC profile.
NOT_EXIF = {*range(254, 260), 262, 266, 273, *range(277, 280), 284, 292, 293, 317, *range(320, 326), 330, 347}
NOT_EXIF |= {*range(338, 342), *range(512, 522), *range(529, 533), 700, 33723, 34377, 34675}

Format = Literal["jpeg", "png", "webp"]
MAX_SIDES: dict[Format, int] = {"jpeg": 65_500, "png": 2**31 - 1, "webp": 16_383}


class PhotoError(ValueError):
    """A photo that can't be used; the message says why and what to do."""


@dataclass(frozen=True)
class Upright:
    """A photo prepared for a network.

    Attributes:
        colours: RGB, turned as its EXIF says.
        alpha: L, of the same size; None = opaque.
        icc_profile: of the colours, if they have one.
        exif: that says the photo is upright; None = no EXIF.
    """

    colours: Image.Image
    alpha: Image.Image | None
    icc_profile: bytes | None
    exif: bytes | None


def open_photo(data: bytes | Path) -> Image.Image:
    """Open and decode an untrusted picture; of an animation, the first frame.

    Args:
        data: the file's path or its bytes.

    Raises:
        PhotoError: the picture is too large or damaged, or the file is no picture. A picture that its header states to
            be too large is not decoded.
    """
    if isinstance(data, Path):
        data = _read(data)
    if len(data) > MAX_BYTES:
        raise PhotoError(f"the file has more than {MAX_BYTES // 10**6} MB; save it smaller, or as a JPEG")
    if not data:
        raise PhotoError("the file is empty")
    Image.init()
    try:
        picture = Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
        check_pixels(picture)
        picture.load()
    except Image.UnidentifiedImageError as error:
        raise PhotoError(_not_a_picture(data)) from error
    except Exception as error:  # damaged files can make Pillow's decoders raise anything
        raise _as_photo_error(error) from error
    return picture


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise PhotoError("there is no such file") from error
    except IsADirectoryError as error:
        raise PhotoError("it is a folder; name the pictures in it") from error
    except (OSError, ValueError) as error:
        raise PhotoError(f"it can't be read ({getattr(error, 'strerror', None) or error})") from error


def _not_a_picture(data: bytes) -> str:
    if b"<svg" in data[:4096].lower():
        return "an SVG is a drawing without pixels; export it as a PNG first"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "HEIC pictures can't be read here; export it as a JPEG first"
    return f"this is not a picture that can be read; use one of {', '.join(FORMATS)}"


def _as_photo_error(error: Exception) -> PhotoError:
    if isinstance(error, PhotoError):
        return error
    if isinstance(error, Image.DecompressionBombError):
        return PhotoError(f"the picture has more than {MAX_PIXELS // 10**6} million pixels; reduce it first")
    text = str(error).split("\n")[0][:80]
    if "truncated" in text.lower():
        return PhotoError("the picture is truncated; copy or download it again")
    return PhotoError(f"the picture is damaged ({text}); open it in another program and save it again")


def check_pixels(picture: Image.Image) -> None:
    """Raise PhotoError if a picture, decoded or not, has no pixels or more than MAX_PIXELS."""
    width, height = picture.size
    if width < 1 or height < 1:
        raise PhotoError(f"the picture has {width}x{height} pixels; it must have at least one")
    if width * height > MAX_PIXELS:
        raise PhotoError(
            f"the picture has {width}x{height} pixels; at most {MAX_PIXELS // 10**6} million are possible: reduce it "
            "first"
        )


def upright(photo: Image.Image) -> Upright:
    """Turn any Pillow picture upright and split it into RGB and alpha; the photo itself is not changed.

    16 bits become 8. Floating point values range from 0 to 255, or from 0 to 1 if none is larger. An RGB profile is
    kept; colours with another kind of profile (CMYK, grey) are converted to sRGB.

    Raises:
        PhotoError: the photo is too large or truncated, or has values of more than 16 bits.
    """
    check_pixels(photo)
    try:
        photo.load()
    except Exception as error:  # as in `open_photo`
        raise _as_photo_error(error) from error
    exif = _exif(photo)
    turn = TURNS.get(exif.get(Base.Orientation, 1))
    icc_profile = photo.info.get("icc_profile") or None
    colours, alpha, fits = _colours(photo if turn is None else photo.transpose(turn), icc_profile)
    return Upright(colours, alpha, icc_profile if fits else None, _upright_exif(exif))


def _exif(photo: Image.Image) -> Image.Exif:
    """The EXIF of a photo; empty if damaged, which is no reason to reject the photo."""
    try:
        exif = photo.getexif()
        hash(exif.get(Base.Orientation))
    except Exception:  # damaged EXIF can make Pillow raise anything
        return Image.Exif()
    return exif


def _colours(photo: Image.Image, icc_profile: bytes | None) -> tuple[Image.Image, Image.Image | None, bool]:
    """Returns RGB, alpha, and whether the profile applies to the RGB."""
    photo = eight_bits(photo)
    space = _colour_space(icc_profile)
    alpha = None
    if has_alpha(photo):
        layer = with_alpha(photo)
        alpha = layer.getchannel("A")
        photo = layer.convert("L" if photo.mode in ("L", "LA", "La") and space == "GRAY" else "RGB")
    if icc_profile and (photo.mode, space) in (("CMYK", "CMYK"), ("L", "GRAY")):
        return _to_srgb(photo, icc_profile) or photo.convert("RGB"), alpha, False
    return photo if photo.mode == "RGB" else photo.convert("RGB"), alpha, space == "RGB "


def _colour_space(icc_profile: bytes | None) -> str | None:
    """The four letters of a profile's colour space ("RGB ", "CMYK", "GRAY"); None = no profile, or a damaged one."""
    if not icc_profile:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc_profile)).profile.xcolor_space
    except (ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError):
        return None


def _to_srgb(photo: Image.Image, icc_profile: bytes) -> Image.Image | None:
    """Convert colours to sRGB; None if the profile can't be used."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        return ImageCms.profileToProfile(photo, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError):
        return None


def _upright_exif(exif: Image.Exif) -> bytes | None:
    """EXIF that says the picture is upright; None if there is no EXIF or it can't be written."""
    if not exif:
        return None
    try:
        copy = Image.Exif()
        copy.load(exif.tobytes())
        for tag in NOT_EXIF & set(copy):
            del copy[tag]
        copy[Base.Orientation] = 1
        return copy.tobytes()
    except Exception:  # maker notes break Pillow's writer in many ways, and the photo is worth more than its EXIF
        return None


def eight_bits(picture: Image.Image) -> Image.Image:
    """Convert a picture of 16 or 32 bits per channel to L; others stay as they are.

    Raises:
        PhotoError: a channel has more than 16 bits.
    """
    if picture.mode == "F":
        values = np.nan_to_num(np.asarray(picture), nan=0.0, posinf=255.0, neginf=0.0)
        if values.max() <= 1:
            values *= 255
        return Image.fromarray(np.rint(values.clip(0, 255)).astype(np.uint8))
    if not picture.mode.startswith("I"):
        return picture
    if picture.mode == "I" and picture.getextrema()[0] >= 0 and picture.getextrema()[1] <= 255:  # type: ignore[operator]
        return picture.convert("L")  # 8 bits that Pillow itself stores in 32
    try:
        return sixteen_bits_to_eight(picture)
    except ValueError as error:
        raise PhotoError(f"the picture has {error}; save it with 8 or 16") from error


def check_encoding(format: str, quality: int) -> None:  # noqa: A002
    """Raise ValueError unless these arguments of `encode_photo` are in their ranges."""
    if format not in MAX_SIDES:
        raise ValueError(f"unknown format {format!r}; choose from: {', '.join(MAX_SIDES)}")
    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
        raise ValueError(f"quality {quality!r} is not possible; use a whole number from 1 to 100")


def encode_photo(image: Image.Image, format: Format = "jpeg", quality: int = 90) -> bytes:  # noqa: A002
    """Encode a picture with its ICC profile, and with EXIF only if `image.info["exif"]` holds it.

    Args:
        image: of any mode; in a JPEG transparent pixels become white.
        format: jpeg, png or webp.
        quality: of JPEG and WebP, from 1 to 100.

    Raises:
        PhotoError: the format can't hold the picture.
        ValueError: an argument is out of its range.
    """
    check_encoding(format, quality)
    if max(image.size) > MAX_SIDES[format]:
        raise PhotoError(
            f"the picture has {image.width}x{image.height} pixels; {format.upper()} holds at most "
            f"{MAX_SIDES[format]:,} a side: use png"
        )
    icc_profile = image.info.get("icc_profile")
    colours, alpha, fits = _colours(image, icc_profile)
    if alpha is not None:
        colours.putalpha(alpha)
    if alpha is not None and format == "jpeg":
        colours = over_white(colours).convert("RGB")
    options: dict[str, Any] = {"icc_profile": icc_profile if fits else None, "xmp": b"", "comment": b""}
    if exif := image.info.get("exif"):
        options["exif"] = exif
    if format != "png":
        options["quality"] = quality
    buffer = io.BytesIO()
    try:
        colours.save(buffer, format, **options)
    except (OSError, ValueError) as error:
        raise PhotoError(
            f"{format.upper()} can't hold the picture ({error}); use png, or leave its EXIF out"
        ) from error
    return buffer.getvalue()

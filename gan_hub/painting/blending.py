"""A photo and its painting, kept together so that strength and colours can be changed without painting again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from gan_hub.painting.photos import Upright
from gan_hub.painting.tiling import tiles

BLEND_SIZE = 1024  # side of the squares that are blended one at a time
LUMA = (0.299, 0.587, 0.114)  # Y of full-range YCbCr (ITU-T T.871, JFIF)


@dataclass(frozen=True)
class Painting:
    """A photo and its painting at full strength.

    Attributes:
        photo: the photo as it was painted, after any reduction.
        colours: the painting, RGB; larger than the photo if an upscaler made it.
    """

    photo: Upright
    colours: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.colours.size

    def blended(self, *, strength: float = 1.0, keep_colors: bool = False, keep_metadata: bool = False) -> Image.Image:
        """Blend photo and painting into a new picture; arguments and result are those of `PhotoStylizer.stylize`.

        No network runs; the time is proportional to the number of pixels.
        """
        picture = self.colours.copy()
        if strength < 1 or keep_colors:
            original = resized(self.photo.colours, self.size, Image.Resampling.BICUBIC)
            _blend_into(picture, original, strength=strength, keep_colors=keep_colors)
        if self.photo.alpha is not None:
            picture.putalpha(resized(self.photo.alpha, self.size, Image.Resampling.BICUBIC))
        info = {"icc_profile": self.photo.icc_profile, "exif": self.photo.exif if keep_metadata else None}
        picture.info = {key: value for key, value in info.items() if value is not None}
        return picture

    def reduced(self, max_side: int) -> "Painting":
        """The same with the longer side at most `max_side`, without EXIF: a preview that blends quickly."""
        size = reduced_size(self.size, max_side)
        if size == self.size:
            return self
        alpha = None if self.photo.alpha is None else resized(self.photo.alpha, size)
        photo = Upright(resized(self.photo.colours, size), alpha, self.photo.icc_profile, None)
        return Painting(photo, resized(self.colours, size))


def reduced_size(size: tuple[int, int], max_side: int | None) -> tuple[int, int]:
    """(width, height) with the longer side at most `max_side`, in the same proportion as far as whole pixels allow."""
    longest = max(size)
    if max_side is None or longest <= max_side:
        return size
    return max(1, round(size[0] * max_side / longest)), max(1, round(size[1] * max_side / longest))


def resized(
    picture: Image.Image, size: Sequence[int], resample: Image.Resampling = Image.Resampling.LANCZOS
) -> Image.Image:
    """Resize a picture; one that has the size already is returned itself."""
    return picture if picture.size == tuple(size) else picture.resize((size[0], size[1]), resample)


def _blend_into(painting: Image.Image, photo: Image.Image, *, strength: float, keep_colors: bool) -> None:
    """Turn the painting into photo + strength * (painting - photo), a square at a time; both are RGB of one size.

    With `keep_colors` the painting's luminance is first combined with the photo's chroma. In YCbCr red, green and blue
    all rise with Y while Cb and Cr stay, so it is enough to add the difference of the two Y to the photo.
    """
    for tile in tiles(*painting.size, tile_size=BLEND_SIZE):
        box = tile.core.scaled(1)
        before, after = (np.asarray(picture.crop(box)).astype(np.float32) for picture in (photo, painting))
        if keep_colors:
            luma = np.asarray(LUMA, dtype=np.float32)
            after = (before + ((after - before) @ luma)[..., None]).clip(0, 255)
        blended = before + np.float32(strength) * (after - before)
        painting.paste(Image.fromarray(np.rint(blended).clip(0, 255).astype(np.uint8)), box[:2])

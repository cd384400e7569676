"""A photo beside what was painted of it, so that strength and colours can be chosen again without painting again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from gan_hub.painting.photos import Upright
from gan_hub.painting.tiling import tiles

BLEND_SIZE = 1024  # side of the squares that are blended at a time
LUMA = (0.299, 0.587, 0.114)  # Y of full-range YCbCr (ITU-T T.871, JFIF)


@dataclass(frozen=True)
class Painting:
    """A photo and its painting at full strength.

    Attributes:
        photo: as it was painted, reduced already if it was to be.
        colours: what was painted, RGB; larger than the photo if an upscaler painted it.
    """

    photo: Upright
    colours: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.colours.size

    def blended(self, *, strength: float = 1.0, keep_colors: bool = False, keep_metadata: bool = False) -> Image.Image:
        """The picture; arguments and result are those of `PhotoStylizer.stylize`, and what is kept here stays as it is.

        Takes time in proportion to the pixels, and none of a network.
        """
        picture = self.colours.copy()
        if strength < 1 or keep_colors:
            original = resized(self.photo.colours, self.size, Image.Resampling.BICUBIC)
            _blend_into(picture, original, strength=strength, keep_colors=keep_colors)
        if self.photo.alpha is not None:
            picture.putalpha(resized(self.photo.alpha, self.size, Image.Resampling.BICUBIC))
        exif = self.photo.exif if keep_metadata else None
        picture.info = {
            key: value
            for key, value in {"icc_profile": self.photo.icc_profile, "exif": exif}.items()
            if value is not None
        }
        return picture

    def reduced(self, max_side: int) -> "Painting":
        """The same with the longer side at most `max_side`, without EXIF: a preview whose blending is quick."""
        longest = max(self.size)
        if longest <= max_side:
            return self
        size = [max(1, round(side * max_side / longest)) for side in self.size]
        alpha = None if self.photo.alpha is None else resized(self.photo.alpha, size)
        photo = Upright(resized(self.photo.colours, size), alpha, self.photo.icc_profile, None)
        return Painting(photo, resized(self.colours, size))


def resized(
    picture: Image.Image, size: Sequence[int], resample: Image.Resampling = Image.Resampling.LANCZOS
) -> Image.Image:
    """The picture itself if it has the size."""
    return picture if picture.size == tuple(size) else picture.resize((size[0], size[1]), resample)


def _blend_into(painting: Image.Image, photo: Image.Image, *, strength: float, keep_colors: bool) -> None:
    """Turn the painting into photo + strength * (painting - photo), a square at a time; both RGB and of one size.

    With `keep_colors` the painting's luminance meets the photo's chroma first. In YCbCr all of red, green and blue rise
    as Y does while Cb and Cr stay, so that the difference of the two Y is all that is added to the photo.
    """
    for tile in tiles(*painting.size, tile_size=BLEND_SIZE):
        box = tile.core.scaled(1)
        before, after = (np.asarray(picture.crop(box)).astype(np.float32) for picture in (photo, painting))
        if keep_colors:
            luma = np.asarray(LUMA, dtype=np.float32)
            after = (before + ((after - before) @ luma)[..., None]).clip(0, 255)
        blended = before + np.float32(strength) * (after - before)
        painting.paste(Image.fromarray(np.rint(blended).clip(0, 255).astype(np.uint8)), box[:2])

"""The sheet that a stylizer's run writes on its way: the same photos each time, before and after."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps
from torch import Tensor

from gan_hub.images import grid
from gan_hub.stylizer import PhotoStylizer

NUM_PHOTOS = 6
TILE = (480, 360)


class Sheet:
    """Paints the same photos each time.

    Args:
        photos: that are painted, RGB.
        tile: width and height of each picture on the sheet, in pixels.
    """

    def __init__(self, photos: Sequence[Image.Image], tile: tuple[int, int] = TILE) -> None:
        self.tile = tile
        self.photos = [ImageOps.fit(photo, tile) for photo in photos]

    @classmethod
    def of(cls, photos: Sequence[Tensor]) -> "Sheet":
        """Of some of the photos that are trained on, [3, H, W], uint8."""
        chosen = photos[:: max(1, len(photos) // NUM_PHOTOS)][:NUM_PHOTOS]
        return cls([Image.fromarray(photo.permute(1, 2, 0).contiguous().numpy()) for photo in chosen])

    def __call__(self, stylizer: PhotoStylizer, folder: Path, num_steps: int) -> Path:
        """Write {num_steps}.jpg to the folder: photos in the first and third row, what becomes of them below each."""
        seen = self.photos
        if stylizer.scale > 1:
            seen = [photo.reduce(stylizer.scale) for photo in self.photos]
        painted = [stylizer.stylize(photo) for photo in seen]
        seen = [photo.resize(self.tile, Image.Resampling.BICUBIC) for photo in seen]
        columns = min(3, len(seen))
        rows = [pictures[i : i + columns] for i in range(0, len(seen), columns) for pictures in (seen, painted)]
        path = folder / f"{num_steps:07d}.jpg"
        grid([picture for row in rows for picture in row], columns, padding=4).save(path, quality=90)
        return path

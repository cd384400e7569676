"""Any picture, uploaded or drawn, in the form of a generator's pictures: size and channels, background, framing.

A generator of grey pictures on an even background, such as MNIST's white digits on black, is asked for a few of its own
pictures. They show its background: a drawing whose border is mostly of the other kind is inverted. And they show the
framing: MNIST's digits were scaled to fit a 20 x 20 box and placed by their centre of mass (LeCun et al., 1998,
"Gradient-based learning applied to document recognition", section III.A); Fashion-MNIST's clothes fill the 28 x 28.
"""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gan_hub.data.decode import fitted
from gan_hub.generator import GanGenerator
from gan_hub.images import from_uint8, has_alpha, with_alpha

NUM_SAMPLES = 64  # of the generator's pictures that show its framing
EVEN = 0.8  # the share of border pixels of one colour that makes a background
INK = 0.25  # share of the strongest stroke: from here on, pixels count for the box around a drawing
NOISE = 0.1  # share of the strongest stroke: below, pixels are noise of paper and sensors and count as background
FAINT = 0.05  # share of the range of pixels: a drawing that differs less from its background is blank


@dataclass(frozen=True)
class Framing:
    """How the subjects of a generator's pictures lie on their background.

    Attributes:
        dark: whether the background is black; else it is white.
        side: longer side of the box around the subject, in pixels.
        by_mass: whether the centre of mass of the subject is at `centre`; else the centre of its box is.
        centre: row and column.
    """

    dark: bool
    side: int
    by_mass: bool
    centre: tuple[float, float]


def prepare(image: Image.Image, generator: GanGenerator, *, framed: bool = True) -> Tensor:
    """A picture of any size and mode as the generator might have painted it.

    The picture is turned upright. Transparent pixels become white, or black if the visible ones are light. The picture
    is cropped around its centre to the generator's shape and scaled; for a generator with an even background, the
    drawing is cut out, scaled and placed like the generator's own subjects, and its contrast stretched. A picture that
    has the generator's size is not moved.

    Args:
        image: any of Pillow's.
        generator: the one that shall paint the picture.
        framed: False = only crop around the centre, as a mask is cropped.

    Returns:
        [C, H, W], float32 in [-1, 1], on the CPU.

    Raises:
        ValueError: the picture has a mode that can't be used, or too many pixels.
    """
    upright = ImageOps.exif_transpose(image)
    if generator.channels > 1:
        return _cropped(upright, generator)
    framing = framing_of(generator)
    flat = _laid_flat(upright)
    if framing is None:
        return _cropped(flat, generator)
    height, width = generator.image_size
    if not framed or flat.size == (width, height):
        picture = _cropped(flat, generator)
        return -picture if (float(border(picture).median()) < 0) != framing.dark else picture
    whole = fitted(flat, resolution=(flat.height, flat.width), channels=1).array[:, :, 0]
    return _placed(whole.astype(np.float32) / 255, framing, (height, width))


def prepare_mask(image: Image.Image, generator: GanGenerator) -> Tensor:
    """A mask [H, W], True where a picture is known: light pixels; cropped as `prepare(..., framed=False)` crops."""
    flat = _laid_flat(ImageOps.exif_transpose(image))
    return torch.from_numpy(fitted(flat, resolution=generator.image_size, channels=1).array[:, :, 0] > 127)


def framing_of(generator: GanGenerator) -> Framing | None:
    """The framing of a generator's pictures, from a few of them; None if they have no even background, or colours."""
    if generator.channels > 1:
        return None
    pictures = generator.sample(NUM_SAMPLES, seed=0)[:, 0].cpu()
    edges = torch.stack([border(picture[None]) for picture in pictures])
    shares = {dark: float(((edges < -0.8) if dark else (edges > 0.8)).float().mean()) for dark in (True, False)}
    dark = shares[True] >= shares[False]
    if shares[dark] < EVEN:
        return None
    subjects = ((pictures + 1) / 2 if dark else (1 - pictures) / 2).numpy()
    inks = [ink for ink in subjects if ink.max() > INK]
    if not inks:
        return None
    boxes = [_box(ink) for ink in inks]
    sides = [max(bottom - top, right - left) for top, left, bottom, right in boxes]
    middles = np.array([[(top + bottom - 1) / 2, (left + right - 1) / 2] for top, left, bottom, right in boxes])
    masses = np.array([_mass(ink) for ink in inks])
    by_mass = bool(masses.std(0).sum() < middles.std(0).sum())
    row, column = (masses if by_mass else middles).mean(0)
    return Framing(dark, round(float(np.median(sides))), by_mass, (float(row), float(column)))


def border(picture: Tensor) -> Tensor:
    """The outermost pixels of a picture [C, H, W], in no order."""
    return torch.cat([picture[:, [0, -1]].flatten(), picture[:, 1:-1, [0, -1]].flatten()])


def _cropped(image: Image.Image, generator: GanGenerator) -> Tensor:
    array = fitted(image, resolution=generator.image_size, channels=generator.channels).array
    return from_uint8(torch.from_numpy(array.copy())).permute(2, 0, 1).contiguous()


def _laid_flat(image: Image.Image) -> Image.Image:
    """A picture with alpha laid over white, or over black if its visible pixels are light; any other as it is."""
    if not has_alpha(image):
        return image
    layer = with_alpha(image)
    alpha, grey = np.asarray(layer.getchannel("A")), np.asarray(layer.convert("L"))
    seen = alpha > 127
    ground = "black" if seen.any() and not seen.all() and np.median(grey[seen]) > 127 else "white"
    return Image.alpha_composite(Image.new("RGBA", layer.size, ground), layer).convert("RGB")


def _placed(grey: np.ndarray, framing: Framing, size: tuple[int, int]) -> Tensor:
    """A drawing, scaled and placed on the generator's background; grey [H, W] in [0, 1] to [1, *size] in [-1, 1]."""
    ground = float(np.median(border(torch.from_numpy(grey)[None]).numpy()))
    ink = grey - ground if ground < 0.5 else ground - grey
    canvas = np.zeros(size, dtype=np.float32)
    if (peak := float(ink.max())) > FAINT:
        ink = ((ink / peak - NOISE) / (1 - NOISE)).clip(0, 1)
        top, left, bottom, right = _box(ink)
        factor = framing.side / max(bottom - top, right - left)
        shape = [max(1, round((end - start) * factor)) for start, end in ((left, right), (top, bottom))]
        cut = Image.fromarray(ink[top:bottom, left:right], "F").resize((shape[0], shape[1]), Image.Resampling.BILINEAR)
        small = np.asarray(cut)
        small = small / small.max()
        at = _mass(small) if framing.by_mass else ((small.shape[0] - 1) / 2, (small.shape[1] - 1) / 2)
        rows, columns = (
            min(max(0, round(centre - own)), whole - length)
            for centre, own, whole, length in zip(framing.centre, at, size, small.shape)
        )
        canvas[rows : rows + small.shape[0], columns : columns + small.shape[1]] = small
    return torch.from_numpy(canvas * 2 - 1 if framing.dark else 1 - canvas * 2)[None]


def _box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of the smallest box around the ink."""
    rows, columns = (np.flatnonzero((ink > INK).any(axis)) for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _mass(ink: np.ndarray) -> tuple[float, float]:
    """Row and column of the centre of mass."""
    total = float(ink.sum())
    return (
        float((ink.sum(1) * np.arange(ink.shape[0])).sum()) / total,
        float((ink.sum(0) * np.arange(ink.shape[1])).sum()) / total,
    )

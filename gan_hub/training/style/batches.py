"""The batch of any step of a stylizer's training, as a pure function of (seed, step, rank)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.nn.functional import interpolate

from gan_hub.images import from_uint8
from gan_hub.training.data.batches import stream
from gan_hub.training.style.data import RELIEF_UNIT, Sketch, StyleData
from gan_hub.training.style.options import StyleOptions
from gan_hub.training.style.palette import recoloured

Thing = TypeVar("Thing")
WARM, GREEN = (0.7, 0.0, -0.7), (-0.4, 0.8, -0.4)  # the axes of colour that strokes vary along, in RGB


@dataclass(frozen=True)
class StyleBatch:
    """One process's share of a step.

    Attributes:
        photo: [B, 3, H, W] in [-1, 1]: what the network sees.
        noise: [B, C, h, w].
        target: [B, 3, scale * H, scale * W], what it should come to; None if there is no saying.
        real: [B, 3, scale * H, scale * W]: cut out of paintings; for an upscaler, the large pictures.
        seed: of whatever else is drawn.
        styles: the number of each picture's style [B], int64.
        recolouring: of each photo to the palette of its style [B, 3, 4]; None without perceptual losses.
    """

    photo: Tensor
    noise: Tensor
    target: Tensor | None
    real: Tensor
    seed: int
    styles: Tensor | None = None
    recolouring: Tensor | None = None


class StyleBatches:
    """The batch of any number from 0 on."""

    def __init__(self, data: StyleData, options: StyleOptions, *, accelerator: Accelerator) -> None:
        self.data, self.options = data, options
        self.device, self.rank = accelerator.device, accelerator.process_index
        self.relief = relief_colours(options)

    def numbered(self, first: int, count: int) -> Callable[[int], StyleBatch]:  # noqa: ARG002  # as `Batches` has it
        """These batches; nothing is made ahead."""
        return self

    def __call__(self, number: int) -> StyleBatch:
        """The batch of that number."""
        random = stream(self.options.seed, "style", number, self.rank)
        make = self._enlarged if self.options.scale > 1 else self._painted
        photo, noise, target, real, *rest = make(random)
        seed = int(torch.randint(2**62, (), generator=random))
        styles, recolouring = (x if x is None else x.to(self.device) for x in rest or (None, None))
        on_device = [
            x if x is None else x.to(self.device).contiguous(memory_format=torch.channels_last)
            for x in (photo, noise, target, real)
        ]
        return StyleBatch(*on_device, seed, styles, recolouring)  # type: ignore[arg-type, call-arg]

    def _painted(self, random: torch.Generator) -> tuple[Tensor | None, ...]:
        options, size = self.options, self.options.train_batch_size
        numbers = [int(torch.randint(len(self.data.sketches), (), generator=random)) for _ in range(size)]
        crops = [self._cut_sketch(self.data.sketches[number], random) for number in numbers]
        photo, noise = from_uint8(torch.stack([crop.photo for crop in crops])), torch.stack([c.noise for c in crops])
        target = None
        if self.data.palette is not None:
            colours = from_uint8(torch.stack([crop.colours for crop in crops]))  # type: ignore[misc]
            relief = torch.stack([crop.relief for crop in crops]).float() / RELIEF_UNIT  # type: ignore[misc]
            target = recoloured(colours, self.data.palette, options.palette_amount) * options.contrast
            target = (target + torch.einsum("bkhw,kc->bchw", relief, self.relief)).clamp(-1, 1)
        paintings = [int(torch.randint(len(self.data.paintings), (), generator=random)) for _ in range(size)]
        if not self.data.recolourings:
            return photo, noise, target, self._cut_paintings(paintings, random), None, None
        styles = torch.randint(max(self.data.styles) + 1, (size,), generator=random)
        recolouring = torch.stack([self.data.recolourings[n][style] for n, style in zip(numbers, styles.tolist())])
        paintings = [
            self._one_of([i for i, s in enumerate(self.data.styles) if s == style], random) for style in styles
        ]
        return photo, noise, target, self._cut_paintings(paintings, random), styles, recolouring

    def _cut_paintings(self, numbers: Sequence[int], random: torch.Generator) -> Tensor:
        return torch.stack([self._cut_painting(self.data.paintings[number], random) for number in numbers])

    def _cut_sketch(self, sketch: Sketch, random: torch.Generator) -> Sketch:
        """A square of a photo with its sketch, at whole cells of noise, mirrored half of the time."""
        side = self.options.crop_size
        top, left = (int(torch.randint((n - side) // 8 + 1, (), generator=random)) * 8 for n in sketch.photo.shape[1:])
        mirrored = bool(torch.rand((), generator=random) < 0.5)

        def cut(x: Tensor | None, cell: int = 1) -> Tensor | None:
            if x is None:
                return None
            x = x[:, top // cell : (top + side) // cell, left // cell : (left + side) // cell]
            return x.flip(2) if mirrored else x

        cell = sketch.photo.shape[1] // sketch.noise.shape[1]
        parts = cut(sketch.photo), cut(sketch.noise, cell), cut(sketch.colours), cut(sketch.relief)
        return Sketch(*parts)  # type: ignore[arg-type]

    def _cut_painting(self, painting: Tensor, random: torch.Generator) -> Tensor:
        """A square of a painting, [3, H, W] in [-1, 1]."""
        side = self.options.crop_size
        low, high = map(math.log, self.options.painting_scale)
        scale = math.exp(low + (high - low) * float(torch.rand((), generator=random)))
        length = max(8, min(round(side * scale), *painting.shape[1:]))
        return _squared(self._square(painting, length, random), side)

    def _enlarged(self, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Pictures, and the same made small."""
        options = self.options
        side, size = options.crop_size, options.train_batch_size
        photos = [self._one_of(self.data.sketches, random).photo for _ in range(size)]
        large = torch.cat([self._square(photo, side, random) for photo in photos])
        factor = 1 / options.scale
        small = interpolate(large, scale_factor=factor, mode="bicubic", antialias=True, align_corners=False)
        # As a file would have it: in whole steps, and not beyond the range.
        small = small.clamp(-1, 1).mul(127.5).round().div(127.5)
        return small, torch.empty(size, 0, *small.shape[2:]), large, large

    def _square(self, picture: Tensor, length: int, random: torch.Generator) -> Tensor:
        """A square of that length, [1, 3, length, length] in [-1, 1], mirrored half of the time."""
        top, left = (int(torch.randint(n - length + 1, (), generator=random)) for n in picture.shape[1:])
        square = from_uint8(picture[None, :, top : top + length, left : left + length])
        return square.flip(3) if torch.rand((), generator=random) < 0.5 else square

    def _one_of(self, things: Sequence[Thing], random: torch.Generator) -> Thing:
        return things[int(torch.randint(len(things), (), generator=random))]


def relief_colours(options: StyleOptions) -> Tensor:
    """What each channel of a relief adds in RGB, in a range of 2: [5, 3]."""
    light, warm, dab = options.stroke_lightness, options.stroke_colour, options.broken_colour
    rows = [(light, (1, 1, 1)), (warm, WARM), (dab, WARM), (dab, GREEN), (options.impasto, (1, 1, 1))]
    return torch.tensor([[amount * part for part in colour] for amount, colour in rows])


def _squared(square: Tensor, side: int) -> Tensor:
    """[1, 3, n, n] at another size, [3, side, side]."""
    length = square.shape[3]
    if length == side:
        return square[0]
    if length > side:
        return interpolate(square, size=(side, side), mode="bilinear", antialias=True, align_corners=False)[0]
    return interpolate(square, size=(side, side), mode="bicubic", align_corners=False)[0].clamp(-1, 1)

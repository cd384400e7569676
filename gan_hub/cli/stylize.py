"""The command that paints photos, from files to files: stylize."""

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, get_args

import tyro
from tqdm import tqdm

from gan_hub.cli.arguments import Device, Model, Revision
from gan_hub.loading.device import AUTO, usable_device
from gan_hub.loading.model_files import bundled_names
from gan_hub.painting.photos import Format, PhotoError, check_encoding, encode_photo, open_photo
from gan_hub.recipes.fields import command_choice
from gan_hub.stylizer import PhotoStylizer, Style, check_options

SAME = "same"
OutputFormat = Annotated[str, command_choice([SAME, *get_args(Format)])]
BAR = "{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"


@dataclass(frozen=True)
class PaintOptions:
    """How photos are painted: arguments of `PhotoStylizer.stylize`."""

    strength: float = 1.0
    """From 0 (the photo) to 1 (the painting)."""
    keep_colors: bool = False
    """Take only light and dark from the painting, and the colours from the photo."""
    detail: float = 1.0
    """Above 0 and up to 1; less gives larger strokes."""
    seed: int = 0
    """Of the noise that strokes grow from."""
    max_side: int | None = None
    """Reduce a photo first so that its longer side has at most so many pixels."""
    keep_metadata: bool = False
    """Keep the photo's EXIF, time and place included."""


def stylize(
    model: Model,
    photos: Annotated[tuple[Path, ...], tyro.conf.Positional],
    out: Path,
    painting: tyro.conf.OmitArgPrefixes[PaintOptions] = PaintOptions(),
    format: OutputFormat = SAME,  # noqa: A002
    quality: int = 92,
    mix: tuple[str, ...] = (),
    upscale: str | None = None,
    revision: Revision = None,
    device: Device = AUTO,
) -> None:
    """Paint photos whole, of any size. A photo that can't be painted is named with the reason; the others are painted.

    Args:
        photos: files; they are never written to.
        out: a folder for the paintings, which have the names of their photos.
        format: same = that of the photo, or PNG if it is none of the others.
        quality: of JPEG and WebP, from 1 to 100.
        mix: styles that the model holds and how much of each, as --mix monet=0.6 ukiyo-e=0.4; its own if left out.
        upscale: an upscaler to enlarge the paintings with: a bundled name, a folder, or org/name.
    """
    if not photos:
        raise ValueError("there is nothing to paint; name at least one photo")
    check_options(strength=painting.strength, detail=painting.detail, seed=painting.seed, max_side=painting.max_side)
    check_encoding("png" if format == SAME else format, quality)
    style = mixture(mix)
    place = usable_device(device)
    stylizer = PhotoStylizer.from_pretrained(model, revision=revision).to(place)
    stylizer.style_weights(style)  # raises ValueError before a photo is read
    upscaler = None if upscale is None else _upscaler(upscale).to(place)
    painted = paint_files(photos, out, stylizer, upscaler, painting, style, format=format, quality=quality)
    print(f"{painted} of {len(photos)} photos are painted by {model} in {out}")
    if painted < len(photos):
        sys.exit(2)


def mixture(parts: Sequence[str]) -> dict[str, float] | None:
    """The weights of styles by name, from texts as "monet=0.6"; None if there are none.

    Raises:
        ValueError: a part is of another form, or names a style again.
    """
    weights: dict[str, float] = {}
    for part in parts:
        name, equals, share = part.rpartition("=")
        try:
            weight = float(share)
        except ValueError:
            weight = math.nan
        if not equals or not name or name in weights or not weight >= 0:
            raise ValueError(f"--mix has '{part}'; name each style once, with a share from 0 on, as monet=0.6")
        weights[name] = weight
    return weights or None


def _upscaler(name: str) -> PhotoStylizer:
    upscaler = PhotoStylizer.from_pretrained(name)
    if upscaler.scale == 1:
        others = bundled_names("upscaler")
        raise ValueError(
            f"'{name}' paints and does not enlarge; as --upscale use an upscaler"
            + (f", such as {', '.join(others)}" if others else "")
        )
    return upscaler


def paint_files(
    photos: Sequence[Path],
    out: Path,
    stylizer: PhotoStylizer,
    upscaler: PhotoStylizer | None,
    options: PaintOptions,
    style: Style = None,
    *,
    format: str,  # noqa: A002
    quality: int,
) -> int:
    """Paint each photo into a folder, and name on stderr each that can't be painted, with the reason.

    Args:
        photos: files; none of them is written to, wherever the folder is.
        out: the folder, made if need be; the paintings have the names of their photos, numbered where two are alike.
        stylizer: that paints.
        upscaler: that enlarges the paintings; None = they stay as large as their photos.
        options: of the painting.
        style: see `PhotoStylizer.stylize`.
        format: of the files; "same" = that of each photo, or PNG if it is none of the others.
        quality: of JPEG and WebP, from 1 to 100.

    Returns:
        how many photos were painted.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = OutputNames(out, photos)
    steps = 1 if upscaler is None else 2
    painted = 0
    with tqdm(total=float(len(photos) * steps), bar_format=BAR, disable=None) as bar:
        for number, path in enumerate(photos):

            def progress(done: float, start: int = number * steps) -> None:
                bar.update(start + done - bar.n)

            bar.set_description_str(f"{number + 1}/{len(photos)} {path.name}")
            try:
                photo = open_photo(path)
                kind = FILE_FORMATS.get(photo.format, "png") if format == SAME else format
                picture = stylizer.stylize(photo, style=style, **vars(options), on_progress=progress)
                if upscaler is not None:
                    enlarging = partial(progress, start=number * steps + 1)
                    keep = options.keep_metadata
                    picture = upscaler.stylize(picture, keep_metadata=keep, on_progress=enlarging)
                data = encode_photo(picture, kind, quality)  # type: ignore[arg-type]  # `check_encoding` knows it
            except PhotoError as error:
                bar.write(f"gan-hub: {path}: {error}", file=sys.stderr)
            else:
                names.free(path.stem, kind).write_bytes(data)
                painted += 1
            progress(steps)
    return painted


# What a picture is saved as that was opened from a file of Pillow's format.
FILE_FORMATS: dict[str | None, str] = {"JPEG": "jpeg", "MPO": "jpeg", "WEBP": "webp"}


class OutputNames:
    """Names for files in a folder that overwrite no input and no earlier file, whatever links or letter case do."""

    def __init__(self, folder: Path, inputs: Sequence[Path]) -> None:
        self._folder = folder
        self._inputs = {(found.st_dev, found.st_ino) for path in inputs if (found := _stat(path))}
        self._given: set[str] = set()

    def free(self, stem: str, kind: str) -> Path:
        """The folder's stem.extension, else stem-2.extension and so on."""
        extension = "jpg" if kind == "jpeg" else kind
        number = 1
        while True:
            name = f"{stem}.{extension}" if number == 1 else f"{stem}-{number}.{extension}"
            found = _stat(self._folder / name)
            if name.casefold() not in self._given and (not found or (found.st_dev, found.st_ino) not in self._inputs):
                self._given.add(name.casefold())
                return self._folder / name
            number += 1


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None

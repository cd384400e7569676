"""Many photos from files to files: what `gan-hub stylize` does once the networks are loaded."""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from tqdm import tqdm

from gan_hub.painting.photos import Format, PhotoError, encode_photo, open_photo
from gan_hub.stylizer import PhotoStylizer

LOOK = "{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"


def paint_files(
    photos: Sequence[Path],
    out: Path,
    stylizer: PhotoStylizer,
    upscaler: PhotoStylizer | None = None,
    *,
    format: Literal["same", "jpeg", "png", "webp"] = "same",  # noqa: A002
    quality: int = 92,
    options: Mapping[str, Any],
) -> int:
    """Paint each photo into a folder; one that can't be is named on stderr with the reason.

    Args:
        photos: files; none of them is written to, wherever the folder is.
        out: the folder, made if need be; the paintings have the names of their photos, numbered where two are alike.
        stylizer: that paints.
        upscaler: that enlarges the paintings.
        format: same = that of the photo, or PNG if it is none of the three.
        quality: of JPEG and WebP, from 1 to 100.
        options: arguments of `PhotoStylizer.stylize` by name.

    Returns:
        how many were painted.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = OutputNames(out, photos)
    steps = 1 if upscaler is None else 2
    painted = 0
    with tqdm(total=float(len(photos) * steps), bar_format=LOOK, disable=None) as bar:
        for number, path in enumerate(photos):

            def progress(done: float, start: int = number * steps) -> None:
                bar.update(start + done - bar.n)

            bar.set_description_str(f"{number + 1}/{len(photos)} {path.name}")
            try:
                photo = open_photo(path)
                kind = _format_of(photo.format) if format == "same" else format
                picture = stylizer.stylize(photo, **options, on_progress=progress)
                if upscaler is not None:
                    keep = bool(options.get("keep_metadata"))
                    enlarging = partial(progress, start=number * steps + 1)
                    picture = upscaler.stylize(picture, keep_metadata=keep, on_progress=enlarging)
                data = encode_photo(picture, kind, quality)
            except PhotoError as error:
                bar.write(f"gan-hub: {path}: {error}", file=sys.stderr)
            else:
                names.free(path.stem, kind).write_bytes(data)
                painted += 1
            progress(steps)
    return painted


def _format_of(name: str | None) -> Format:
    """What to save a picture as that was opened from a file of Pillow's format `name`."""
    formats: dict[str | None, Format] = {"JPEG": "jpeg", "MPO": "jpeg", "WEBP": "webp"}
    return formats.get(name, "png")


class OutputNames:
    """Names of files in a folder that are neither an input nor given before, whatever links or letter case do."""

    def __init__(self, folder: Path, inputs: Sequence[Path]) -> None:
        self._folder = folder
        self._inputs = {(found.st_dev, found.st_ino) for path in inputs if (found := _stat(path))}
        self._given: set[str] = set()

    def free(self, stem: str, kind: Format) -> Path:
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

"""Photos and paintings for a stylizer to learn from: found, decoded, and the photos sketched in strokes."""

import csv
import hashlib
import io
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm.auto import tqdm

from gan_hub.data.files import DataError, find_pictures
from gan_hub.data.pictures import LICENCE
from gan_hub.images import from_uint8, to_uint8
from gan_hub.models import STYLIZERS
from gan_hub.painting.noise import position_noise
from gan_hub.painting.photos import PhotoError, open_photo, upright
from gan_hub.training.data.batches import stream
from gan_hub.training.options.options import OptionError
from gan_hub.training.style.options import StyleOptions
from gan_hub.training.style.palette import colours_of, match_palette
from gan_hub.training.style.perceptual import photo_recolourings
from gan_hub.training.style.strokes import Strokes, paint

logger = logging.getLogger(__name__)

MANIFEST = "MANIFEST.csv"  # columns file, and artist, title, year or licence; in a folder above the pictures
NOISE_SPAN = 64  # pixels between the points of the smooth noise; photos are cut to a multiple
LONGEST = 2  # a photo's longer side is cut to so many times the shorter
RELIEF_UNIT = 32  # of a stroke's lightness of 1, in the bytes that relief is kept in


@dataclass(frozen=True)
class Sketch:
    """A photo, and what it looks like in strokes.

    Attributes:
        photo: [3, H, W], uint8; H and W are multiples of 64.
        noise: [C, H / 4, W / 4], float32: what the network is given.
        colours: [3, H, W], uint8: the photo's, smeared along its lines; None without sketches.
        relief: [5, H, W], int8, in 1/32: as `gan_hub.training.style.strokes.paint` has it; None without sketches.
    """

    photo: Tensor
    noise: Tensor
    colours: Tensor | None = None
    relief: Tensor | None = None


@dataclass(frozen=True)
class StyleData:
    """All that a stylizer learns from.

    Attributes:
        sketches: of the photos.
        paintings: [3, H, W] each, uint8; empty for an upscaler.
        styles: the number of the style that each painting is of.
        recolourings: for each photo and style the linear map of colours to the paintings' palette, [styles, 3, 4];
            empty unless `options.is_perceptual`.
        palette: see `gan_hub.training.style.palette.match_palette`; None without sketches.
        painting_names: "artist, title, year" each.
        photo_description: how many, where from, licences.
        sha256: of all the pictures' pixels.
    """

    sketches: Sequence[Sketch]
    paintings: Sequence[Tensor]
    palette: Tensor | None
    painting_names: Sequence[str]
    photo_description: str
    sha256: str
    styles: Sequence[int] = ()
    recolourings: Sequence[Tensor] = ()

    def description(self) -> str:
        """In a sentence."""
        paintings = f"{len(self.paintings)} painting{'s' * (len(self.paintings) != 1)} and " if self.paintings else ""
        return f"{paintings}{len(self.sketches)} photos"


@dataclass(frozen=True)
class Picture:
    """A decoded picture and what is known of it.

    Attributes:
        path: of the file, or of the ZIP with the name in it.
        pixels: [3, H, W], uint8.
        about: its row of the manifest, or nothing.
    """

    path: Path
    pixels: Tensor
    about: dict[str, str]


def load_style_data(options: StyleOptions) -> StyleData:
    """Find, decode and sketch what the options name.

    Raises:
        OptionError: a name leads nowhere, or nothing in it can be read.
    """
    options.check_data()
    random = stream(options.seed, "sides", 0)
    low, high = options.photo_sides

    def side() -> int:
        return int(torch.randint(low, high + 1, (), generator=random))

    photos = list(_pictures(options.photos, options, side, exclude=options.photos_exclude))
    groups = [
        list(_pictures(sources, options, lambda: options.painting_side)) if options.scale == 1 else []
        for sources, _ in options.painting_groups().values()
    ]
    if options.scale == 1 and not all(groups):
        raise OptionError("none of the paintings can be used; the lines above say why")
    paintings = [painting for group in groups for painting in group]
    if not photos:
        raise OptionError("none of the photos can be used; the lines above say why")
    digest = hashlib.sha256()
    for picture in (*paintings, *photos):
        digest.update(picture.pixels.numpy().data)
    palette, recolourings = None, []
    if options.is_perceptual:
        recolourings = photo_recolourings(
            [p.pixels for p in photos], [[p.pixels for p in group] for group in groups], options.palette_amount
        )
    if options.is_sketched:
        found, wanted = (colours_of([p.pixels for p in some], options.seed) for some in (photos, paintings))
        palette = match_palette(found, wanted, options.seed)
    return StyleData(
        sketches=_sketches([picture.pixels for picture in photos], options, digest.hexdigest()),
        paintings=[picture.pixels for picture in paintings],
        palette=palette,
        painting_names=[_painting_name(picture) for picture in paintings],
        photo_description=_photo_description(photos),
        sha256=digest.hexdigest(),
        styles=[number for number, group in enumerate(groups) for _ in group],
        recolourings=recolourings,
    )


def _pictures(
    sources: Sequence[Path], options: StyleOptions, side: Callable[[], int], exclude: Sequence[str] = ()
) -> Iterator[Picture]:
    """The pictures of folders, ZIPs and files, each reduced until its shorter side is `side()`.

    Those that can't be read, or are too small to cut a square from, are named and left out.
    """
    for source in sources:
        source = source if source.exists() else options.data_dir / source
        if not source.exists():
            raise OptionError(
                f"there is no '{source}'; name folders, ZIPs or pictures that exist, or the folder of the presets' "
                "pictures with --data_dir"
            )
        manifest = _manifest(source)
        for name, data in _files(source):
            if any(fnmatchcase(part, pattern) for pattern in exclude for part in (name, Path(name).name)):
                continue
            try:
                picture = upright(open_photo(data)).colours
            except PhotoError as error:
                logger.warning("left out: %s (%s)", name, error)
                continue
            pixels = _reduced(picture, side())
            if min(pixels.shape[1:]) < options.crop_size:
                size = f"{picture.width}x{picture.height}"
                logger.warning("left out: %s (%s is smaller than --crop_size %d)", name, size, options.crop_size)
                continue
            yield Picture(source / name if source.is_dir() else source, pixels, manifest.get(Path(name).name, {}))


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.is_file() and source.suffix.lower() != ".zip":
        yield source.name, source.read_bytes()
        return
    try:
        files = find_pictures(source)
    except DataError as error:
        raise OptionError(str(error)) from error
    with files.reader() as read:
        for name in files.names:
            yield name, read(name)


def _reduced(picture: Image.Image, side: int) -> Tensor:
    factor = side / min(picture.size)
    if factor < 1:
        picture = picture.resize([round(length * factor) for length in picture.size], Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def _sketches(photos: Sequence[Tensor], options: StyleOptions, key: str) -> list[Sketch]:
    """The photos, cut to whole cells of noise, sketched if need be; found in the cache the next time."""
    network: Any = STYLIZERS[options.architecture].network(**network_arguments(options))
    cut = [_cut(photo, network.grid, options) for photo in photos]
    noises = [
        position_noise(
            photo.shape[1] // network.noise_grid,
            photo.shape[2] // network.noise_grid,
            cells=network.noise_cells,
            seed=number,
        )
        for number, photo in enumerate(cut)
    ]
    if not options.is_sketched:
        return [Sketch(photo, noise) for photo, noise in zip(cut, noises)]
    drawn = _drawn(cut, noises, options, key)
    return [
        Sketch(photo, noise, drawn[f"colours.{i}"], drawn[f"relief.{i}"])
        for i, (photo, noise) in enumerate(zip(cut, noises))
    ]


def _cut(photo: Tensor, grid: int, options: StyleOptions) -> Tensor:
    """A photo [3, H, W] cut to whole spans of noise, or cells if it is small, and not longer than `LONGEST`."""
    height, width = photo.shape[1], min(photo.shape[2], LONGEST * photo.shape[1])
    if options.scale == 1:
        height, width = (
            span if (span := length // NOISE_SPAN * NOISE_SPAN) >= options.crop_size else length // grid * grid
            for length in (height, width)
        )
    return photo[:, :height, :width].contiguous()


def _drawn(photos: Sequence[Tensor], noises: Sequence[Tensor], options: StyleOptions, key: str) -> dict[str, Tensor]:
    strokes = Strokes(
        options.stroke_width,
        options.stroke_length,
        options.flattening,
        options.smoothing,
        options.raggedness,
        options.outline,
    )
    name = hashlib.sha256(json.dumps([key, options.photo_sides, options.seed, asdict(strokes), 4]).encode()).hexdigest()
    path = (options.data_cache_dir or options.output_dir / "cache") / f"sketches-{name[:16]}.safetensors"
    try:
        return load_file(path)
    except (OSError, SafetensorError):
        pass
    drawn = {}
    pairs = list(zip(photos, noises))
    for i, (photo, noise) in enumerate(tqdm(pairs, desc="sketching photos", unit="img", mininterval=1.0)):
        colours, relief = paint(from_uint8(photo)[None], noise[None], strokes)
        drawn[f"colours.{i}"] = to_uint8(colours[0])
        drawn[f"relief.{i}"] = (relief[0] * RELIEF_UNIT).round().clamp(-127, 127).to(torch.int8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".tmp")
        save_file(drawn, aside)
        aside.rename(path)
    except OSError as error:
        logger.warning("the sketches could not be kept in '%s' (%s); they will be drawn again", path.parent, error)
    return drawn


def network_arguments(options: StyleOptions) -> dict[str, object]:
    """What the network of a stylizer is built from."""
    arguments = {
        "widths": options.widths,
        "num_blocks": options.num_blocks,
        "noise_channels": options.noise_channels,
    }
    if STYLIZERS[options.architecture].styles[1]:
        arguments["num_styles"] = len(options.painting_groups())
    return arguments | ({"scale": options.scale} if len(STYLIZERS[options.architecture].scales) > 1 else {})


def _manifest(source: Path) -> dict[str, dict[str, str]]:
    """The rows of the nearest manifest at or above a source, by the name of the file."""
    for folder in (source, *source.resolve().parents[:2]):
        path = folder / MANIFEST
        if path.is_file():
            rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
            return {Path(row["file"]).name: row for row in rows if row.get("file")}
    return {}


def _painting_name(picture: Picture) -> str:
    known = [picture.about.get(key, "").strip() for key in ("artist", "title", "year")]
    return ", ".join(part for part in known if part) or picture.path.stem


def _photo_description(photos: Sequence[Picture]) -> str:
    """Counts, folders and licences; what a manifest adds to a licence in brackets is left out."""
    licences = (p.about.get("licence", "").split(" (")[0].strip() or LICENCE for p in photos)
    groups = Counter(zip((p.path.parent.name for p in photos), licences))
    return "; ".join(f"{count} of {name}, licence: {licence}" for (name, licence), count in groups.items()) + "."

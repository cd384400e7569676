"""The commands that make pictures with a generator: sample, interpolate, directions, project."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from PIL import Image

from gan_hub import images
from gan_hub.cli.arguments import Device, Model, Revision, load_generator
from gan_hub.editing.directions import Method, find_directions
from gan_hub.inversion.projection import NUM_STEPS, composite, prepare, prepare_mask
from gan_hub.inversion.projection import project as project_picture
from gan_hub.latents.labels import class_index
from gan_hub.loading.config import shorten
from gan_hub.loading.device import AUTO
from gan_hub.painting.photos import PhotoError, open_photo
from gan_hub.recipes.archives import zip_bytes
from gan_hub.recipes.keys import Key, format_key, parse_keys
from gan_hub.recipes.names import public_name
from gan_hub.recipes.picture import grid_png
from gan_hub.recipes.recipe import parse_seeds
from gan_hub.recipes.video import FORMATS
from gan_hub.recipes.walk import Walk, WalkOptions, encode_walk
from gan_hub.sampling.pictures import sample as sample_pictures
from gan_hub.sampling.pictures import sample_chunks
from gan_hub.sampling.variations import strip

FILE_HELP = f"a name that ends in one of .{', .'.join(FORMATS)}: a video, single frames (zip) or a contact sheet (png)."
WalkFile = Annotated[Path, tyro.conf.arg(help=FILE_HELP)]
MIN_SIDE = 128  # pixels that small pictures are enlarged to


def sample(
    model: Model,
    out: Path,
    seeds: str = "0-15",
    label: str | None = None,
    truncation: float = 1.0,
    columns: int = 4,
    revision: Revision = None,
    device: Device = AUTO,
) -> None:
    """Make pictures: a grid, single files, or a ZIP. On the same device, the page makes the same bytes.

    Args:
        out: a name that ends in .png for a grid, in .zip for a ZIP with a manifest; any other is a folder of PNGs.
        seeds: such as 7, 0-15 or 3,7,20-29.
        label: the class to show, by name; each seed's own if left out.
        truncation: from 0 (the average picture) over 1 (as trained) to 2.
        columns: pictures in a row of the grid.
    """
    numbers = parse_seeds(seeds)
    generator = load_generator(model, revision, device)
    suffix = out.suffix.lower()
    if suffix in (".png", ".zip"):
        pictures = sample_pictures(generator, numbers, label=label, truncation=truncation)
        _write(out, grid_png(pictures, columns) if suffix == ".png" else zip_bytes(pictures))
    else:
        chunks = sample_chunks(generator, numbers, label=label, truncation=truncation)
        out.mkdir(parents=True, exist_ok=True)
        for picture in (picture for chunk in chunks for picture in chunk):
            (out / picture.file_name).write_bytes(picture.png())
    print(f"{len(numbers)} pictures of {model} are in {out}")


def interpolate(
    model: Model,
    out: WalkFile,
    seeds: str | None = None,
    labels: tuple[str, ...] = (),
    truncation: tuple[float, ...] = (1.0,),
    keys: str | None = None,
    motion: tyro.conf.OmitArgPrefixes[WalkOptions] = WalkOptions(),  # noqa: B008  # frozen
    revision: Revision = None,
    device: Device = AUTO,
) -> None:
    """Walk from picture to picture: a video. On the same device, the page makes the same bytes.

    Args:
        seeds: the pictures to walk through, such as 3,7,12; 3,7;8,9 are two walks side by side.
        labels: the class of each of them, or one for all; each seed's own if left out. With one seed and several
            classes, the walk leads from class to class.
        truncation: of each of them, or one for all: from 0 (the average picture) over 1 (as trained) to 2.
        keys: in place of seeds, labels and truncation, as in the page's link: 3,7:round,12::0.7 are seeds with class
            and truncation; a latent, as `gan-hub project` prints it, may stand for a seed.
    """
    suffix = out.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise ValueError(f"'{out.name}' ends in no format; end it in one of: .{', .'.join(FORMATS)}")
    if (seeds is None) == (keys is None):
        raise ValueError("give the pictures to walk through as --seeds or as --keys, and not as both")
    if keys is not None:
        tracks = parse_keys(keys)
    else:
        parts = str(seeds).split(";")
        tracks = tuple(_keys(parse_seeds(part, repeats=True), labels, truncation) for part in parts)
    generator = load_generator(model, revision, device)
    walk = Walk(public_name(generator), generator.revision, tracks, **vars(motion))
    _write(out, encode_walk(generator, walk, suffix))
    print(f"{walk.num_frames} frames ({walk.seconds:.1f} s) of {model} are in {out}")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _keys(seeds: Sequence[int], labels: Sequence[str], truncation: Sequence[float]) -> tuple[Key, ...]:
    """A key for each seed, or for each label if there is only one seed; a single value is for all of them."""
    count = max(len(seeds), len(labels), len(truncation))
    columns: list[list[Any]] = []
    for name, values in (("seeds", seeds), ("labels", labels or (None,)), ("truncations", truncation)):
        if len(values) not in (1, count):
            raise ValueError(f"there are {len(values)} {name} for {count} pictures; give one for all, or one for each")
        columns.append(list(values) * (count // len(values)))
    return tuple(Key(*values) for values in zip(*columns))


def directions(
    model: Model,
    out: Path,
    method: Method = "sefa",
    count: int = 10,
    seed: int = 0,
    rows: int = 4,
    label: str | None = None,
    revision: Revision = None,
    device: Device = AUTO,
) -> None:
    """Find directions along which pictures change most, and draw a sheet of each.

    Args:
        out: a folder for directions.safetensors and a PNG for each direction; in the model's own folder, the directions
            belong to the model.
        method: sefa (closed form, from the first layer) or ganspace (principal components of early activations).
        count: of directions, from 1 to 64.
        seed: of the first latent shown, and of those that ganspace looks at.
        rows: latents that each PNG shows, a row for each; its columns are from -3 to 3 along the direction.
        label: the class to show, by name; each seed's own if left out.
    """
    if rows < 1:
        raise ValueError(f"rows is {rows}; it must be at least 1")
    generator = load_generator(model, revision, device)
    found = find_directions(generator, method, count, seed)
    z = generator.latents(range(seed, seed + rows))
    labels = class_index(generator.class_names, label)
    out.mkdir(parents=True, exist_ok=True)
    factor = max(1, MIN_SIDE // (2 * max(generator.image_size)))
    for i in range(len(found)):
        picture = strip(generator, z, found, i, labels=labels)
        images.enlarge(picture, factor).save(out / f"direction-{i + 1:02d}.png")
    found.save(out)
    print(f"{len(found)} directions of {model} ({method}) are in {out}")


def project(
    model: Model,
    picture: Annotated[Path, tyro.conf.Positional],
    out: Path,
    steps: int = NUM_STEPS,
    mask: Path | None = None,
    label: str | None = None,
    seed: int = 0,
    revision: Revision = None,
    device: Device = AUTO,
) -> None:
    """Find your own picture in the latent space, or complete it; writes picture and reconstruction side by side.

    Args:
        picture: any size and colours; for a model of grey pictures on an even ground, a drawing is cut out and placed.
        out: a PNG of the picture and what the model paints for it; with a mask also of the completed picture.
        steps: of the refinement; 0 = the first guess.
        mask: a picture that is light where the other one is known, of the same shape; the rest is completed.
        label: the class to look in, by name; the likeliest ones if left out.
        seed: of the random latents that compete where there is no encoder, or a mask.
    """
    generator = load_generator(model, revision, device)
    target = prepare(_open(picture), generator, framed=mask is None)
    known = None if mask is None else prepare_mask(_open(mask), generator)
    found = project_picture(
        generator, target, label=class_index(generator.class_names, label), num_steps=steps, mask=known, seed=seed
    )
    pictures = [target, found.picture]
    if known is not None:
        pictures = [target * known, found.picture, composite(target, found.picture, known)]
    sheet = images.grid(images.to_pil(torch.stack(pictures)), len(pictures))
    out.parent.mkdir(parents=True, exist_ok=True)
    images.enlarge(sheet, max(1, MIN_SIDE // max(generator.image_size))).save(out)
    named = f", class {generator.class_names[found.label]}" if found.label is not None else ""
    print(f"mean absolute error {found.error:.2%} of the range of pixels{named}; {out}")
    print(f"its key, for --keys of gan-hub interpolate: {format_key(found.key(generator))}")


def _open(path: Path) -> Image.Image:
    """A picture from a file, decoded; raises ValueError that names the file."""
    try:
        return open_photo(path)
    except PhotoError as error:
        raise ValueError(f"'{shorten(str(path))}': {error}") from error

"""The commands of `gan-hub` that look into the latent space: walks, directions, the latent of one's own picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro
from PIL import Image

from gan_hub import images
from gan_hub.editing.directions import Method, find_directions
from gan_hub.generator import GanGenerator
from gan_hub.inversion.projection import NUM_STEPS, composite, prepare, prepare_mask
from gan_hub.inversion.projection import project as project_picture
from gan_hub.latents.labels import class_index
from gan_hub.loading.config import shorten
from gan_hub.loading.device import usable_device
from gan_hub.recipes.keys import Key, format_key, parse_keys
from gan_hub.recipes.names import public_name
from gan_hub.recipes.recipe import parse_seeds
from gan_hub.recipes.video import FORMATS
from gan_hub.recipes.walk import Walk, encode_walk
from gan_hub.sampling.variations import strip

LONGEST = 128  # pixels that small pictures are enlarged to


def interpolate(
    model: Annotated[str, tyro.conf.Positional],
    out: Path,
    seeds: str | None = None,
    labels: tuple[str, ...] = (),
    truncation: tuple[float, ...] = (1.0,),
    keys: str | None = None,
    frames: int = 60,
    fps: int = 30,
    path: Literal["lerp", "slerp", "cubic"] = "slerp",
    easing: Literal["linear", "ease_in_out", "linger"] = "linear",
    loop: bool = False,
    ping_pong: bool = False,
    even_pace: bool = False,
    size: int = 256,
    columns: int | None = None,
    revision: str | None = None,
    device: str = "cpu",
) -> None:
    """Walk from picture to picture: a video. The same walk gives the same bytes here and on the page.

    Args:
        model: a bundled name such as mnist-gan, a folder, or org/name on the Hub.
        out: a name that ends in .mp4, .webp, .gif, .zip for single frames, or .png for a contact sheet.
        seeds: the pictures to walk through, such as 3,7,12; 3,7;8,9 are two walks side by side.
        labels: the class of each of them, or one for all; each seed's own if left out. With one seed and several
            classes, the walk leads from class to class.
        truncation: of each of them, or one for all: from 0 (the average picture) over 1 (as trained) to 2.
        keys: in place of seeds, labels and truncation, as in the page's link: 3,7:round,12::0.7 are seeds with class
            and truncation; a latent, as `gan-hub project` prints it, may stand for a seed.
        frames: from one picture to the next.
        fps: frames a second.
        path: straight, along an arc, or a smooth curve through all.
        easing: how the walk leaves and reaches each picture.
        loop: go back to the first picture.
        ping_pong: go to the last picture and back.
        even_pace: let successive frames differ equally before any easing.
        size: of the longer side in pixels, to which pictures are enlarged; of a contact sheet, of each picture.
        columns: of walks side by side.
        revision: branch, tag or commit on the Hub.
        device: where the network runs, such as cpu or cuda.
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
    generator = GanGenerator.from_pretrained(model, revision=revision).to(usable_device(device))
    walk = Walk(
        model=public_name(generator),
        revision=generator.revision,
        tracks=tracks,
        frames_per_leg=frames,
        fps=fps,
        path=path,
        easing=easing,
        loop=loop,
        ping_pong=ping_pong,
        even_pace=even_pace,
        size=size,
        columns=columns,
    )
    data = encode_walk(generator, walk, suffix)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(data)
    print(f"{walk.num_frames} frames ({walk.seconds:.1f} s) of {model} are in {out}")


def _keys(seeds: Sequence[int], labels: Sequence[str], truncation: Sequence[float]) -> tuple[Key, ...]:
    """One key a seed, or a label if there is but one seed; what there is one of is for all."""
    count = max(len(seeds), len(labels), len(truncation))
    columns: list[list[Any]] = []
    for name, values in (("seeds", seeds), ("labels", labels or (None,)), ("truncations", truncation)):
        if len(values) not in (1, count):
            raise ValueError(f"there are {len(values)} {name} for {count} pictures; give one for all, or one for each")
        columns.append(list(values) * (count // len(values)))
    return tuple(Key(*values) for values in zip(*columns))


def directions(
    model: Annotated[str, tyro.conf.Positional],
    out: Path,
    method: Method = "sefa",
    count: int = 10,
    seed: int = 0,
    rows: int = 4,
    label: str | None = None,
    revision: str | None = None,
) -> None:
    """Find directions along which pictures change most, and show what each of them does.

    Args:
        model: a bundled name such as mnist-gan, a folder, or org/name on the Hub.
        out: a folder for directions.safetensors and a PNG for each direction; that of the model itself puts the
            directions beside the model.
        method: sefa (closed form, from the first layer) or ganspace (principal components of early activations).
        count: of directions, from 1 to 64.
        seed: of the first latent shown, and of those that ganspace looks at.
        rows: latents that each PNG shows, a row for each; its columns are from -3 to 3 along the direction.
        label: the class to show, by name; each seed's own if left out.
        revision: branch, tag or commit on the Hub.
    """
    if rows < 1:
        raise ValueError(f"rows is {rows}; it must be at least 1")
    generator = GanGenerator.from_pretrained(model, revision=revision)
    found = find_directions(generator, method, count, seed)
    z = generator.latents(range(seed, seed + rows))
    labels = class_index(generator.class_names, label)
    out.mkdir(parents=True, exist_ok=True)
    factor = max(1, LONGEST // (2 * max(generator.image_size)))
    for i in range(len(found)):
        picture = strip(generator, z, found, i, labels=labels)
        images.enlarge(picture, factor).save(out / f"direction-{i + 1:02d}.png")
    found.save(out)
    print(f"{len(found)} directions of {model} ({method}) are in {out}")


def project(
    model: Annotated[str, tyro.conf.Positional],
    picture: Annotated[Path, tyro.conf.Positional],
    out: Path,
    steps: int = NUM_STEPS,
    mask: Path | None = None,
    label: str | None = None,
    seed: int = 0,
    revision: str | None = None,
) -> None:
    """Find your own picture in the latent space, or complete it; writes picture and reconstruction side by side.

    Args:
        model: a bundled name such as mnist-gan, a folder, or org/name on the Hub.
        picture: any size and colours; for a model of grey pictures on an even ground, a drawing is cut out and placed.
        out: a PNG of the picture and what the model paints for it; with a mask also of the completed picture.
        steps: of the refinement; 0 = the first guess.
        mask: a picture that is light where the other one is known, of the same shape; the rest is completed.
        label: the class to look in, by name; the likeliest ones if left out.
        seed: of the random latents that compete where there is no encoder, or a mask.
        revision: branch, tag or commit on the Hub.
    """
    generator = GanGenerator.from_pretrained(model, revision=revision)
    target = prepare(_opened(picture), generator, framed=mask is None)
    known = None if mask is None else prepare_mask(_opened(mask), generator)
    found = project_picture(
        generator, target, label=class_index(generator.class_names, label), num_steps=steps, mask=known, seed=seed
    )
    shown_pictures = [target, found.picture]
    if known is not None:
        shown_pictures = [target * known, found.picture, composite(target, found.picture, known)]
    sheet = images.grid(images.to_pil(torch.stack(shown_pictures)), len(shown_pictures))
    out.parent.mkdir(parents=True, exist_ok=True)
    images.enlarge(sheet, max(1, LONGEST // max(generator.image_size))).save(out)
    named = f", class {generator.class_names[found.label]}" if found.label is not None else ""
    print(f"mean absolute error {found.error:.2%} of the range of pixels{named}; {out}")
    print(f"its key, for --keys of gan-hub interpolate: {format_key(found.key(generator))}")


def _opened(path: Path) -> Image.Image:
    """A picture from a file, decoded.

    Raises:
        ValueError: it can't be read; says which file.
    """
    try:
        with Image.open(path) as picture:
            picture.load()
            return picture
    except FileNotFoundError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"'{shorten(str(path))}' can't be read as a picture ({type(error).__name__})") from error

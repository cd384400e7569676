"""From seeds to files: pictures with their recipes, grids and ZIPs.

The page and the command both end here, so that the same recipe gives the same bytes.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from PIL import Image

from gan_hub import __version__, images
from gan_hub.config import shown
from gan_hub.generator import GanGenerator
from gan_hub.hub import BUNDLED_FOLDER, CONFIG_FILE
from gan_hub.latents import labels_of_latents
from gan_hub.pretrained import PretrainedModel
from gan_hub.recipe import BUNDLED_NAME, FOLDER_PREFIX, PNG_KEY, Recipe, check_truncation

ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can say: the same pictures give the same bytes at any time


@dataclass(frozen=True)
class Picture:
    """One picture and what it takes to make it again.

    Attributes:
        recipe: its only seed, or its latent, is the picture's.
        class_name: the class it shows; None when the generator has none.
        image: the pixels.
    """

    recipe: Recipe
    class_name: str | None
    image: Image.Image

    @property
    def file_name(self) -> str:
        """Such as mnist-gan-seed-00007.png; a latent without a seed goes by the start of a digest."""
        if self.recipe.latent is not None:
            digest = hashlib.sha256(self.recipe.to_json().encode()).hexdigest()
            return f"{file_stem(self.recipe.model)}-latent-{digest[:8]}.png"
        return f"{file_stem(self.recipe.model)}-seed-{self.recipe.seed:05d}.png"

    def png(self) -> bytes:
        """The lossless PNG with the recipe in a text chunk."""
        return images.png_bytes(self.image, {PNG_KEY: self.recipe.to_json()})


def file_stem(model: str) -> str:
    """A model's public name as the start of a file name: letters, digits, dots, dashes and underscores only."""
    name = model.removeprefix(FOLDER_PREFIX).rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:64] or "picture"


def public_name(model: PretrainedModel) -> str:
    """What others may know a model by: a bundled name, "org/name", or "folder:name" without the path to it."""
    source = model.source
    if source is None:
        return f"{FOLDER_PREFIX}unsaved"
    is_bundled = BUNDLED_NAME.fullmatch(source) and (BUNDLED_FOLDER / source / CONFIG_FILE).is_file()
    if is_bundled or model.revision is not None:
        return source
    return FOLDER_PREFIX + (re.sub(r"[\x00-\x1f\\]", "-", Path(source).resolve().name)[:100] or "root")


def usable_device(name: str) -> torch.device:
    """The device of that name; raises ValueError unless torch can use it here."""
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch was built without CUDA
        raise ValueError(
            f"the device {shown(repr(name), 40)} can't be used on this machine; use cpu, or cuda"
        ) from error


def class_index(generator: GanGenerator, label: str | None) -> int | None:
    """The number of a class by its name; None, which is "mixed", stays None.

    Raises:
        ValueError: the generator has no such class.
    """
    if label is None:
        return None
    if not generator.num_classes:
        raise ValueError(f"this model has no classes, so there is no class {shown(repr(label), 40)}; leave it out")
    if label not in generator.class_names:
        known = shown(", ".join(generator.class_names), 300)
        raise ValueError(f"unknown class {shown(repr(label), 40)}; choose from: {known}; or leave it out")
    return generator.class_names.index(label)


def sample_chunks(
    generator: GanGenerator, seeds: Sequence[int], *, label: str | None = None, truncation: float = 1.0
) -> Iterator[list[Picture]]:
    """Make pictures in chunks, each when it is asked for; stop asking to stop.

    Args:
        generator: on any device.
        seeds: one a picture, each in [0, 2**32 - 1].
        label: name of a class for all of them; None = each seed's own.
        truncation: in [0, 2].

    Raises:
        ValueError: an argument is out of its range. Raised before the first chunk is made.
    """
    check_truncation(truncation)
    index = class_index(generator, label)
    latents = generator.latents(seeds)
    recipe = Recipe(public_name(generator), generator.revision, (0,), label, float(truncation), __version__)
    size = generator.chunk_size

    def chunks() -> Iterator[list[Picture]]:
        for start in range(0, len(seeds), size):
            z = latents[start : start + size]
            labels = None
            if generator.num_classes:
                labels = [index] * len(z) if index is not None else labels_of_latents(z, generator.num_classes).tolist()
            pictures = images.to_pil(generator.generate(generator.truncate(z, truncation), labels))
            names = [None] * len(z) if labels is None else [generator.class_names[i] for i in labels]
            yield [
                Picture(replace(recipe, seeds=(int(seed),)), name, picture)
                for seed, name, picture in zip(seeds[start : start + size], names, pictures)
            ]

    return chunks()


def sample(
    generator: GanGenerator, seeds: Sequence[int], *, label: str | None = None, truncation: float = 1.0
) -> list[Picture]:
    """All pictures at once; arguments and errors as in `sample_chunks`."""
    chunks = sample_chunks(generator, seeds, label=label, truncation=truncation)
    return [picture for chunk in chunks for picture in chunk]


def grid_png(pictures: Sequence[Picture], columns: int) -> bytes:
    """The pictures of one sampling in rows, as a PNG that carries the recipe of them all.

    Raises:
        ValueError: no pictures, or fewer than one column.
    """
    sheet = images.grid([picture.image for picture in pictures], columns)
    recipe = replace(pictures[0].recipe, seeds=tuple(picture.recipe.seed for picture in pictures), columns=columns)
    return images.png_bytes(sheet, {PNG_KEY: recipe.to_json()})


def zip_bytes(pictures: Iterable[Picture]) -> bytes:
    """A ZIP of the PNGs and of manifest.json, which says what each file is; the same pictures give the same bytes."""
    buffer = io.BytesIO()
    rows = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNGs don't shrink a second time
        for picture in pictures:
            archive.writestr(zipfile.ZipInfo(picture.file_name, ZIP_DATE), picture.png())
            recipe = json.loads(picture.recipe.to_json())
            rows.append({"file": picture.file_name, "class": picture.class_name, "recipe": recipe})
        manifest = json.dumps({"made_with": f"gan-hub {__version__}", "pictures": rows}, indent=2, ensure_ascii=False)
        archive.writestr(zipfile.ZipInfo("manifest.json", ZIP_DATE), manifest + "\n")
    return buffer.getvalue()

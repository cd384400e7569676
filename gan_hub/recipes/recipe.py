"""Recipes: everything that makes a picture again, as text in its PNG.

They come back from strangers: no pixel is decoded, sizes are checked before anything is read, and every field has
bounds.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from gan_hub.latents.seeds import MAX_SEED
from gan_hub.loading.config import shorten
from gan_hub.recipes.containers import PNG_SIGNATURE, decoded, json_object, png_text
from gan_hub.recipes.fields import (
    Commit,
    Label,
    Latent,
    Model,
    Truncation,
    Version,
    checked,
    optional,
    whole,
    whole_number,
)

PNG_KEY = "gan-hub"
MAX_PNG_BYTES = 10 * 1024 * 1024
MAX_RECIPE_BYTES = 16 * 1024
MAX_SEEDS = 1_024
OTHER_FIELDS = "the recipe has other fields than gan-hub writes; it may come from another version"


def parse_seeds(text: str, *, repeats: bool = False) -> tuple[int, ...]:
    """Seeds from text such as "7", "0-15" or "3,7,20-29".

    Args:
        text: as anyone may have typed it.
        repeats: whether a seed may be named twice.

    Raises:
        ValueError: not of that form, a seed out of range or, unless allowed, twice, or more than `MAX_SEEDS`.
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,10})\s*(?:-\s*([0-9]{1,10})\s*)?", part, re.ASCII)
        if not match:
            raise ValueError(f"seeds {shorten(repr(text), 40)} are not possible; write them like 7, 0-15 or 3,7,20-29")
        first, last = int(match[1]), int(match[2] or match[1])
        if max(first, last) > MAX_SEED:
            raise ValueError(f"seed {max(first, last)} is not possible; use whole numbers from 0 to {MAX_SEED}")
        if last < first:
            raise ValueError(f"seeds {first}-{last} run backwards; write {last}-{first}")
        if len(seeds) + last - first + 1 > MAX_SEEDS:
            raise ValueError(f"these are more than {MAX_SEEDS} seeds; ask for fewer at a time")
        seeds.extend(range(first, last + 1))
    if not repeats and len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds {shorten(repr(text), 40)} name a seed twice; name each once")
    return tuple(seeds)


def format_seeds(seeds: Sequence[int]) -> str:
    """The shortest text that `parse_seeds` reads as these seeds, in this order."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][1] + 1:
            runs[-1][1] = seed
        else:
            runs.append([seed, seed])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


@dataclass(frozen=True)
class Recipe:
    """Everything that makes a picture, or a grid of pictures, again.

    Attributes:
        model: public name: bundled, "org/name" on the Hub, or "folder:name" without the path to it.
        revision: commit on the Hub; None for the others.
        seeds: one for each picture; none where there is a latent.
        label: name of the class; None = each seed's own ("mixed").
        truncation: in [0, 2].
        version: of gan-hub.
        columns: of a grid; None for a single picture.
        latent: of a picture without a seed, as `latent_text` writes it; None for the others.
    """

    model: Model
    revision: Commit
    seeds: tuple[int, ...]
    label: Label
    truncation: Truncation
    version: Version
    columns: Annotated[int | None, optional(whole(1, MAX_SEEDS))] = None
    latent: Latent = None

    @property
    def seed(self) -> int:
        """The first seed: the only one of a single picture. Raises IndexError where there is a latent instead."""
        return self.seeds[0]

    def to_json(self) -> str:
        """The text of the PNG chunk."""
        values: dict[str, Any] = {"model": self.model, "revision": self.revision}
        if self.latent is not None:
            values["latent"] = self.latent
        elif self.columns is None:
            values["seed"] = self.seed
        else:
            values |= {"seeds": format_seeds(self.seeds), "columns": self.columns}
        values |= {"label": self.label, "truncation": self.truncation, "version": self.version}
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """Read the text of a PNG chunk, written by a stranger.

        Raises:
            ValueError: not an object of exactly the known fields, each in its bounds.
        """
        values = json_object(text)
        single = {"model", "revision", "seed", "label", "truncation", "version"}
        others = single - {"seed"}
        if set(values) not in (single, others | {"seeds", "columns"}, others | {"latent"}):
            raise ValueError(OTHER_FIELDS)
        seeds: tuple[int, ...] = ()
        if "seed" in values:
            seeds = (whole_number("seed", values.pop("seed"), 0, MAX_SEED),)
        elif "seeds" in values:
            if not isinstance(text := values.pop("seeds"), str):
                raise ValueError("the seeds in this recipe are not text such as 0-15")
            seeds, values["columns"] = parse_seeds(text), values["columns"] or 0
        else:
            values["latent"] = values["latent"] or ""  # None would mean that there is none
        return cls(seeds=seeds, **checked(cls, values))


def read_recipe(png: str | Path | bytes) -> Recipe:
    """Read the recipe from a PNG that anyone may have made; no pixel is decoded.

    Args:
        png: a path, or the bytes.

    Raises:
        ValueError: too large, not a PNG, damaged, or without a valid recipe; the message says which.
        OSError: the file can't be read.
    """
    size = len(png) if isinstance(png, bytes) else Path(png).stat().st_size
    if size > MAX_PNG_BYTES:
        raise ValueError(f"this file has {size:,} bytes; PNGs up to {MAX_PNG_BYTES:,} bytes are read")
    data = png if isinstance(png, bytes) else Path(png).read_bytes()
    if not data.startswith(PNG_SIGNATURE):
        raise ValueError("this file is not a PNG; use a picture that was downloaded from this page as it is")
    text = png_text(data, PNG_KEY)
    if text is None:
        raise ValueError(
            "this PNG carries no recipe; use a picture that was downloaded from this page or written by `gan-hub "
            "sample`, as it is: chats and picture editors remove the recipe"
        )
    return Recipe.from_json(decoded(text, MAX_RECIPE_BYTES))

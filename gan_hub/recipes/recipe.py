"""Recipes: what it takes to make a picture again, as text in its PNG.

They come back from strangers. A PNG's chunks are walked without decoding a pixel, sizes are checked before anything is
read, and every field has bounds.
"""

import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_hub.latents.seeds import MAX_SEED
from gan_hub.latents.text import check_latent
from gan_hub.loading.config import shorten
from gan_hub.loading.model_files import COMMIT, REPO_ID, REVISION
from gan_hub.recipes.names import BUNDLED_NAME, FOLDER_NAME, FOLDER_PREFIX

PNG_KEY = "gan-hub"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

MAX_PNG_BYTES = 10 * 1024 * 1024
MAX_RECIPE_BYTES = 16 * 1024
MAX_CHUNKS = 10_000
MAX_SEEDS = 1_024

VERSION = re.compile(r"[0-9A-Za-z.+-]{1,32}")


def whole_number(name: str, value: object, low: int, high: int) -> int:
    """Return `value` as an int if it is a whole number in [low, high]; 7.0 counts, since JSON does not tell it from 7.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name} {shorten(repr(value), 40)} is not possible; use a whole number from {low} to {high}")
    return value


def check_truncation(value: object) -> float:
    """Return `value` as a float if it is a number in [0, 2], else raise ValueError."""
    if (
        isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 2
    ):  # NaN fails the comparison
        raise ValueError(f"truncation {shorten(repr(value), 40)} is not possible; use a number from 0 to 2")
    return float(value)


def check_label(value: object) -> str | None:
    """Return the name of a class as it may stand in a config, or None for "mixed"; else raise ValueError."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 64 or not value.isprintable():
        raise ValueError(
            f"the class {shorten(repr(value), 40)} is not possible; use the name of a class, or leave it out"
        )
    return value


def check_model(value: object) -> str:
    """Return a model's public name: a bundled name, "org/name", or "folder:name"; else raise ValueError."""
    text = value if isinstance(value, str) else ""
    is_folder = text.startswith(FOLDER_PREFIX) and FOLDER_NAME.fullmatch(text[len(FOLDER_PREFIX) :])
    if not (BUNDLED_NAME.fullmatch(text) or REPO_ID.fullmatch(text) or (is_folder and text.isprintable())):
        raise ValueError(f"the model {shorten(repr(value), 40)} is not possible; use a bundled name or org/name")
    return text


def check_revision(value: object) -> str | None:
    """Return a branch, a tag or a commit, or None for the newest; else raise ValueError."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not REVISION.fullmatch(value) or ".." in value:
        raise ValueError(f"the revision {shorten(repr(value), 40)} is not possible; use a branch, a tag or a commit")
    return value


def check_commit(value: object) -> str | None:
    """Return a commit, or None for a model that is not on the Hub; else raise ValueError."""
    if value is not None and not (isinstance(value, str) and COMMIT.fullmatch(value)):
        raise ValueError(f"the revision {shorten(repr(value), 40)} in this recipe is not a commit")
    return value


def check_version(value: object) -> str:
    """Return a version of gan-hub, or raise ValueError."""
    if not isinstance(value, str) or not VERSION.fullmatch(value):
        raise ValueError(f"the version {shorten(repr(value), 40)} in this recipe is not possible")
    return value


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
    """What it takes to make a picture, or a grid of pictures, again.

    Attributes:
        model: public name: bundled, "org/name" on the Hub, or "folder:name" without the path to it.
        revision: commit on the Hub; None for the others.
        seeds: one for a picture, one a cell for a grid; none where there is a latent.
        label: name of the class; None = each seed's own ("mixed").
        truncation: in [0, 2].
        version: of gan-hub.
        columns: of a grid; None for a single picture.
        latent: of a picture without a seed, as `latent_text` writes it; None for the others.
    """

    model: str
    revision: str | None
    seeds: tuple[int, ...]
    label: str | None
    truncation: float
    version: str
    columns: int | None = None
    latent: str | None = None

    @property
    def seed(self) -> int:
        """The first seed: the only one of a single picture; IndexError of one of a latent."""
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
            raise ValueError(
                "the recipe in this PNG has other fields than gan-hub writes; it may come from another version"
            )
        seeds: tuple[int, ...]
        columns: int | None = None
        latent: str | None = None
        if "latent" in values:
            seeds, latent = (), check_latent(values["latent"] or "")
        elif "seed" in values:
            seeds = (whole_number("seed", values["seed"], 0, MAX_SEED),)
        elif isinstance(values["seeds"], str):
            seeds, columns = parse_seeds(values["seeds"]), whole_number("columns", values["columns"], 1, MAX_SEEDS)
        else:
            raise ValueError("the seeds in this recipe are not text such as 0-15")
        return cls(
            model=check_model(values["model"]),
            revision=check_commit(values["revision"]),
            seeds=seeds,
            label=check_label(values["label"]),
            truncation=check_truncation(values["truncation"]),
            version=check_version(values["version"]),
            columns=columns,
            latent=latent,
        )


def json_object(text: str) -> dict[str, Any]:
    """Read the JSON of a recipe; raises ValueError unless it is an object, of numbers that JSON knows."""

    def refuse(constant: str) -> float:
        raise ValueError(constant)

    try:
        values = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError("the recipe is damaged: it is not JSON") from error
    if not isinstance(values, dict):
        raise ValueError("the recipe is damaged: it is not a JSON object")
    return values


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
    return Recipe.from_json(_recipe_text(data))


def _recipe_text(data: bytes) -> str:
    """The text under `PNG_KEY` in an uncompressed text chunk; the only kinds of chunk gan-hub writes it to."""
    offset = len(PNG_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if offset + 12 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, offset)
        if offset + 12 + length > len(data):
            raise ValueError("this PNG is cut off or damaged; use the picture as it was downloaded")
        key, _, rest = data[offset + 8 : offset + 8 + min(length, MAX_RECIPE_BYTES + 1)].partition(b"\0")
        if kind in (b"tEXt", b"iTXt") and key == PNG_KEY.encode():
            if length > MAX_RECIPE_BYTES:
                raise ValueError(f"the recipe in this PNG has {length:,} bytes; at most {MAX_RECIPE_BYTES:,} are read")
            return _chunk_text(kind, rest)
        offset += 12 + length
    raise ValueError(
        "this PNG carries no recipe; use a picture that was downloaded from this page or written by `gan-hub sample`, "
        "as it is: chats and picture editors remove the recipe"
    )


def _chunk_text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return rest.decode("latin-1")
    # iTXt: compression flag, compression method, language tag \0, translated keyword \0, UTF-8 text
    fields_ = rest[2:].split(b"\0", 2)
    if rest[:1] != b"\0" or len(fields_) != 3:
        raise ValueError("the recipe in this PNG is compressed or damaged; use the picture as it was downloaded")
    try:
        return fields_[2].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("the recipe in this PNG is damaged: it is not UTF-8") from error

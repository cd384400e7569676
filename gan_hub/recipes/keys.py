"""Key frames: single pictures, of a seed or of a latent without one, as recipes and links name them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import quote, unquote

import torch
from torch import Tensor

from gan_hub.generator import GanGenerator
from gan_hub.latents.labels import class_index
from gan_hub.latents.seeds import MAX_SEED, labels_of_latents
from gan_hub.latents.text import read_latent
from gan_hub.loading.config import shorten
from gan_hub.recipes.fields import Label, Latent, Truncation, check_itself, number, optional, whole
from gan_hub.recipes.recipe import OTHER_FIELDS, Recipe


@dataclass(frozen=True)
class Key:
    """One picture, for its own sake or as a key frame of a walk: of a seed, or of a latent that has no seed.

    Attributes:
        seed: of its latent; None = `latent` is given instead.
        label: name of the class; None = the one that the latent stands for.
        truncation: in [0, 2].
        latent: as `latent_text` writes it; None = the seed's.

    Raises:
        ValueError: a field is out of its bounds, or there is not exactly one of seed and latent.
    """

    seed: Annotated[int | None, optional(whole(0, MAX_SEED))]
    label: Label = None
    truncation: Truncation = 1.0
    latent: Latent = None

    def __post_init__(self) -> None:
        """Check every field."""
        if (self.seed is None) == (self.latent is None):
            raise ValueError("a key has either a seed or a latent; give one of them")
        check_itself(self)

    def with_seed(self, seed: int) -> "Key":
        """The key of another seed, with the class and truncation of this one."""
        return replace(self, seed=seed, latent=None)

    def z(self, generator: GanGenerator) -> Tensor:
        """The latent [1, latent_dim] of the key, truncated, on the CPU; errors as in `latents_of`."""
        return latents_of(generator, [self])[0]

    def class_of(self, generator: GanGenerator) -> int | None:
        """The number of the key's class; None without classes; errors as in `latents_of`."""
        labels = latents_of(generator, [self])[1]
        return None if labels is None else labels[0]

    def for_model(self, generator: GanGenerator) -> "Key":
        """The key without what a generator lacks: an unknown class is dropped, a latent of another length is seed 0."""
        key = self if self.label in (None, *generator.class_names) else replace(self, label=None)
        is_other = key.latent is not None and len(read_latent(key.latent)) != generator.latent_dim
        return key.with_seed(0) if is_other else key

    def to_dict(self) -> dict[str, Any]:
        """The key as a recipe holds it."""
        origin = {"seed": self.seed} if self.latent is None else {"latent": self.latent}
        return {**origin, "label": self.label, "truncation": self.truncation}

    @classmethod
    def from_dict(cls, values: object) -> "Key":
        """Read a key of a recipe written by a stranger; raises ValueError."""
        if not isinstance(values, dict):
            raise ValueError(f"the key {shorten(repr(values), 40)} in this recipe is not an object")
        origin = "seed" if "seed" in values else "latent"
        if set(values) != {origin, "label", "truncation"}:
            raise ValueError(OTHER_FIELDS)
        if values[origin] is None:
            raise ValueError(f"a key in this recipe has no {origin}")
        return cls(**{"seed": None, **values})

    def recipe(self, model: str, revision: str | None, version: str) -> Recipe:
        """The recipe of its picture as a model makes it."""
        seeds = () if self.seed is None else (self.seed,)
        return Recipe(model, revision, seeds, self.label, self.truncation, version, latent=self.latent)

    @classmethod
    def from_recipe(cls, recipe: Recipe) -> "Key":
        """The first picture of a recipe."""
        return cls(None if recipe.latent else recipe.seed, recipe.label, recipe.truncation, recipe.latent)


Tracks = tuple[tuple[Key, ...], ...]  # the key frames of several walks side by side


def latents_of(generator: GanGenerator, keys: Sequence[Key]) -> tuple[Tensor, list[int] | None]:
    """The latents [K, latent_dim] of keys, truncated, on the CPU, and their classes by number; None without classes.

    Raises:
        ValueError: the generator has no class of that name, or a latent is another one's.
    """
    seeded = iter(generator.latents([key.seed for key in keys if key.seed is not None]))  # together: ten times as fast
    rows = [next(seeded) if key.latent is None else read_latent(key.latent) for key in keys]
    for row in rows:
        if len(row) != generator.latent_dim:
            raise ValueError(
                f"the latent has {len(row)} numbers, those of this model have {generator.latent_dim}; it is for "
                "another one"
            )
    runs = groupby(zip(keys, rows), lambda pair: pair[0].truncation)
    z = torch.cat([generator.truncate(torch.stack([row for _, row in run]), psi) for psi, run in runs])
    chosen = [class_index(generator.class_names, key.label) for key in keys]
    if not generator.num_classes:
        return z, None
    own = labels_of_latents(torch.stack(rows), generator.num_classes).tolist()
    return z, [default if index is None else index for index, default in zip(chosen, own)]


def parse_key(text: str) -> Key:
    """A key from text such as "3", "7:square" or "12::0.7": seed, class and truncation.

    In place of a seed there may be a latent, as `latent_text` writes it. In the name of a class, what is no letter,
    digit, "_", "." or "-" is percent-encoded.

    Raises:
        ValueError: not of that form.
    """
    match = re.fullmatch(r"\s*(?:([0-9]{1,10})|(z[^:]*))(?::([^:]*))?(?::([0-9.]{1,20}))?\s*", text, re.ASCII)
    truncation = number(match[4]) if match and match[4] else 1.0
    if not match or isinstance(truncation, str):
        raise ValueError(
            f"the key {shorten(repr(text), 40)} is not possible; write a seed such as 3, or with class and truncation "
            "3:round:0.7"
        )
    return Key(int(match[1]) if match[1] else None, unquote(match[3] or ""), truncation, match[2])


def format_key(key: Key) -> str:
    """The shortest text that `parse_key` reads as this key."""
    origin = key.latent or str(key.seed)
    parts = [origin, quote(key.label or "", safe=""), "" if key.truncation == 1 else f"{key.truncation:g}"]
    return ":".join(parts).rstrip(":")


def parse_keys(text: str) -> Tracks:
    """Keys from text such as "3,7:square,12::0.7;8,9,10": "," between the keys of a walk, ";" between walks.

    Raises:
        ValueError: a key is not of the form that `parse_key` reads.
    """
    return tuple(tuple(parse_key(part) for part in track.split(",")) for track in text.split(";"))


def format_keys(tracks: Sequence[Sequence[Key]]) -> str:
    """The shortest text that `parse_keys` reads as these keys."""
    return ";".join(",".join(map(format_key, track)) for track in tracks)

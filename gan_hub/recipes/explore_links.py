"""The controls of the tab Explore as text in its URL, which names a single picture as well: a seed, or a latent."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import quote, unquote

import torch

from gan_hub.editing.directions import MAX_NAME_LENGTH, METHODS, Directions, move
from gan_hub.generator import GanGenerator
from gan_hub.latents.text import latent_text
from gan_hub.loading.config import shorten
from gan_hub.recipes.keys import Key
from gan_hub.recipes.links import number, read_query, tab_of, to_query_string
from gan_hub.recipes.recipe import check_model, check_revision, whole_number
from gan_hub.recipes.walk_links import format_key, parse_key

NUM_SLIDERS = 8
MAX_AMOUNT = 5.0
OWN = "model"  # those that lie beside the generator
WAYS_TO_FIND = (OWN, *METHODS)
MAX_LINK_NAME = 24
MAX_NAMES_LENGTH = 600

Amounts = tuple[float, ...]


@dataclass(frozen=True)
class ExploreState:
    """The controls of the tab.

    Attributes:
        model: as in `Recipe`; None = the first one bundled.
        revision: branch, tag or commit; None = the newest.
        key: of the picture that is moved, as `parse_key` reads it.
        method: of `WAYS_TO_FIND`; None = `OWN` where there are such directions, else the first one.
        amounts: along the directions, as `parse_amounts` reads them.
        shown: number of the direction in the strip, from 1.
        names: that a visitor gave to directions, as `parse_names` reads them.
    """

    model: str | None = None
    revision: str | None = None
    key: str = "0"
    method: str | None = None
    amounts: str = ""
    shown: int = 1
    names: str = ""

    def to_query(self) -> str:
        """The URL's query string, "?tab=explore&model=..."; what is None, or moves nothing, is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        shortened = {name: value for name, value in values.items() if value != getattr(DEFAULTS, name)}
        return to_query_string({"tab": "explore", "model": self.model, "key": self.key, **shortened})

    @classmethod
    def from_query(cls, query: str) -> tuple["ExploreState", list[str]]:
        """Read a query string typed by anyone; one of another tab gives the defaults. Otherwise as `PageState` does."""
        if tab_of(query) != "explore":
            return cls(), []
        values, problems = read_query(query, EXPLORE_FIELDS)
        return cls(**values), problems

    def moved(self, generator: GanGenerator, directions: Directions, amounts: Sequence[float] | None = None) -> Key:
        """The picture after all moves; the key itself, seed and all, where nothing moves it.

        Args:
            generator: of the model.
            directions: of it.
            amounts: in place of those of the controls.

        Raises:
            ValueError: the key is not one of this generator.
        """
        key = parse_key(self.key)
        steps = list(parse_amounts(self.amounts) if amounts is None else amounts)[: len(directions)]
        if not any(steps):
            return key
        z = move(key.z(generator), directions, torch.tensor(steps + [0.0] * (len(directions) - len(steps))))
        index = key.class_of(generator)
        return Key(None, None if index is None else generator.class_names[index], latent=latent_text(z[0]))


def picture_link(model: str, revision: str | None, key: Key) -> str:
    """The link that names one picture, as `read_picture_link` reads it."""
    return ExploreState(model, revision, format_key(key)).to_query()


def read_picture_link(link: object) -> tuple[str, str | None, Key]:
    """Model, revision and key of the picture that a link names.

    Raises:
        ValueError: it names none.
    """
    state, problems = ExploreState.from_query(link if isinstance(link, str) else "")
    if problems or state.model is None:
        raise ValueError("make a picture first, or choose one")
    return state.model, state.revision, parse_key(state.key)


def parse_amounts(text: str) -> Amounts:
    """Amounts along the first directions from text such as "1,0,-2.5"; what is left out at its end is 0.

    Raises:
        ValueError: not of that form, or out of bounds.
    """
    values = [float(part) if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,6})?", part) else math.nan for part in _parts(text)]
    if len(values) > NUM_SLIDERS or not all(abs(value) <= MAX_AMOUNT for value in values):  # NaN fails the comparison
        raise ValueError(
            f"the amounts {shorten(repr(text), 40)} are not possible; write up to {NUM_SLIDERS} numbers from "
            f"-{MAX_AMOUNT:g} to {MAX_AMOUNT:g}, such as 1,0,-2.5"
        )
    return tuple(values)


def format_amounts(amounts: Sequence[float]) -> str:
    """The shortest text of amounts, rounded to hundredths."""
    texts = [f"{round(float(amount), 2) + 0.0:g}" for amount in amounts]
    while texts and texts[-1] == "0":
        texts.pop()
    return ",".join(texts)


def parse_names(text: str) -> tuple[str, ...]:
    """Names of the first directions from text such as "slant,,width"; an empty one keeps the name that it has.

    What is no letter, digit, "_", "." or "-" is percent-encoded.

    Raises:
        ValueError: a name is too long or not printable, one is there twice, or there are too many.
    """
    names = tuple(unquote(part) for part in _parts(text[: MAX_NAMES_LENGTH + 1]))
    given = [name for name in names if name]
    possible = all(len(name) <= MAX_LINK_NAME and name.isprintable() for name in given)
    if len(text) > MAX_NAMES_LENGTH or len(names) > NUM_SLIDERS or not possible or len(set(given)) < len(given):
        raise ValueError(
            f"the names {shorten(repr(text), 40)} are not possible; use up to {NUM_SLIDERS} different ones of up to "
            f"{MAX_LINK_NAME} printable characters"
        )
    return names


def format_names(names: Sequence[str]) -> str:
    """The shortest text of names."""
    return ",".join(quote(name, safe="") for name in names).rstrip(",")


def named(directions: Directions, names: Sequence[str]) -> Directions:
    """The first directions under a visitor's names, the others under their own.

    Raises:
        DirectionsError: two would have the same name.
    """
    own = directions.names
    both = [(name or known)[:MAX_NAME_LENGTH] for name, known in zip([*names, *[""] * len(own)], own)]
    return replace(directions, names=tuple(both))


def _parts(text: str) -> list[str]:
    return text.split(",") if text else []


def _text(name: str, parse: Callable[[str], Any], write: Callable[[Any], str]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"the {name} {shorten(repr(value), 40)} is not possible; write text")
        return write(parse(value))

    return check


def check_method(value: object) -> str | None:
    """Return one of `WAYS_TO_FIND`, or None for the best there is, else raise ValueError."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value not in WAYS_TO_FIND:
        raise ValueError(
            f"unknown method {shorten(repr(value), 40)}; choose from: {', '.join(WAYS_TO_FIND)}; or leave it out"
        )
    return value


DEFAULTS = ExploreState()
EXPLORE_CHECKS: dict[str, Callable[[Any], Any]] = {
    "model": check_model,
    "revision": check_revision,
    "key": _text("key", parse_key, format_key),
    "method": check_method,
    "amounts": _text("list of amounts", parse_amounts, format_amounts),
    "shown": lambda value: whole_number("shown", value, 1, NUM_SLIDERS),
    "names": _text("list of names", parse_names, format_names),
}
EXPLORE_FIELDS: dict[str, Callable[[str], Any]] = {
    **EXPLORE_CHECKS,
    "shown": lambda text: EXPLORE_CHECKS["shown"](number(text)),
}

"""The controls of the page, as text in its URL, which anyone may have typed: strictly parsed, every field bounded.

A link without `tab` is one of the tab Sample.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from gan_hub.latents.seeds import MAX_SEED
from gan_hub.loading.config import shorten
from gan_hub.recipes.recipe import (
    Recipe,
    check_label,
    check_model,
    check_revision,
    check_truncation,
    format_seeds,
    whole_number,
)

MAX_QUERY_LENGTH = 6_000  # latents are long; browsers and servers take some more
MAX_COUNT = 64
MAX_COLUMNS = 16

DETAILS = ("auto", "100", "75", "50", "35", "25")  # per cent; auto depends on the photo's size


@dataclass(frozen=True)
class PageState:
    """The controls of the tab Sample.

    Attributes:
        model: as in `Recipe`; None = the first one bundled.
        revision: branch, tag or commit; None = the newest.
        seed: of the first picture; the others follow it.
        count: pictures, from 1 to `MAX_COUNT`.
        columns: from 1 to `MAX_COLUMNS`.
        truncation: in [0, 2].
        label: name of the class; None = mixed.
    """

    model: str | None = None
    revision: str | None = None
    seed: int = 0
    count: int = 24
    columns: int = 6
    truncation: float = 1.0
    label: str | None = None

    def to_query(self) -> str:
        """The URL's query string, "?model=..."; what is None is left out."""
        return to_query_string({field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def from_query(cls, query: str) -> tuple["PageState", list[str]]:
        """Read a query string typed by anyone.

        Returns:
            the state, with its default for each field that is missing or refused, and one sentence a refusal. Keys that
            are not ours are passed over: hosts add their own (`__theme`, `__sign`). All defaults for a link of another
            tab.
        """
        if tab_of(query) not in (None, "sample"):
            return cls(), []
        values, problems = read_query(query, QUERY_FIELDS)
        state = cls(**values)
        if state.seed + state.count - 1 > MAX_SEED:
            problems.append(
                f"from the link: {state.count} pictures from seed {state.seed} pass the last seed, {MAX_SEED}"
            )
            state = cls(**{**values, "seed": cls.seed})
        return state, problems

    @classmethod
    def from_recipe(cls, recipe: Recipe) -> "PageState":
        """The controls that make the pictures of a recipe.

        Raises:
            ValueError: what the tab can't show: a picture without a seed, or a grid of seeds that don't follow one
                another, or too many.
        """
        if recipe.latent is not None:
            raise ValueError("this picture has a latent of its own and no seed; drop it on the tab Explore")
        first, count = recipe.seed, len(recipe.seeds)
        if recipe.seeds != tuple(range(first, first + count)) or count > MAX_COUNT:
            raise ValueError(
                f"this grid has the seeds {shorten(format_seeds(recipe.seeds), 40)}; the page shows up to {MAX_COUNT} "
                f"seeds that follow one another; use `gan-hub sample --seeds`"
            )
        columns = min(recipe.columns or 1, MAX_COLUMNS)
        return cls(recipe.model, recipe.revision, first, count, columns, recipe.truncation, recipe.label)


@dataclass(frozen=True)
class StylizeState:
    """The controls of the tab Stylize that are in its links; the photo never is.

    Attributes:
        style: as a model's name in `Recipe`; None = the first one bundled.
        strength: per cent, from 0 to 100.
        keep_colors: whether the photo's colours stay.
        detail: one of `DETAILS`.
        seed: of the strokes.
    """

    style: str | None = None
    strength: int = 100
    keep_colors: bool = False
    detail: str = "auto"
    seed: int = 0

    def to_query(self) -> str:
        """The URL's query string, "?tab=stylize&style=..."; what is None is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return to_query_string({"tab": "stylize", **values, "keep_colors": int(self.keep_colors)})

    @classmethod
    def from_query(cls, query: str) -> tuple["StylizeState", list[str]]:
        """Read a query string typed by anyone; one of another tab gives the defaults. Otherwise as `PageState` does."""
        if tab_of(query) != "stylize":
            return cls(), []
        values, problems = read_query(query, STYLIZE_FIELDS)
        return cls(**values), problems


@dataclass(frozen=True)
class PictureState:
    """The controls of the tab Your picture that are in its links; the picture never is, what was found for it is.

    Attributes:
        model: as in `Recipe`; None = the first one bundled.
        revision: branch, tag or commit; None = the newest.
        label: the class to look in; None = the likeliest.
    """

    model: str | None = None
    revision: str | None = None
    label: str | None = None

    def to_query(self) -> str:
        """The URL's query string, "?tab=picture&model=..."; what is None is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return to_query_string({"tab": "picture", **values})

    @classmethod
    def from_query(cls, query: str) -> tuple["PictureState", list[str]]:
        """Read a query string typed by anyone; one of another tab gives the defaults. Otherwise as `PageState` does."""
        if tab_of(query) != "picture":
            return cls(), []
        values, problems = read_query(query, PICTURE_FIELDS)
        return cls(**values), problems


def tab_of(query: str) -> str | None:
    """The tab a query string names, unchecked; None = none, which is Sample."""
    return read_query(query, {"tab": str})[0].get("tab")


def to_query_string(values: Mapping[str, Any]) -> str:
    """A query string of the values that are not None."""
    return "?" + urlencode({key: value for key, value in values.items() if value is not None}, safe="/:")


def read_query(query: str, checks: Mapping[str, Callable[[str], Any]]) -> tuple[dict[str, Any], list[str]]:
    """The checked values of the fields that are there, and one sentence a refusal."""
    if len(query) > MAX_QUERY_LENGTH:
        return {}, [f"the link has {len(query):,} characters; at most {MAX_QUERY_LENGTH:,} are read"]
    try:
        given = dict(reversed(parse_qsl(query.removeprefix("?"), max_num_fields=50)))  # the first of a key counts
    except ValueError:
        return {}, ["the link has too many fields to be one of this page"]
    values: dict[str, Any] = {}
    problems = []
    for key, check in checks.items():
        if key in given:
            try:
                values[key] = check(given[key])
            except ValueError as error:
                problems.append(f"from the link: {error}")
    return values, problems


def check_detail(value: object) -> str:
    """Return one of `DETAILS`, else raise ValueError; 50, 50.0 and "50" are the same."""
    text = str(int(value)) if isinstance(value, (int, float)) and value in range(101) else value
    if not isinstance(text, str) or text not in DETAILS:
        raise ValueError(f"detail {shorten(repr(value), 40)} is not possible; choose from: {', '.join(DETAILS)}")
    return text


def switch(name: str, text: str) -> bool:
    """True for "1" and False for "0"; raises ValueError for any other text."""
    if text not in ("0", "1"):
        raise ValueError(f"{name} {shorten(repr(text), 40)} is not possible; use 0 or 1")
    return text == "1"


def number(text: str) -> int | float | str:
    """A number from decimal text; any other text is passed on, for the check of its bounds to refuse."""
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return int(text)
    return float(text) if re.fullmatch(r"[0-9]{1,12}\.[0-9]{1,17}", text, re.ASCII) else text


QUERY_FIELDS: dict[str, Callable[[str], Any]] = {
    "model": check_model,
    "revision": check_revision,
    "seed": lambda text: whole_number("seed", number(text), 0, MAX_SEED),
    "count": lambda text: whole_number("count", number(text), 1, MAX_COUNT),
    "columns": lambda text: whole_number("columns", number(text), 1, MAX_COLUMNS),
    "truncation": lambda text: check_truncation(number(text)),
    "label": check_label,
}
STYLIZE_FIELDS: dict[str, Callable[[str], Any]] = {
    "style": check_model,
    "strength": lambda text: whole_number("strength", number(text), 0, 100),
    "keep_colors": partial(switch, "keep_colors"),
    "detail": check_detail,
    "seed": lambda text: whole_number("seed", number(text), 0, MAX_SEED),
}
PICTURE_FIELDS: dict[str, Callable[[str], Any]] = {
    "model": check_model,
    "revision": check_revision,
    "label": check_label,
}

"""The controls of the page, as text in its URL, which anyone may have typed: strictly parsed, every field bounded."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from gan_hub.config import shown
from gan_hub.latents import MAX_SEED
from gan_hub.recipe import (
    Recipe,
    check_label,
    check_model,
    check_revision,
    check_truncation,
    format_seeds,
    whole_number,
)

MAX_QUERY_LENGTH = 2_000
MAX_COUNT = 64
MAX_COLUMNS = 16


@dataclass(frozen=True)
class PageState:
    """The controls of the page.

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
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return "?" + urlencode({key: value for key, value in values.items() if value is not None}, safe="/:")

    @classmethod
    def from_query(cls, query: str) -> tuple["PageState", list[str]]:
        """Read a query string typed by anyone.

        Returns:
            the state, with its default for each field that is missing or refused, and one sentence a refusal. Keys that
            are not ours are passed over: hosts add their own (`__theme`, `__sign`).
        """
        if len(query) > MAX_QUERY_LENGTH:
            return cls(), [f"the link has {len(query):,} characters; at most {MAX_QUERY_LENGTH:,} are read"]
        try:
            given = dict(reversed(parse_qsl(query.removeprefix("?"), max_num_fields=50)))  # the first of a key counts
        except ValueError:
            return cls(), ["the link has too many fields to be one of this page"]
        values: dict[str, Any] = {}
        problems = []
        for key, check in QUERY_FIELDS.items():
            if key in given:
                try:
                    values[key] = check(given[key])
                except ValueError as error:
                    problems.append(f"from the link: {error}")
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
            ValueError: a grid the page can't show: seeds that don't follow one another, or too many.
        """
        first, count = recipe.seed, len(recipe.seeds)
        if recipe.seeds != tuple(range(first, first + count)) or count > MAX_COUNT:
            raise ValueError(
                f"this grid has the seeds {shown(format_seeds(recipe.seeds), 40)}; the page shows up to {MAX_COUNT} "
                f"seeds that follow one another; use `gan-hub sample --seeds`"
            )
        columns = min(recipe.columns or 1, MAX_COLUMNS)
        return cls(recipe.model, recipe.revision, first, count, columns, recipe.truncation, recipe.label)


def _number(text: str) -> int | float | str:
    """A number from decimal text; any other text is passed on, for the check of its bounds to refuse."""
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return int(text)
    return float(text) if re.fullmatch(r"[0-9]{1,12}\.[0-9]{1,17}", text, re.ASCII) else text


QUERY_FIELDS: dict[str, Callable[[str], Any]] = {
    "model": check_model,
    "revision": check_revision,
    "seed": lambda text: whole_number("seed", _number(text), 0, MAX_SEED),
    "count": lambda text: whole_number("count", _number(text), 1, MAX_COUNT),
    "columns": lambda text: whole_number("columns", _number(text), 1, MAX_COLUMNS),
    "truncation": lambda text: check_truncation(_number(text)),
    "label": check_label,
}

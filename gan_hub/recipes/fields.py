"""The fields of recipes, links and requests: each declared once, in the type of a dataclass's field.

`seed: Annotated[int, whole(0, MAX_SEED)] = 0` says how a value from anyone is checked, how the text of a link becomes
such a value, and how it is written into a link. `checked` is the one function that checks values.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_type_hints

import tyro

from gan_hub.latents.seeds import MAX_SEED
from gan_hub.latents.text import check_latent
from gan_hub.loading.config import shorten
from gan_hub.loading.model_files import COMMIT, REPO_ID, REVISION
from gan_hub.recipes.names import BUNDLED_NAME, FOLDER_NAME, FOLDER_PREFIX

VERSION = re.compile(r"[0-9A-Za-z.+-]{1,32}")


def _unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Field:
    """How one field is checked, and how a link spells it.

    Attributes:
        check: returns the value in its canonical form, or raises ValueError with a sentence; takes the field's name and
            the value.
        parse: turns the text of a link into what `check` takes.
        format: turns a value into what a link shows.
    """

    check: Callable[[str, Any], Any]
    parse: Callable[[str], object] = _unchanged
    format: Callable[[Any], object] = _unchanged


def fields_of(cls: type) -> dict[str, Field]:
    """The declared fields of a dataclass by name, in their order."""
    return _fields_of(cls)


@cache
def _fields_of(cls: type) -> dict[str, Field]:
    hints = get_type_hints(cls, include_extras=True)
    metadata = ((name, each) for name, hint in hints.items() for each in getattr(hint, "__metadata__", ()))
    return {name: each for name, each in metadata if isinstance(each, Field)}


def checked(cls: type, values: Mapping[str, object]) -> dict[str, Any]:
    """Values of a dataclass's declared fields, each checked; raises ValueError for the first that is not possible."""
    return {name: field.check(name, values[name]) for name, field in fields_of(cls).items() if name in values}


def check_itself(instance: Any) -> None:
    """Check every declared field of a frozen dataclass; for its `__post_init__`."""
    for name, value in checked(type(instance), vars(instance)).items():
        object.__setattr__(instance, name, value)


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
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 2:  # type: ignore[operator]  # NaN fails the comparison
        raise ValueError(f"truncation {shorten(repr(value), 40)} is not possible; use a number from 0 to 2")
    return float(value)  # type: ignore[arg-type]


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


def check_switch(name: str, value: object) -> bool:
    """Return a bool, else raise ValueError."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} {shorten(repr(value), 40)} is not possible; use true or false, in a link 1 or 0")
    return value


def number(text: str) -> int | float | str:
    """A number from decimal text; any other text is returned as it is, for the check of the field to refuse."""
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return int(text)
    return float(text) if re.fullmatch(r"[0-9]{1,12}\.[0-9]{1,17}", text, re.ASCII) else text


def whole(low: int, high: int, *, even: bool = False) -> Field:
    """A whole number in [low, high]."""

    def check(name: str, value: object) -> int:
        count = whole_number(name, value, low, high)
        if even and count % 2:
            raise ValueError(f"{name} {count} is not possible; use an even number")
        return count

    return Field(check, number)


def choice(names: Iterable[str]) -> Field:
    """One of a table's names."""
    allowed = tuple(names)

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"unknown {name} {shorten(repr(value), 40)}; choose from: {', '.join(allowed)}")
        return value

    return Field(check)


def command_choice(names: Iterable[str]) -> tyro.constructors.PrimitiveConstructorSpec[str]:
    """One of a table's names as an option of the command line; tyro reads it from the option's type."""
    allowed = tuple(names)
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="{" + ",".join(allowed) + "}",
        instance_from_str=lambda words: words[0],
        is_instance=lambda value: value in allowed,
        str_from_instance=lambda value: [value],
        choices=allowed,
    )


def optional(field: Field) -> Field:
    """The same field, or None; an empty text means None too."""

    def check(name: str, value: object) -> Any:
        return None if value is None or value == "" else field.check(name, value)

    return Field(check, field.parse, field.format)


def canonical(what: str, parse: Callable[[str], Any], write: Callable[[Any], str]) -> Field:
    """Text of a form of its own, kept in its shortest spelling."""

    def check(_: str, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"the {what} {shorten(repr(value), 40)} can't be read; write text")
        return write(parse(value))

    return Field(check)


def _named(check: Callable[[object], Any], parse: Callable[[str], object] = _unchanged) -> Field:
    """A field whose messages name it themselves."""
    return Field(lambda _, value: check(value), parse)


MODEL = _named(check_model)
Model = Annotated[str, MODEL]
Revision = Annotated[str | None, _named(check_revision)]
Commit = Annotated[str | None, _named(check_commit)]
Version = Annotated[str, _named(check_version)]
Label = Annotated[str | None, _named(check_label)]
Latent = Annotated[str | None, _named(check_latent)]
Truncation = Annotated[float, _named(check_truncation, number)]
Seed = Annotated[int, whole(0, MAX_SEED)]
Switch = Annotated[bool, Field(check_switch, lambda text: {"0": False, "1": True}.get(text, text), int)]

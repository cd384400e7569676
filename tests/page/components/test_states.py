"""Handlers that take a state, called with its fields."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import pytest

from gan_hub.page.components.states import taking
from gan_hub.page.server.errors import as_sentences
from gan_hub.recipes.fields import whole
from gan_hub.recipes.links import ModelState


@dataclass(frozen=True)
class Planted(ModelState):
    """A state with one field of its own."""

    tab = "planted"
    count: Annotated[int, whole(1, 9)] = 3


def handler(state: Planted, job: str = "") -> Iterator[str]:
    """Say what came."""
    yield f"{state.model} {state.revision} {state.count} {job}"


def test_the_fields_are_arguments_checked_and_named() -> None:
    function = as_sentences(taking(Planted, handler))
    expected = "(model: str, revision: str | None = None, count: int = 3, job: str = '')"
    assert str(inspect.signature(function).replace(return_annotation=inspect.Signature.empty)) == expected
    assert function.__doc__ == handler.__doc__
    assert inspect.isgeneratorfunction(function)
    assert list(function("mnist-gan")) == ["mnist-gan None 3 "]
    assert list(function(" org/name ", "", 4, job="a")) == ["org/name None 4 a"]


@pytest.mark.parametrize(
    ("arguments", "words"), [(("a", "", 10), "count 10"), (("a", "../x"), "revision"), (("",), "model")]
)
def test_what_is_not_possible_is_refused_before_the_handler(arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        taking(Planted, handler)(*arguments)

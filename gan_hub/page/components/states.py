"""A tab's state and its handlers: endpoints that take the fields of a state, and what a link or a recipe brings back.

The names, types, defaults, bounds and descriptions of the fields stand in `gan_hub.recipes.links` alone.
"""

import functools
import html
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, replace
from typing import Any, TypeVar, get_type_hints

import gradio as gr

from gan_hub.generator import GanGenerator
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.page.components.model_facts import model_name
from gan_hub.page.server.errors import sentence
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.recipes.fields import check_label, check_truncation, fields_of, whole_number
from gan_hub.recipes.fields import checked as checked_fields
from gan_hub.recipes.keys import Key
from gan_hub.recipes.links import LinkState, ModelState

Linked = TypeVar("Linked", bound=LinkState)
State = TypeVar("State", bound=ModelState)


def taking(cls: type[Any], handler: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a handler that takes a state into one that takes the fields of that state in its place, one by one.

    The new function checks the fields. Its signature names each of them for the API's schema, with the default of the
    state; a model has none.

    Args:
        cls: a state, or any dataclass of declared fields.
        handler: an argument of which has the type `cls`.
    """
    hints, signature = get_type_hints(cls), inspect.signature(handler)
    kind, none = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    own = [
        inspect.Parameter(name, kind, default=getattr(cls, name, none), annotation=hints[name])
        for name in fields_of(cls)
    ]
    own = [each.replace(default=none, annotation=str) if each.name == "model" else each for each in own]
    flat = [each for old in signature.parameters.values() for each in (own if old.annotation is cls else [old])]
    signature, names = signature.replace(parameters=flat), list(signature.parameters)
    taken = next(name for name in names if name not in signature.parameters)

    @functools.wraps(handler)
    def function(*arguments: Any, **named: Any) -> Any:
        bound = signature.bind(*arguments, **named)
        bound.apply_defaults()
        values = {**bound.arguments, taken: checked(cls, {each.name: bound.arguments[each.name] for each in own})}
        return handler(*(values[name] for name in names))

    parameters = {each.name: each.annotation for each in flat}
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__annotations__ = {**parameters, "return": signature.return_annotation}
    return function


def checked(cls: type[Any], values: Mapping[str, object]) -> Any:
    """The state of controls. The name of its model may still be the path of a folder.

    Raises:
        ValueError: a value is not possible.
    """
    if not issubclass(cls, ModelState):
        return cls(**checked_fields(cls, values))
    state = cls.check({name: value for name, value in values.items() if name != "model"})
    return replace(state, model=model_name(values["model"]))


def generator_of(model_cache: ModelCache, state: ModelState) -> GanGenerator:
    """The generator that a state names; raises ValueError."""
    return model_cache.get(model_name(state.model), state.revision)


def control_values(state: ModelState) -> tuple[Any, ...]:
    """The values of the controls of a state, in the order of its fields."""
    return astuple(replace(state, revision=state.revision or ""))


def read_restored(cls: type[State], values: object, endpoint: str) -> State:
    """The state of a recipe as `endpoint` returned it; raises ValueError for anything else."""
    if not isinstance(values, dict) or set(values) != set(asdict(cls())):
        raise ValueError(f"this is not what {endpoint} returns")
    return cls.check(values)


def read_query(cls: type[Linked], query: object) -> tuple[Linked, list[str]]:
    """The state of a link, and a sentence for each field that is not possible."""
    return cls.from_query(query if isinstance(query, str) else "")


def warn(problems: Sequence[str]) -> None:
    """Show the visitor what was wrong, such as in a link."""
    for problem in problems:
        gr.Warning(sentence(ValueError(html.escape(problem))), duration=15)


def changed(key: Key, seed: object, label: object, truncation: object) -> Key | None:
    """A key with another seed, class and truncation, from their controls.

    The seed's field is empty for a key without a seed, which keeps its latent. None while a field is empty that has to
    be filled.

    Raises:
        ValueError: a value is not possible.
    """
    if truncation is None or (seed is None and key.latent is None):
        return None
    key = replace(key, label=check_label(label), truncation=check_truncation(truncation))
    return key if seed is None else key.with_seed(whole_number("seed", seed, 0, MAX_SEED))

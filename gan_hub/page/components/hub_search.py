"""The search for models on the Hub by part of their name, below the controls that take a model."""

from dataclasses import dataclass
from typing import Any, Literal

import gradio as gr

from gan_hub.hub import playground
from gan_hub.hub.search import find_models
from gan_hub.loading.weights import ModelError
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import LOAD_QUEUE, RAW

Searched = Literal["generator", "stylizer"]
OFFERED = {"generator": playground.generators, "stylizer": playground.stylizers}


@dataclass(frozen=True)
class HubSearch:
    """The controls of a search: part of a name, the button, and the outcome."""

    text: Any
    button: Any
    told: Any


def build() -> HubSearch:
    """Lay out the controls."""
    text = gr.Textbox("", label="Find on the Hub", placeholder="part of the name; empty: all", max_length=100)
    return HubSearch(text, gr.Button("Search", size="sm"), gr.HTML(elem_classes="model-facts", padding=False))


def connect(model_cache: ModelCache, search: HubSearch, kind: Searched, models: list[Any]) -> None:
    """Connect the search: it sets the choices of the controls for models."""
    where = " or ".join(model.label for model in models)

    def find(text: str, *chosen: str) -> tuple[Any, ...]:
        return found(model_cache, kind, where, text, *chosen)

    gr.on(
        [search.button.click, search.text.submit],
        as_sentences(find),
        [search.text, *models],
        [*models, search.told],
        api_visibility="private",
        show_progress="minimal",
        **RAW,
        **LOAD_QUEUE,
    )


def found(model_cache: ModelCache, kind: Searched, where: str, text: object, *chosen: str) -> tuple[Any, ...]:
    """The choices of the controls for models: the listed models, then those found on the Hub.

    Args:
        model_cache: knows which models may be opened, and whose token searches.
        kind: of the models.
        where: the labels of the controls.
        text: part of the name; empty for all.
        chosen: the value of each control, which stays.

    Returns:
        the update of each control, and the outcome in words.
    """
    part = text.strip()[:100] if isinstance(text, str) else ""
    there = [each.model for each in find_models(search=part or None, kind=kind, token=model_cache.token)]
    there = [model for model in there if _may_open(model_cache, model)]
    names = list(dict.fromkeys([*OFFERED[kind](), *there]))
    told = f"{len(there)} on the Hub: choose under {where}" if there else "none on the Hub by that name"
    return *(gr.update(choices=names, value=value) for value in chosen), told


def _may_open(model_cache: ModelCache, model: str) -> bool:
    try:
        model_cache.check_allowed(model)
    except ModelError:
        return False
    return True

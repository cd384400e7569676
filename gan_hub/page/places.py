"""What can be done with any single picture of the page: walk from it or to it, explore around it, keep it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from gan_hub.explore_state import place_of
from gan_hub.page.errors import as_sentences
from gan_hub.page.interpolate_keys import KeyHandlers
from gan_hub.page.interpolate_layout import Controls
from gan_hub.page.lanes import GENERATE_LANE, HIDDEN, RAW
from gan_hub.page.models import ModelShelf
from gan_hub.walk_state import check_keys, format_keys, parse_keys


@dataclass(frozen=True)
class Place:
    """A picture that is shown somewhere, and the buttons below it.

    Attributes:
        link: that names it, as `place_link` writes it; nobody sees it.
        walk_from: makes it the first key of the walk.
        walk_to: makes it the last one.
        explore: moves it along directions; None on the tab that does.
        keep: makes it a favourite; None for one that is.
    """

    link: Any
    walk_from: Any
    walk_to: Any
    explore: Any
    keep: Any


def build(*, can_explore: bool = True, can_keep: bool = True) -> Place:
    """The buttons, in a row that is already there."""
    walk_from = gr.Button("Walk from here", size="sm", min_width=110, scale=0)
    walk_to = gr.Button("Walk to here", size="sm", min_width=100, scale=0)
    explore = gr.Button("Explore", size="sm", min_width=80, scale=0) if can_explore else None
    keep = gr.Button("☆ Keep", size="sm", min_width=80, scale=0) if can_keep else None
    return Place(gr.Textbox(visible=False, label="Place"), walk_from, walk_to, explore, keep)


def connect_walks(shelf: ModelShelf, place: Place, controls: Controls, tabs: Any) -> None:
    """The picture as the first or last key of the walk on the tab Interpolate, which is then shown."""
    keys = KeyHandlers(shelf)
    for button, end in ((place.walk_from, 0), (place.walk_to, -1)):
        button.click(
            as_sentences(_as_key(keys, end)),
            [place.link, controls.keys, controls.model],
            [*controls.key(), controls.facts, controls.model, controls.revision, tabs],
            **HIDDEN,
            **RAW,
            **GENERATE_LANE,
        )


def _as_key(keys: KeyHandlers, end: int) -> Callable[..., tuple[Any, ...]]:
    def handler(link: str, text: str, known: str) -> tuple[Any, ...]:
        model, revision, key = place_of(link)
        tracks = [list(track) for track in parse_keys(check_keys(text))]
        if known != model:  # a latent says nothing to another model
            tracks = [[each if each.seed is not None else each.with_seed(0) for each in track] for track in tracks]
        tracks[0][end] = key
        shown = keys.describe(model, revision, format_keys(tracks), end % len(tracks[0]))
        return *shown, model, revision or "", gr.update(selected="interpolate")

    return handler

"""A picture of another tab as the first or the last key of the walk."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from gan_hub.page.components.picture_actions import PictureActions
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.queues import (
    QUIET_GENERATE,
)
from gan_hub.page.tabs.interpolate.keys import KeyHandlers
from gan_hub.page.tabs.interpolate.layout import Controls
from gan_hub.recipes.keys import format_keys, parse_keys
from gan_hub.recipes.links import check_keys, read_picture_link


def connect_walks(keys: KeyHandlers, controls: Controls, place: PictureActions, tabs: gr.Tabs) -> None:
    """Connect the buttons that make a picture the first or last key of the walk, and show the tab Interpolate."""
    for button, end in ((place.walk_from, 0), (place.walk_to, -1)):
        button.click(
            as_sentences(_as_key(keys, end)),
            [place.link, controls.walk.keys, controls.walk.model],
            [*controls.key(), controls.facts, controls.walk.model, controls.walk.revision, tabs],
            **QUIET_GENERATE,
        )


def _as_key(keys: KeyHandlers, end: int) -> Callable[..., tuple[Any, ...]]:
    def handler(link: str, text: str, known: str) -> tuple[Any, ...]:
        model, revision, key = read_picture_link(link)
        tracks = [list(track) for track in parse_keys(check_keys(text))]
        if known != model:  # a latent says nothing to another model
            tracks = [[each if each.seed is not None else each.with_seed(0) for each in track] for track in tracks]
        tracks[0][end] = key
        shown = keys.describe(model, revision, format_keys(tracks), end % len(tracks[0]))
        return *shown, model, revision or "", gr.update(selected="interpolate")

    return handler

"""The tab "Your picture": which event calls which handler."""

from typing import Any

import gradio as gr

from gan_hub.page.components import canvas, theme
from gan_hub.page.components.events import on_opening, on_stopping
from gan_hub.page.components.picture_actions import TabLinks
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import (
    HIDDEN,
    PROJECT_QUEUE,
    QUIET_LOAD,
    RAW,
    show_queue_on,
)
from gan_hub.page.tabs.picture.handlers import PictureHandlers
from gan_hub.page.tabs.picture.layout import Controls, Results
from gan_hub.page.tabs.picture.layout import build as build_layout

NAME, ID = "Your picture", "picture"
EVENT: dict[str, Any] = {**HIDDEN, **RAW, **PROJECT_QUEUE}


def build(model_cache: ModelCache, tab: gr.Tab) -> TabLinks:
    """Lay the tab out and connect its events, inside the page's `gr.Blocks`; what was found goes to other tabs."""
    handlers = PictureHandlers(model_cache)
    controls, results = build_layout(model_cache.allow_folders)
    _connect_pictures(handlers, controls, results)
    _connect_refining(handlers, controls, results)
    _connect_opening(handlers, controls, results, tab)
    results.download.click(None, results.after, js=theme.DOWNLOAD, api_visibility="private")
    results.copy.click(None, results.place.link, js=theme.COPY_PLACE, api_visibility="private")
    gr.api(as_sentences(handlers.project), api_name="project", **PROJECT_QUEUE)
    return TabLinks((results.place,))


def _connect_pictures(handlers: PictureHandlers, controls: Controls, results: Results) -> None:
    """Connect strokes, files, models and classes: each gives a first guess."""
    controls.sheet.input(
        as_sentences(handlers.draw),
        [results.text, *controls.named()],
        [results.source, *results.looked()],
        js=canvas.pixels_of("sheet-to-draw-on"),
        trigger_mode="always_last",
        **EVENT,
    )
    controls.photo.input(
        as_sentences(handlers.upload), [controls.photo, *controls.named()], [results.source, *results.looked()], **EVENT
    )
    described = gr.on(
        [controls.model.input, controls.revision.submit, controls.label.input],
        as_sentences(handlers.describe),
        controls.named(),
        [controls.facts, controls.label, results.link],
        **QUIET_LOAD,
    )
    described.success(as_sentences(handlers.look), [results.source, *controls.named()], results.looked(), **EVENT)
    described.success(None, results.link, js=theme.SHOW_PICTURE, api_visibility="private")


def _connect_refining(handlers: PictureHandlers, controls: Controls, results: Results) -> None:
    """Connect the search, with its progress and its end."""
    named = results.refine.click(None, None, results.job, js=theme.NEW_JOB, api_visibility="private")
    named.then(
        as_sentences(handlers.refine),
        [results.text, results.prepared, *controls.named(), controls.steps, results.job],
        results.shown(),
        js=canvas.pixels_of("mask-canvas"),
        **{**EVENT, **show_queue_on(results.summary)},
    )
    on_stopping(results.stop, handlers.stop_project, results.job, "stop_project")


def _connect_opening(handlers: PictureHandlers, controls: Controls, results: Results, tab: gr.Tab) -> None:
    """Connect the opening of the page, which a link may have opened."""
    on_opening(handlers.open, [controls.model, controls.revision, controls.facts, controls.label, results.link])
    tab.select(None, results.link, js=theme.SHOW_PICTURE, api_visibility="private")

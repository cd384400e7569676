"""The tab "Your picture": which event calls which handler."""

from typing import Any

import gradio as gr

from gan_hub.page import canvas, style
from gan_hub.page.errors import as_sentences
from gan_hub.page.lanes import HIDDEN, LOAD_LANE, PROJECT_LANE, RAW, told_on
from gan_hub.page.models import ModelShelf
from gan_hub.page.picture_handlers import PictureHandlers
from gan_hub.page.picture_layout import Controls, Results
from gan_hub.page.picture_layout import build as build_layout
from gan_hub.page.places import Place

NAME, ID = "Your picture", "picture"
EVENT: dict[str, Any] = {**HIDDEN, **RAW, **PROJECT_LANE}


def build(shelf: ModelShelf, tab: gr.Tab) -> Place:
    """Lay the tab out and connect its events, inside the page's `gr.Blocks`; returns what was found."""
    handlers = PictureHandlers(shelf)
    controls, results = build_layout(shelf.allow_folders)
    _connect_pictures(handlers, controls, results)
    _connect_refining(handlers, controls, results)
    _connect_opening(handlers, controls, results, tab)
    results.download.click(None, results.after, js=style.DOWNLOAD, api_visibility="private")
    results.copy.click(None, results.place.link, js=style.COPY_PLACE, api_visibility="private")
    gr.api(as_sentences(handlers.project), api_name="project", **PROJECT_LANE)
    return results.place


def _connect_pictures(handlers: PictureHandlers, controls: Controls, results: Results) -> None:
    """A stroke, or a file, gives the first guess; so does another model or class."""
    controls.sheet.input(
        as_sentences(handlers.draw),
        [results.text, *controls.named()],
        [results.source, *results.looked()],
        js=canvas.pixels_of("sheet-to-draw-on"),
        trigger_mode="always_last",
        **EVENT,
    )
    controls.photo.input(
        as_sentences(handlers.upload),
        [controls.photo, *controls.named()],
        [results.source, *results.looked()],
        **EVENT,
    )
    described = gr.on(
        [controls.model.input, controls.revision.submit, controls.label.input],
        as_sentences(handlers.describe),
        controls.named(),
        [controls.facts, controls.label, results.link],
        **HIDDEN,
        **RAW,
        **LOAD_LANE,
    )
    described.success(as_sentences(handlers.look), [results.source, *controls.named()], results.looked(), **EVENT)
    described.success(None, results.link, js=style.SHOW_PICTURE, api_visibility="private")


def _connect_refining(handlers: PictureHandlers, controls: Controls, results: Results) -> None:
    """The search, with its progress, and its end."""
    named = results.refine.click(None, None, results.job, js=style.NEW_JOB, api_visibility="private")
    named.then(
        as_sentences(handlers.refine),
        [results.text, results.prepared, *controls.named(), controls.steps, results.job],
        results.shown(),
        js=canvas.pixels_of("glass"),
        **{**EVENT, **told_on(results.summary)},
    )
    results.stop.click(
        as_sentences(handlers.stop_project),
        results.job,
        gr.Textbox(visible=False, label="Stopping"),  # not into the summary, whose last word may come before
        api_name="stop_project",
        queue=False,
        show_progress="hidden",
        **RAW,
    )


def _connect_opening(handlers: PictureHandlers, controls: Controls, results: Results, tab: gr.Tab) -> None:
    """The page opened, perhaps by a link."""
    query = gr.Textbox(visible=False, label="Query")
    gr.on(
        None,
        as_sentences(handlers.open),
        query,
        [controls.model, controls.revision, controls.facts, controls.label, results.link],
        js=style.READ_QUERY,
        **HIDDEN,
        **RAW,
        **LOAD_LANE,
    )
    tab.select(None, results.link, js=style.SHOW_PICTURE, api_visibility="private")

"""The tab "Interpolate": which event calls which handler."""

from typing import Any

import gradio as gr

from gan_hub.page import interpolate_keys, style
from gan_hub.page.errors import as_sentences
from gan_hub.page.interpolate_handlers import InterpolateHandlers
from gan_hub.page.interpolate_keys import KeyHandlers
from gan_hub.page.interpolate_layout import Controls, Results
from gan_hub.page.interpolate_layout import build as build_layout
from gan_hub.page.lanes import GENERATE_LANE, HIDDEN, LOAD_LANE, RAW, WALK_LANE, told_on
from gan_hub.page.models import ModelShelf

NAME, ID = "Interpolate", "interpolate"


def build(shelf: ModelShelf, tab: gr.Tab) -> Controls:
    """Lay the tab out and connect its events, inside the page's `gr.Blocks`; returns its controls."""
    handlers = InterpolateHandlers(shelf)
    controls, results = build_layout(shelf.allow_folders)
    keys = KeyHandlers(shelf)
    _connect_keys(keys, controls)
    _connect_motion(handlers, controls)
    _connect_making(handlers, controls, results)
    _connect_opening(handlers, keys, controls, results, tab)
    _connect_restoring(handlers, keys, controls, results)
    return controls


def _connect_keys(keys: KeyHandlers, controls: Controls) -> None:
    """The pictures of the keys, and the buttons beside them."""
    named, chosen = [controls.model, controls.revision, controls.keys], controls.chosen
    event: dict[str, Any] = {**HIDDEN, **RAW, **GENERATE_LANE}
    controls.pictures.select(as_sentences(keys.pick), named, controls.key(), **event)
    for name in ("add", "remove", "swap", "dice", "dice_all"):
        edit = as_sentences(keys.editor(getattr(interpolate_keys, name)))
        getattr(controls, name).click(edit, [*named, chosen], controls.key(), api_name=f"key_{name}", **event)
    gr.on(
        [controls.seed.input, controls.label.input, controls.truncation.release],
        as_sentences(keys.change),
        [*named, chosen, controls.seed, controls.label, controls.truncation],
        controls.key(),
        trigger_mode="always_last",
        **event,
    )
    controls.keys.submit(as_sentences(keys.show), [*named, chosen], controls.key(), **event)
    controls.walks.release(as_sentences(keys.walks), [*named, chosen, controls.walks], controls.key(), **event)
    gr.on(
        [controls.model.input, controls.revision.submit],
        as_sentences(keys.describe),
        [*named, chosen],
        [*controls.key(), controls.facts],
        **HIDDEN,
        **RAW,
        **LOAD_LANE,
    )


def _connect_motion(handlers: InterpolateHandlers, controls: Controls) -> None:
    """The length in seconds; a loop goes at an even pace unless that is changed afterwards."""
    inputs = [controls.keys, controls.frames, controls.fps, controls.way]
    gr.on(
        [each.change for each in inputs],
        as_sentences(handlers.length),
        inputs,
        controls.length,
        trigger_mode="always_last",
        queue=False,
        **HIDDEN,
    )
    controls.way.input(None, controls.way, controls.even_pace, js="(way) => way === 'loop'", api_visibility="private")


def _connect_making(handlers: InterpolateHandlers, controls: Controls, results: Results) -> None:
    """The walk, its player, the slider over its frames, and the file."""
    named = controls.make.click(None, None, results.job, js=style.NEW_JOB, api_visibility="private")
    controls.make.click(None, js=style.SHOW_RESULTS, api_visibility="private")
    arguments = [*controls.arguments(), results.job]
    interpolate = as_sentences(handlers.interpolate)
    _make(named.then, handlers, interpolate, arguments, results, name="interpolate", api_visibility="public")
    # Not into the summary: on a busy machine its answer may come after the last word of the walk.
    controls.stop.click(
        as_sentences(handlers.stop_walk),
        results.job,
        gr.Textbox(visible=False, label="Stopping"),
        api_name="stop_walk",
        queue=False,
        show_progress="hidden",
        **RAW,
    )
    results.slider.input(
        as_sentences(handlers.scrub),
        [results.link, results.slider],
        results.frame,
        trigger_mode="always_last",
        **HIDDEN,
        **RAW,
        **LOAD_LANE,
    )
    results.download.click(None, results.file, js=style.DOWNLOAD, api_visibility="private")
    results.copy.click(None, js=style.COPY_LINK, api_visibility="private")


def _make(
    event: Any,
    handlers: InterpolateHandlers,
    function: Any,
    arguments: list[Any],
    results: Results,
    *,
    name: str,
    api_visibility: str = "private",
) -> None:
    """Let an event make the walk and play it."""
    made = event(
        function,
        arguments,
        [results.file, results.summary, results.link],
        api_name=name,
        api_visibility=api_visibility,
        **told_on(results.summary),
        **RAW,
        **WALK_LANE,
    )
    made.success(
        as_sentences(handlers.play),
        [results.file, results.link, results.summary],
        [results.video, results.picture, results.slider, results.frame],
        **HIDDEN,
        **RAW,
        **LOAD_LANE,
    )
    made.success(None, results.link, js=style.SHOW_WALK, api_visibility="private")


def _connect_opening(
    handlers: InterpolateHandlers, keys: KeyHandlers, controls: Controls, results: Results, tab: gr.Tab
) -> None:
    """The page opened, perhaps by a link; the first walk is made when the tab is first shown."""
    query = gr.Textbox(visible=False, label="Query")
    is_open, is_shown = gr.Textbox(visible=False, label="Open"), gr.Textbox(visible=False, label="Shown")
    opened = gr.on(
        None,
        as_sentences(handlers.open),
        query,
        [*controls.arguments(), is_open],
        js=style.READ_QUERY,
        **HIDDEN,
        **RAW,
        **LOAD_LANE,
    )
    described = opened.success(
        as_sentences(keys.describe),
        [controls.model, controls.revision, controls.keys, controls.chosen],
        [*controls.key(), controls.facts],
        **HIDDEN,
        **RAW,
        **LOAD_LANE,
    )
    named = [is_shown, results.job]
    shown = described.success(None, results.job, named, js=style.IS_INTERPOLATE_SHOWN, api_visibility="private")
    turned = tab.select(None, results.job, named, js=style.IS_INTERPOLATE_SHOWN, api_visibility="private")
    tab.select(None, results.link, js=style.SHOW_WALK, api_visibility="private")
    arguments = [results.link, is_open, is_shown, *controls.arguments(), results.job]
    for number, event in enumerate((shown, turned)):
        name = f"interpolate_first_{number}"
        _make(event.success, handlers, as_sentences(handlers.first), arguments, results, name=name)


def _connect_restoring(handlers: InterpolateHandlers, keys: KeyHandlers, controls: Controls, results: Results) -> None:
    """A dropped file: its recipe, then the controls, then the same walk."""
    read = controls.file.upload(
        as_sentences(handlers.restore_walk), controls.file, results.recipe, api_name="restore_walk", **RAW, **LOAD_LANE
    )
    set_controls = read.success(
        as_sentences(handlers.show_walk),
        results.recipe,
        [*controls.arguments(), controls.file],
        **HIDDEN,
        **RAW,
        **LOAD_LANE,
    )
    described = set_controls.success(
        as_sentences(keys.describe),
        [controls.model, controls.revision, controls.keys, controls.chosen],
        [*controls.key(), controls.facts],
        **HIDDEN,
        **RAW,
        **LOAD_LANE,
    )
    named = described.success(None, None, results.job, js=style.NEW_JOB, api_visibility="private")
    arguments = [*controls.arguments(), results.job]
    interpolate = as_sentences(handlers.interpolate)
    _make(named.then, handlers, interpolate, arguments, results, name="interpolate_restored")

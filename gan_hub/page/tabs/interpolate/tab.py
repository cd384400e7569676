"""The tab "Interpolate": which event calls which handler."""

from functools import partial
from typing import Any

import gradio as gr

from gan_hub.page.components import theme
from gan_hub.page.components.events import on_opening, on_stopping
from gan_hub.page.components.picture_actions import TabLinks
from gan_hub.page.components.states import taking
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import (
    HIDDEN,
    LOAD_QUEUE,
    QUIET_GENERATE,
    QUIET_LOAD,
    RAW,
    WALK_QUEUE,
    show_queue_on,
)
from gan_hub.page.tabs.interpolate import keys as editing
from gan_hub.page.tabs.interpolate.ends import connect_walks
from gan_hub.page.tabs.interpolate.handlers import InterpolateHandlers
from gan_hub.page.tabs.interpolate.keys import KeyHandlers
from gan_hub.page.tabs.interpolate.layout import Controls, Results
from gan_hub.page.tabs.interpolate.layout import build as build_layout
from gan_hub.recipes.links import WalkState

NAME, ID = "Interpolate", "interpolate"


def build(model_cache: ModelCache, tab: gr.Tab) -> TabLinks:
    """Lay the tab out and connect its events, inside the page's `gr.Blocks`; pictures become the ends of its walk."""
    handlers = InterpolateHandlers(model_cache)
    controls, results = build_layout(model_cache.allow_folders)
    keys = KeyHandlers(model_cache)
    _connect_keys(keys, controls)
    _connect_motion(handlers, controls)
    _connect_making(handlers, controls, results)
    _connect_opening(handlers, keys, controls, results, tab)
    _connect_restoring(handlers, keys, controls, results)
    return TabLinks(connect=partial(connect_walks, keys, controls))


def _connect_keys(keys: KeyHandlers, controls: Controls) -> None:
    """Connect the pictures of the keys, and the buttons beside them."""
    walk, named = controls.walk, controls.named()
    event = QUIET_GENERATE
    controls.pictures.select(as_sentences(keys.pick), named[:3], controls.key(), **event)
    for name in ("add", "remove", "swap", "dice", "dice_all"):
        edit = as_sentences(keys.editor(getattr(editing, name)))
        getattr(controls, name).click(edit, named, controls.key(), api_name=f"key_{name}", **event)
    gr.on(
        [controls.seed.input, controls.label.input, controls.truncation.release],
        as_sentences(keys.change),
        [*named, controls.seed, controls.label, controls.truncation],
        controls.key(),
        trigger_mode="always_last",
        **event,
    )
    walk.keys.submit(as_sentences(keys.show), named, controls.key(), **event)
    controls.walks.release(as_sentences(keys.walks), [*named, controls.walks], controls.key(), **event)
    gr.on(
        [walk.model.input, walk.revision.submit],
        as_sentences(keys.describe),
        named,
        [*controls.key(), controls.facts],
        **QUIET_LOAD,
    )


def _connect_motion(handlers: InterpolateHandlers, controls: Controls) -> None:
    """Connect the length in seconds; choosing a loop switches to an even pace, which may be changed afterwards."""
    walk = controls.walk
    inputs = [walk.keys, walk.frames, walk.fps, walk.way]
    gr.on(
        [each.change for each in inputs],
        as_sentences(handlers.length),
        inputs,
        controls.length,
        trigger_mode="always_last",
        queue=False,
        **HIDDEN,
    )
    walk.way.input(None, walk.way, walk.even_pace, js="(way) => way === 'loop'", api_visibility="private")


def _connect_making(handlers: InterpolateHandlers, controls: Controls, results: Results) -> None:
    """Connect the walk, its player, the slider over its frames, and the file."""
    named = controls.make.click(None, None, results.job, js=theme.NEW_JOB, api_visibility="private")
    controls.make.click(None, js=theme.SHOW_RESULTS, api_visibility="private")
    _make(named.then, handlers, controls, results, api_name="interpolate", api_visibility="public")
    on_stopping(controls.stop, handlers.stop_walk, results.job, "stop_walk")
    results.slider.input(
        as_sentences(handlers.scrub),
        [results.link, results.slider],
        results.frame,
        trigger_mode="always_last",
        **QUIET_LOAD,
    )
    results.download.click(None, results.file, js=theme.DOWNLOAD, api_visibility="private")
    results.copy.click(None, js=theme.COPY_LINK, api_visibility="private")


def _make(event: Any, handlers: InterpolateHandlers, controls: Controls, results: Results, **more: Any) -> None:
    """Make an event compute the walk and play it; `more` goes to Gradio's event."""
    wanted = {
        "fn": as_sentences(taking(WalkState, handlers.interpolate)),
        "inputs": [*controls.arguments(), results.job],
        "outputs": [results.file, results.summary, results.link],
        "api_visibility": "private",
    }
    made = event(**{**wanted, **show_queue_on(results.summary), **RAW, **WALK_QUEUE, **more})
    played = [results.video, results.picture, results.slider, results.frame]
    made.success(as_sentences(handlers.play), [results.file, results.link], played, **QUIET_LOAD)
    made.success(None, results.link, js=theme.SHOW_WALK, api_visibility="private")


def _connect_opening(
    handlers: InterpolateHandlers, keys: KeyHandlers, controls: Controls, results: Results, tab: gr.Tab
) -> None:
    """Connect the opening of the page, perhaps by a link; the first walk is made when the tab is first shown."""
    is_open, is_shown = gr.Textbox(visible=False, label="Open"), gr.Textbox(visible=False, label="Shown")
    opened = on_opening(handlers.open, [*controls.arguments(), is_open])
    described = opened.success(
        as_sentences(keys.describe), controls.named(), [*controls.key(), controls.facts], **QUIET_LOAD
    )
    named = [is_shown, results.job]
    shown = described.success(None, results.job, named, js=theme.IS_INTERPOLATE_SHOWN, api_visibility="private")
    turned = tab.select(None, results.job, named, js=theme.IS_INTERPOLATE_SHOWN, api_visibility="private")
    tab.select(None, results.link, js=theme.SHOW_WALK, api_visibility="private")
    arguments = [results.link, is_open, is_shown, *controls.arguments(), results.job]
    for number, event in enumerate((shown, turned)):
        first = {"fn": as_sentences(handlers.first), "inputs": arguments, "api_name": f"interpolate_first_{number}"}
        _make(event.success, handlers, controls, results, **first)


def _connect_restoring(handlers: InterpolateHandlers, keys: KeyHandlers, controls: Controls, results: Results) -> None:
    """Connect a dropped file: its recipe is read, the controls follow, and the same walk is made."""
    read = controls.file.upload(
        as_sentences(handlers.restore_walk), controls.file, results.recipe, api_name="restore_walk", **RAW, **LOAD_QUEUE
    )
    set_controls = read.success(
        as_sentences(handlers.show_walk), results.recipe, [*controls.arguments(), controls.file], **QUIET_LOAD
    )
    described = set_controls.success(
        as_sentences(keys.describe), controls.named(), [*controls.key(), controls.facts], **QUIET_LOAD
    )
    named = described.success(None, None, results.job, js=theme.NEW_JOB, api_visibility="private")
    _make(named.then, handlers, controls, results, api_name="interpolate_restored")

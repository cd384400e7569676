"""The tab "Explore": which event calls which handler."""

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from gan_hub.page.components import theme
from gan_hub.page.components.events import on_opening
from gan_hub.page.components.picture_actions import PictureActions, TabLinks
from gan_hub.page.components.states import taking
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import (
    GENERATE_QUEUE,
    HIDDEN,
    QUIET_GENERATE,
    QUIET_LOAD,
    RAW,
    show_queue_on,
)
from gan_hub.page.tabs.explore.handlers import ExploreHandlers
from gan_hub.page.tabs.explore.layout import Controls, Results
from gan_hub.page.tabs.explore.layout import build as build_layout
from gan_hub.recipes.links import NUM_SLIDERS, ExploreState

NAME, ID = "Explore", "explore"
EVENT = QUIET_GENERATE
RESET = f"() => [{', '.join(['0'] * NUM_SLIDERS)}]"


class Explorer:
    """The part of the tab that other tabs use."""

    def __init__(self, handlers: ExploreHandlers, controls: Controls, results: Results) -> None:
        self._handlers, self._controls, self._results = handlers, controls, results

    def connect(self, place: PictureActions, tabs: gr.Tabs) -> None:
        """Connect the button that explores a picture of another tab."""
        if place.explore is None:
            return
        outputs = [*self._controls.everything(), tabs]
        gone = place.explore.click(as_sentences(self._handlers.go), place.link, outputs, **EVENT)
        self.run(gone.success)

    def run(self, event: Callable[..., Any], shown: int | None = None) -> Any:
        """Make an event show the results of the controls, and put their link into the address bar.

        Args:
            event: an event of Gradio.
            shown: number of the direction in the strip; None = the direction that the controls choose.
        """
        made = event(
            as_sentences(self._handlers.runner(shown)),
            self._controls.arguments(),
            self._results.outputs(),
            **{**EVENT, **show_queue_on(self._results.summary)},
        )
        made.success(None, self._results.link, js=theme.SHOW_EXPLORE, api_visibility="private")
        return made


def build(model_cache: ModelCache, tab: gr.Tab) -> TabLinks:
    """Lay the tab out and connect its events, inside the page's `gr.Blocks`."""
    handlers = ExploreHandlers(model_cache)
    controls, results = build_layout(model_cache.allow_folders)
    explorer = Explorer(handlers, controls, results)
    _connect_start(explorer, handlers, controls)
    _connect_directions(explorer, handlers, controls, results)
    _connect_opening(explorer, handlers, controls, results, tab)
    results.copy.click(None, js=theme.COPY_LINK, api_visibility="private")
    results.download.click(None, results.after, js=theme.DOWNLOAD, api_visibility="private")
    gr.api(as_sentences(taking(ExploreState, handlers.directions)), api_name="directions", **GENERATE_QUEUE)
    return TabLinks((results.place,), explorer.connect)


def _connect_start(explorer: Explorer, handlers: ExploreHandlers, controls: Controls) -> None:
    """Connect the controls for the picture, class, truncation and model."""
    named = [controls.model, controls.revision, controls.key]
    fields = [controls.seed, controls.label, controls.truncation]
    start = as_sentences(handlers.start)
    rolled = controls.dice.click(None, None, controls.seed, js=theme.RANDOM_SEED, api_visibility="private")
    average = controls.average.click(None, None, controls.truncation, js="() => 0", api_visibility="private")
    for event in (
        gr.on(
            [controls.seed.input, controls.label.input, controls.truncation.release],
            start,
            [controls.key, *fields],
            [controls.key, controls.origin],
            trigger_mode="always_last",
            **EVENT,
        ),
        rolled.then(start, [controls.key, *fields], [controls.key, controls.origin], **EVENT),
        average.then(start, [controls.key, *fields], [controls.key, controls.origin], **EVENT),
    ):
        explorer.run(event.success)
    describe, found = as_sentences(handlers.describe), [controls.method, controls.shown, *controls.sliders]
    outputs = [controls.facts, *controls.start(), *found, controls.names]
    changed = gr.on(
        [controls.model.input, controls.revision.submit, controls.method.input],
        describe,
        [*named, controls.method],
        outputs,
        **QUIET_LOAD,
    )
    explorer.run(changed.success)
    restored = controls.file.upload(
        as_sentences(handlers.restore), controls.file, [*named, controls.file], **QUIET_LOAD
    )
    known = restored.success(describe, [*named, controls.method], outputs, **QUIET_LOAD)
    explorer.run(known.success)


def _connect_directions(explorer: Explorer, handlers: ExploreHandlers, controls: Controls, results: Results) -> None:
    """Connect the sliders, the strip, and the names."""
    for number, slider in enumerate(controls.sliders, start=1):
        slider.input(None, None, controls.shown, js=f"() => {number}", api_visibility="private")
        explorer.run(partial(slider.input, trigger_mode="always_last"), number)
    explorer.run(controls.shown.input)
    reset = controls.reset.click(None, None, controls.sliders, js=RESET, api_visibility="private")
    explorer.run(reset.then)
    stepped = results.strip.select(
        as_sentences(handlers.step_to),
        [controls.shown, *controls.sliders],
        controls.sliders,
        queue=False,
        **HIDDEN,
        **RAW,
    )
    explorer.run(stepped.success)
    named = [controls.model, controls.revision, controls.method]
    renamed = gr.on(
        [controls.rename.click, controls.name.submit],
        as_sentences(handlers.rename),
        [*named, controls.shown, controls.names, controls.name, *controls.sliders],
        [controls.shown, *controls.sliders, controls.names],
        **EVENT,
    )
    explorer.run(renamed.success)
    saved = controls.save.click(as_sentences(handlers.save), [*named, controls.names], results.directions, **EVENT)
    saved.success(None, results.directions, js=theme.DOWNLOAD, api_visibility="private")


def _connect_opening(
    explorer: Explorer, handlers: ExploreHandlers, controls: Controls, results: Results, tab: gr.Tab
) -> None:
    """Connect the opening of the page, which a link may have opened."""
    is_open = gr.Textbox(visible=False, label="Open")
    opened = on_opening(handlers.open, [*controls.everything(), is_open])
    explorer.run(opened.success)
    tab.select(None, results.link, js=theme.SHOW_EXPLORE, api_visibility="private")

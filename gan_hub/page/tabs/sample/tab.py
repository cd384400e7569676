"""The tab "Sample": its controls, its gallery, and which event calls which handler."""

from typing import Any

import gradio as gr

from gan_hub.page.components import controls, hub_search, theme
from gan_hub.page.components.controls import Parts
from gan_hub.page.components.events import on_opening
from gan_hub.page.components.picture_actions import TabLinks
from gan_hub.page.components.states import taking
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import (
    GENERATE_QUEUE,
    HIDDEN,
    LOAD_QUEUE,
    RAW,
    show_queue_on,
)
from gan_hub.page.tabs.sample import favourites, variations
from gan_hub.page.tabs.sample.handlers import SampleHandlers
from gan_hub.recipes.fields import fields_of
from gan_hub.recipes.links import MAX_COLUMNS, MAX_COUNT, SampleState

NAME, ID = "Sample", "sample"


class Tab(Parts):
    """The components of the tab."""

    def arguments(self) -> list[Any]:
        """The arguments of the handlers, in their order."""
        return [getattr(self, name) for name in fields_of(SampleState)]

    def outputs(self) -> list[Any]:
        """The outputs of `SampleHandlers.sample`."""
        return [self.gallery, self.summary, self.link]


def build(model_cache: ModelCache, tab: gr.Tab) -> TabLinks:
    """Lay the tab out and connect its events, inside the page's `gr.Blocks`."""
    handlers = SampleHandlers(model_cache)
    parts = Tab()
    with gr.Row(elem_id="sample", elem_classes="workplace"):
        with gr.Column(elem_classes="controls", min_width=280):
            _build_controls(parts, model_cache)
        with gr.Column(elem_classes="results", min_width=280):
            _build_results(parts)
            parts.link = gr.Textbox(visible=False, label="Link")
            neighbourhood = variations.build(parts.link)
            kept = favourites.build(model_cache)
    with gr.Group(visible=False):
        parts.recipe = gr.JSON(label="Recipe")
        grid_file, zip_file = gr.File(label="Grid"), gr.File(label="ZIP")

    runs = [*_connect_sampling(handlers, parts), _connect_restoring(handlers, parts)]
    parts.stop.click(None, cancels=runs, api_visibility="private")
    for button, handler, file, name in (
        (parts.grid, taking(SampleState, handlers.grid), grid_file, "grid"),
        (parts.zip, taking(SampleState, handlers.zip), zip_file, "zip"),
    ):
        made = button.click(as_sentences(handler), parts.arguments(), file, api_name=name, **RAW, **GENERATE_QUEUE)
        made.success(None, file, js=theme.DOWNLOAD, api_visibility="private")
    parts.copy.click(None, js=theme.COPY_LINK, api_visibility="private")
    tab.select(None, [parts.link, parts.columns], js=theme.REPLACE_STATE, api_visibility="private")
    gr.api(as_sentences(handlers.models), api_name="models", **LOAD_QUEUE)
    variations.connect(model_cache, neighbourhood, parts.gallery)
    return TabLinks((neighbourhood.place, kept.place), kept.connect)


def _build_controls(parts: Tab, model_cache: ModelCache) -> None:
    """Lay out the left side."""
    parts.model = controls.model("model", model_cache.allow_folders)
    parts.facts = controls.facts()
    with gr.Row(elem_classes="seed-row"):
        parts.seed = controls.seed(SampleState.seed, scale=2)
        parts.dice = gr.Button("Surprise me", min_width=120, scale=1, elem_id="dice")
    parts.label = controls.label("label")
    parts.truncation = controls.truncation(info="lower: more typical · higher: more varied")
    with gr.Row(elem_id="numbers"):
        parts.count = gr.Slider(1, MAX_COUNT, SampleState.count, step=1, label="Pictures", min_width=120, buttons=[])
        parts.columns = gr.Slider(
            1, MAX_COLUMNS, SampleState.columns, step=1, label="Columns", min_width=120, buttons=[]
        )
    with gr.Row(elem_id="actions"):
        parts.generate = gr.Button("Generate", variant="primary", scale=3, min_width=120, elem_id="generate")
        parts.stop = gr.Button("Stop", scale=1, min_width=80, elem_id="stop")
    parts.png = controls.dropped_file("PNG", ["png"], "restore")
    with gr.Accordion("More models, and revisions", open=False):
        search = hub_search.build()
        parts.revision = controls.revision()
    parts.columns.input(None, parts.columns, js=theme.SET_COLUMNS, api_visibility="private")
    hub_search.connect(model_cache, search, "generator", [parts.model])


def _build_results(parts: Tab) -> None:
    """Lay out the right side: the pictures, the summary, and the buttons for downloads."""
    parts.gallery = gr.Gallery(
        elem_id="gallery",
        show_label=False,
        label="Pictures",
        columns=SampleState.columns,
        object_fit="contain",
        interactive=False,
        buttons=["download", "fullscreen"],
        format="png",
    )
    with gr.Row(elem_classes="take-away"):
        parts.summary = controls.summary("summary")
        parts.copy = controls.copy_link()
        parts.grid = controls.small_button("Download grid", 120, elem_id="grid-button")
        parts.zip = controls.small_button("Download ZIP", 120, elem_id="zip-button")


def _connect_sampling(handlers: SampleHandlers, parts: Tab) -> list[Any]:
    """Connect Generate, Surprise me, the model, and the opening of the page; returns the events that Stop ends."""
    sample, arguments, outputs = as_sentences(taking(SampleState, handlers.sample)), parts.arguments(), parts.outputs()
    run: dict[str, Any] = {**show_queue_on(parts.summary), **RAW, **GENERATE_QUEUE}

    clicked = gr.on([parts.generate.click, parts.seed.submit], sample, arguments, outputs, api_name="sample", **run)
    run["api_visibility"] = "private"
    rolled = parts.dice.click(None, None, parts.seed, js=theme.RANDOM_SEED, api_visibility="private")
    rolled = rolled.then(sample, arguments, outputs, api_name="sample_surprise", **run)
    parts.generate.click(None, js=theme.SHOW_RESULTS, api_visibility="private")
    for event in (clicked, rolled):
        event.success(None, [parts.link, parts.columns], js=theme.PUSH_STATE, api_visibility="private")

    gr.on(
        [parts.model.input, parts.revision.submit],
        as_sentences(handlers.describe),
        [parts.model, parts.revision, parts.label],
        [parts.facts, parts.label],
        api_name="describe",
        api_visibility="private",
        show_progress="minimal",
        **RAW,
        **LOAD_QUEUE,
    )
    opened = on_opening(handlers.open, [*arguments, parts.facts], api_name="open")
    shown = opened.success(sample, arguments, outputs, api_name="sample_opened", **run)
    shown.success(None, [parts.link, parts.columns], js=theme.REPLACE_STATE, api_visibility="private")
    return [clicked, rolled, shown]


def _connect_restoring(handlers: SampleHandlers, parts: Tab) -> Any:
    """Connect a dropped PNG: its recipe, the controls, then the same pictures; returns the event that Stop ends."""
    event: dict[str, Any] = {**RAW, **LOAD_QUEUE}
    read = parts.png.upload(as_sentences(handlers.restore), parts.png, parts.recipe, api_name="restore", **event)
    event |= HIDDEN
    show = as_sentences(handlers.show_recipe)
    shown = read.success(show, parts.recipe, [*parts.arguments(), parts.png], api_name="show_recipe", **event)
    made = shown.success(
        as_sentences(taking(SampleState, handlers.sample)),
        parts.arguments(),
        parts.outputs(),
        api_name="sample_restored",
        api_visibility="private",
        **show_queue_on(parts.summary),
        **RAW,
        **GENERATE_QUEUE,
    )
    made.success(None, [parts.link, parts.columns], js=theme.PUSH_STATE, api_visibility="private")
    named, outputs = [parts.model, parts.revision, parts.label], [parts.facts, parts.label]
    made.success(as_sentences(handlers.describe), named, outputs, api_name="describe_restored", **event)
    return made

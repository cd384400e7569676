"""The tab "Sample": its controls, its gallery, and which event calls which handler."""

from typing import Any

import gradio as gr

from gan_hub.hub import playground
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.page.components import hub_search, theme
from gan_hub.page.components.model_picker import default_model
from gan_hub.page.components.picture_actions import TabLinks
from gan_hub.page.components.states import taking
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import GENERATE_QUEUE, LOAD_QUEUE, RAW, show_queue_on
from gan_hub.page.tabs.sample import favourites, variations
from gan_hub.page.tabs.sample.handlers import SampleHandlers
from gan_hub.recipes.links import MAX_COLUMNS, MAX_COUNT, SampleState

NAME, ID = "Sample", "sample"


def build(model_cache: ModelCache, tab: gr.Tab) -> TabLinks:
    """Lay the tab out and connect its events, inside the page's `gr.Blocks`."""
    handlers = SampleHandlers(model_cache)
    with gr.Row(elem_id="sample", elem_classes="workplace"):
        with gr.Column(elem_classes="controls", min_width=280):
            controls, facts, dice, generate, stop, png = _build_controls(model_cache)
        with gr.Column(elem_classes="results", min_width=280):
            gallery, summary, zip_button, grid_button, copy = _build_results()
            link = gr.Textbox(visible=False, label="Link")
            neighbourhood = variations.build(link)
            kept = favourites.build(model_cache)
    with gr.Group(visible=False):
        recipe = gr.JSON(label="Recipe")
        grid_file, zip_file = gr.File(label="Grid"), gr.File(label="ZIP")

    outputs = [gallery, summary, link]
    runs = _connect_sampling(handlers, controls, outputs, facts, generate, dice)
    runs.append(_connect_restoring(handlers, controls, outputs, facts, png, recipe))
    stop.click(None, cancels=runs, api_visibility="private")
    for button, handler, file, name in (
        (grid_button, taking(SampleState, handlers.grid), grid_file, "grid"),
        (zip_button, taking(SampleState, handlers.zip), zip_file, "zip"),
    ):
        made = button.click(as_sentences(handler), controls, file, api_name=name, **RAW, **GENERATE_QUEUE)
        made.success(None, file, js=theme.DOWNLOAD, api_visibility="private")
    copy.click(None, js=theme.COPY_LINK, api_visibility="private")
    tab.select(None, [link, controls[4]], js=theme.REPLACE_STATE, api_visibility="private")
    gr.api(as_sentences(handlers.models), api_name="models", **LOAD_QUEUE)
    variations.connect(model_cache, neighbourhood, gallery)
    return TabLinks((neighbourhood.place, kept.place), kept.connect)


def _build_controls(model_cache: ModelCache) -> tuple[Any, ...]:
    """Lay out the left side; returns the seven controls in the handlers' order, and the other components."""
    model = gr.Dropdown(
        playground.generators(),
        value=default_model(),
        label="Model",
        info="or org/name on the Hub" + (", or a folder" if model_cache.allow_folders else ""),
        allow_custom_value=True,
        elem_id="model",
    )
    facts = gr.HTML(elem_classes="model-facts", padding=False)
    with gr.Row(elem_classes="seed-row"):
        seed = gr.Number(
            SampleState.seed, label="Seed", minimum=0, maximum=MAX_SEED, precision=0, min_width=120, scale=2
        )
        dice = gr.Button("Surprise me", min_width=120, scale=1, elem_id="dice")
    label = gr.Dropdown([("mixed", "")], value="", label="Class", elem_id="label", allow_custom_value=False)
    truncation = gr.Slider(
        0, 2, SampleState.truncation, step=0.05, label="Truncation", info="lower: more typical · higher: more varied"
    )
    with gr.Row(elem_id="numbers"):
        count = gr.Slider(1, MAX_COUNT, SampleState.count, step=1, label="Pictures", min_width=120, buttons=[])
        columns = gr.Slider(1, MAX_COLUMNS, SampleState.columns, step=1, label="Columns", min_width=120, buttons=[])
    with gr.Row(elem_id="actions"):
        generate = gr.Button("Generate", variant="primary", scale=3, min_width=120, elem_id="generate")
        stop = gr.Button("Stop", scale=1, min_width=80, elem_id="stop")
    png = gr.File(
        label="Restore a PNG made here",
        file_types=[".png"],
        height=130,
        elem_id="restore",
        elem_classes="restore",
    )
    with gr.Accordion("More models, and revisions", open=False):
        search = hub_search.build()
        revision = gr.Textbox("", label="Revision", placeholder="branch, tag or commit on the Hub", max_length=200)
    columns.input(None, columns, js=theme.SET_COLUMNS, api_visibility="private")
    hub_search.connect(model_cache, search, "generator", [model])
    return [model, revision, seed, count, columns, truncation, label], facts, dice, generate, stop, png


def _build_results() -> tuple[Any, ...]:
    """Lay out the right side: the pictures, the summary, and the buttons for downloads."""
    gallery = gr.Gallery(
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
        summary = gr.HTML(elem_id="summary", elem_classes="summary", padding=False)
        copy = gr.Button("Copy link", size="sm", min_width=100, scale=0, elem_classes="copy-link")
        grid_button = gr.Button("Download grid", size="sm", min_width=120, scale=0, elem_id="grid-button")
        zip_button = gr.Button("Download ZIP", size="sm", min_width=120, scale=0, elem_id="zip-button")
    return gallery, summary, zip_button, grid_button, copy


def _connect_sampling(
    handlers: SampleHandlers, controls: list[Any], outputs: list[Any], facts: Any, generate: Any, dice: Any
) -> list[Any]:
    """Connect Generate, Surprise me, the model, and the opening of the page; returns the events that Stop ends."""
    model, revision, seed, _, columns, _, label = controls
    link = outputs[-1]
    sample = as_sentences(taking(SampleState, handlers.sample))
    run: dict[str, Any] = {**show_queue_on(outputs[1]), **RAW, **GENERATE_QUEUE}

    clicked = gr.on([generate.click, seed.submit], sample, controls, outputs, api_name="sample", **run)
    rolled = dice.click(None, None, seed, js=theme.RANDOM_SEED, api_visibility="private")
    rolled = rolled.then(sample, controls, outputs, api_visibility="private", api_name="sample_surprise", **run)
    generate.click(None, js=theme.SHOW_RESULTS, api_visibility="private")
    for event in (clicked, rolled):
        event.success(None, [link, columns], js=theme.PUSH_STATE, api_visibility="private")

    gr.on(
        [model.input, revision.submit],
        as_sentences(handlers.describe),
        [model, revision, label],
        [facts, label],
        api_name="describe",
        api_visibility="private",
        show_progress="minimal",
        **RAW,
        **LOAD_QUEUE,
    )
    query = gr.Textbox(visible=False, label="Query")
    opened = gr.on(
        None,
        as_sentences(handlers.open),
        query,
        [*controls, facts],
        js=theme.READ_QUERY,
        api_name="open",
        api_visibility="private",
        show_progress="hidden",
        **RAW,
        **LOAD_QUEUE,
    )
    shown = opened.success(sample, controls, outputs, api_visibility="private", api_name="sample_opened", **run)
    shown.success(None, [link, columns], js=theme.REPLACE_STATE, api_visibility="private")
    return [clicked, rolled, shown]


def _connect_restoring(
    handlers: SampleHandlers, controls: list[Any], outputs: list[Any], facts: Any, png: Any, recipe: Any
) -> Any:
    """Connect a dropped PNG: its recipe, the controls, then the same pictures; returns the event that Stop ends."""
    columns, link = controls[4], outputs[-1]
    read = png.upload(as_sentences(handlers.restore), png, recipe, api_name="restore", **RAW, **LOAD_QUEUE)
    set_controls = read.success(
        as_sentences(handlers.show_recipe),
        recipe,
        [*controls, png],
        api_name="show_recipe",
        api_visibility="private",
        show_progress="hidden",
        **RAW,
        **LOAD_QUEUE,
    )
    made = set_controls.success(
        as_sentences(taking(SampleState, handlers.sample)),
        controls,
        outputs,
        api_name="sample_restored",
        api_visibility="private",
        **show_queue_on(outputs[1]),
        **RAW,
        **GENERATE_QUEUE,
    )
    made.success(None, [link, columns], js=theme.PUSH_STATE, api_visibility="private")
    made.success(
        as_sentences(handlers.describe),
        [controls[0], controls[1], controls[6]],
        [facts, controls[6]],
        api_name="describe_restored",
        api_visibility="private",
        show_progress="hidden",
        **RAW,
        **LOAD_QUEUE,
    )
    return made

"""The tab "Stylize": which event calls which handler."""

from typing import Any

import gradio as gr

from gan_hub.page.components import theme
from gan_hub.page.components.events import on_opening, on_stopping
from gan_hub.page.components.states import taking
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import (
    BLEND_QUEUE,
    HIDDEN,
    LOAD_QUEUE,
    PAINT_QUEUE,
    QUIET_LOAD,
    RAW,
    show_queue_on,
)
from gan_hub.page.tabs.stylize.batch import BatchHandlers
from gan_hub.page.tabs.stylize.handlers import StylizeHandlers
from gan_hub.page.tabs.stylize.layout import Controls, Results, build_controls, build_results
from gan_hub.page.tabs.stylize.requests import PaintingControls, SavingControls

NAME, ID = "Stylize", "stylize"
STOPPED = '<strong>Stopped</strong> · press "Paint" to go on'


def build(model_cache: ModelCache, tab: gr.Tab) -> None:
    """Lay the tab out and connect its events, inside the page's `gr.Blocks`."""
    handlers = StylizeHandlers(model_cache)
    batch = BatchHandlers(model_cache, handlers.painting_cache)
    with gr.Row(elem_id="stylize", elem_classes="workplace"):
        with gr.Column(elem_classes="controls", min_width=280):
            controls = build_controls(model_cache)
        with gr.Column(elem_classes="results", min_width=280):
            results = build_results()
    _connect_painting(handlers, controls, results, tab)
    _connect_taking_away(handlers, controls, results)
    _connect_batch(batch, controls, results)
    gr.api(as_sentences(handlers.styles), api_name="styles", **LOAD_QUEUE)


def _connect_painting(handlers: StylizeHandlers, controls: Controls, results: Results, tab: gr.Tab) -> None:
    """Whatever changes the painting paints it; strength and colours only blend it."""
    paint, describe = as_sentences(taking(PaintingControls, handlers.paint)), as_sentences(handlers.describe)
    arguments, outputs = controls.arguments(7), [results.pair, results.summary, results.link]
    runs = []

    quiet = {"api_visibility": "private", **show_queue_on(results.summary)}

    def run(event: Any, name: str, lane: dict[str, Any] = PAINT_QUEUE) -> None:
        made = event(paint, arguments, outputs, api_name=name, trigger_mode="always_last", **quiet, **RAW, **lane)
        made.success(None, results.link, js=theme.SHOW_STYLE, api_visibility="private")
        runs.append(made)

    def direct(*triggers: Any) -> Any:
        return lambda *a, **k: gr.on(list(triggers), *a, **k)

    run(direct(controls.paint.click, controls.seed.submit, controls.photo.input), "paint")
    run(direct(controls.detail.input, controls.max_side.input), "paint_anew")
    run(direct(controls.strength.input, controls.keep_colors.input), "blend", BLEND_QUEUE)
    controls.paint.click(None, js=theme.SHOW_RESULTS, api_visibility="private")

    rolled = controls.dice.click(None, None, controls.seed, js=theme.RANDOM_SEED, api_visibility="private")
    run(rolled.then, "paint_strokes")
    for gallery in (controls.thumbnails, results.sheet):
        picked = gallery.select(
            as_sentences(handlers.pick), controls.style, [controls.style, controls.thumbnails], **HIDDEN, **RAW
        )
        run(picked.success, "paint_style")
        picked.success(describe, controls.style, controls.facts, **QUIET_LOAD)
    typed = controls.style.input(describe, controls.style, controls.facts, **QUIET_LOAD)
    run(typed.success, "paint_named")
    tried = controls.examples.select(as_sentences(handlers.example), None, controls.photo, **HIDDEN, **RAW)
    run(tried.success, "paint_example")

    for number, event in enumerate(_connect_opening(handlers, controls, tab)):
        run(event.success, f"paint_first_{number}")
    tab.select(None, results.link, js=theme.SHOW_STYLE, api_visibility="private")
    results.stop.click(lambda: STOPPED, None, results.summary, cancels=runs, queue=False, **HIDDEN)


def _connect_opening(handlers: StylizeHandlers, controls: Controls, tab: gr.Tab) -> list[Any]:
    """The page opened, perhaps by a link; returns the events after which there may be something to paint.

    A link's controls come after its tab is shown: nothing is painted before both are there.
    """
    is_open, is_shown = gr.Textbox(visible=False, label="Open"), gr.Textbox(visible=False, label="Shown")
    shown = [controls.facts, controls.thumbnails, controls.examples]
    opened = on_opening(handlers.open, [*controls.arguments(6)[1:], *shown, is_open])
    first = as_sentences(handlers.first)
    shown = opened.success(None, None, is_shown, js=theme.IS_STYLIZE_SHOWN, api_visibility="private")
    shown = shown.success(first, [controls.photo, is_shown], controls.photo, **HIDDEN, **RAW)
    return [shown, tab.select(first, [controls.photo, is_open], controls.photo, **HIDDEN, **RAW)]


def _connect_taking_away(handlers: StylizeHandlers, controls: Controls, results: Results) -> None:
    """The file, the link, and the sheet of all styles."""
    made = results.download.click(
        as_sentences(taking(SavingControls, handlers.stylize)),
        controls.arguments(),
        [results.file, results.summary],
        api_name="stylize",
        **show_queue_on(results.summary),
        **RAW,
        **PAINT_QUEUE,
    )
    made.success(None, results.file, js=theme.DOWNLOAD, api_visibility="private")
    results.copy.click(None, js=theme.COPY_LINK, api_visibility="private")
    compared = results.compare.click(
        as_sentences(taking(PaintingControls, handlers.compare)),
        controls.arguments(6),
        [results.sheet, results.summary],
        api_visibility="private",
        **show_queue_on(results.summary),
        **RAW,
        **PAINT_QUEUE,
    )
    results.compare.click(None, js=theme.SHOW_SHEET, api_visibility="private")
    results.stop.click(None, cancels=[made, compared], api_visibility="private")


def _connect_batch(batch: BatchHandlers, controls: Controls, results: Results) -> None:
    """Several photos to a ZIP, which is downloaded when it is done or stopped."""
    named = controls.paint_all.click(None, None, results.job, js=theme.NEW_JOB, api_visibility="private")
    made = named.then(
        as_sentences(taking(SavingControls, batch.stylize_batch)),
        [controls.photos, *controls.arguments()[1:], results.job],
        [results.zip, controls.batch_summary],
        api_name="stylize_batch",
        **show_queue_on(controls.batch_summary),
        **RAW,
        **PAINT_QUEUE,
    )
    made.success(None, results.zip, js=theme.DOWNLOAD, api_visibility="private")
    on_stopping(controls.stop_all, batch.stop_batch, results.job, "stop_batch")

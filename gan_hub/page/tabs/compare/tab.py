"""The tab "Compare": two models or revisions side by side, and a model's training step by step."""

from typing import Any

import gradio as gr

from gan_hub.hub import playground
from gan_hub.page.components import controls, hub_search
from gan_hub.page.components.model_picker import default_model
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import COMPARE_QUEUE, LOAD_QUEUE, RAW
from gan_hub.page.tabs.compare.handlers import MAX_PICTURES, CompareHandlers

NAME, ID = "Compare", "compare"


def build(model_cache: ModelCache, tab: gr.Tab) -> None:
    """Lay the tab out and connect its events, inside the page's `gr.Blocks`."""
    handlers = CompareHandlers(model_cache)
    names = playground.generators()
    other = next((name for name in names if name != default_model()), default_model())
    with gr.Row(elem_id="compare", elem_classes="workplace"):
        with gr.Column(elem_classes="controls", min_width=280):
            left, left_revision = _model("Left", default_model(), model_cache.allow_folders)
            right, right_revision = _model("Right", other, model_cache.allow_folders)
            with gr.Accordion("Find models on the Hub", open=False):
                search = hub_search.build()
            seed = controls.seed(label="Seed of the first picture", min_width=160)
            count = gr.Slider(1, MAX_PICTURES, 16, step=1, label="Pictures", buttons=[])
            truncation = controls.truncation()
            compare = gr.Button("Compare", variant="primary", elem_id="compare-button")
            look_up = gr.Button("Steps of the left model's training", size="sm", elem_id="compare-steps")
        with gr.Column(elem_classes="results", min_width=280):
            with gr.Row(elem_classes="pair-of-sheets"):
                left_sheet, left_facts = _sheet("Left")
                right_sheet, right_facts = _sheet("Right")
            step = gr.Slider(0, 1, 0, step=1, label="The left model's training, from early to late", visible=False)
            steps = gr.Textbox(visible=False, label="Steps")
    numbers = [seed, count, truncation]
    side = as_sentences(handlers.side)
    # Each side in an event of its own: where one model is being fetched, the other one is shown meanwhile.
    for name, model, revision, sheet, facts in (
        ("left", left, left_revision, left_sheet, left_facts),
        ("right", right, right_revision, right_sheet, right_facts),
    ):
        gr.on(
            [compare.click, tab.select, seed.submit],
            side,
            [model, revision, *numbers],
            [sheet, facts],
            api_name="compare_side" if name == "left" else "compare_right",
            api_visibility="public" if name == "left" else "private",
            show_progress="minimal",
            **RAW,
            **COMPARE_QUEUE,
        )
    found = look_up.click(
        as_sentences(handlers.steps),
        left,
        [steps, step, left_facts],
        api_name="steps",
        api_visibility="private",
        **RAW,
        **LOAD_QUEUE,
    )
    for event, name in ((found.success, "scrub_newest"), (step.release, "scrub")):
        event(
            as_sentences(handlers.scrub),
            [left, steps, step, *numbers],
            [left_sheet, left_facts],
            api_name=name,
            api_visibility="private",
            show_progress="hidden",
            **RAW,
            **COMPARE_QUEUE,
        )
    hub_search.connect(model_cache, search, "generator", [left, right])


def _model(label: str, value: str, allow_folders: bool) -> tuple[Any, Any]:
    """The controls for one side's model."""
    with gr.Row(elem_classes="seed-row"):
        elem_id = f"compare-{label.lower()}"
        model = controls.model(elem_id, allow_folders, value=value, label=label, min_width=150, scale=2)
        revision = gr.Textbox("", label="Revision", placeholder="newest", max_length=200, min_width=100, scale=1)
    return model, revision


def _sheet(label: str) -> tuple[Any, Any]:
    """One side's pictures and what they are of."""
    with gr.Column(min_width=260):
        sheet = gr.Image(
            label=label,
            show_label=False,
            type="filepath",
            format="png",
            interactive=False,
            buttons=["download", "fullscreen"],
            elem_id=f"compare-{label.lower()}-sheet",
            elem_classes="sheet",
        )
        facts = controls.facts()
    return sheet, facts

"""The layout of the tab "Stylize": its controls and its results, without events."""

from typing import Any

import gradio as gr

from gan_hub.hub import playground
from gan_hub.page.components import controls, hub_search
from gan_hub.page.components.controls import Parts
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.stylize import styles
from gan_hub.page.tabs.stylize.requests import SUFFIXES, SavingControls
from gan_hub.recipes.fields import fields_of
from gan_hub.recipes.links import DETAILS, StylizeState

DETAIL_CHOICES = [
    ("auto: strokes that fill a screen", "auto"),
    *((f"{detail} %", detail) for detail in DETAILS[1:]),
]
SIDES = [("that of the photo", 0), *((f"at most {side} pixels", side) for side in (1024, 2048, 4096))]
CUT: dict[str, Any] = {"columns": 3, "object_fit": "cover", "elem_classes": "thumbnails"}
FORMATS = [({"webp": "WebP"}.get(name, name.upper()), name) for name in SUFFIXES]


class Controls(Parts):
    """The left side."""

    def arguments(self, count: int | None = None) -> list[Any]:
        """The first of the handlers' arguments: the photo, and the fields of `SavingControls`."""
        return [self.photo, *(getattr(self, name) for name in fields_of(SavingControls))][:count]


class Results(Parts):
    """The right side, and what no visitor sees."""


def build_controls(model_cache: ModelCache) -> Controls:
    """The left side, from the photo to the files."""
    parts = Controls()
    parts.photo = gr.Image(
        label="Photo",
        show_label=False,
        sources=["upload", "clipboard", "webcam"],
        type="filepath",
        height=230,
        buttons=[],
        elem_id="photo",
        alt_text="the photo to paint",
        placeholder="### Your photo\nDrop it here, or click to choose it",
        webcam_options=gr.WebcamOptions(mirror=False),
    )
    parts.examples = controls.thumbnails("Or one of these drawings", elem_id="examples", **CUT)
    _build_style(parts, model_cache)
    _build_look(parts)
    parts.paint = gr.Button("Paint", variant="primary", elem_id="paint")
    _build_output(parts)
    _build_batch(parts)
    return parts


def _build_style(parts: Controls, model_cache: ModelCache) -> None:
    parts.thumbnails = controls.thumbnails("Style", elem_id="styles", **CUT)
    parts.facts = controls.facts()
    with gr.Accordion("Another style, by name", open=styles.default_style() is None):
        given = {"choices": playground.stylizers(), "value": styles.default_style(), "label": "Style"}
        parts.style = controls.named_model(given, "style", model_cache.allow_folders)
        hub_search.connect(model_cache, hub_search.build(), "stylizer", [parts.style])


def _build_look(parts: Controls) -> None:
    parts.strength = gr.Slider(0, 100, StylizeState.strength, step=1, label="Strength, per cent", buttons=[])
    parts.keep_colors = gr.Checkbox(StylizeState.keep_colors, label="Keep the photo's colours", elem_id="keep-colors")
    info = "less: larger strokes"
    parts.detail = gr.Dropdown(DETAIL_CHOICES, value="auto", label="Detail", info=info, elem_id="detail")
    with gr.Row(elem_classes="seed-row"):
        parts.seed = controls.seed(StylizeState.seed)
        parts.dice = gr.Button("Other strokes", min_width=120, elem_id="strokes")


def _build_output(parts: Controls) -> None:
    with gr.Accordion("Size and format", open=False):
        parts.max_side = gr.Dropdown(SIDES, value=0, label="Longer side", elem_id="max-side")
        can_upscale = styles.upscaler_name() is not None
        parts.upscale = gr.Checkbox(False, label="Twice as large", info="the download", visible=can_upscale)
        parts.format = gr.Radio(FORMATS, value="jpeg", label="Format of the download", elem_id="format")
        parts.quality = gr.Slider(1, 100, 92, step=1, label="Quality of JPEG and WebP", buttons=[])


def _build_batch(parts: Controls) -> None:
    with gr.Accordion("Several photos at once", open=False):
        parts.photos = gr.File(
            label="Photos", file_count="multiple", file_types=["image"], height=140, elem_id="photos"
        )
        with gr.Row(elem_classes="actions"):
            parts.paint_all = gr.Button(
                "Paint all to a ZIP", variant="primary", scale=3, min_width=120, elem_id="paint-all"
            )
            parts.stop_all = gr.Button("Stop", scale=1, min_width=80, elem_id="stop-all")
        parts.batch_summary = controls.summary("batch-summary")


def build_results() -> Results:
    """The right side."""
    parts = Results()
    parts.pair = gr.ImageSlider(
        label="Photo and painting",
        show_label=False,
        interactive=False,
        type="filepath",
        max_height=680,
        buttons=["fullscreen"],
        elem_id="pair",
    )
    with gr.Row(elem_classes="take-away"):
        parts.summary = controls.summary("painted")
        parts.stop = controls.small_button("Stop", 70, elem_id="stop-painting")
        parts.copy = controls.copy_link()
        parts.compare = controls.small_button("Compare all styles", 140, elem_id="compare")
        parts.download = controls.small_button("Download", 120, elem_id="download")
    parts.sheet = controls.thumbnails("All styles", elem_id="sheet", visible=False, **CUT)
    with gr.Group(visible=False):
        parts.link = gr.Textbox(label="Link")
        parts.file, parts.zip = gr.File(label="Picture"), gr.File(label="ZIP")
        parts.job = gr.Textbox(label="Job")
    return parts

"""The layout of the tab "Stylize": its controls and its results, without events."""

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from gan_hub.hub import playground
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.page.components import hub_search
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.stylize import styles
from gan_hub.recipes.links import DETAILS, StylizeState

DETAIL_CHOICES = [
    ("auto: strokes that fill a screen", "auto"),
    *((f"{detail} %", detail) for detail in DETAILS[1:]),
]
SIDES = [("that of the photo", 0), *((f"at most {side} pixels", side) for side in (1024, 2048, 4096))]
FORMATS = [("JPEG", "jpeg"), ("PNG", "png"), ("WebP", "webp")]


@dataclass(frozen=True)
class Controls:
    """The left side; first the arguments of the handlers, in their order."""

    photo: Any
    style: Any
    strength: Any
    keep_colors: Any
    detail: Any
    seed: Any
    max_side: Any
    format: Any
    quality: Any
    upscale: Any
    thumbnails: Any
    examples: Any
    facts: Any
    dice: Any
    paint: Any
    photos: Any
    paint_all: Any
    stop_all: Any
    batch_summary: Any

    def arguments(self, count: int = 10) -> list[Any]:
        """The first of the handlers' arguments."""
        return [getattr(self, field.name) for field in fields(self)][:count]


@dataclass(frozen=True)
class Results:
    """The right side, and what no visitor sees."""

    pair: Any
    summary: Any
    stop: Any
    copy: Any
    compare: Any
    download: Any
    sheet: Any
    link: Any
    file: Any
    zip: Any
    job: Any
    stopping: Any


def build_controls(model_cache: ModelCache) -> Controls:
    """The left side, from the photo to the files."""
    photo = _build_photo()
    style = _build_style(model_cache)
    look = _build_look()
    paint = gr.Button("Paint", variant="primary", elem_id="paint")
    return Controls(**photo, **style, **look, **_build_output(), **_build_batch(), paint=paint)


def _build_photo() -> dict[str, Any]:
    photo = gr.Image(
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
    examples = _thumbnails("Or one of these drawings", columns=3, elem_id="examples")
    return {"photo": photo, "examples": examples}


def _build_style(model_cache: ModelCache) -> dict[str, Any]:
    thumbnails = _thumbnails("Style", columns=3, elem_id="styles")
    facts = gr.HTML(elem_classes="model-facts", padding=False)
    with gr.Accordion("Another style, by name", open=styles.default_style() is None):
        style = gr.Dropdown(
            playground.stylizers(),
            value=styles.default_style(),
            label="Style",
            info="or org/name on the Hub" + (", or a folder" if model_cache.allow_folders else ""),
            allow_custom_value=True,
            elem_id="style",
        )
        hub_search.connect(model_cache, hub_search.build(), "stylizer", [style])
    return {"thumbnails": thumbnails, "facts": facts, "style": style}


def _build_look() -> dict[str, Any]:
    strength = gr.Slider(0, 100, StylizeState.strength, step=1, label="Strength, per cent", buttons=[])
    keep_colors = gr.Checkbox(StylizeState.keep_colors, label="Keep the photo's colours", elem_id="keep-colors")
    detail = gr.Dropdown(DETAIL_CHOICES, value="auto", label="Detail", info="less: larger strokes", elem_id="detail")
    with gr.Row(elem_classes="seed-row"):
        seed = gr.Number(StylizeState.seed, label="Seed", minimum=0, maximum=MAX_SEED, precision=0, min_width=120)
        dice = gr.Button("Other strokes", min_width=120, elem_id="strokes")
    return {"strength": strength, "keep_colors": keep_colors, "detail": detail, "seed": seed, "dice": dice}


def _build_output() -> dict[str, Any]:
    with gr.Accordion("Size and format", open=False):
        max_side = gr.Dropdown(SIDES, value=0, label="Longer side", elem_id="max-side")
        upscale = gr.Checkbox(
            False, label="Twice as large", info="the download", visible=styles.upscaler_name() is not None
        )
        format = gr.Radio(FORMATS, value="jpeg", label="Format of the download", elem_id="format")  # noqa: A001
        quality = gr.Slider(1, 100, 92, step=1, label="Quality of JPEG and WebP", buttons=[])
    return {"max_side": max_side, "upscale": upscale, "format": format, "quality": quality}


def _build_batch() -> dict[str, Any]:
    with gr.Accordion("Several photos at once", open=False):
        photos = gr.File(label="Photos", file_count="multiple", file_types=["image"], height=140, elem_id="photos")
        with gr.Row(elem_classes="actions"):
            paint_all = gr.Button("Paint all to a ZIP", variant="primary", scale=3, min_width=120, elem_id="paint-all")
            stop_all = gr.Button("Stop", scale=1, min_width=80, elem_id="stop-all")
        summary = gr.HTML(elem_id="batch-summary", elem_classes="summary", padding=False)
    return {"photos": photos, "paint_all": paint_all, "stop_all": stop_all, "batch_summary": summary}


def _thumbnails(label: str, *, columns: int, elem_id: str, visible: bool = True) -> gr.Gallery:
    return gr.Gallery(
        label=label,
        columns=columns,
        object_fit="cover",
        allow_preview=False,
        interactive=False,
        buttons=[],
        elem_id=elem_id,
        elem_classes="thumbnails",
        visible=visible,
    )


def build_results() -> Results:
    """The right side."""
    pair = gr.ImageSlider(
        label="Photo and painting",
        show_label=False,
        interactive=False,
        type="filepath",
        max_height=680,
        buttons=["fullscreen"],
        elem_id="pair",
    )
    with gr.Row(elem_classes="take-away"):
        summary = gr.HTML(elem_id="painted", elem_classes="summary", padding=False)
        stop = gr.Button("Stop", size="sm", min_width=70, scale=0, elem_id="stop-painting")
        copy = gr.Button("Copy link", size="sm", min_width=100, scale=0, elem_classes="copy-link")
        compare = gr.Button("Compare all styles", size="sm", min_width=140, scale=0, elem_id="compare")
        download = gr.Button("Download", size="sm", min_width=120, scale=0, elem_id="download")
    sheet = _thumbnails("All styles", columns=3, elem_id="sheet", visible=False)
    with gr.Group(visible=False):
        link = gr.Textbox(label="Link")
        file, archive = gr.File(label="Picture"), gr.File(label="ZIP")
        job, stopping = gr.Textbox(label="Job"), gr.Textbox(label="Stopping")
    return Results(pair, summary, stop, copy, compare, download, sheet, link, file, archive, job, stopping)

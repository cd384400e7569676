"""The layout of the tab "Your picture": its controls and its results, without events."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gan_hub.hub import playground
from gan_hub.inversion.projection import NUM_STEPS
from gan_hub.page.components import canvas, picture_actions
from gan_hub.page.components.model_picker import default_model
from gan_hub.page.components.picture_actions import PictureActions
from gan_hub.page.tabs.picture.handlers import MAX_STEPS

HELLO = "Draw on the white sheet, or upload a picture: what the model makes of it appears at once."


@dataclass(frozen=True)
class Controls:
    """The inputs: the picture, the model, the class."""

    sheet: Any
    photo: Any
    model: Any
    revision: Any
    facts: Any
    label: Any
    steps: Any

    def named(self) -> list[Any]:
        """The controls that name the generator and the class."""
        return [self.model, self.revision, self.label]


@dataclass(frozen=True)
class Results:
    """The results, visible and invisible."""

    before: Any
    after: Any
    summary: Any
    refine: Any
    stop: Any
    panel: Any
    place: PictureActions
    copy: Any
    download: Any
    mask_canvas: Any
    completed: Any
    source: Any
    prepared: Any
    text: Any
    job: Any
    link: Any

    def shown(self) -> list[Any]:
        """The outputs of `PictureHandlers.refine`."""
        return [self.before, self.after, self.completed, self.summary, self.place.link, self.panel]

    def looked(self) -> list[Any]:
        """The outputs of `PictureHandlers.look`."""
        return [self.prepared, self.mask_canvas, *self.shown()]


def build(allow_folders: bool) -> tuple[Controls, Results]:
    """Lay out the model on the left, and on the right the canvas with the results beside it."""
    with gr.Row(elem_id="own-picture", elem_classes="workplace"):
        with gr.Column(elem_classes="controls", min_width=280):
            chosen = _build_controls(allow_folders)
        with gr.Column(elem_classes="results", min_width=280):
            with gr.Row(elem_classes="sheet-and-pictures"):
                with gr.Column(elem_classes="sources", min_width=230):
                    sources = _build_sources()
                before = _picture("As prepared", "prepared")
                after = _picture("As painted", "painted-by-model")
            with gr.Row(elem_classes="take-away"):
                summary = gr.HTML(HELLO, elem_id="found", elem_classes="summary", padding=False)
                refine = gr.Button("Refine", variant="primary", size="sm", min_width=100, scale=0, elem_id="refine")
                stop = gr.Button("Stop", size="sm", min_width=70, scale=0, elem_id="stop-refining")
            taken = _build_panel()
    with gr.Group(visible=False):
        source, prepared = gr.File(label="Source"), gr.File(label="Prepared")
        text, job, link = gr.Textbox(label="Canvas"), gr.Textbox(label="Job"), gr.Textbox(label="Link")
    results = Results(
        before, after, summary, refine, stop, **taken, source=source, prepared=prepared, text=text, job=job, link=link
    )
    return Controls(**sources, **chosen), results


def _build_sources() -> dict[str, Any]:
    with gr.Tabs():
        with gr.Tab("Draw"):
            sheet = canvas.drawing("sheet-to-draw-on")
        with gr.Tab("Upload"):
            photo = gr.Image(
                label="Your picture",
                show_label=False,
                type="filepath",
                sources=["upload", "clipboard", "webcam"],
                height=280,
                buttons=[],
                elem_id="own-photo",
            )
    return {"sheet": sheet, "photo": photo}


def _build_controls(allow_folders: bool) -> dict[str, Any]:
    model = gr.Dropdown(
        playground.generators(),
        value=default_model(),
        label="Model",
        info="or org/name on the Hub" + (", or a folder" if allow_folders else ""),
        allow_custom_value=True,
        elem_id="picture-model",
    )
    facts = gr.HTML(elem_classes="model-facts", padding=False)
    label = gr.Dropdown([("the likeliest", "")], value="", label="Class to look in", elem_id="picture-label")
    steps = gr.Slider(10, MAX_STEPS, NUM_STEPS, step=10, label="Steps of the refinement", buttons=[])
    with gr.Accordion("Another revision of the model", open=False):
        revision = gr.Textbox("", label="Revision", placeholder="branch, tag or commit on the Hub", max_length=200)
    return {"model": model, "facts": facts, "label": label, "steps": steps, "revision": revision}


def _build_panel() -> dict[str, Any]:
    """Lay out the actions for a result, hidden until there is one."""
    with gr.Column(visible=False) as panel:
        with gr.Row(elem_classes="take-away"):
            place = picture_actions.build()
            copy = gr.Button("Copy link", size="sm", min_width=100, scale=0)
            download = gr.Button("Download", size="sm", min_width=100, scale=0)
        gr.HTML(
            "<strong>Is something missing, or torn?</strong> Paint over it and press Refine: the model completes it.",
            elem_classes="hint",
            padding=False,
        )
        with gr.Row(elem_classes="sheet-and-pictures"):
            mask_canvas = canvas.mask("mask-canvas")
            completed = _picture("Completed", "completed", visible=False)
    return {
        "panel": panel,
        "place": place,
        "copy": copy,
        "download": download,
        "mask_canvas": mask_canvas,
        "completed": completed,
    }


def _picture(label: str, elem_id: str, *, visible: bool = True) -> Any:
    return gr.Image(
        label=label,
        interactive=False,
        type="filepath",
        buttons=[],
        visible=visible,
        elem_id=elem_id,
        elem_classes="shown-large",
    )

"""The layout of the tab "Your picture": its controls and its results, without events."""

from typing import Any

import gradio as gr

from gan_hub.inversion.projection import NUM_STEPS
from gan_hub.page.components import canvas, controls, picture_actions
from gan_hub.page.components.controls import Parts
from gan_hub.page.tabs.picture.handlers import MAX_STEPS

HELLO = "Draw on the white sheet, or upload a picture: what the model makes of it appears at once."


class Controls(Parts):
    """The inputs: the picture, the model, the class."""

    def named(self) -> list[Any]:
        """The controls that name the generator and the class."""
        return [self.model, self.revision, self.label]


class Results(Parts):
    """The results, visible and invisible."""

    def shown(self) -> list[Any]:
        """The outputs of `PictureHandlers.refine`."""
        return [self.before, self.after, self.completed, self.summary, self.place.link, self.panel]

    def looked(self) -> list[Any]:
        """The outputs of `PictureHandlers.look`."""
        return [self.prepared, self.mask_canvas, *self.shown()]


def build(allow_folders: bool) -> tuple[Controls, Results]:
    """Lay out the model on the left, and on the right the canvas with the results beside it."""
    parts, results = Controls(), Results()
    with gr.Row(elem_id="own-picture", elem_classes="workplace"):
        with gr.Column(elem_classes="controls", min_width=280):
            _build_controls(parts, allow_folders)
        with gr.Column(elem_classes="results", min_width=280):
            with gr.Row(elem_classes="sheet-and-pictures"):
                with gr.Column(elem_classes="sources", min_width=230):
                    _build_sources(parts)
                results.before = controls.picture("As prepared", "prepared")
                results.after = controls.picture("As painted", "painted-by-model")
            with gr.Row(elem_classes="take-away"):
                results.summary = controls.summary("found", HELLO)
                results.refine = controls.small_button("Refine", variant="primary", elem_id="refine")
                results.stop = controls.small_button("Stop", 70, elem_id="stop-refining")
            _build_panel(results)
    with gr.Group(visible=False):
        results.source, results.prepared = gr.File(label="Source"), gr.File(label="Prepared")
        results.text, results.job = gr.Textbox(label="Canvas"), gr.Textbox(label="Job")
        results.link = gr.Textbox(label="Link")
    return parts, results


def _build_sources(parts: Controls) -> None:
    with gr.Tabs():
        with gr.Tab("Draw"):
            parts.sheet = canvas.drawing("sheet-to-draw-on")
        with gr.Tab("Upload"):
            parts.photo = gr.Image(
                label="Your picture",
                show_label=False,
                type="filepath",
                sources=["upload", "clipboard", "webcam"],
                height=280,
                buttons=[],
                elem_id="own-photo",
            )


def _build_controls(parts: Controls, allow_folders: bool) -> None:
    parts.model = controls.model("picture-model", allow_folders)
    parts.facts = controls.facts()
    parts.label = controls.label("picture-label", "the likeliest", "Class to look in")
    parts.steps = gr.Slider(10, MAX_STEPS, NUM_STEPS, step=10, label="Steps of the refinement", buttons=[])
    with gr.Accordion("Another revision of the model", open=False):
        parts.revision = controls.revision()


def _build_panel(parts: Results) -> None:
    """Lay out the actions for a result, hidden until there is one."""
    with gr.Column(visible=False) as parts.panel:
        with gr.Row(elem_classes="take-away"):
            parts.place = picture_actions.build()
            parts.copy = controls.small_button("Copy link")
            parts.download = controls.small_button("Download")
        gr.HTML(
            "<strong>Is something missing, or torn?</strong> Paint over it and press Refine: the model completes it.",
            elem_classes="hint",
            padding=False,
        )
        with gr.Row(elem_classes="sheet-and-pictures"):
            parts.mask_canvas = canvas.mask("mask-canvas")
            parts.completed = controls.picture("Completed", "completed", visible=False)

"""The layout of the tab "Explore": its controls and its results, without events."""

from typing import Any

import gradio as gr

from gan_hub.page.components import controls, picture_actions
from gan_hub.page.components.controls import Parts
from gan_hub.recipes.links import MAX_AMOUNT, MAX_LINK_NAME, NUM_SLIDERS


class Controls(Parts):
    """The controls, and the invisible texts that hold their values."""

    def arguments(self) -> list[Any]:
        """The arguments of `ExploreHandlers.run`."""
        return [self.model, self.revision, self.key, self.method, self.shown, self.names, *self.sliders]

    def start(self) -> list[Any]:
        """The controls that show the key."""
        return [self.key, self.origin, self.seed, self.label, self.truncation]

    def everything(self) -> list[Any]:
        """The outputs of `ExploreHandlers.open` without the last one."""
        found = [self.method, self.shown, *self.sliders, self.names]
        return [self.model, self.revision, self.facts, *self.start(), *found]


class Results(Parts):
    """The results, visible and invisible."""

    def outputs(self) -> list[Any]:
        """The outputs of `ExploreHandlers.run`."""
        return [self.before, self.after, self.strip, self.sweep, self.summary, self.link, self.place.link]


def build(allow_folders: bool) -> tuple[Controls, Results]:
    """Lay out both sides; on the right, the sliders are below the picture that they move."""
    parts, results = Controls(), Results()
    with gr.Row(elem_id="explore", elem_classes="workplace"):
        with gr.Column(elem_classes="controls", min_width=280):
            _build_start(parts, allow_folders)
        with gr.Column(elem_classes="results", min_width=280):
            _build_results(results)
            _build_sliders(parts)
            buttons = ["download", "fullscreen"]
            title = "Every category, a row each, along the direction"
            results.sweep = controls.picture(title, "sweep", visible=False, buttons=buttons)
    return parts, results


def _build_start(parts: Controls, allow_folders: bool) -> None:
    parts.model = controls.model("explore-model", allow_folders)
    parts.facts = controls.facts()
    with gr.Row(elem_classes="seed-row"):
        parts.seed = controls.seed(scale=2)
        parts.dice = gr.Button("Surprise me", min_width=120, scale=1, elem_id="explore-dice")
    parts.origin = controls.facts(
        value="This picture was moved, or found, in the latent space: it has no seed.", visible=False
    )
    parts.label = controls.label("explore-label")
    parts.truncation = controls.truncation(buttons=[])
    parts.average = gr.Button("Start from the average picture", size="sm", elem_id="explore-average")
    parts.method = gr.Radio([], label="Directions found by", elem_id="method")
    parts.file = controls.dropped_file("PNG", ["png"], "restore-explore")
    with gr.Accordion("Name the directions, or take them along", open=False):
        parts.name = gr.Textbox(
            "", label="Name of the direction shown", max_length=MAX_LINK_NAME, elem_id="direction-name"
        )
        parts.rename = gr.Button("Rename", size="sm", elem_id="rename")
        parts.save = gr.Button("Download directions.safetensors", size="sm", elem_id="save-directions")
    with gr.Accordion("Another revision of the model", open=False):
        parts.revision = controls.revision()
    parts.key = gr.Textbox("0", visible=False, label="Key")
    parts.names = gr.Textbox("", visible=False, label="Names")


def _build_results(parts: Results) -> None:
    with gr.Row(elem_classes="side-by-side"):
        parts.before = controls.picture("Start", "explore-start")
        parts.after = controls.picture("Moved", "explore-moved")
    with gr.Row(elem_classes="take-away"):
        parts.summary = controls.summary("explored")
        parts.copy = controls.copy_link()
        parts.download = controls.small_button("Download", elem_id="download-moved")
        parts.place = picture_actions.build(can_explore=False)
    parts.strip = controls.thumbnails("Direction 1, step by step", columns=7, format="png", elem_id="strip")
    with gr.Group(visible=False):
        parts.link, parts.directions = gr.Textbox(label="Link"), gr.File(label="Directions")


def _build_sliders(parts: Controls) -> None:
    with gr.Row(elem_classes="seed-row"):
        parts.shown = gr.Radio([("1", 1)], value=1, label="Strip of the direction", elem_id="shown", scale=3)
        parts.reset = gr.Button("Reset", min_width=80, scale=0, elem_id="reset")
    with gr.Row(elem_classes="sliders pair-of-sliders"):
        parts.sliders = [
            gr.Slider(
                -MAX_AMOUNT,
                MAX_AMOUNT,
                0.0,
                step=0.1,
                label=f"Direction {i + 1}",
                buttons=[],
                min_width=200,
                elem_id=f"amount-{i + 1}",
            )
            for i in range(NUM_SLIDERS)
        ]

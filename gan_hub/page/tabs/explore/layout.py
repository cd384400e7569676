"""The layout of the tab "Explore": its controls and its results, without events."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gan_hub.hub import playground
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.page.components import picture_actions
from gan_hub.page.components.model_picker import default_model
from gan_hub.page.components.picture_actions import PictureActions
from gan_hub.recipes.links import MAX_AMOUNT, MAX_LINK_NAME, NUM_SLIDERS


@dataclass(frozen=True)
class Controls:
    """The controls, and the invisible texts that hold their values."""

    model: Any
    revision: Any
    facts: Any
    key: Any
    origin: Any
    seed: Any
    dice: Any
    label: Any
    truncation: Any
    average: Any
    method: Any
    name: Any
    rename: Any
    names: Any
    save: Any
    file: Any
    shown: Any
    sliders: list[Any]
    reset: Any

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


@dataclass(frozen=True)
class Results:
    """The results, visible and invisible."""

    before: Any
    after: Any
    strip: Any
    sweep: Any
    summary: Any
    copy: Any
    download: Any
    link: Any
    place: PictureActions
    directions: Any

    def shown(self) -> list[Any]:
        """The outputs of `ExploreHandlers.run`."""
        return [self.before, self.after, self.strip, self.sweep, self.summary, self.link, self.place.link]


def build(allow_folders: bool) -> tuple[Controls, Results]:
    """Lay out both sides; on the right, the sliders are below the picture that they move."""
    with gr.Row(elem_id="explore", elem_classes="workplace"):
        with gr.Column(elem_classes="controls", min_width=280):
            start = _build_start(allow_folders)
        with gr.Column(elem_classes="results", min_width=280):
            shown = _build_results()
            sliders = _build_sliders()
            sweep = _build_sweep()
    return Controls(**start, **sliders), Results(**shown, sweep=sweep)


def _build_start(allow_folders: bool) -> dict[str, Any]:
    model = gr.Dropdown(
        playground.generators(),
        value=default_model(),
        label="Model",
        info="or org/name on the Hub" + (", or a folder" if allow_folders else ""),
        allow_custom_value=True,
        elem_id="explore-model",
    )
    facts = gr.HTML(elem_classes="model-facts", padding=False)
    with gr.Row(elem_classes="seed-row"):
        seed = gr.Number(0, label="Seed", minimum=0, maximum=MAX_SEED, precision=0, min_width=120, scale=2)
        dice = gr.Button("Surprise me", min_width=120, scale=1, elem_id="explore-dice")
    origin = gr.HTML(
        "This picture was moved, or found, in the latent space: it has no seed.",
        visible=False,
        elem_classes="model-facts",
        padding=False,
    )
    label = gr.Dropdown([("mixed", "")], value="", label="Class", elem_id="explore-label")
    truncation = gr.Slider(0, 2, 1.0, step=0.05, label="Truncation", buttons=[])
    average = gr.Button("Start from the average picture", size="sm", elem_id="explore-average")
    method = gr.Radio([], label="Directions found by", elem_id="method")
    file = gr.File(
        label="Restore a PNG made here",
        file_types=[".png"],
        height=130,
        elem_id="restore-explore",
        elem_classes="restore",
    )
    with gr.Accordion("Name the directions, or take them along", open=False):
        name = gr.Textbox("", label="Name of the direction shown", max_length=MAX_LINK_NAME, elem_id="direction-name")
        rename = gr.Button("Rename", size="sm", elem_id="rename")
        save = gr.Button("Download directions.safetensors", size="sm", elem_id="save-directions")
    with gr.Accordion("Another revision of the model", open=False):
        revision = gr.Textbox("", label="Revision", placeholder="branch, tag or commit on the Hub", max_length=200)
    return {
        "model": model,
        "revision": revision,
        "facts": facts,
        "key": gr.Textbox("0", visible=False, label="Key"),
        "origin": origin,
        "seed": seed,
        "dice": dice,
        "label": label,
        "truncation": truncation,
        "average": average,
        "method": method,
        "name": name,
        "rename": rename,
        "names": gr.Textbox("", visible=False, label="Names"),
        "save": save,
        "file": file,
    }


def _build_results() -> dict[str, Any]:
    with gr.Row(elem_classes="side-by-side"):
        before = _picture("Start", "explore-start")
        after = _picture("Moved", "explore-moved")
    with gr.Row(elem_classes="take-away"):
        summary = gr.HTML(elem_id="explored", elem_classes="summary", padding=False)
        copy = gr.Button("Copy link", size="sm", min_width=100, scale=0, elem_classes="copy-link")
        download = gr.Button("Download", size="sm", min_width=100, scale=0, elem_id="download-moved")
        place = picture_actions.build(can_explore=False)
    strip = gr.Gallery(
        label="Direction 1, step by step",
        columns=7,
        object_fit="contain",
        allow_preview=False,
        interactive=False,
        buttons=[],
        format="png",
        elem_id="strip",
        elem_classes=["thumbnails", "keys"],
    )
    with gr.Group(visible=False):
        link, directions = gr.Textbox(label="Link"), gr.File(label="Directions")
    return {
        "before": before,
        "after": after,
        "strip": strip,
        "summary": summary,
        "copy": copy,
        "download": download,
        "link": link,
        "place": place,
        "directions": directions,
    }


def _build_sweep() -> Any:
    return gr.Image(
        label="Every category, a row each, along the direction",
        interactive=False,
        type="filepath",
        visible=False,
        buttons=["download", "fullscreen"],
        elem_id="sweep",
        elem_classes="shown-large",
    )


def _picture(label: str, elem_id: str) -> Any:
    return gr.Image(
        label=label,
        interactive=False,
        type="filepath",
        buttons=[],
        elem_id=elem_id,
        elem_classes="shown-large",
    )


def _build_sliders() -> dict[str, Any]:
    with gr.Row(elem_classes="seed-row"):
        shown = gr.Radio([("1", 1)], value=1, label="Strip of the direction", elem_id="shown", scale=3)
        reset = gr.Button("Reset", min_width=80, scale=0, elem_id="reset")
    with gr.Row(elem_classes="sliders pair-of-sliders"):
        sliders = [
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
    return {"shown": shown, "reset": reset, "sliders": sliders}

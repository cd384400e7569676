"""The layout of the tab "Interpolate": its controls and its results, without events."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import gradio as gr

from gan_hub.hub import playground
from gan_hub.latents.paths import EASINGS, KINDS
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.page.components.model_picker import default_model
from gan_hub.recipes.fields import fields_of
from gan_hub.recipes.links import MAX_KEYS_LENGTH, MAX_WALKS, WAYS, WalkState
from gan_hub.recipes.video import FORMATS

LABELS = {  # of choices that their own names do not explain
    "slerp": "arc (slerp)",
    "lerp": "straight (lerp)",
    "cubic": "one smooth curve (cubic)",
    "linear": "none",
    "ease_in_out": "gently",
    "linger": "linger at the keys",
    "ping-pong": "to and fro",
    "once": "one way",
    "mp4": "MP4",
    "webp": "WebP",
    "gif": "GIF",
    "zip": "frames (ZIP)",
    "png": "contact sheet",
}


@dataclass(frozen=True)
class Controls:
    """The controls.

    Attributes:
        walk: the control of each field of `WalkState`, under its name and in its order.
    """

    walk: SimpleNamespace
    facts: Any
    chosen: Any
    pictures: Any
    seed: Any
    label: Any
    truncation: Any
    add: Any
    remove: Any
    swap: Any
    dice: Any
    dice_all: Any
    walks: Any
    length: Any
    make: Any
    stop: Any
    file: Any

    def arguments(self) -> list[Any]:
        """The arguments of the handlers without the job."""
        return list(vars(self.walk).values())

    def named(self) -> list[Any]:
        """The model and the keys that are shown of it: the first arguments of the handlers of keys."""
        return [self.walk.model, self.walk.revision, self.walk.keys, self.chosen]

    def key(self) -> list[Any]:
        """The outputs of the handlers of keys."""
        return [self.walk.keys, self.chosen, self.pictures, self.seed, self.label, self.truncation]


@dataclass(frozen=True)
class Results:
    """The results, visible and invisible."""

    video: Any
    picture: Any
    summary: Any
    copy: Any
    download: Any
    slider: Any
    frame: Any
    file: Any
    link: Any
    job: Any
    recipe: Any


def build(allow_folders: bool) -> tuple[Controls, Results]:
    """Lay out keys and motion on the left, the walk on the right, and rarely used controls below it."""
    with gr.Row(elem_id="interpolate", elem_classes="workplace in-three"):
        with gr.Column(elem_classes="controls", min_width=280):
            controls = _build_controls(allow_folders)
        with gr.Column(elem_classes="results", min_width=280):
            results = _build_results()
        with gr.Column(elem_classes="controls more", min_width=280):
            more = _build_more()
    parts = {**controls, **more}
    walk = SimpleNamespace(**{name: parts.pop(name) for name in fields_of(WalkState)})
    return Controls(walk, **parts), results


def _build_controls(allow_folders: bool) -> dict[str, Any]:
    model = gr.Dropdown(
        playground.generators(),
        value=default_model(),
        label="Model",
        info="or org/name on the Hub" + (", or a folder" if allow_folders else ""),
        allow_custom_value=True,
        elem_id="walk-model",
    )
    facts = gr.HTML(elem_classes="model-facts", padding=False)
    keys = _build_keys()
    motion = _build_motion()
    with gr.Row(elem_classes="actions"):
        make = gr.Button("Make the walk", variant="primary", scale=3, min_width=120, elem_id="make-walk")
        stop = gr.Button("Stop", scale=1, min_width=80, elem_id="stop-walk")
    return {"model": model, "facts": facts, **keys, **motion, "make": make, "stop": stop}


def _build_keys() -> dict[str, Any]:
    with gr.Column(elem_classes="key-frames"):
        pictures = gr.Gallery(
            label="Key frames: click one to change it",
            columns=4,
            object_fit="contain",
            allow_preview=False,
            interactive=False,
            buttons=[],
            elem_id="keys",
            elem_classes=["thumbnails", "keys"],
        )
        with gr.Row(elem_classes="key-buttons"):
            add = gr.Button("Add", size="sm", min_width=50)
            remove = gr.Button("Remove", size="sm", min_width=60)
            swap = gr.Button("Swap", size="sm", min_width=50)
            dice_all = gr.Button("All new", size="sm", min_width=60)
        with gr.Row(elem_classes="seed-row"):
            seed = gr.Number(
                0, label="Seed", minimum=0, maximum=MAX_SEED, precision=0, min_width=120, elem_id="key-seed"
            )
            dice = gr.Button("Surprise me", min_width=120, elem_id="key-dice")
        label = gr.Dropdown([("mixed", "")], value="", label="Class", elem_id="key-label")
        truncation = gr.Slider(0, 2, 1.0, step=0.05, label="Truncation", buttons=[])
    return {
        "pictures": pictures,
        "add": add,
        "remove": remove,
        "swap": swap,
        "dice_all": dice_all,
        "seed": seed,
        "dice": dice,
        "label": label,
        "truncation": truncation,
        "chosen": gr.Number(0, visible=False, label="Chosen"),
    }


def _choices(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(LABELS.get(name, name), name) for name in names]


def _build_motion() -> dict[str, Any]:
    with gr.Row(elem_classes="pair-of-sliders"):
        frames = gr.Slider(1, 240, WalkState.frames, step=1, label="Frames per leg", min_width=120, buttons=[])
        fps = gr.Slider(1, 60, WalkState.fps, step=1, label="Frames a second", min_width=120, buttons=[])
    length = gr.HTML(elem_id="walk-length", elem_classes="model-facts", padding=False)
    way = gr.Radio(_choices(WAYS), value=WalkState.way, label="Way", elem_id="way")
    format = gr.Dropdown(_choices(FORMATS), value=WalkState.format, label="Format", elem_id="walk-format")  # noqa: A001
    return {"frames": frames, "fps": fps, "length": length, "way": way, "format": format}


def _build_more() -> dict[str, Any]:
    with gr.Accordion("Path, pace and size", open=False):
        kind = gr.Dropdown(_choices(KINDS), value=WalkState.kind, label="Path", elem_id="path")
        easing = gr.Dropdown(
            _choices(EASINGS), value=WalkState.easing, label="Slowing down at the keys", elem_id="easing"
        )
        even_pace = gr.Checkbox(
            WalkState.even_pace, label="Even pace", info="pictures change equally fast all along", elem_id="even-pace"
        )
        size = gr.Slider(64, 1024, WalkState.size, step=2, label="Longer side, pixels", buttons=[])
    with gr.Accordion("Several walks side by side", open=False):
        walks = gr.Slider(1, MAX_WALKS, 1, step=1, label="Walks", buttons=[])
        columns = gr.Slider(0, MAX_WALKS, 0, step=1, label="Columns", info="0: as square as possible", buttons=[])
    file = gr.File(
        label="Restore a file made here",
        file_types=[f".{each}" for each in FORMATS],
        height=130,
        elem_id="restore-walk",
        elem_classes="restore",
    )
    with gr.Accordion("Keys as text, and another revision", open=False):
        keys = gr.Textbox(
            WalkState.keys,
            label="Keys",
            info="seed:class:truncation, ...; walks side by side with ; between them",
            max_length=MAX_KEYS_LENGTH,
            elem_id="keys-text",
        )
        revision = gr.Textbox("", label="Revision", placeholder="branch, tag or commit on the Hub", max_length=200)
    return {
        "kind": kind,
        "easing": easing,
        "even_pace": even_pace,
        "size": size,
        "walks": walks,
        "columns": columns,
        "file": file,
        "keys": keys,
        "revision": revision,
    }


def _build_results() -> Results:
    video = gr.Video(
        label="Walk",
        show_label=False,
        interactive=False,
        autoplay=True,
        loop=True,
        buttons=[],
        elem_id="walk-video",
        elem_classes="player",
    )
    picture = gr.Image(
        label="Walk",
        show_label=False,
        interactive=False,
        type="filepath",
        visible=False,
        buttons=["fullscreen"],
        elem_id="walk-picture",
        elem_classes="player",
    )
    with gr.Row(elem_classes="take-away"):
        summary = gr.HTML(elem_id="walked", elem_classes="summary", padding=False)
        copy = gr.Button("Copy link", size="sm", min_width=100, scale=0, elem_classes="copy-link")
        download = gr.Button("Download", size="sm", min_width=120, scale=0, elem_id="download-walk")
    with gr.Row(elem_classes="scrub-row"):
        frame = gr.Image(
            label="Frame",
            show_label=False,
            interactive=False,
            type="filepath",
            visible=False,
            buttons=["download"],
            elem_id="frame",
        )
        slider = gr.Slider(0, 1, 0, step=1, label="Frame", buttons=[], visible=False, elem_id="scrub", min_width=160)
    with gr.Group(visible=False):
        file = gr.File(label="Walk")
        link, job = gr.Textbox(label="Link"), gr.Textbox(label="Job")
        recipe = gr.JSON(label="Recipe")
    return Results(video, picture, summary, copy, download, slider, frame, file, link, job, recipe)

"""The layout of the tab "Interpolate": its controls and its results, without events."""

from collections.abc import Iterable
from typing import Any

import gradio as gr

from gan_hub.latents.paths import EASINGS, KINDS
from gan_hub.page.components import controls
from gan_hub.page.components.controls import Parts
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


class Controls(Parts):
    """The controls; `walk` holds the control of each field of `WalkState`, under its name."""

    def arguments(self) -> list[Any]:
        """The arguments of the handlers without the job."""
        return [getattr(self.walk, name) for name in fields_of(WalkState)]

    def named(self) -> list[Any]:
        """The model and the keys that are shown of it: the first arguments of the handlers of keys."""
        return [self.walk.model, self.walk.revision, self.walk.keys, self.chosen]

    def key(self) -> list[Any]:
        """The outputs of the handlers of keys."""
        return [self.walk.keys, self.chosen, self.pictures, self.seed, self.label, self.truncation]


class Results(Parts):
    """The results, visible and invisible."""


def build(allow_folders: bool) -> tuple[Controls, Results]:
    """Lay out keys and motion on the left, the walk on the right, and rarely used controls below it."""
    parts, results = Controls(walk=Parts()), Results()
    with gr.Row(elem_id="interpolate", elem_classes="workplace in-three"):
        with gr.Column(elem_classes="controls", min_width=280):
            parts.walk.model = controls.model("walk-model", allow_folders)
            parts.facts = controls.facts()
            _build_keys(parts)
            _build_motion(parts)
            with gr.Row(elem_classes="actions"):
                parts.make = gr.Button("Make the walk", variant="primary", scale=3, min_width=120, elem_id="make-walk")
                parts.stop = gr.Button("Stop", scale=1, min_width=80, elem_id="stop-walk")
        with gr.Column(elem_classes="results", min_width=280):
            _build_results(results)
        with gr.Column(elem_classes="controls more", min_width=280):
            _build_more(parts)
    return parts, results


def _build_keys(parts: Controls) -> None:
    with gr.Column(elem_classes="key-frames"):
        parts.pictures = controls.thumbnails("Key frames: click one to change it", columns=4, elem_id="keys")
        with gr.Row(elem_classes="key-buttons"):
            parts.add = gr.Button("Add", size="sm", min_width=50)
            parts.remove = gr.Button("Remove", size="sm", min_width=60)
            parts.swap = gr.Button("Swap", size="sm", min_width=50)
            parts.dice_all = gr.Button("All new", size="sm", min_width=60)
        with gr.Row(elem_classes="seed-row"):
            parts.seed = controls.seed(elem_id="key-seed")
            parts.dice = gr.Button("Surprise me", min_width=120, elem_id="key-dice")
        parts.label = controls.label("key-label")
        parts.truncation = controls.truncation(buttons=[])
    parts.chosen = gr.Number(0, visible=False, label="Chosen")


def _choices(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(LABELS.get(name, name), name) for name in names]


def _build_motion(parts: Controls) -> None:
    walk = parts.walk
    with gr.Row(elem_classes="pair-of-sliders"):
        walk.frames = gr.Slider(1, 240, WalkState.frames, step=1, label="Frames per leg", min_width=120, buttons=[])
        walk.fps = gr.Slider(1, 60, WalkState.fps, step=1, label="Frames a second", min_width=120, buttons=[])
    parts.length = controls.facts(elem_id="walk-length")
    walk.way = gr.Radio(_choices(WAYS), value=WalkState.way, label="Way", elem_id="way")
    walk.format = gr.Dropdown(_choices(FORMATS), value=WalkState.format, label="Format", elem_id="walk-format")


def _build_more(parts: Controls) -> None:
    walk = parts.walk
    with gr.Accordion("Path, pace and size", open=False):
        walk.kind = gr.Dropdown(_choices(KINDS), value=WalkState.kind, label="Path", elem_id="path")
        slowing = _choices(EASINGS)
        walk.easing = gr.Dropdown(slowing, value=WalkState.easing, label="Slowing down at the keys", elem_id="easing")
        walk.even_pace = gr.Checkbox(
            WalkState.even_pace, label="Even pace", info="pictures change equally fast all along", elem_id="even-pace"
        )
        walk.size = gr.Slider(64, 1024, WalkState.size, step=2, label="Longer side, pixels", buttons=[])
    with gr.Accordion("Several walks side by side", open=False):
        parts.walks = gr.Slider(1, MAX_WALKS, 1, step=1, label="Walks", buttons=[])
        walk.columns = gr.Slider(0, MAX_WALKS, 0, step=1, label="Columns", info="0: as square as possible", buttons=[])
    parts.file = controls.dropped_file("file", FORMATS, "restore-walk")
    with gr.Accordion("Keys as text, and another revision", open=False):
        walk.keys = gr.Textbox(
            WalkState.keys,
            label="Keys",
            info="seed:class:truncation, ...; walks side by side with ; between them",
            max_length=MAX_KEYS_LENGTH,
            elem_id="keys-text",
        )
        walk.revision = controls.revision()


def _build_results(parts: Results) -> None:
    parts.video = gr.Video(
        label="Walk",
        show_label=False,
        interactive=False,
        autoplay=True,
        loop=True,
        buttons=[],
        elem_id="walk-video",
        elem_classes="player",
    )
    player = {"show_label": False, "visible": False, "buttons": ["fullscreen"], "elem_classes": "player"}
    parts.picture = controls.picture("Walk", "walk-picture", **player)
    with gr.Row(elem_classes="take-away"):
        parts.summary = controls.summary("walked")
        parts.copy = controls.copy_link()
        parts.download = controls.small_button("Download", 120, elem_id="download-walk")
    with gr.Row(elem_classes="scrub-row"):
        shown = {"show_label": False, "visible": False, "buttons": ["download"], "elem_classes": None}
        parts.frame = controls.picture("Frame", "frame", **shown)
        parts.slider = gr.Slider(
            0, 1, 0, step=1, label="Frame", buttons=[], visible=False, elem_id="scrub", min_width=160
        )
    with gr.Group(visible=False):
        parts.file = gr.File(label="Walk")
        parts.link, parts.job = gr.Textbox(label="Link"), gr.Textbox(label="Job")
        parts.recipe = gr.JSON(label="Recipe")

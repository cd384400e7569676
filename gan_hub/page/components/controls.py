"""The components that several tabs lay out alike; `more` goes to Gradio's component."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import gradio as gr

from gan_hub.hub import playground
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.page.components.model_picker import default_model


class Parts(SimpleNamespace):
    """The components of a part of a tab, each under the name that its builder gives it."""


def model(elem_id: str, allow_folders: bool, **more: Any) -> gr.Dropdown:
    """The choice of a generator, from the listed ones or by name."""
    return named_model({"choices": playground.generators(), "value": default_model(), **more}, elem_id, allow_folders)


def named_model(more: dict[str, Any], elem_id: str, allow_folders: bool) -> gr.Dropdown:
    """The choice of a model of any kind, from those in `more` or by name."""
    return gr.Dropdown(
        **{
            "label": "Model",
            "info": "or org/name on the Hub" + (", or a folder" if allow_folders else ""),
            "allow_custom_value": True,
            "elem_id": elem_id,
            **more,
        }
    )


def revision() -> gr.Textbox:
    """The revision of a model on the Hub."""
    return gr.Textbox("", label="Revision", placeholder="branch, tag or commit on the Hub", max_length=200)


def seed(value: int = 0, label: str = "Seed", **more: Any) -> gr.Number:
    """A seed."""
    return gr.Number(value, label=label, minimum=0, maximum=MAX_SEED, precision=0, **{"min_width": 120, **more})


def truncation(**more: Any) -> gr.Slider:
    """The truncation of latents."""
    return gr.Slider(0, 2, 1.0, step=0.05, label="Truncation", **more)


def label(elem_id: str, nothing: str = "mixed", title: str = "Class") -> gr.Dropdown:
    """The class to show, whose choices come with the model."""
    return gr.Dropdown([(nothing, "")], value="", label=title, elem_id=elem_id)


def facts(**more: Any) -> gr.HTML:
    """What a model is, or another quiet text."""
    return gr.HTML(elem_classes="model-facts", padding=False, **more)


def summary(elem_id: str, value: str | None = None) -> gr.HTML:
    """What was made, beside the buttons that take it away."""
    return gr.HTML(value, elem_id=elem_id, elem_classes="summary", padding=False)


def small_button(text: str, min_width: int = 100, **more: Any) -> gr.Button:
    """A button beside a summary."""
    return gr.Button(text, size="sm", min_width=min_width, scale=0, **more)


def copy_link() -> gr.Button:
    """The button that copies the link of what is shown."""
    return small_button("Copy link", elem_classes="copy-link")


def dropped_file(what: str, suffixes: Iterable[str], elem_id: str) -> gr.File:
    """The place for a file that brings its controls back."""
    types = [f".{suffix}" for suffix in suffixes]
    return gr.File(
        label=f"Restore a {what} made here", file_types=types, height=130, elem_id=elem_id, elem_classes="restore"
    )


def picture(label: str, elem_id: str, **more: Any) -> gr.Image:
    """A picture that was made, as large as the layout allows."""
    given = {"buttons": [], "elem_classes": "shown-large", **more}
    return gr.Image(label=label, interactive=False, type="filepath", elem_id=elem_id, **given)


def thumbnails(label: str, **more: Any) -> gr.Gallery:
    """Small pictures side by side, of which one can be chosen."""
    return gr.Gallery(
        label=label,
        **{
            "object_fit": "contain",
            "allow_preview": False,
            "interactive": False,
            "buttons": [],
            "elem_classes": ["thumbnails", "keys"],
            **more,
        },
    )

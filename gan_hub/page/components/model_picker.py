"""The choices of the controls for a model and for a class."""

from typing import Any

import gradio as gr

from gan_hub.generator import GanGenerator
from gan_hub.hub import playground
from gan_hub.loading.config import ConfigError


def default_model() -> str:
    """The model that the page opens with: mnist-gan if it is listed, otherwise the first listed one.

    Raises:
        ConfigError: no model is listed.
    """
    names = playground.generators()
    if not names:
        raise ConfigError("no model comes with this installation; type a repository on the Hub as org/name")
    return "mnist-gan" if "mnist-gan" in names else names[0]


def class_choice(generator: GanGenerator, label: str) -> dict[str, Any]:
    """The update of a control for the class: its choices, and the chosen class ("" = mixed)."""
    choices = [("mixed", ""), *((name, name) for name in generator.class_names)]
    return gr.update(choices=choices, value=label, visible=generator.num_classes > 0)

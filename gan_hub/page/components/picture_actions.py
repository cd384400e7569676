"""What can be done with any single picture of the page: walk from it or to it, explore around it, keep it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr


@dataclass(frozen=True)
class Place:
    """A picture that is shown somewhere, and the buttons below it.

    Attributes:
        link: that names it, as `picture_link` writes it; nobody sees it.
        walk_from: makes it the first key of the walk.
        walk_to: makes it the last one.
        explore: moves it along directions; None on the tab that does.
        keep: makes it a favourite; None for one that is.
    """

    link: Any
    walk_from: Any
    walk_to: Any
    explore: Any
    keep: Any


def build(*, can_explore: bool = True, can_keep: bool = True) -> Place:
    """The buttons, in a row that is already there."""
    walk_from = gr.Button("Walk from here", size="sm", min_width=110, scale=0)
    walk_to = gr.Button("Walk to here", size="sm", min_width=100, scale=0)
    explore = gr.Button("Explore", size="sm", min_width=80, scale=0) if can_explore else None
    keep = gr.Button("☆ Keep", size="sm", min_width=80, scale=0) if can_keep else None
    return Place(gr.Textbox(visible=False, label="Place"), walk_from, walk_to, explore, keep)

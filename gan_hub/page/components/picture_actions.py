"""The actions for a single picture of the page: walk from it or to it, explore it, keep it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from gan_hub.page.components.controls import small_button


@dataclass(frozen=True)
class PictureActions:
    """A picture on the page, and the buttons below it.

    Attributes:
        link: names the picture, as `picture_link` writes it; invisible.
        walk_from: makes the picture the first key of the walk.
        walk_to: makes the picture the last key of the walk.
        explore: opens the picture on the tab Explore; None on that tab.
        keep: makes the picture a favourite; None for a favourite.
    """

    link: Any
    walk_from: Any
    walk_to: Any
    explore: Any
    keep: Any


@dataclass(frozen=True)
class TabLinks:
    """What a tab shares with the others.

    Attributes:
        pictures: of the tab, whose buttons lead to other tabs.
        connect: connects the buttons of a picture that lead to this tab, if it has them; takes the picture and the
            page's tabs, and is called with every tab's pictures.
    """

    pictures: tuple[PictureActions, ...] = ()
    connect: Callable[[PictureActions, gr.Tabs], None] = lambda place, tabs: None  # noqa: ARG005


def build(*, can_explore: bool = True, can_keep: bool = True) -> PictureActions:
    """Lay out the buttons, inside a row of the caller."""
    walk_from = small_button("Walk from here", 110)
    walk_to = small_button("Walk to here")
    explore = small_button("Explore", 80) if can_explore else None
    keep = small_button("☆ Keep", 80) if can_keep else None
    return PictureActions(gr.Textbox(visible=False, label="Picture"), walk_from, walk_to, explore, keep)

"""Favourites: pictures that a visitor keeps, as links in the visitor's own browser; the server stores nothing."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gan_hub.page.components import controls, picture_actions
from gan_hub.page.components.files import FileData, caption, write_files
from gan_hub.page.components.model_facts import model_name
from gan_hub.page.components.picture_actions import PictureActions
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import (
    HIDDEN,
    QUIET_GENERATE,
    RAW,
)
from gan_hub.recipes.links import picture_link, read_picture_link
from gan_hub.sampling.pictures import pictures_of

STORAGE_KEY = "gan-hub-favourites"
SECRET = "gan-hub"  # it hides nothing: the same on every start, so that what is stored stays readable
MAX_FAVOURITES = 48
EVENT = QUIET_GENERATE
GONE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28"><rect width="28" height="28" fill="#cbd5e1"/>'
    b'<path d="M8 8l12 12M20 8L8 20" stroke="#64748b" stroke-width="2"/></svg>'
)


class FavouriteHandlers:
    """The event handlers of the favourites; a favourite is the link of one picture."""

    def __init__(self, model_cache: ModelCache) -> None:
        self._model_cache = model_cache

    def keep(self, kept: object, link: str) -> tuple[Any, ...]:
        """Put the picture first among the favourites, and show them."""
        mine = picture_link(*read_picture_link(link))
        links = [mine, *(each for each in links_of(kept) if each != mine)][:MAX_FAVOURITES]
        gr.Info("Kept in this browser: it is among the favourites on the tab Sample.", duration=4)
        return links, *self.show(links)

    def show(self, kept: object) -> tuple[Any, ...]:
        """The favourites as pictures: updates of the accordion, the gallery, the chosen link and the buttons."""
        links = links_of(kept)
        gallery = gr.update(value=[self._item(link) for link in links], selected_index=None)
        return gr.update(visible=bool(links)), gallery, "", gr.update(visible=False)

    def pick(self, kept: object, event: gr.SelectData) -> tuple[Any, ...]:
        """Choose the favourite that was clicked, and show the buttons for it."""
        links = links_of(kept)
        index = event.index if isinstance(event.index, int) else 0
        return links[index] if index < len(links) else "", gr.update(visible=index < len(links))

    def remove(self, kept: object, picked: str) -> tuple[Any, ...]:
        """Remove the chosen favourite, and show the others."""
        links = [link for link in links_of(kept) if link != picked]
        return links, *self.show(links)

    def _item(self, link: str) -> dict[str, Any]:
        """The gallery item of a favourite; one whose model can't be loaded is named, for its owner to remove."""
        model, revision, key = read_picture_link(link)
        try:
            picture = pictures_of(self._model_cache.get(model_name(model), revision), [key])[0]
        except ValueError:
            return {"image": _gone(), "caption": f"{model} can't be had"}
        return {"image": write_files({picture.file_name: picture.png()})[0], "caption": caption(picture)}


def _gone() -> FileData:
    return write_files({"gone.svg": GONE})[0]


def links_of(kept: object) -> list[str]:
    """The valid links in the storage of a browser, which anyone may have changed, up to `MAX_FAVOURITES`."""
    links: list[str] = []
    for each in kept[:MAX_FAVOURITES] if isinstance(kept, list) else []:
        try:
            links.append(picture_link(*read_picture_link(each)))
        except ValueError:
            continue
    return list(dict.fromkeys(links))


@dataclass(frozen=True)
class Favourites:
    """The favourites on the page, and their storage in the browser.

    Attributes:
        handlers: of the events.
        place: the chosen favourite.
        kept: the links, in the browser.
        shown: the outputs of the handlers.
    """

    handlers: FavouriteHandlers
    place: PictureActions
    kept: gr.BrowserState
    shown: list[Any]

    def connect(self, place: PictureActions, _: gr.Tabs) -> None:
        """Connect the button that makes a picture of any tab a favourite."""
        if place.keep is not None:
            keep = as_sentences(self.handlers.keep)
            place.keep.click(keep, [self.kept, place.link], [self.kept, *self.shown], **EVENT)


def build(model_cache: ModelCache) -> Favourites:
    """Lay out the favourites, hidden until there is one, and connect their events."""
    handlers = FavouriteHandlers(model_cache)
    kept = gr.BrowserState([], storage_key=STORAGE_KEY, secret=SECRET)
    with gr.Accordion("Favourites, kept in this browser", visible=False, elem_id="favourites") as accordion:
        gallery = controls.thumbnails("Favourites", show_label=False, columns=8)
        with gr.Row(visible=False, elem_classes="take-away") as buttons:
            place = picture_actions.build(can_keep=False)
            remove = controls.small_button("Remove", 80)
    shown = [accordion, gallery, place.link, buttons]
    gallery.select(as_sentences(handlers.pick), kept, [place.link, buttons], **HIDDEN, **RAW, queue=False)
    remove.click(as_sentences(handlers.remove), [kept, place.link], [kept, *shown], **EVENT)
    gr.on(None, as_sentences(handlers.show), kept, shown, **EVENT)
    return Favourites(handlers, place, kept, shown)

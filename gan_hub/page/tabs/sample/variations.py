"""Variations of the chosen picture of the tab "Sample": more like it, every class, the average."""

from typing import Any

import gradio as gr

from gan_hub import images
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.latents.text import latent_text
from gan_hub.page.components import controls, picture_actions, theme
from gan_hub.page.components.controls import Parts
from gan_hub.page.components.files import FileData, gallery_items, write_files
from gan_hub.page.components.model_facts import model_name
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.queues import (
    GENERATE_QUEUE,
    HIDDEN,
    QUIET_GENERATE,
    RAW,
)
from gan_hub.recipes.fields import check_label, check_revision, check_truncation, whole_number
from gan_hub.recipes.keys import Key
from gan_hub.recipes.links import MAX_COUNT, SampleState, picture_link, read_picture_link
from gan_hub.recipes.names import file_stem, public_name
from gan_hub.sampling.pictures import pictures_of
from gan_hub.sampling.variations import class_matrix, neighbours

NUM_NEIGHBOURS = 12
NUM_ROWS = 6


class VariationHandlers:
    """The event handlers; the docstrings of the public endpoints become the API's schema."""

    def __init__(self, model_cache: ModelCache) -> None:
        self._model_cache = model_cache

    def neighbours(
        self,
        model: str,
        revision: str | None = None,
        seed: int = 0,
        truncation: float = 1.0,
        label: str | None = None,
        radius: float = 0.3,
        first: int = 0,
        count: int = NUM_NEIGHBOURS,
    ) -> list[dict[str, Any]]:
        """Pictures like that of a seed, of its class: each lies on the way to another seed.

        Args:
            model: a bundled name such as mnist-gan, or org/name on the Hub.
            revision: branch, tag or commit on the Hub; empty for the newest.
            seed: of the picture in the middle.
            truncation: from 0 to 2, of that picture.
            label: its class, by name; empty for the seed's own.
            radius: how much of the way, from 0 (the picture itself) to 1 (any other).
            first: seed of the first neighbour; the others follow it.
            count: neighbours, from 1 to 64.

        Returns:
            the PNGs, each with its recipe.
        """
        number = whole_number("count", count, 1, MAX_COUNT)
        start = whole_number("first", first, 0, MAX_SEED - number + 1)
        key = Key(whole_number("seed", seed, 0, MAX_SEED), check_label(label), check_truncation(truncation))
        if isinstance(radius, bool) or not isinstance(radius, (int, float)):
            raise ValueError(f"radius {str(radius)[:40]!r} is not possible; use a number from 0 to 1")
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        index = key.class_of(generator)
        name = None if index is None else generator.class_names[index]
        found = neighbours(generator, key.z(generator)[0], number, float(radius), start)
        pictures = pictures_of(generator, [Key(None, name, latent=latent_text(z)) for z in found])
        towards = (f"towards {start + i}" for i in range(number))
        return [{**item, "caption": each} for item, each in zip(gallery_items(pictures), towards)]

    def choose(self, link: str, event: gr.SelectData) -> tuple[Any, ...]:
        """Choose the picture that was clicked: its link, the panel, its name as HTML, and an empty gallery."""
        state, problems = SampleState.from_query(link if isinstance(link, str) else "")
        if problems or state.model is None:
            raise ValueError("make pictures first, then choose one")
        index = min(max(event.index if isinstance(event.index, int) else 0, 0), state.count - 1)
        key = Key(state.seed + index, state.label, state.truncation)
        place = picture_link(state.model, state.revision, key)
        return place, gr.update(visible=True), f"<strong>Seed {key.seed}</strong>", gr.update(value=[], visible=False)

    def alike(self, link: str, radius: float, first: int) -> Any:
        """The update of the gallery with pictures like the chosen one."""
        model, revision, key = read_picture_link(link)
        items = self.neighbours(
            model, revision, key.seed or 0, key.truncation, key.label, radius, first, NUM_NEIGHBOURS
        )
        return gr.update(value=items, columns=6, visible=True)

    def class_sheet(
        self, model: str, revision: str | None = None, seed: int = 0, count: int = NUM_ROWS, truncation: float = 1.0
    ) -> FileData:
        """Seeds in every class, or category of a code: one sheet, a row a seed, a column a class.

        Args:
            model: a bundled name such as mnist-gan, or org/name on the Hub.
            revision: branch, tag or commit on the Hub; empty for the newest.
            seed: of the first row; the others follow it.
            count: rows, from 1 to 64.
            truncation: from 0 to 2.

        Returns:
            the PNG.
        """
        number = whole_number("count", count, 1, MAX_COUNT)
        first = whole_number("seed", seed, 0, MAX_SEED - number + 1)
        psi = check_truncation(truncation)
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        sheet = class_matrix(generator, range(first, first + number), truncation=psi)
        name = f"{file_stem(public_name(generator))}-classes-{first}-{first + number - 1}.png"
        return write_files({name: images.png_bytes(sheet)})[0]

    def classes(self, link: str) -> Any:
        """The update of the gallery with the chosen seed and the next ones in every class."""
        model, revision, key = read_picture_link(link)
        first = min(key.seed or 0, MAX_SEED - NUM_ROWS + 1)
        sheet = self.class_sheet(model, revision, first, NUM_ROWS, key.truncation)
        caption = f"seeds {first} to {first + NUM_ROWS - 1}, one a row, in every class"
        return gr.update(value=[{"image": sheet, "caption": caption}], columns=1, visible=True)

    def average(self, link: str) -> Any:
        """The update of the gallery with the steps from the average picture of the class to the chosen picture."""
        model, revision, key = read_picture_link(link)
        generator = self._model_cache.get(model_name(model), revision)
        shares = (0.0, 0.25, 0.5, 0.75, 1.0)
        keys = [Key(key.seed, key.label, round(share * key.truncation, 3)) for share in shares]
        items = gallery_items(pictures_of(generator, keys))
        words = ("average picture", *(f"truncation {each.truncation:g}" for each in keys[1:]))
        return gr.update(value=[{**item, "caption": each} for item, each in zip(items, words)], columns=5, visible=True)


def build(link: Any) -> Parts:
    """Lay out the panel below the gallery, hidden until a picture is chosen; `link` names the sampling."""
    parts = Parts(link=link, first=gr.Number(0, visible=False, label="First neighbour"))
    with gr.Column(visible=False, elem_id="around") as parts.panel:
        with gr.Row(elem_classes="take-away"):
            parts.title = gr.HTML(elem_classes="summary", padding=False)
            parts.place = picture_actions.build()
        with gr.Row(elem_classes="take-away"):
            parts.alike = controls.small_button("More like this", 110)
            parts.classes = controls.small_button("In every class", 110)
            parts.average = controls.small_button("To the average", 110)
        with gr.Row(elem_classes="seed-row"):
            how_far = "How far around it"
            parts.radius = gr.Slider(0, 1, 0.3, step=0.05, label=how_far, buttons=[], min_width=160, scale=3)
            parts.others = gr.Button("Other neighbours", min_width=120, scale=1)
        parts.gallery = gr.Gallery(
            label="Around it",
            show_label=False,
            columns=6,
            object_fit="contain",
            interactive=False,
            visible=False,
            buttons=["download", "fullscreen"],
            format="png",
            elem_id="neighbours",
            elem_classes=["thumbnails", "keys"],
        )
    return parts


def connect(model_cache: ModelCache, around: Parts, pictures: Any) -> None:
    """Connect the events of the panel; `pictures` is the gallery in which a picture is chosen."""
    handlers = VariationHandlers(model_cache)
    event = QUIET_GENERATE
    place = around.place.link
    pictures.select(
        as_sentences(handlers.choose),
        around.link,
        [place, around.panel, around.title, around.gallery],
        **HIDDEN,
        **RAW,
        queue=False,
    )
    alike, inputs = as_sentences(handlers.alike), [place, around.radius, around.first]
    gr.on([around.alike.click, around.radius.release], alike, inputs, around.gallery, **event)
    rolled = around.others.click(None, None, around.first, js=theme.RANDOM_SEED, api_visibility="private")
    rolled.then(alike, inputs, around.gallery, **event)
    around.classes.click(as_sentences(handlers.classes), place, around.gallery, **event)
    around.average.click(as_sentences(handlers.average), place, around.gallery, **event)
    gr.api(as_sentences(handlers.neighbours), api_name="neighbours", **GENERATE_QUEUE)
    gr.api(as_sentences(handlers.class_sheet), api_name="class_sheet", **GENERATE_QUEUE)

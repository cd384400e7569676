"""What can be done with a picture of the tab "Sample" that was chosen: more like it, every class of it, a walk."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch

from gan_hub import images
from gan_hub.generator import GanGenerator
from gan_hub.keys import Key
from gan_hub.latents import MAX_SEED, labels_of_latents
from gan_hub.neighbourhood import class_matrix, neighbours
from gan_hub.page import style
from gan_hub.page.errors import as_sentences
from gan_hub.page.facts import model_name
from gan_hub.page.files import write_files
from gan_hub.page.interpolate_keys import KeyHandlers
from gan_hub.page.interpolate_layout import Controls
from gan_hub.page.lanes import GENERATE_LANE, HIDDEN, RAW
from gan_hub.page.models import ModelShelf
from gan_hub.recipe import check_label, check_revision, check_truncation, whole_number
from gan_hub.sampling import class_index, file_stem, public_name
from gan_hub.state import MAX_COUNT, PageState
from gan_hub.walk_state import check_keys, format_keys, parse_keys

NUM_NEIGHBOURS = 12
NUM_ROWS = 6


@dataclass(frozen=True)
class Around:
    """What is below the gallery."""

    link: Any
    chosen: Any
    panel: Any
    title: Any
    walk_from: Any
    walk_to: Any
    alike: Any
    classes: Any
    radius: Any
    others: Any
    first: Any
    gallery: Any


class AroundHandlers:
    """What its events do; docstrings of the public endpoints become the API's schema."""

    def __init__(self, shelf: ModelShelf) -> None:
        self._shelf = shelf

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
            the PNGs.
        """
        number = whole_number("count", count, 1, MAX_COUNT)
        start = whole_number("first", first, 0, MAX_SEED - number + 1)
        key = Key(whole_number("seed", seed, 0, MAX_SEED), check_label(label), check_truncation(truncation))
        if isinstance(radius, bool) or not isinstance(radius, (int, float)):
            raise ValueError(f"radius {str(radius)[:40]!r} is not possible; use a number from 0 to 1")
        generator = self._shelf.get(model_name(model), check_revision(revision))
        z, labels = _latent(generator, key, number)
        pictures = images.to_pil(generator.generate(neighbours(generator, z, number, float(radius), start), labels))
        stem = f"{file_stem(public_name(generator))}-near-{key.seed}-{radius:g}"
        files = write_files({f"{stem}-{start + i:05d}.png": images.png_bytes(each) for i, each in enumerate(pictures)})
        return [{"image": file, "caption": f"towards {start + i}"} for i, file in enumerate(files)]

    def choose(self, link: str, event: gr.SelectData) -> tuple[Any, ...]:
        """The picture that was clicked: its place, the panel for it, and what it is called, as HTML."""
        index = event.index if isinstance(event.index, int) else 0
        key = _key_of(link, index)
        words = f"<strong>Seed {key.seed}</strong>"
        return index, gr.update(visible=True), words, gr.update(value=[], visible=False)

    def alike(self, link: str, chosen: int, radius: float, first: int) -> Any:
        """Pictures like the chosen one: the update of the gallery."""
        state, key = PageState.from_query(link)[0], _key_of(link, chosen)
        items = self.neighbours(
            state.model or "", state.revision, key.seed, key.truncation, key.label, radius, first, NUM_NEIGHBOURS
        )
        return gr.update(value=items, columns=6, visible=True)

    def classes(self, link: str, chosen: int) -> Any:
        """The chosen seed and those after it in every class: the update of the gallery."""
        state, key = PageState.from_query(link)[0], _key_of(link, chosen)
        generator = self._shelf.get(model_name(state.model or ""), state.revision)
        seeds = range(key.seed, min(key.seed + NUM_ROWS, MAX_SEED + 1))
        sheet = class_matrix(generator, seeds, truncation=key.truncation)
        name = f"{file_stem(public_name(generator))}-classes-{seeds[0]}-{seeds[-1]}.png"
        caption = f"seeds {seeds[0]} to {seeds[-1]}, one a row, in every class"
        return gr.update(
            value=[{"image": write_files({name: images.png_bytes(sheet)})[0], "caption": html.escape(caption)}],
            columns=1,
            visible=True,
        )


def build(link: Any) -> Around:
    """Lay it out, hidden until a picture is chosen."""
    chosen, first = gr.Number(0, visible=False, label="Chosen"), gr.Number(0, visible=False, label="First neighbour")
    with gr.Column(visible=False, elem_id="around") as panel:
        with gr.Row(elem_classes="take-away"):
            title = gr.HTML(elem_classes="summary", padding=False)
            walk_from = gr.Button("Walk from here", size="sm", min_width=110, scale=0)
            walk_to = gr.Button("Walk to here", size="sm", min_width=100, scale=0)
            alike = gr.Button("More like this", size="sm", min_width=110, scale=0)
            classes = gr.Button("In every class", size="sm", min_width=110, scale=0)
        with gr.Row(elem_classes="seed-row"):
            radius = gr.Slider(0, 1, 0.3, step=0.05, label="How far around it", buttons=[], min_width=160, scale=3)
            others = gr.Button("Other neighbours", min_width=120, scale=1)
        gallery = gr.Gallery(
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
    return Around(link, chosen, panel, title, walk_from, walk_to, alike, classes, radius, others, first, gallery)


def connect(shelf: ModelShelf, around: Around, pictures: Any) -> None:
    """The events of the panel; `pictures` is the gallery in which one is chosen."""
    handlers = AroundHandlers(shelf)
    event: dict[str, Any] = {**HIDDEN, **RAW, **GENERATE_LANE}
    place = [around.link, around.chosen]
    pictures.select(
        as_sentences(handlers.choose),
        around.link,
        [around.chosen, around.panel, around.title, around.gallery],
        **HIDDEN,
        **RAW,
        queue=False,
    )
    alike, inputs = as_sentences(handlers.alike), [*place, around.radius, around.first]
    gr.on([around.alike.click, around.radius.release], alike, inputs, around.gallery, **event)
    rolled = around.others.click(None, None, around.first, js=style.RANDOM_SEED, api_visibility="private")
    rolled.then(alike, inputs, around.gallery, **event)
    around.classes.click(as_sentences(handlers.classes), place, around.gallery, **event)
    gr.api(as_sentences(handlers.neighbours), api_name="neighbours", **GENERATE_LANE)


def connect_walks(shelf: ModelShelf, around: Around, controls: Controls, tabs: Any) -> None:
    """The chosen picture as the first or last key of the walk on the tab "Interpolate", which is then shown."""
    keys = KeyHandlers(shelf)
    for button, place in ((around.walk_from, 0), (around.walk_to, -1)):
        button.click(
            as_sentences(_as_key(keys, place)),
            [around.link, around.chosen, controls.keys],
            [*controls.key(), controls.facts, controls.model, controls.revision, tabs],
            **HIDDEN,
            **RAW,
            **GENERATE_LANE,
        )


def _as_key(keys: KeyHandlers, place: int) -> Callable[..., tuple[Any, ...]]:
    def handler(link: str, chosen: int, text: str) -> tuple[Any, ...]:
        state = PageState.from_query(link)[0]
        tracks = [list(track) for track in parse_keys(check_keys(text))]
        tracks[0][place] = _key_of(link, chosen)
        index = place % len(tracks[0])
        shown = keys.describe(state.model or "", state.revision, format_keys(tracks), index)
        return *shown, state.model, state.revision or "", gr.update(selected="interpolate")

    return handler


def _key_of(link: str, chosen: int) -> Key:
    """The chosen picture of the link of a sampling."""
    state, problems = PageState.from_query(link if isinstance(link, str) else "")
    if problems or state.model is None:
        raise ValueError("make pictures first, then choose one")
    index = min(max(int(chosen or 0), 0), state.count - 1)
    return Key(state.seed + index, state.label, state.truncation)


def _latent(generator: GanGenerator, key: Key, count: int) -> tuple[torch.Tensor, list[int] | None]:
    """The latent of a key, truncated, and its class for each of `count` pictures."""
    z = generator.latents([key.seed])
    label = class_index(generator, key.label)
    if label is None and generator.num_classes:
        label = int(labels_of_latents(z, generator.num_classes)[0])
    return generator.truncate(z, key.truncation), None if label is None else [label] * count

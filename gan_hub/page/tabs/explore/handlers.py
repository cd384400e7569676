"""The event handlers of the tab "Explore": a picture moved along directions, and strips of what they do."""

import html
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
import torch

from gan_hub import images
from gan_hub.editing.directions import DIRECTIONS_FILE, Directions, move
from gan_hub.generator import GanGenerator
from gan_hub.page.components.files import FileData, dropped, gallery_items, write_files
from gan_hub.page.components.model_facts import generator_facts, model_name
from gan_hub.page.components.model_picker import class_choice, default_model
from gan_hub.page.components.states import changed, checked, generator_of, read_query, warn
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.explore.directions import DirectionCache, ways
from gan_hub.recipes.fields import check_revision, fields_of, whole_number
from gan_hub.recipes.keys import Key, format_key, parse_key
from gan_hub.recipes.links import (
    NUM_SLIDERS,
    ExploreState,
    format_amounts,
    format_names,
    parse_amounts,
    parse_names,
    picture_link,
    read_picture_link,
    with_names,
)
from gan_hub.recipes.names import file_stem, public_name
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import pictures_of
from gan_hub.sampling.variations import STRIP, sweep_grid

NUM_COLUMNS = 7  # of the sweep


class ExploreHandlers:
    """The event handlers; the docstrings of the public endpoints become the API's schema."""

    def __init__(self, model_cache: ModelCache) -> None:
        self._model_cache = model_cache
        self._compass = DirectionCache()

    def directions(self, state: ExploreState) -> tuple[FileData, list[dict[str, Any]], FileData | None, dict[str, Any]]:
        """Move a picture along directions in the latent space that were found without labels.

        Args:
            state: the controls.

        Returns:
            the moved picture; the strip from -3 to 3 along one direction, the other amounts kept; of a model with a
            categorical code, a sheet of every category along it, a row each; and names and method of the directions,
            the key of the moved picture, and the link that makes all of it again. Picture and strip carry recipes.
        """
        generator, directions, state = self._find(state)
        moved = state.moved(generator, directions)
        picture = gallery_items(pictures_of(generator, [moved]))[0]["image"]
        details = {
            "method": state.method,
            "names": list(directions.names[:NUM_SLIDERS]),
            "key": format_key(moved),
            "link": state.to_query(),
        }
        return picture, _strip(generator, directions, state), _sweep(generator, directions, state), details

    def run(
        self, model: str, revision: str | None, key: str, method: str, shown: int, names: str, *amounts: float
    ) -> tuple[Any, ...]:
        """The results: the picture, the moved picture, the strip, the sweep, a text, and the links of both pictures."""
        values = (model, revision, key, method, _amounts(amounts), shown, names)
        state = checked(ExploreState, dict(zip(fields_of(ExploreState), values)))
        generator, directions, state = self._find(state)
        start, moved = parse_key(state.key), state.moved(generator, directions)
        before, after = (item["image"] for item in gallery_items(pictures_of(generator, [start, moved])))
        place = picture_link(public_name(generator), generator.revision, moved)
        strip = gr.update(
            value=_strip(generator, directions, state), label=f"{_called(directions, state.shown - 1)}, step by step"
        )
        sheet = _sweep(generator, directions, state)
        sweep = gr.update(value=sheet, visible=sheet is not None)
        return before, after, strip, sweep, _words(state, directions), state.to_query(), place

    def runner(self, shown: int | None) -> Callable[..., tuple[Any, ...]]:
        """`run` with a fixed direction in the strip; None = the direction that the controls choose."""
        if shown is None:
            return self.run

        def run(model: str, revision: str | None, key: str, method: str, _: int, names: str, *amounts: float) -> Any:
            return self.run(model, revision, key, method, shown, names, *amounts)

        return run

    def describe(self, model: str, revision: str | None, key: str, method: str) -> tuple[Any, ...]:
        """Another model or method: facts, key and its fields, methods, directions, no names, and every slider at 0.

        Parts of the key that the model does not have fall back to their defaults.
        """
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        wanted = parse_key(ExploreState.check({"key": key}).key).for_model(generator)
        possible = [value for _, value in ways(generator)]
        state = ExploreState(model_name(model), revision or None, method=method if method in possible else None)
        _, directions, state = self._find(state)
        chosen = gr.update(choices=ways(generator), value=state.method)
        fields = self._fields(generator, wanted)
        return generator_facts(generator), *fields, chosen, *_sliders(directions, state), ""

    def start(self, key: str, seed: object, label: object, truncation: object) -> tuple[Any, ...]:
        """Another seed, class or truncation; nothing happens while the seed's field is empty and there is no latent."""
        wanted = changed(parse_key(ExploreState.check({"key": key}).key), seed, label, truncation)
        return (gr.skip(),) * 2 if wanted is None else (format_key(wanted), _origin(wanted))

    def step_to(self, shown: int, event: gr.SelectData, *amounts: float) -> tuple[Any, ...]:
        """The sliders after a click on a picture of the strip."""
        index = event.index if isinstance(event.index, int) else 0
        return tuple(
            STRIP[index] if number == int(shown) - 1 and index < len(STRIP) else amount
            for number, amount in enumerate(amounts)
        )

    def rename(
        self, model: str, revision: str | None, method: str, shown: int, names: str, name: str, *amounts: float
    ) -> tuple[Any, ...]:
        """Rename a direction; an empty name restores its own: the updates of directions, sliders and names."""
        given = [*parse_names(names), *[""] * NUM_SLIDERS][:NUM_SLIDERS]
        given[whole_number("shown", shown, 1, NUM_SLIDERS) - 1] = name.strip() if isinstance(name, str) else ""
        text = ExploreState.check({"names": format_names(given)}).names
        state = ExploreState(
            model_name(model), check_revision(revision), "0", method, _amounts(amounts), int(shown), names=text
        )
        _, directions, state = self._find(state)
        return *_sliders(directions, state), text

    def save(self, model: str, revision: str | None, method: str, names: str) -> FileData:
        """The directions with their names, as the file that belongs beside the model."""
        state = ExploreState(model_name(model), check_revision(revision), method=method or None, names=names)
        _, directions, _ = self._find(state)
        with TemporaryDirectory() as folder:
            return write_files({DIRECTIONS_FILE: directions.save(Path(folder)).read_bytes()})[0]

    def restore(self, png: FileData | None) -> tuple[Any, ...]:
        """Model, revision and key of a PNG that was made here, and the empty drop zone."""
        recipe = read_recipe(dropped(png, "a PNG"))
        return recipe.model, recipe.revision or "", format_key(Key.from_recipe(recipe)), None

    def go(self, link: str) -> tuple[Any, ...]:
        """The results of `open` for a picture from another tab, and the update that shows this tab."""
        model, revision, key = read_picture_link(link)
        return *self._controls(ExploreState(model, revision, format_key(key))), gr.update(selected="explore")

    def open(self, query: str) -> tuple[Any, ...]:
        """The values of the controls from the link, and True; a wrong value gives a warning and its default."""
        state, problems = read_query(ExploreState, query)
        state = replace(state, model=state.model or default_model())
        try:
            shown = self._controls(state)
        except ValueError as error:
            problems.append(str(error))
            shown = self._controls(ExploreState(default_model()))
        warn(problems)
        return *shown, "yes"

    def _controls(self, state: ExploreState) -> tuple[Any, ...]:
        """Model, revision, facts, key and its fields, method, shown direction, sliders, names."""
        generator, directions, state = self._find(state)
        key = parse_key(state.key)
        pictures_of(generator, [key])  # says what is wrong with it
        method = gr.update(choices=ways(generator), value=state.method)
        fields = self._fields(generator, key)
        sliders = _sliders(directions, state)
        return state.model, state.revision or "", generator_facts(generator), *fields, method, *sliders, state.names

    def _fields(self, generator: GanGenerator, key: Key) -> tuple[Any, ...]:
        return format_key(key), _origin(key), key.seed, class_choice(generator, key.label or ""), key.truncation

    def _find(self, state: ExploreState) -> tuple[GanGenerator, Directions, ExploreState]:
        """The generator, its directions with the visitor's names, and the state with the method that was used."""
        generator = generator_of(self._model_cache, state)
        method, directions = self._compass.find(generator, state.method)
        shown = min(state.shown, len(directions))
        state = replace(state, model=public_name(generator), revision=generator.revision, method=method, shown=shown)
        return generator, with_names(directions, parse_names(state.names)), state


def _amounts(amounts: tuple[Any, ...]) -> str:
    if not all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in amounts):
        raise ValueError("an amount is no number; move its slider")
    return ExploreState.check({"amounts": format_amounts(amounts)}).amounts


def _steps(state: ExploreState) -> list[float]:
    return [*parse_amounts(state.amounts), *[0.0] * NUM_SLIDERS][:NUM_SLIDERS]


def _called(directions: Directions, index: int) -> str:
    name = directions.names[index]
    return f"Direction {name}" if name.isdecimal() else name


def _sliders(directions: Directions, state: ExploreState) -> tuple[Any, ...]:
    """The updates of the choice of a direction and of the sliders."""
    count = min(len(directions), NUM_SLIDERS)
    choices = [(directions.names[i], i + 1) for i in range(count)]
    sliders = [
        gr.update(label=_called(directions, i), value=amount, visible=True) if i < count else gr.update(visible=False)
        for i, amount in enumerate(_steps(state))
    ]
    return gr.update(choices=choices, value=state.shown), *sliders


def _strip(generator: GanGenerator, directions: Directions, state: ExploreState) -> list[dict[str, Any]]:
    """A strip of pictures along one direction; the amounts along the other directions stay."""
    steps = _steps(state)
    keys = []
    for amount in STRIP:
        steps[state.shown - 1] = amount
        keys.append(state.moved(generator, directions, steps))
    items = gallery_items(pictures_of(generator, keys))
    return [{**item, "caption": f"{amount:+g}" if amount else "0"} for item, amount in zip(items, STRIP)]


def _sweep(generator: GanGenerator, directions: Directions, state: ExploreState) -> FileData | None:
    """A sheet with one row per category of the code, along one direction; None without a code."""
    if not generator.config.num_categories:
        return None
    z = state.moved(generator, directions).z(generator)
    steps = torch.zeros(NUM_COLUMNS, len(directions))
    steps[:, state.shown - 1] = torch.linspace(STRIP[0], STRIP[-1], NUM_COLUMNS)
    sheet = sweep_grid(generator, move(z.expand(NUM_COLUMNS, -1), directions, steps))
    name = f"{file_stem(public_name(generator))}-sweep-{state.shown}.png"
    return write_files({name: images.png_bytes(sheet)})[0]


def _origin(key: Key) -> dict[str, Any]:
    """The update of the text that says where a picture comes from; hidden for a seed, which has its own field."""
    return gr.update(visible=key.latent is not None)


def _words(state: ExploreState, directions: Directions) -> str:
    amounts = parse_amounts(state.amounts)
    moved = [f"{_called(directions, i)} {each:+g}" for i, each in enumerate(amounts[: len(directions)]) if each]
    words = ", ".join(moved) or "not moved"
    return f"<strong>{html.escape(words)}</strong>"

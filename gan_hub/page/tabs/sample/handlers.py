"""The event handlers of the tab "Sample": pictures from seeds, and back from a picture or a link to the controls."""

import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from gan_hub.generator import GanGenerator
from gan_hub.hub import playground
from gan_hub.latents.labels import class_index
from gan_hub.loading.weights import count_parameters
from gan_hub.page.components.files import FileData, dropped, gallery_items, write_files
from gan_hub.page.components.model_facts import generator_facts, model_name
from gan_hub.page.components.model_picker import class_choice, default_model
from gan_hub.page.components.states import control_values, generator_of, read_query, read_restored, warn
from gan_hub.page.server import zerogpu
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.units import duration
from gan_hub.recipes.archives import zip_bytes
from gan_hub.recipes.fields import check_revision
from gan_hub.recipes.links import SampleState
from gan_hub.recipes.names import file_stem, public_name
from gan_hub.recipes.picture import Picture, grid_png
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import sample_chunks

SMALL_SIDE = 256  # pictures with a shorter side are enlarged pixel by pixel


class SampleHandlers:
    """The event handlers; the docstrings of the public endpoints become the API's schema."""

    def __init__(self, model_cache: ModelCache) -> None:
        self._model_cache = model_cache

    def sample(self, state: SampleState) -> Iterator[tuple[list[dict[str, Any]], str, str]]:
        """Make pictures from seeds: the same seed gives the same picture, whatever the count.

        Args:
            state: the controls.

        Returns:
            the PNGs so far, each with its recipe; what was made and how fast, as HTML; the link that makes them again.
        """
        started = time.perf_counter()
        generator = generator_of(self._model_cache, state)
        link = replace(state, model=public_name(generator), revision=generator.revision).to_query()
        items: list[dict[str, Any]] = []
        for chunk in _chunks(generator, state):
            items = items + gallery_items(chunk)
            yield items, _summary(generator, len(items), state, time.perf_counter() - started), link

    def grid(self, state: SampleState) -> FileData:
        """One PNG with all the pictures in rows: the bytes that `gan-hub sample --out grid.png` writes.

        Args:
            state: the controls.

        Returns:
            the PNG, with the recipe of the grid.
        """
        pictures, name = self._pictures(state)
        return write_files({f"{name}.png": grid_png(pictures, state.columns)})[0]

    def zip(self, state: SampleState) -> FileData:
        """All the pictures as PNGs in a ZIP, with a manifest.json that says how each was made.

        Args:
            state: the controls.

        Returns:
            the ZIP.
        """
        pictures, name = self._pictures(state)
        return write_files({f"{name}.zip": zip_bytes(pictures)})[0]

    def models(self) -> list[dict[str, Any]]:
        """The models that the page offers, with what each can make."""
        generators = [(name, self._model_cache.get(name)) for name in playground.generators()]
        return [
            {
                "model": name,
                "architecture": generator.config.architecture,
                "image_size": list(generator.image_size),
                "channels": generator.channels,
                "classes": list(generator.class_names),
                "parameters": count_parameters(generator),
            }
            for name, generator in generators
        ]

    def restore(self, png: FileData | None) -> dict[str, Any]:
        """Read the recipe from a PNG made here, so that the same pictures can be made again.

        Args:
            png: the picture as it was downloaded.

        Returns:
            the arguments of /sample that make it.
        """
        return asdict(SampleState.from_recipe(read_recipe(dropped(png, "a PNG"))))

    def describe(self, model: str, revision: str | None, label: str | None) -> tuple[str, dict[str, Any]]:
        """A description of a model as HTML, and the update of the control for its classes."""
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        chosen = label if label in generator.class_names else ""
        return generator_facts(generator), class_choice(generator, chosen)

    def open(self, query: str) -> tuple[Any, ...]:
        """The values of the controls from the link; a wrong value gives a warning and its default."""
        state, problems = read_query(SampleState, query)
        state = replace(state, model=state.model or default_model())
        try:
            generator = generator_of(self._model_cache, state)
        except ValueError as error:
            problems.append(str(error))
            state = replace(state, model=default_model(), revision=None, label=None)
            generator = generator_of(self._model_cache, state)
        try:
            class_index(generator.class_names, state.label)
        except ValueError as error:
            problems.append(str(error))
            state = replace(state, label=None)
        warn(problems)
        *values, label = control_values(state)
        return *values, class_choice(generator, label or ""), generator_facts(generator)

    def show_recipe(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """The values of the controls from a recipe that was read before, and the empty drop zone."""
        *controls, label = control_values(read_restored(SampleState, values, "/restore"))
        return *controls, label or "", None

    def _pictures(self, state: SampleState) -> tuple[list[Picture], str]:
        generator = generator_of(self._model_cache, state)
        pictures = [picture for chunk in _chunks(generator, state) for picture in chunk]
        return pictures, f"{file_stem(public_name(generator))}-seeds-{state.seed}-{state.seed + state.count - 1}"


def _chunks(generator: GanGenerator, state: SampleState) -> Iterator[list[Picture]]:
    seeds = range(state.seed, state.seed + state.count)
    return sample_chunks(generator, seeds, label=state.label, truncation=state.truncation)


def _summary(generator: GanGenerator, done: int, state: SampleState, seconds: float) -> str:
    progress = f"{done}" if done == state.count else f"{done} of {state.count}"
    pixels = "few-pixels" if min(generator.image_size) < SMALL_SIDE else "many-pixels"
    noun = "picture" if state.count == 1 else "pictures"
    place = zerogpu.device_of(generator)
    return f'<div class="{pixels}"><strong>{progress} {noun}</strong> in {duration(seconds)} on {place}</div>'

"""The event handlers of the tab "Sample": pictures from seeds, and back from a picture or a link to the controls."""

import html
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import gradio as gr

from gan_hub.generator import GanGenerator
from gan_hub.hub import playground
from gan_hub.latents.labels import class_index
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.loading.weights import count_parameters
from gan_hub.page.components.files import FileData, gallery_items, path_of, write_files
from gan_hub.page.components.model_facts import generator_facts, model_name
from gan_hub.page.components.model_picker import class_choice, default_model
from gan_hub.page.server import zerogpu
from gan_hub.page.server.errors import sentence
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.units import duration
from gan_hub.recipes.archives import zip_bytes
from gan_hub.recipes.fields import check_label, check_revision, check_truncation, whole_number
from gan_hub.recipes.links import MAX_COLUMNS, MAX_COUNT, SampleState
from gan_hub.recipes.names import file_stem, public_name
from gan_hub.recipes.picture import Picture, grid_png
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import sample_chunks

SMALL_SIDE = 256  # pictures with a shorter side are enlarged pixel by pixel


class SampleHandlers:
    """The event handlers; the docstrings of the public endpoints become the API's schema."""

    def __init__(self, model_cache: ModelCache) -> None:
        self._model_cache = model_cache

    def sample(
        self,
        model: str,
        revision: str | None = None,
        seed: int = 0,
        count: int = 24,
        columns: int = 6,
        truncation: float = 1.0,
        label: str | None = None,
    ) -> Iterator[tuple[list[dict[str, Any]], str, str]]:
        """Make pictures from seeds: the same seed gives the same picture, whatever the count.

        Args:
            model: a bundled name such as mnist-gan, or org/name on the Hub.
            revision: branch, tag or commit on the Hub; empty for the newest.
            seed: of the first picture, from 0 to 4294967295; the others follow it.
            count: pictures, from 1 to 64.
            columns: pictures in a row.
            truncation: from 0 (the average picture) over 1 (as trained) to 2.
            label: class to show, by name; empty for each seed's own.

        Returns:
            the PNGs so far, each with its recipe; what was made and how fast, as HTML; the link that makes them again.
        """
        started = time.perf_counter()
        state, generator = self._prepare(model, revision, seed, count, columns, truncation, label)
        link = replace(state, model=public_name(generator), revision=generator.revision).to_query()
        items: list[dict[str, Any]] = []
        for chunk in _chunks(generator, state):
            items = items + gallery_items(chunk)
            yield items, _summary(generator, len(items), state, time.perf_counter() - started), link

    def grid(
        self,
        model: str,
        revision: str | None = None,
        seed: int = 0,
        count: int = 24,
        columns: int = 6,
        truncation: float = 1.0,
        label: str | None = None,
    ) -> FileData:
        """One PNG with all the pictures in rows: the bytes that `gan-hub sample --out grid.png` writes.

        Args:
            model: a bundled name such as mnist-gan, or org/name on the Hub.
            revision: branch, tag or commit on the Hub; empty for the newest.
            seed: of the first picture, from 0 to 4294967295; the others follow it.
            count: pictures, from 1 to 64.
            columns: pictures in a row.
            truncation: from 0 (the average picture) over 1 (as trained) to 2.
            label: class to show, by name; empty for each seed's own.

        Returns:
            the PNG, with the recipe of the grid.
        """
        state, pictures, name = self._pictures(model, revision, seed, count, columns, truncation, label)
        return write_files({f"{name}.png": grid_png(pictures, state.columns)})[0]

    def zip(
        self,
        model: str,
        revision: str | None = None,
        seed: int = 0,
        count: int = 24,
        columns: int = 6,
        truncation: float = 1.0,
        label: str | None = None,
    ) -> FileData:
        """All the pictures as PNGs in a ZIP, with a manifest.json that says how each was made.

        Args:
            model: a bundled name such as mnist-gan, or org/name on the Hub.
            revision: branch, tag or commit on the Hub; empty for the newest.
            seed: of the first picture, from 0 to 4294967295; the others follow it.
            count: pictures, from 1 to 64.
            columns: pictures in a row; the ZIP is the same for all.
            truncation: from 0 (the average picture) over 1 (as trained) to 2.
            label: class to show, by name; empty for each seed's own.

        Returns:
            the ZIP.
        """
        _, pictures, name = self._pictures(model, revision, seed, count, columns, truncation, label)
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
        if (path := path_of(png)) is None:
            raise ValueError("no file has arrived; choose a PNG that was made here")
        return asdict(SampleState.from_recipe(read_recipe(path)))

    def describe(self, model: str, revision: str | None, label: str | None) -> tuple[str, dict[str, Any]]:
        """A description of a model as HTML, and the update of the control for its classes."""
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        chosen = label if label in generator.class_names else ""
        return generator_facts(generator), class_choice(generator, chosen)

    def open(self, query: str) -> tuple[Any, ...]:
        """The values of the controls from the link; a wrong value gives a warning and its default."""
        state, problems = SampleState.from_query(query if isinstance(query, str) else "")
        state = replace(state, model=state.model or default_model())
        try:
            generator = self._model_cache.get(model_name(state.model), state.revision)
        except ValueError as error:
            problems.append(str(error))
            state = replace(state, model=default_model(), revision=None, label=None)
            generator = self._model_cache.get(model_name(state.model), None)
        try:
            class_index(generator.class_names, state.label)
        except ValueError as error:
            problems.append(str(error))
            state = replace(state, label=None)
        for problem in problems:
            gr.Warning(sentence(ValueError(html.escape(problem))), duration=15)
        return *_control_values(state, class_choice(generator, state.label or "")), generator_facts(generator)

    def show_recipe(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """The values of the controls from a recipe that was read before, and the empty drop zone."""
        if not isinstance(values, dict) or set(values) != set(asdict(SampleState())):
            raise ValueError("this is not what /restore returns")
        state = SampleState.check(values)
        return *_control_values(state, gr.update(value=state.label or "")), None

    def _pictures(self, *controls: Any) -> tuple[SampleState, list[Picture], str]:
        state, generator = self._prepare(*controls)
        pictures = [picture for chunk in _chunks(generator, state) for picture in chunk]
        return state, pictures, f"{file_stem(public_name(generator))}-seeds-{state.seed}-{state.seed + state.count - 1}"

    def _prepare(
        self,
        model: object,
        revision: object,
        seed: object,
        count: object,
        columns: object,
        truncation: object,
        label: object,
    ) -> tuple[SampleState, GanGenerator]:
        """Check every control before a model is looked for; raises ValueError."""
        number = whole_number("count", count, 1, MAX_COUNT)
        state = SampleState(
            model=model_name(model),
            revision=check_revision(revision),
            seed=whole_number("seed", seed, 0, MAX_SEED - number + 1),
            count=number,
            columns=whole_number("columns", columns, 1, MAX_COLUMNS),
            truncation=check_truncation(truncation),
            label=check_label(label),
        )
        return state, self._model_cache.get(model_name(model), state.revision)


def _chunks(generator: GanGenerator, state: SampleState) -> Iterator[list[Picture]]:
    seeds = range(state.seed, state.seed + state.count)
    return sample_chunks(generator, seeds, label=state.label, truncation=state.truncation)


def _control_values(state: SampleState, label: dict[str, Any]) -> tuple[Any, ...]:
    return (state.model, state.revision or "", state.seed, state.count, state.columns, state.truncation, label)


def _summary(generator: GanGenerator, done: int, state: SampleState, seconds: float) -> str:
    progress = f"{done}" if done == state.count else f"{done} of {state.count}"
    pixels = "few-pixels" if min(generator.image_size) < SMALL_SIDE else "many-pixels"
    noun = "picture" if state.count == 1 else "pictures"
    place = zerogpu.device_name(generator)
    return f'<div class="{pixels}"><strong>{progress} {noun}</strong> in {duration(seconds)} on {place}</div>'

"""The event handlers of the tab "Your picture": where a picture is in the latent space, and what is missing of it."""

import html
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from gan_hub import images
from gan_hub.generator import GanGenerator
from gan_hub.inversion.preparation import prepare, prepare_mask
from gan_hub.inversion.projection import NUM_STEPS, Projection, composite, project
from gan_hub.latents.labels import class_index
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.page.components.canvas import data_url, is_blank, known_pixels, read_canvas
from gan_hub.page.components.files import FileData, path_of, read_photo, write_files
from gan_hub.page.components.model_facts import generator_facts, model_name
from gan_hub.page.components.model_picker import class_choice, default_model
from gan_hub.page.components.states import read_query, warn
from gan_hub.page.server.jobs import Report, Stops, Worker, progress, reported
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.units import duration
from gan_hub.painting.photos import open_photo
from gan_hub.recipes.fields import check_label, check_revision, whole_number
from gan_hub.recipes.keys import format_key
from gan_hub.recipes.links import PictureState, picture_link
from gan_hub.recipes.names import public_name
from gan_hub.sampling.pictures import pictures_of

MAX_STEPS = 400
GREY = 0.25  # how much is left to see of what is missing


@dataclass(frozen=True)
class Wanted:
    """The target of a search.

    Attributes:
        generator: that shall paint it.
        target: [C, H, W], the picture as `prepare` makes it.
        label: the class to look in; None = the likeliest.
        steps: of the refinement.
        known: [H, W], True where the picture is known; None = everywhere.
        seed: of the random latents.
    """

    generator: GanGenerator
    target: Tensor
    label: int | None
    steps: int
    known: Tensor | None = None
    seed: int = 0

    def search(self, report: Report, is_stopped: Callable[[], bool]) -> Projection:
        """Search until it ends or is stopped; the best result so far."""

        def on_step(share: float, _: Projection) -> bool:
            report(share)
            return not is_stopped()

        return project(
            self.generator,
            self.target,
            label=self.label,
            num_steps=self.steps,
            mask=self.known,
            seed=self.seed,
            on_step=on_step,
        )


class PictureHandlers:
    """The event handlers; the docstrings of the public endpoints become the API's schema."""

    def __init__(self, model_cache: ModelCache) -> None:
        self._model_cache = model_cache
        self._worker = Worker()
        self._stops = Stops()

    def project(
        self,
        picture: dict[str, Any] | None,
        model: str,
        revision: str | None = None,
        label: str | None = None,
        steps: int = NUM_STEPS,
        mask: dict[str, Any] | None = None,
        seed: int = 0,
        job: str = "",
    ) -> Iterator[tuple[FileData | None, FileData | None, FileData | None, dict[str, Any]]]:
        """Find a picture in the latent space of a model, or complete it.

        Args:
            picture: any size and colours, up to 50 million pixels; a drawing is cut out and placed as the model paints.
            model: a bundled name such as mnist-gan, or org/name on the Hub.
            revision: branch, tag or commit on the Hub; empty for the newest.
            label: class to look in, by name; empty for the likeliest ones.
            steps: of the refinement, from 0 (the first guess) to 400.
            mask: a picture of the same shape, light where the other one is known; the rest is completed.
            seed: of the random latents that compete where there is no encoder, or a mask.
            job: a name that nobody else guesses, for /stop_project; empty if it need not be stopped.

        Returns:
            what the model paints, a PNG with its recipe; the picture as it was prepared; the picture completed, none
            without a mask; and the share that is done, at last the error as a share of the range of pixels, the class,
            the key for /interpolate and /directions, and the link to explore it.
        """
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        wanted = Wanted(
            generator,
            prepare(_opened(picture), generator, framed=mask is None),
            class_index(generator.class_names, check_label(label)),
            whole_number("steps", steps, 0, MAX_STEPS),
            None if mask is None else prepare_mask(_opened(mask), generator),
            whole_number("seed", seed, 0, MAX_SEED),
        )
        found = yield from reported(self._searching(wanted, job), lambda share: (None, None, None, {"done": share}))
        prepared, painted, completed = _files(wanted, found)
        yield painted, prepared, completed, _details(wanted, found)

    def stop_project(self, job: str) -> str:
        """End a search early; the best so far is its result.

        Args:
            job: as it was given to /project.

        Returns:
            that it will end, as HTML.
        """
        self._stops.add(job)
        return "Stopping…"

    def draw(self, text: str, model: str, revision: str | None, label: str | None) -> tuple[Any, ...]:
        """The drawing as the picture, and what `look` gives of it; nothing for an empty canvas."""
        picture = read_canvas(text)
        if is_blank(picture):
            return (gr.skip(),) * 9
        source = write_files({"drawing.png": images.png_bytes(picture.convert("RGB"))})[0]
        return source, *self.look(source, model, revision, label)

    def upload(self, file: FileData | None, model: str, revision: str | None, label: str | None) -> tuple[Any, ...]:
        """The file as the picture, and what `look` gives of it; nothing when the file was removed."""
        if path_of(file) is None:
            return (gr.skip(),) * 9
        return file, *self.look(file, model, revision, label)

    def look(self, source: FileData | None, model: str, revision: str | None, label: str | None) -> tuple[Any, ...]:
        """The first guess: the picture as prepared, as a file and below the mask canvas, and what `_shown` gives."""
        if path_of(source) is None:
            return (gr.skip(),) * 8
        started = time.perf_counter()
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        wanted = Wanted(generator, prepare(_opened(source), generator), _class(generator, label), 0)
        found = wanted.search(lambda _: None, lambda: False)
        picture = images.to_pil(wanted.target[None])[0]
        prepared = write_files({"prepared.png": images.png_bytes(picture)})[0]
        return prepared, data_url(picture), *_shown(wanted, found, time.perf_counter() - started)

    def refine(
        self,
        mask_canvas: str,
        prepared: FileData | None,
        model: str,
        revision: str | None,
        label: str | None,
        steps: float,
        job: str,
    ) -> Iterator[tuple[Any, ...]]:
        """Search with progress, and return `_shown` of the best result; painted-over pixels are unknown."""
        if path_of(prepared) is None:
            raise ValueError("draw something first, or choose a picture")
        started = time.perf_counter()
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        painted = read_canvas(mask_canvas)
        known = None if is_blank(painted) else known_pixels(painted, generator.image_size)
        target = prepare(_opened(prepared), generator, framed=False)
        number = whole_number("steps", steps, 1, MAX_STEPS)
        wanted = Wanted(generator, target, _class(generator, label), number, known)

        def shown(share: float) -> tuple[Any, ...]:
            words = progress(share, "Refining", time.perf_counter() - started)
            return (gr.skip(), gr.skip(), gr.skip(), words, gr.skip(), gr.skip())

        found = yield from reported(self._searching(wanted, job), shown)
        yield _shown(wanted, found, time.perf_counter() - started)

    def describe(self, model: str, revision: str | None, label: str | None) -> tuple[Any, ...]:
        """A description of a model as HTML, its classes, and the link."""
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        chosen = label if label in generator.class_names else ""
        link = PictureState(public_name(generator), generator.revision, chosen or None).to_query()
        return _facts(generator), _choice(generator, chosen), link

    def open(self, query: str) -> tuple[Any, ...]:
        """Model, revision, and what `describe` gives; what is wrong in the link gives a warning and the default."""
        state, problems = read_query(PictureState, query)
        state = replace(state, model=state.model or default_model())
        try:
            shown = self.describe(state.model or "", state.revision, state.label)
        except ValueError as error:
            problems.append(str(error))
            state = PictureState(default_model())
            shown = self.describe(state.model or "", None, None)
        warn(problems)
        return state.model, state.revision or "", *shown

    def _searching(self, wanted: Wanted, job: object) -> Generator[float, None, Projection]:
        is_stopped = self._stops.of(job)
        return self._worker.watched(lambda report: wanted.search(report, is_stopped))


def _opened(file: object) -> Image.Image:
    """Open a picture that a visitor sent; raises ValueError."""
    if (path := path_of(file)) is None:
        raise ValueError("no picture has arrived; choose one")
    try:
        return open_photo(read_photo(path)[0])
    except FileNotFoundError as error:  # the sweep took it
        raise ValueError("the picture was here too long ago and is deleted; choose it again") from error


def _class(generator: GanGenerator, label: object) -> int | None:
    """The class to search in; None for a class that this model does not have."""
    return (
        class_index(generator.class_names, label) if isinstance(label, str) and label in generator.class_names else None
    )


def _choice(generator: GanGenerator, label: str) -> dict[str, Any]:
    choice = class_choice(generator, label)
    return {**choice, "choices": [("the likeliest", ""), *choice["choices"][1:]]}


def _facts(generator: GanGenerator) -> str:
    how = "an encoder guesses at once" if generator.encoder else "no encoder: the best of random latents is the guess"
    return f"{generator_facts(generator)} · {how}"


def _files(wanted: Wanted, found: Projection) -> tuple[FileData, FileData, FileData | None]:
    """The files of the prepared picture (grey where unknown), the reconstruction, and the completion."""
    painted = pictures_of(wanted.generator, [found.key(wanted.generator)])[0]
    contents = {painted.file_name: painted.png()}
    target = wanted.target
    if wanted.known is not None:
        whole = composite(target, found.picture, wanted.known)
        contents["completed.png"] = images.png_bytes(images.to_pil(whole[None])[0])
        target = torch.where(wanted.known, target, GREY * target)
    contents["prepared.png"] = images.png_bytes(images.to_pil(target[None])[0])
    files = dict(zip(contents, write_files(contents)))
    return files["prepared.png"], files[painted.file_name], files.get("completed.png")


def _details(wanted: Wanted, found: Projection) -> dict[str, Any]:
    generator, key = wanted.generator, found.key(wanted.generator)
    link = picture_link(public_name(generator), generator.revision, key)
    return {"done": 1.0, "error": round(found.error, 5), "class": key.label, "key": format_key(key), "link": link}


def _shown(wanted: Wanted, found: Projection, seconds: float) -> tuple[Any, ...]:
    """The picture as prepared, what the model paints, the completed one, words, the link of it, and its buttons."""
    details = _details(wanted, found)
    prepared, painted, completed = _files(wanted, found)
    named = "" if details["class"] is None else f"<strong>{html.escape(details['class'])}</strong> · "
    words = f"{named}error {found.error:.1%} of the range · {duration(seconds)}"
    third = gr.update(value=completed, visible=completed is not None)
    return prepared, painted, third, words, details["link"], gr.update(visible=True)

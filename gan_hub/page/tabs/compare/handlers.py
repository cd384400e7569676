"""The event handlers of the tab "Compare": the same seeds from two models, revisions, or steps of a training."""

import html
from pathlib import Path
from typing import Any

import gradio as gr

from gan_hub import images
from gan_hub.hub.search import at_step, steps_of
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.loading.model_files import REPO_ID
from gan_hub.page.components.files import FileData, write_files
from gan_hub.page.components.model_facts import generator_facts, model_name
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.recipes.fields import check_revision, check_truncation, whole_number
from gan_hub.recipes.names import file_stem, public_name
from gan_hub.sampling.pictures import sample

MAX_PICTURES = 36
SHEET_SIDE = 640  # to which small pictures are enlarged, pixel by pixel


class CompareHandlers:
    """The event handlers; the docstrings of the public endpoints become the API's schema."""

    def __init__(self, model_cache: ModelCache) -> None:
        self._model_cache = model_cache

    def side(
        self, model: str, revision: str | None = None, seed: int = 0, count: int = 16, truncation: float = 1.0
    ) -> tuple[FileData, str]:
        """A sheet of one model's pictures from seeds, for one side of a comparison.

        Args:
            model: a bundled name such as mnist-gan, or org/name on the Hub.
            revision: branch, tag or commit on the Hub, such as step-1000; empty for the newest.
            seed: of the first picture, from 0 to 4294967295; the others follow it.
            count: pictures, from 1 to 36.
            truncation: from 0 (the average picture) over 1 (as trained) to 2.

        Returns:
            the sheet as a PNG, and what the model is, as HTML.
        """
        number = whole_number("count", count, 1, MAX_PICTURES)
        first = whole_number("seed", seed, 0, MAX_SEED - number + 1)
        psi = check_truncation(truncation)
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        columns = next(columns for columns in range(1, MAX_PICTURES + 1) if columns * columns >= number)
        pictures = [picture.image for picture in sample(generator, range(first, first + number), truncation=psi)]
        sheet = images.grid(pictures, columns)
        sheet = images.enlarge(sheet, max(1, SHEET_SIDE // max(sheet.size)))
        name = f"{file_stem(public_name(generator))}-seeds-{first}-{first + number - 1}"
        return write_files({f"{name}.png": images.png_bytes(sheet, {})})[0], generator_facts(generator)

    def steps(self, model: str) -> tuple[str, dict[str, Any], str]:
        """The steps of a model's training that can be shown, and the slider over them."""
        name = model_name(model)
        self._model_cache.check_allowed(name)
        found = steps_of(name, token=self._model_cache.token, allow_folders=self._model_cache.allow_folders)
        slider = gr.update(maximum=max(1, len(found) - 1), value=len(found) - 1, visible=len(found) > 1)
        return ",".join(map(str, found)), slider, _step_shown(found[-1], name)

    def scrub(
        self, model: str, steps: str, index: int, seed: int, count: int, truncation: float
    ) -> tuple[FileData, str]:
        """The left side at one step of its training; arguments as in `side`, with the step as an index of `steps`.

        `steps` is what `steps` returned first.
        """
        known = [int(step) for step in str(steps).split(",") if step.isdecimal()]
        if not known:
            raise ValueError('no steps were looked up; press "Steps of the left model\'s training" first')
        step = known[whole_number("index", index, 0, len(known) - 1)]
        path, revision = at_step(model_name(model), step, allow_folders=self._model_cache.allow_folders)
        sheet, _ = self.side(path, revision, seed, count, truncation)
        return sheet, _step_shown(step, model_name(model))


def _step_shown(step: int, model: str) -> str:
    name = model if REPO_ID.fullmatch(model) else Path(model).name
    return f"<strong>step {step:,}</strong> of the training of {html.escape(name[:200])}"

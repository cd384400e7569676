"""The event handlers of the tab "Stylize": one photo, all styles of one photo, and links."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from gan_hub.page.components.files import FileData, write_files
from gan_hub.page.components.model_facts import model_facts
from gan_hub.page.components.states import read_query, warn
from gan_hub.page.server import zerogpu
from gan_hub.page.server.errors import sentence
from gan_hub.page.server.jobs import progress, reported
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.units import duration, size_text
from gan_hub.page.tabs.stylize import styles
from gan_hub.page.tabs.stylize.painting_cache import Painted, PaintingCache
from gan_hub.page.tabs.stylize.requests import (
    NO_STYLE,
    PaintingControls,
    SavingControls,
    StylizeRequest,
    encode_result,
    read_output,
    read_request,
    read_upload,
    stylizer_of,
)
from gan_hub.recipes.links import StylizeState
from gan_hub.recipes.names import file_stem

COMPARED_SIDE = 480


class StylizeHandlers:
    """The event handlers; the docstrings of the public endpoints become the API's schema."""

    def __init__(self, model_cache: ModelCache, painting_cache: PaintingCache | None = None) -> None:
        self._model_cache = model_cache
        self.painting_cache = painting_cache or PaintingCache()

    def stylize(self, photo: FileData | None, controls: SavingControls) -> Iterator[tuple[FileData | None, Any]]:
        """Paint a photo of any size up to 50 million pixels. Place, time and all other metadata are left out.

        Args:
            photo: JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF; turned as its EXIF says, alpha and colour profile kept.
            controls: of the painting and its file.

        Returns:
            the picture, none while it is being made; how far it is, at last its size, as HTML.
        """
        output = read_output(self._model_cache, controls)
        request = read_request(self._model_cache, controls)
        data, digest, stem = read_upload(photo)
        painted = yield from reported(
            self.painting_cache.paint(request.painting_key(digest), data),
            lambda share: (None, progress(share, "Painting")),
        )
        made = yield from reported(
            self.painting_cache.worker.watched(lambda report: encode_result(painted, request, output, report)),
            lambda share: (None, progress(share, "Saving")),
        )
        name = f"{stem}-{request.name}.{output.suffix}"
        yield write_files({name: made[0]})[0], f"<strong>{made[1]}</strong>, {size_text(len(made[0]))}"

    def paint(self, photo: FileData | None, controls: PaintingControls) -> Iterator[tuple[Any, Any, Any]]:
        """Photo and painting for the comparison, a summary, and the link; quick if only strength or colours changed.

        Nothing happens without a photo.
        """
        if photo is None:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        started = time.perf_counter()
        request = read_request(self._model_cache, controls)
        data, digest, _ = read_upload(photo)
        painted = yield from reported(
            self.painting_cache.paint(request.painting_key(digest), data),
            lambda share: (gr.skip(), progress(share, "Painting", time.perf_counter() - started), gr.skip()),
        )
        after = painted.after(**request.look)
        pair = write_files({"photo.jpg": painted.before, "painting.jpg": after})
        yield pair, _summary(painted, request), request.link()

    def compare(self, photo: FileData | None, controls: PaintingControls) -> Iterator[tuple[Any, Any]]:
        """A small copy of the photo in every style, one after the other: the sheet so far, what is done."""
        names = self._compared(controls.style)
        data, digest, _ = read_upload(photo)
        items: list[dict[str, Any]] = []

        def shown(share: float) -> tuple[Any, str]:
            return sheet(items), progress((len(items) + share) / len(names), "Painting")

        for name in names:
            request = read_request(self._model_cache, replace(controls, style=name, max_side=COMPARED_SIDE))
            painted = yield from reported(self.painting_cache.paint(request.painting_key(digest), data), shown)
            picture = painted.after(**request.look)
            file = write_files({f"{file_stem(name)}.jpg": picture})[0]
            items = [*items, {"image": file, "caption": styles.title(name)}]
        yield sheet(items), f"<strong>{len(items)} styles</strong> · a click takes one"

    def _compared(self, style: str) -> list[str]:
        """The styles to compare: the listed ones, and the chosen one."""
        names = list(styles.style_names())
        if style and style not in names:
            names.append(style)
        if not names:
            raise ValueError(NO_STYLE)
        return names

    def styles(self) -> list[dict[str, Any]]:
        """The styles that come with the page."""
        stylizers = [(name, self._model_cache.stylizer(name)) for name in styles.style_names()]
        return [{"style": name, "architecture": stylizer.config.architecture} for name, stylizer in stylizers]

    def describe(self, style: str) -> str:
        """A description of a style, as HTML."""
        stylizer = stylizer_of(self._model_cache, style)
        return model_facts(stylizer, f"{stylizer.config.architecture} network")

    def pick(self, style: str, event: gr.SelectData) -> tuple[str, Any]:
        """Choose the style whose picture was clicked, and mark its thumbnail."""
        names = self._compared(style)
        index = event.index if isinstance(event.index, int) and 0 <= event.index < len(names) else 0
        return names[index], marked(names[index])

    def example(self, event: gr.SelectData) -> FileData:
        """Choose the example photo that was clicked."""
        return styles.example(event.index)

    def first(self, photo: FileData | None, is_open: str) -> Any:
        """The photo; an example if there is none yet and the page lists a style."""
        usable = is_open and photo is None and styles.default_style() and styles.examples()
        return styles.example(0) if usable else gr.skip()

    def open(self, query: str) -> tuple[Any, ...]:
        """The values of the controls from the link, and the galleries; a wrong value gives a warning."""
        state, problems = read_query(StylizeState, query)
        style = state.style or styles.default_style() or ""
        try:
            facts = self.describe(style) if style else sentence(ValueError(NO_STYLE))
        except ValueError as error:
            problems.append(str(error))
            style = styles.default_style() or ""
            facts = self.describe(style) if style else sentence(ValueError(NO_STYLE))
        warn(problems)
        thumbnails = {
            **marked(style),
            "value": styles.style_gallery(self._model_cache),
            "visible": bool(styles.style_names()),
        }
        values = (style, state.strength, state.keep_colors, state.detail, state.seed)
        return *values, facts, thumbnails, styles.example_gallery(), "yes"


def sheet(items: list[dict[str, Any]]) -> dict[str, Any]:
    """The update of the sheet of all styles; hidden while it is empty."""
    return gr.update(value=items, visible=bool(items))


def marked(style: str) -> dict[str, Any]:
    """The update of the thumbnails that marks a style."""
    names = styles.style_names()
    return gr.update(selected_index=names.index(style) if style in names else None)


def _summary(painted: Painted, request: StylizeRequest) -> str:
    width, height = painted.painting.size
    place = zerogpu.device_of(request.stylizer)
    size = f"{width}×{height}"  # noqa: RUF001  # it is a multiplication sign
    return f"<strong>{size}</strong> painted in {duration(painted.seconds)} on {place}"

"""The event handlers of the tab "Interpolate": a walk from its controls, its frames, and back from a file or a link."""

import html
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import gradio as gr

from gan_hub import images
from gan_hub.generator import GanGenerator
from gan_hub.page.components.files import FileData, dropped, path_of, write_files
from gan_hub.page.components.model_picker import default_model
from gan_hub.page.components.states import control_values, generator_of, read_query, read_restored, taking, warn
from gan_hub.page.server.errors import sentence
from gan_hub.page.server.jobs import Stops, progress, reported
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.units import duration, size_text
from gan_hub.page.tabs.interpolate.walks import Walker
from gan_hub.recipes.links import WalkState
from gan_hub.recipes.names import public_name
from gan_hub.recipes.video import FORMATS
from gan_hub.recipes.walk import Walk, read_walk

SHOWN_AS_PICTURE = ("webp", "gif", "png")
MAX_FILE_BYTES = 60 * 1024**2


class InterpolateHandlers:
    """The event handlers; the docstrings of the public endpoints become the API's schema."""

    def __init__(self, model_cache: ModelCache) -> None:
        self._model_cache = model_cache
        self._walker = Walker()
        self._stops = Stops()

    def interpolate(self, state: WalkState, job: str = "") -> Iterator[tuple[FileData | None, str, str]]:
        """Walk from picture to picture: a video. The bytes are those of `gan-hub interpolate`.

        Args:
            state: the controls.
            job: a name that nobody else guesses, for /stop_walk; empty if it need not be stopped.

        Returns:
            the file, none while it is being made; how far it is, at last what was made, as HTML; the link that makes it
            again.
        """
        started = time.perf_counter()
        generator = generator_of(self._model_cache, state)
        walk = state.walk(public_name(generator), generator.revision)
        link = replace(state, model=walk.model, revision=walk.revision).to_query()

        def shown(share: float) -> tuple[None, str, str]:
            return None, progress(share, "Walking", time.perf_counter() - started), link

        making = self._walker.make(generator, walk, state.format, self._stops.of(job))
        data, count = yield from reported(making, shown)
        file = write_files({walk.file_name(state.format): data})[0]
        yield file, _summary(walk, count, len(data), time.perf_counter() - started), link

    def stop_walk(self, job: str) -> str:
        """End a walk early; what exists so far comes as a whole file.

        Args:
            job: as it was given to /interpolate.

        Returns:
            a confirmation, as HTML.
        """
        self._stops.add(job)
        return "Stopping…"

    def restore_walk(self, file: FileData | None) -> dict[str, Any]:
        """Read the recipe from a file of a walk that was made here, so that it can be made again.

        Args:
            file: MP4, WebP, GIF, ZIP or PNG, as it was downloaded.

        Returns:
            the arguments of /interpolate that make it, but the job.
        """
        path = dropped(file, "one")
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES)
        suffix = path.suffix.lower().removeprefix(".")
        state = WalkState.from_walk(read_walk(data), suffix if suffix in FORMATS else WalkState.format)
        return asdict(state)

    def show_walk(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """The values of the controls from a recipe that was read before, and the empty drop zone."""
        return *control_values(read_restored(WalkState, values, "/restore_walk")), None

    def play(self, file: FileData | None, link: str) -> tuple[Any, ...]:
        """The walk in its player, and the slider over its frames: updates of video, picture, slider and frame."""
        if path_of(file) is None:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip()
        state, walk, generator = self._walk_of(link)
        count = self._walker.num_frames(generator, walk)
        is_picture = state.format in SHOWN_AS_PICTURE
        video = gr.update(value=file if state.format == "mp4" else None, visible=state.format == "mp4")
        picture = gr.update(value=file if is_picture else None, visible=is_picture)
        slider = gr.update(value=0, maximum=max(count - 1, 1), visible=count > 1)
        first = self._frame(generator, walk, 0)
        return video, picture, slider, gr.update(value=first, visible=count > 1)

    def scrub(self, link: str, index: float) -> FileData:
        """A frame of the walk that was made last."""
        _, walk, generator = self._walk_of(link)
        return self._frame(generator, walk, int(index) if isinstance(index, (int, float)) else 0)

    def first(self, link: str, is_open: str, is_shown: str, *controls: Any) -> Iterator[tuple[Any, Any, Any]]:
        """The results of `interpolate`, if the tab is shown for the first time and no walk was made yet."""
        if link or not is_open or not is_shown:
            yield gr.skip(), gr.skip(), gr.skip()
        else:
            yield from taking(WalkState, self.interpolate)(*controls)

    def length(self, keys: str, frames: int, fps: int, way: str) -> str:
        """The length of the walk, as HTML; empty while a control is wrong."""
        try:
            state = WalkState.check({"keys": keys, "frames": frames, "fps": fps, "way": way})
            walk = state.walk("mnist-gan", None)
        except ValueError as error:
            return html.escape(sentence(error))
        return f"<strong>{walk.seconds:.1f} s</strong> · {walk.num_frames} frames"

    def open(self, query: str) -> tuple[Any, ...]:
        """The values of the controls from the link, and True; a wrong value gives a warning and its default."""
        state, problems = read_query(WalkState, query)
        state = replace(state, model=state.model or default_model())
        try:
            generator_of(self._model_cache, state)
        except ValueError as error:
            problems.append(str(error))
            state = replace(state, model=default_model(), revision=None)
        warn(problems)
        return *control_values(state), "yes"

    def _walk_of(self, link: str) -> tuple[WalkState, Walk, GanGenerator]:
        state, problems = read_query(WalkState, link)
        if problems or state.model is None:
            raise ValueError("make a walk first")
        generator = generator_of(self._model_cache, state)
        return state, state.walk(public_name(generator), generator.revision), generator

    def _frame(self, generator: GanGenerator, walk: Walk, index: int) -> FileData:
        picture = self._walker.frame(generator, walk, index)
        return write_files({f"frame-{index:05d}.png": images.png_bytes(picture)})[0]


def _summary(walk: Walk, count: int, num_bytes: int, seconds: float) -> str:
    stopped = "" if count == walk.num_frames else f" of {walk.num_frames}, stopped"
    return (
        f"<strong>{count} frames{stopped}</strong> · {count / walk.fps:.1f} s · "
        f"{size_text(num_bytes)} · made in {duration(seconds)}"
    )

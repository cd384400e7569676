"""Several photos to a ZIP, for the tab "Stylize"."""

import html
import shutil
import zipfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from gan_hub.page.components.files import FileData, file_data, new_file
from gan_hub.page.server.errors import sentence
from gan_hub.page.server.jobs import StoppedError, Stops, progress, reported
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.server.units import size_text
from gan_hub.page.tabs.stylize.painting_cache import PaintingCache
from gan_hub.page.tabs.stylize.requests import (
    Output,
    SavingControls,
    StylizeRequest,
    encode_result,
    read_output,
    read_request,
    read_upload,
)
from gan_hub.painting.photos import PhotoError
from gan_hub.recipes.archives import ZIP_DATE

MAX_PHOTOS = 50


class BatchHandlers:
    """The event handlers of the batch; the docstrings of the public endpoints become the API's schema."""

    def __init__(self, model_cache: ModelCache, painting_cache: PaintingCache) -> None:
        self._model_cache, self._painting_cache = model_cache, painting_cache
        self._stops = Stops()

    def stylize_batch(
        self, photos: list[FileData] | None, controls: SavingControls, job: str = ""
    ) -> Iterator[tuple[FileData | None, str]]:
        """Paint several photos into a ZIP. One that can't be painted is named with the reason, and left out.

        Args:
            photos: up to 50; of each what /stylize takes.
            controls: as in /stylize.
            job: a name that nobody else guesses, for /stop_batch; empty if it need not be stopped.

        Returns:
            the ZIP, none while it is being made; how far it is, at last what was left out and why, as HTML.
        """
        output = read_output(self._model_cache, controls)
        request = read_request(self._model_cache, controls)
        photos = photos if isinstance(photos, list) else []
        if not 1 <= len(photos) <= MAX_PHOTOS:
            raise ValueError(f"{len(photos)} photos are not possible; choose from 1 to {MAX_PHOTOS}")
        path = new_file(f"{request.name}.zip")
        try:
            yield from self._into_zip(path, photos, request, output, self._stops.of(job))
        except BaseException:  # GeneratorExit too: nobody waits for it any more
            shutil.rmtree(path.parent, ignore_errors=True)
            raise

    def stop_batch(self, job: str) -> str:
        """End a batch early; what is painted already comes in its ZIP.

        Args:
            job: as it was given to /stylize_batch.

        Returns:
            that it will end; the batch itself says when it has.
        """
        self._stops.add(job)
        return "stopping"

    def _into_zip(
        self,
        path: Path,
        photos: list[FileData],
        request: StylizeRequest,
        output: Output,
        is_to_stop: Callable[[], bool],
    ) -> Iterator[tuple[FileData | None, str]]:
        names: set[str] = set()
        problems: list[str] = []
        is_stopped = False
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for number, photo in enumerate(photos):
                try:
                    stem, data = yield from self._one(photo, request, output, is_to_stop, (number, len(photos)))
                except StoppedError:
                    is_stopped = True
                    break
                except PhotoError as error:
                    problems.append(f"{_name(photo)} is left out: {error}")
                    continue
                name = _free(f"{stem}-{request.name}", output.suffix, names)
                archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), data)
        if not names and not is_stopped:
            raise ValueError(problems[0] if len(problems) == 1 else f"none of them can be painted; {problems[0]}")
        words = f"<strong>{len(names)} of {len(photos)} painted</strong>" + (" · stopped" if is_stopped else "")
        if not names:
            shutil.rmtree(path.parent, ignore_errors=True)
            yield None, words
            return
        told = "".join(f"<br>{html.escape(sentence(ValueError(problem)))}" for problem in problems)
        yield file_data(path), f"{words}, {size_text(path.stat().st_size)}{told}"

    def _one(
        self,
        photo: FileData,
        request: StylizeRequest,
        output: Output,
        is_stopped: Callable[[], bool],
        place: tuple[int, int],
    ) -> Generator[tuple[None, str], None, tuple[str, bytes]]:
        """Paint one photo; returns the start of its name and its file."""

        def shown(share: float) -> tuple[None, str]:
            number, count = place
            return None, progress((number + share) / count, f"{number + 1} of {count}")

        data, digest, stem = read_upload(photo)
        painted = yield from reported(self._painting_cache.paint(request.painting_key(digest), data, is_stopped), shown)
        saving = self._painting_cache.worker.watched(
            lambda report: encode_result(painted, request, output, report), is_stopped
        )
        made, _ = yield from reported(saving, shown)
        return stem, made


def _free(stem: str, suffix: str, names: set[str]) -> str:
    """Reserve a name that is still free, whatever the case of its letters."""
    number = 1
    while True:
        name = f"{stem}.{suffix}" if number == 1 else f"{stem}-{number}.{suffix}"
        if name.casefold() not in names:
            names.add(name.casefold())
            return name
        number += 1


def _name(photo: FileData) -> str:
    """The name of the photo on the visitor's machine."""
    return Path(str(photo.get("orig_name") or "a photo")).name[:80]

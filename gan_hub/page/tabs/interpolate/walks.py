"""A cache of walks: they are made in a thread that can be stopped, and their frames are kept a while for the slider."""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import islice

from PIL import Image

from gan_hub import images
from gan_hub.generator import GanGenerator
from gan_hub.page.server.jobs import Worker
from gan_hub.recipes.walk import Walk, encode_walk, frames

CAPACITY_BYTES = 96 * 1024**2


@dataclass
class Made:
    """A walk that was made.

    Attributes:
        generator: that made it: the same walk of a folder that was trained on is another one.
        pictures: its frames, as large as the generator makes them.
        files: whole ones, by format.
    """

    generator: "weakref.ref[GanGenerator]"
    pictures: list[Image.Image]
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def num_bytes(self) -> int:
        """The memory that it takes, approximately."""
        of_one = sum(picture.width * picture.height * len(picture.getbands()) for picture in self.pictures[:1])
        return of_one * len(self.pictures) + sum(map(len, self.files.values()))


class Walker:
    """Makes one walk at a time, and keeps the files and frames of the newest ones.

    Args:
        capacity: bytes to keep.
    """

    def __init__(self, capacity: int = CAPACITY_BYTES) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, Made] = OrderedDict()
        self._lock = threading.Lock()
        self._worker = Worker()

    def make(
        self,
        generator: GanGenerator,
        walk: Walk,
        format: str,  # noqa: A002
        is_stopped: Callable[[], bool],
    ) -> Generator[float, None, tuple[bytes, int]]:
        """Make the file of a walk unless it is cached; yields the progress every now and then.

        Args:
            generator: of the walk.
            walk: to make.
            format: of `video.FORMATS`.
            is_stopped: asked before each frame but the first; the walk ends there, and the file is whole.

        Returns:
            the file, and how many frames it shows.
        """
        found = self._find(generator, walk)
        if found and format in found.files:
            return found.files[format], len(found.pictures)
        kept: list[Image.Image] = []

        def through(pictures: Iterator[Image.Image]) -> Iterator[Image.Image]:
            for picture in pictures:
                if kept and is_stopped():
                    return
                kept.append(picture)
                yield picture

        data = yield from self._worker.watched(
            lambda report: encode_walk(
                generator, walk, format, lambda count: report(count / walk.num_frames), through=through
            )
        )
        is_whole = len(kept) == walk.num_frames
        before = found.files if found else {}
        self._keep(walk, Made(weakref.ref(generator), kept, {**before, format: data} if is_whole else {}))
        return data, len(kept)

    def frame(self, generator: GanGenerator, walk: Walk, index: int) -> Image.Image:
        """One frame in the size of the file; made again if it is no longer cached."""
        found = self._find(generator, walk)
        kept = found.pictures if found else []
        if 0 <= index < len(kept):
            picture = kept[index]
        else:
            picture = next(islice(frames(generator, walk), min(max(index, 0), walk.num_frames - 1), None))
        return images.enlarged(picture, *images.fitted(picture.size, walk.size))

    def _find(self, generator: GanGenerator, walk: Walk) -> Made | None:
        with self._lock:
            found = self._kept.get(walk.to_json())
            if found is None or found.generator() is not generator:
                return None
            self._kept.move_to_end(walk.to_json())
            return found

    def _keep(self, walk: Walk, made: Made) -> None:
        with self._lock:
            self._kept[walk.to_json()] = made
            self._kept.move_to_end(walk.to_json())
            while self._kept and sum(each.num_bytes for each in self._kept.values()) > self._capacity:
                self._kept.popitem(last=False)

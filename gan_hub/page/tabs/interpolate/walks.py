"""A cache of walks: they are made in a thread that can be stopped, and their frames are kept a while for the slider."""

import weakref
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import islice

from PIL import Image

from gan_hub import images
from gan_hub.generator import GanGenerator
from gan_hub.page.server.bounded_cache import BoundedCache
from gan_hub.page.server.jobs import Worker
from gan_hub.recipes.walk import Walk, encode_walk, frames

CAPACITY_BYTES = 96 * 1024**2


@dataclass
class Made:
    """A walk that was made.

    Attributes:
        pictures: its frames, as large as the generator makes them.
        files: whole ones, by format.
    """

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
        # By the generator too: the same walk of a folder that was trained on is another one.
        self._kept: BoundedCache[tuple[Walk, weakref.ref[GanGenerator]], Made] = BoundedCache(
            capacity, lambda made: made.num_bytes
        )
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
        key = (walk, weakref.ref(generator))
        found = self._kept.get(key)
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
        made = Made(kept, {**before, format: data} if is_whole else {})
        if made.num_bytes <= self._capacity:
            self._kept.put(key, made)
        return data, len(kept)

    def num_frames(self, generator: GanGenerator, walk: Walk) -> int:
        """How many frames a walk has: if it was stopped, as many as were made, while they are kept."""
        found = self._kept.get((walk, weakref.ref(generator)))
        return len(found.pictures) if found else walk.num_frames

    def frame(self, generator: GanGenerator, walk: Walk, index: int) -> Image.Image:
        """One frame in the size of the file; made again if it is no longer cached."""
        found = self._kept.get((walk, weakref.ref(generator)))
        kept = found.pictures if found else []
        if 0 <= index < len(kept):
            picture = kept[index]
        else:
            picture = next(islice(frames(generator, walk), min(max(index, 0), walk.num_frames - 1), None))
        return images.enlarged(picture, *images.fitted(picture.size, walk.size))

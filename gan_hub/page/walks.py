"""Walks for the page: made in a thread that can be watched and stopped, their frames kept a while for the slider."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from itertools import islice

from PIL import Image

from gan_hub import images
from gan_hub.generator import GanGenerator
from gan_hub.page.jobs import Worker
from gan_hub.walk import Walk, encode_walk, frames

CAPACITY_BYTES = 96 * 1024**2


class Walker:
    """Makes one walk at a time, and keeps the frames of the newest ones.

    Args:
        capacity: bytes of frames to keep.
    """

    def __init__(self, capacity: int = CAPACITY_BYTES) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, list[Image.Image]] = OrderedDict()
        self._lock = threading.Lock()
        self._worker = Worker()

    def make(
        self,
        generator: GanGenerator,
        walk: Walk,
        format: str,  # noqa: A002
        is_stopped: Callable[[], bool],
    ) -> Generator[float, None, tuple[bytes, int]]:
        """Make a file; yields the share that is done, every now and then.

        Args:
            generator: of the walk.
            walk: to make.
            format: of `video.FORMATS`.
            is_stopped: asked before each frame but the first; the walk ends there, and the file is whole.

        Returns:
            the file, and how many frames it shows.
        """
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
        self._keep(walk.to_json(), kept)
        return data, len(kept)

    def frame(self, generator: GanGenerator, walk: Walk, index: int) -> Image.Image:
        """One frame as large as the file shows it; made anew if it is no longer there."""
        with self._lock:
            kept = self._kept.get(walk.to_json(), [])
        if 0 <= index < len(kept):
            picture = kept[index]
        else:
            picture = next(islice(frames(generator, walk), min(max(index, 0), walk.num_frames - 1), None))
        return images.enlarged(picture, *images.fitted(picture.size, walk.size))

    def _keep(self, name: str, pictures: list[Image.Image]) -> None:
        with self._lock:
            self._kept[name] = pictures
            self._kept.move_to_end(name)
            while self._kept and sum(map(_num_bytes, self._kept.values())) > self._capacity:
                self._kept.popitem(last=False)


def _num_bytes(pictures: list[Image.Image]) -> int:
    return sum(picture.width * picture.height * len(picture.getbands()) for picture in pictures[:1]) * len(pictures)

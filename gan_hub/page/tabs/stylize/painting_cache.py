"""Painting for the page, in a thread that can be watched and stopped at any tile; what was painted stays a while."""

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from PIL import Image

from gan_hub.page.server.bounded_cache import BoundedCache
from gan_hub.page.server.jobs import Report, Worker
from gan_hub.painting.blending import Painting
from gan_hub.painting.photos import encode_photo, open_photo
from gan_hub.stylizer import PhotoStylizer

AUTO_SIDE = 1024  # at which a photo is seen by default: strokes that fill a screen, not a pixel of a camera
TILE_SIZE = 1024  # at most: painting ends within a tile, a third of a second, when a visitor stops it or leaves
PREVIEW_SIDE = 1600
PREVIEW_QUALITY = 88

CAPACITY_BYTES = 512 * 1024**2
KEEP_SECONDS = 3600.0  # as long as a visitor's files


@dataclass(frozen=True)
class PaintingKey:
    """What is painted, and all that the painting depends on; equal keys have equal paintings.

    Attributes:
        photo: SHA-256 of the file.
        stylizer: by identity: one that is loaded anew is another one.
        detail: "auto" or per cent, as in `gan_hub.recipes.links.DETAILS`.
        seed: of the strokes.
        max_side: None = as large as the photo.
    """

    photo: str
    stylizer: PhotoStylizer
    detail: str
    seed: int
    max_side: int | None


@dataclass(frozen=True)
class Painted:
    """A painting, and what is shown of it.

    Attributes:
        painting: of full size.
        preview: the same for a screen.
        before: JPEG of the photo as large as the preview.
        seconds: that painting took.
    """

    painting: Painting
    preview: Painting
    before: bytes
    seconds: float

    def after(self, *, strength: float, keep_colors: bool) -> bytes:
        """JPEG of the result as large as the preview."""
        return encode_photo(self.preview.blended(strength=strength, keep_colors=keep_colors), "jpeg", PREVIEW_QUALITY)

    @property
    def num_bytes(self) -> int:
        """Memory that it takes, about."""
        width, height = self.painting.size
        return 7 * width * height + 7 * self.preview.size[0] * self.preview.size[1]


class PaintingCache:
    """Paints one photo at a time, and keeps what it painted last.

    Args:
        capacity: bytes to keep; the newest painting is kept however large it is.

    Attributes:
        worker: that paints, free for other work with paintings.
    """

    def __init__(self, capacity: int = CAPACITY_BYTES) -> None:
        self._kept: BoundedCache[PaintingKey, Painted] = BoundedCache(
            capacity, lambda painted: painted.num_bytes, lifetime=lambda _: KEEP_SECONDS
        )
        self._lock = threading.Lock()
        self._sweeper: threading.Timer | None = None
        self.worker = Worker()

    def find(self, key: PaintingKey) -> Painted | None:
        """What was painted for an equal key, if it is still there."""
        return self._kept.get(key)

    def paint(
        self, key: PaintingKey, data: bytes, is_stopped: Callable[[], bool] = lambda: False
    ) -> Generator[float, None, Painted]:
        """Paint a photo, unless it is painted already; yields as `Worker.watched` does.

        Args:
            key: whose `photo` is the digest of `data`.
            data: the photo's file.
            is_stopped: see `Worker.watched`.

        Raises:
            PhotoError: the photo can't be painted.
            StoppedError: `is_stopped` said so.
        """
        found = self.find(key)
        if found is None:
            found = yield from self.worker.watched(lambda report: _paint(key, data, report), is_stopped)
            self._kept.put(key, found)
            self._sweep_later()
        return found

    def _sweep_later(self) -> None:
        """Let what is too old go even if nobody comes any more."""
        with self._lock:
            if self._sweeper is None:
                self._sweeper = threading.Timer(KEEP_SECONDS / 4, self._sweep)
                self._sweeper.daemon = True
                self._sweeper.start()

    def _sweep(self) -> None:
        with self._lock:
            self._sweeper = None
        if self._kept.drop_old():
            self._sweep_later()


def detail_of(detail: str, photo: Image.Image, max_side: int | None) -> float:
    """The part of its side at which a photo is painted, in (0, 1].

    Args:
        detail: see `PaintingKey`.
        photo: decoded.
        max_side: to which it is reduced first.
    """
    if detail != "auto":
        return int(detail) / 100
    return min(1.0, AUTO_SIDE / min(max(photo.size), max_side or max(photo.size)))


def _paint(key: PaintingKey, data: bytes, report: Report) -> Painted:
    started = time.perf_counter()
    photo = open_photo(data)
    painting = key.stylizer.paint(
        photo,
        detail=detail_of(key.detail, photo, key.max_side),
        seed=key.seed,
        max_side=key.max_side,
        tile_size=min(TILE_SIZE, int(key.stylizer.network.tile_size)),  # type: ignore[arg-type]
        on_progress=report,
    )
    painting = replace(painting, photo=replace(painting.photo, exif=None))  # nothing private is kept
    preview = painting.reduced(PREVIEW_SIDE)
    before = encode_photo(preview.blended(strength=0.0), "jpeg", PREVIEW_QUALITY)
    return Painted(painting, preview, before, time.perf_counter() - started)

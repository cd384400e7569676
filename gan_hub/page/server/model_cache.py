"""The models in memory, generators and stylizers alike: a bounded number, each loaded once however many ask for it."""

import math
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, wait
from contextlib import nullcontext
from pathlib import Path
from typing import cast

from gan_hub.generator import GanGenerator
from gan_hub.hub import playground
from gan_hub.loading.config import shorten
from gan_hub.loading.device import usable_device
from gan_hub.loading.model_files import COMMIT, REPO_ID, WEIGHTS_FILE, Kind, ModelError, bundled_names
from gan_hub.loading.pretrained import PretrainedModel
from gan_hub.page.server.bounded_cache import BoundedCache
from gan_hub.page.server.disk import DiskCache
from gan_hub.page.server.queues import others_wait
from gan_hub.recipes.names import FOLDER_PREFIX, public_name
from gan_hub.stylizer import PhotoStylizer

CAPACITY = 8
CAPACITY_BYTES = 1024**3
LOAD_SECONDS = 8.0  # how long a visitor waits for the Hub; loading goes on behind, and the next one finds the model
QUEUE_SECONDS = 1.0  # the same, while others wait in the same queue
NUM_LOADS = 4  # from the Hub at a time
MAX_PENDING = 32  # that wait for their turn
REFRESH_SECONDS = 300.0  # how long "the newest commit" is taken to stay the newest

Load = Callable[..., PretrainedModel]
Key = tuple[Load, str, str | None, int]

KINDS: tuple[Kind, ...] = ("generator", "stylizer", "upscaler")


class ModelCache:
    """A bounded, thread-safe cache of models.

    Args:
        allow_folders: open folders of this machine by their path.
        token: for the Hub, as in huggingface_hub; False = public repositories only.
        device: of the models.
        capacity: number of models held at a time.
        place: called with each model once it is on the device; returns the model to hold.
        capacity_bytes: of all weights together; the newest model is held however large it is.
        allowed: repositories that may be opened; None = those of `gan_hub.hub.playground`, or all.
        disk: where repositories are kept; None = in the cache of the Hub.
        load: loads a generator; tests pass another function.
        load_stylizer: loads a stylizer or an upscaler.
    """

    def __init__(
        self,
        *,
        allow_folders: bool,
        token: bool | None = None,
        device: str = "cpu",
        capacity: int = CAPACITY,
        place: Callable[[PretrainedModel], PretrainedModel] = lambda model: model,
        capacity_bytes: int = CAPACITY_BYTES,
        allowed: Collection[str] | None = None,
        disk: DiskCache | None = None,
        load: Callable[..., GanGenerator] = GanGenerator.from_pretrained,
        load_stylizer: Callable[..., PhotoStylizer] = PhotoStylizer.from_pretrained,
    ) -> None:
        self.allow_folders = allow_folders
        self.token = token
        self.device = usable_device(device)
        self._place = place
        self._allowed = playground.allowed() if allowed is None else frozenset(allowed)
        self._disk = disk
        self._loading, self._pending = threading.Semaphore(NUM_LOADS), threading.Semaphore(MAX_PENDING)
        self._load, self._load_stylizer = load, load_stylizer
        self._models: BoundedCache[Key, PretrainedModel] = BoundedCache(
            capacity_bytes, _num_bytes, max_count=capacity, lifetime=_lifetime
        )
        self._coming: dict[Key, Future[PretrainedModel]] = {}
        self._folders: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def get(self, model: str, revision: str | None = None) -> GanGenerator:
        """The generator of that name; loads it if necessary.

        Args:
            model: a bundled name, "org/name", a folder's path if folders are allowed, or the public name
                ("folder:name") of a folder that was opened before.
            revision: branch, tag or commit on the Hub; None = the newest.

        Raises:
            ModelError: it can't be loaded; the message says why.
        """
        return cast(GanGenerator, self._get(self._load, model, revision))

    def stylizer(self, model: str, revision: str | None = None) -> PhotoStylizer:
        """The stylizer or upscaler of that name; arguments and errors are those of `get`."""
        return cast(PhotoStylizer, self._get(self._load_stylizer, model, revision))

    def clear(self) -> None:
        """Drop all models because memory ran out. A model in use is freed when its work is done."""
        self._models.clear()

    def _get(self, load: Load, model: str, revision: str | None) -> PretrainedModel:
        self.check_allowed(model)
        path = self._folder_of(model) if model.startswith(FOLDER_PREFIX) else model
        key = (load, path, revision, self._version(path))
        with self._lock:
            if (found := self._models.get(key)) is not None:
                return found
            is_first = key not in self._coming
            coming = self._coming.setdefault(key, Future())
        if not self._is_remote(path):
            if is_first:
                self._fill(key)
            return coming.result()
        if is_first:  # in a thread of its own: a Hub that is slow shall not hold up everyone in the queue
            if self._pending.acquire(blocking=False):
                threading.Thread(target=self._fetch, args=(key,), daemon=True, name="load").start()
            else:
                self._fail(key, ModelError("too many models are on their way from the Hub; try again in a minute"))
        return _awaited(coming, model)

    def _is_remote(self, path: str) -> bool:
        return bool(REPO_ID.fullmatch(path)) and not (self.allow_folders and Path(path).is_dir())

    def _fetch(self, key: Key) -> None:
        try:
            with self._loading:
                self._fill(key)
        finally:
            self._pending.release()

    def _fail(self, key: Key, error: BaseException) -> None:
        with self._lock:
            coming = self._coming.pop(key)  # so that the next one who asks tries again
        coming.set_exception(error)

    def _fill(self, key: Key) -> None:
        load, path, revision, _ = key
        # What the owner has named may have been put into the Hub's own cache before; the rest is found in the page's.
        is_kept = self._disk is not None and REPO_ID.fullmatch(path) and path not in (self._allowed or ())
        kept = self._disk.using(path) if self._disk and is_kept else nullcontext()
        try:
            with kept as cache_dir:
                more = {} if cache_dir is None else {"cache_dir": cache_dir}
                model = load(path, revision=revision, token=self.token, allow_folders=self.allow_folders, **more)
            model = self._place(model.to(self.device))
        except BaseException as error:
            self._fail(key, error)
            return
        name = public_name(model)
        with self._lock:
            if name.startswith(FOLDER_PREFIX):
                self._folders.setdefault(name, set()).add(path)
            self._models.put(key, model)
            coming = self._coming.pop(key)
        coming.set_result(model)

    def check_allowed(self, model: str) -> None:
        """Raise ModelError if the page's owner does not allow a model of that name."""
        if self._allowed is None or "/" not in model or model in self._allowed:
            return
        if self.allow_folders and Path(model).is_dir():
            return
        others = ", ".join(sorted(self._allowed))
        raise ModelError(f"this page does not open '{shorten(model, 100)}'; choose a bundled model or one of: {others}")

    def _folder_of(self, name: str) -> str:
        """The path of an opened folder by its public name, so that links and recipes work without paths."""
        with self._lock:
            paths = self._folders.get(name, set())
        if len(paths) != 1:
            raise ModelError(
                f"the model is the folder '{shorten(name.removeprefix(FOLDER_PREFIX), 100)}' on the machine of its "
                f"maker; if you have it, type its path as the model"
            )
        return next(iter(paths))

    def _version(self, path: str) -> int:
        """When the weights in a folder were written, so that the page reads them again after a training has saved."""
        if not self.allow_folders or path in bundled_names(*KINDS):
            return 0
        try:
            return (Path(path) / WEIGHTS_FILE).stat().st_mtime_ns
        except (OSError, ValueError):  # no folder, or no possible path: `load` says what is wrong with the name
            return 0


def _lifetime(key: Key) -> float:
    """How long a model is taken to be what its name stands for; a branch of a repository moves."""
    _, path, revision, _ = key
    is_moving = "/" in path and not (revision and COMMIT.fullmatch(revision))
    return REFRESH_SECONDS if is_moving else math.inf


def _awaited(model: "Future[PretrainedModel]", name: str) -> PretrainedModel:
    """Wait for a model; where others wait in the same queue, for at most a second.

    Raises:
        ModelError: it is not loaded in time, or can't be loaded.
    """
    begun = time.monotonic()
    while not model.done():
        waited = time.monotonic() - begun
        if waited > LOAD_SECONDS or (waited > QUEUE_SECONDS and others_wait.get()()):
            raise ModelError(
                f"'{shorten(name, 100)}' is still on its way from the Hub after {waited:.0f} s; ask again in a moment"
            )
        wait([model], 0.1)
    return model.result()


def _num_bytes(model: PretrainedModel) -> int:
    """The bytes of the weights."""
    return sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())

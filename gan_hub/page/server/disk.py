"""The disk cache of the models that visitors ask for: a folder of the page that never grows beyond a bound.

A page that serves only its owner uses the owner's cache of the Hugging Face Hub instead, and deletes nothing there.
"""

import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from huggingface_hub.constants import HF_HUB_CACHE

from gan_hub.loading.config import MAX_PARAMETERS
from gan_hub.loading.hub_cache import delete_repository, repository_folder, repository_folders
from gan_hub.loading.weights import ModelError

CAPACITY_BYTES = 5 * 1000**3
LARGEST_BYTES = 4 * MAX_PARAMETERS  # of one model
FREE_BYTES = 4 * LARGEST_BYTES  # what is left to everyone else


class DiskCache:
    """A cache of repositories from the Hub that deletes the least recently used first, and never one in use.

    Args:
        folder: where the repositories are kept; None = beside the cache of the Hub.
        capacity: bytes to keep, at least one model's.
    """

    def __init__(self, folder: Path | None = None, capacity: int | None = None) -> None:
        gigabytes = float(os.environ.get("GAN_HUB_CACHE_GB", CAPACITY_BYTES / 1000**3))
        self.folder = folder or Path(HF_HUB_CACHE).parent / "gan-hub-page"
        self._capacity = int(gigabytes * 1000**3) if capacity is None else capacity
        self._used: Counter[Path] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def using(self, repo_id: str) -> Iterator[Path]:
        """Protect a repository while it is loaded; makes room before, and restores the bound after.

        Raises:
            ModelError: the disk is full.
        """
        path = repository_folder(self.folder, repo_id)
        with self._lock:
            self._used[path] += 1
            self._trim(max(0, self._capacity - LARGEST_BYTES))
        try:
            self._check_free()
            yield self.folder
        finally:
            with self._lock:
                with suppress(OSError):
                    os.utime(path)  # the next to go is the one that was loaded longest ago
                self._used -= Counter([path])
                self._trim(self._capacity)

    def num_bytes(self) -> int:
        """The number of bytes that the cache takes now."""
        return sum(size for _, size, _ in self._repositories())

    def _check_free(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < FREE_BYTES:
            raise ModelError("the disk of this page is full; use a bundled model")

    def _trim(self, capacity: int) -> None:
        """Delete the oldest repositories until at most `capacity` bytes are left. The caller holds the lock."""
        found = sorted(self._repositories())
        total = sum(size for _, size, _ in found)
        for _, size, path in found:
            if total <= capacity:
                return
            if not self._used[path]:
                delete_repository(path)
                total -= size

    def _repositories(self) -> list[tuple[float, int, Path]]:
        """For each repository: when it was last used, its bytes, and its path."""
        found = []
        for path in repository_folders(self.folder):
            with suppress(OSError):  # it was deleted meanwhile
                used = path.stat().st_mtime
                found.append((used, sum(_size(each) for each in path.rglob("*")), path))
        return found


def _size(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:
        return 0
    return status.st_size if path.is_file() and not path.is_symlink() else 0

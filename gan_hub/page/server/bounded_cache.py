"""A cache of what the page holds in memory: bounded, and dropped when it is too old."""

import math
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import TLRUCache

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """A thread-safe cache that drops the least recently used values until the others fit.

    Args:
        capacity: of all values together, in the unit of `size`; the newest value is kept however large it is.
        size: of a value, measured when it is put in.
        max_count: the number of values, whatever their size.
        lifetime: for how many seconds the value of a key is kept.
    """

    def __init__(
        self,
        capacity: float,
        size: Callable[[Value], float],
        *,
        max_count: float = math.inf,
        lifetime: Callable[[Key], float] = lambda _: math.inf,
    ) -> None:
        self._max_count = max_count
        self._lock = threading.Lock()
        self._values: TLRUCache[Key, Value] = TLRUCache(
            capacity,
            ttu=lambda key, _, now: now + lifetime(key),
            timer=time.monotonic,
            getsizeof=lambda value: min(size(value), capacity),
        )

    def get(self, key: Key) -> Value | None:
        """The value of a key, now the most recently used one; None if there is none."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Keep a value in place of the one that the key has."""
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._max_count:
                self._values.popitem()

    def clear(self) -> None:
        """Drop every value."""
        with self._lock:
            self._values.clear()

    def drop_old(self) -> int:
        """Drop what has outlived its time, which nobody else does until somebody comes; how many values are left."""
        with self._lock:
            self._values.expire()
            return len(self._values)

"""Long work: it runs in a thread, an event reports its progress, and whoever started it can stop it."""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

from cachetools import LRUCache

from gan_hub.page.server.units import duration

TICK_SECONDS = 0.25
MAX_STOPS = 1_000

Report = Callable[[float], None]
T = TypeVar("T")


class StoppedError(Exception):
    """The work was stopped on request."""


class Stops:
    """The names of jobs that are to stop; the oldest names are forgotten."""

    def __init__(self) -> None:
        self._names: LRUCache[str, None] = LRUCache(MAX_STOPS)
        self._lock = threading.Lock()

    def add(self, job: object) -> None:
        """Ask the job of that name to stop; what is no name is ignored."""
        if not (name := _name(job)):
            return
        with self._lock:
            self._names[name] = None

    def of(self, job: object) -> Callable[[], bool]:
        """What tells whether the job of that name is to stop; a job without a name never is."""
        name = _name(job)
        return lambda: bool(name) and name in self._names


def _name(job: object) -> str:
    return job[:100] if isinstance(job, str) else ""


class Worker:
    """Runs one job at a time, in its own thread."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker")

    def watched(
        self, work: Callable[[Report], T], is_stopped: Callable[[], bool] = lambda: False
    ) -> Generator[float, None, T]:
        """Run `work` once the thread is free, and yield its progress every now and then.

        Args:
            work: calls its argument with the share that is done. The call raises `StoppedError` when the work is to
                stop: because this generator was closed and nobody waits any more, or because of `is_stopped`.
            is_stopped: whether the work is to stop; asked before each part of it.

        Returns:
            what `work` returned.
        """
        share = 0.0
        is_left = threading.Event()

        def report(done: float) -> None:
            nonlocal share
            if is_left.is_set() or is_stopped():
                raise StoppedError
            share = done

        def run() -> T:
            report(0.0)
            return work(report)

        future = self._thread.submit(run)
        try:
            while not wait([future], timeout=TICK_SECONDS).done:
                yield share
                if is_stopped() and future.cancel():
                    raise StoppedError
        finally:
            is_left.set()
            future.cancel()
        return future.result()


def reported(work: Generator[float, None, Any], shown: Callable[[float], Any]) -> Generator[Any, None, Any]:
    """Yield `shown(share)` for each share of progress that `work` yields; returns what `work` returns."""
    while True:
        try:
            share = next(work)
        except StopIteration as end:
            return end.value
        try:
            yield shown(share)
        except GeneratorExit:
            work.close()
            raise


def progress(share: float, what: str, seconds: float = 0.0) -> str:
    """A progress bar, as HTML.

    Args:
        share: of the work that is done, from 0 to 1.
        what: the work, in a word such as Painting.
        seconds: that the work has taken so far, from which the remaining time is estimated.
    """
    if share >= 1:
        return '<progress value="1" max="1"></progress> Finishing'
    left = f" · about {duration(seconds * (1 / share - 1))} left" if share > 0.05 and seconds > 2 else ""
    return f'<progress value="{share:.3f}" max="1"></progress> {what} {share:.0%}{left}'

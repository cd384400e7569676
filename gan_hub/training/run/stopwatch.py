"""Wall and processor time of the training itself, with what is not training taken out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Runs from its creation; stands still inside `paused()`.

    Args:
        seconds, cpu_seconds: where it starts, in a run that goes on.
    """

    def __init__(self, seconds: float = 0.0, cpu_seconds: float = 0.0) -> None:
        self._wall, self._cpu = time.perf_counter() - seconds, time.process_time() - cpu_seconds

    @property
    def seconds(self) -> float:
        """Wall seconds so far."""
        return time.perf_counter() - self._wall

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of this process so far, all threads together."""
        return time.process_time() - self._cpu

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out what happens inside."""
        wall, cpu = self.seconds, self.cpu_seconds
        yield
        self._wall, self._cpu = time.perf_counter() - wall, time.process_time() - cpu

"""Ctrl-C that finishes the step on every process before it ends the run."""

import signal
from types import FrameType, TracebackType

import torch
from accelerate import Accelerator


class Interrupt:
    """Takes SIGINT and SIGTERM while it is entered: the first asks the loop to end, a second ends the program at once.

    Attributes:
        requested: the loop was asked to end.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self.requested = False
        self._accelerator = accelerator
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "Interrupt":
        """Take the signals over."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the signals back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True

    def agreed(self) -> bool:
        """Whether any process was asked to end; every process must call it, and all get the same answer."""
        if self._accelerator.num_processes > 1:
            asked = torch.tensor(float(self.requested), device=self._accelerator.device)
            self.requested = bool(self._accelerator.reduce(asked, "sum") > 0)
        return self.requested

"""Signals that finish the step on every process and save before they end the run."""

import signal
import time
from types import FrameType, TracebackType

import torch
from accelerate import Accelerator


class Interrupt:
    """Takes SIGINT, SIGTERM, SIGUSR1 and SIGHUP while entered: the first asks the loop to end; a second SIGINT leaves.

    Batch systems send SIGUSR1 before the time is up, and a terminal that is closed sends SIGHUP, unless the run was
    started with `nohup`. Launchers pass signals on as well as the terminal does,
    so that one Ctrl-C may arrive twice: what follows within a second of the first is taken for the same.

    Attributes:
        requested: the loop was asked to end.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self.requested = False
        self._accelerator = accelerator
        self._previous: dict[int, object] = {}
        self._first = 0.0

    def __enter__(self) -> "Interrupt":
        """Start handling the signals."""
        numbers = {signal.SIGINT, signal.SIGTERM}
        numbers |= {getattr(signal, name) for name in ("SIGUSR1", "SIGHUP") if hasattr(signal, name)}
        for number in numbers:
            if number == getattr(signal, "SIGHUP", None) and signal.getsignal(number) == signal.SIG_IGN:
                continue  # `nohup`: the run is to outlive its terminal
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Restore the previous handlers."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT and time.monotonic() - self._first > 1:
            raise KeyboardInterrupt
        if not self.requested:
            self.requested, self._first = True, time.monotonic()

    def agreed(self) -> bool:
        """Whether any process was asked to end; every process must call it, and all get the same answer."""
        if self._accelerator.num_processes > 1:
            asked = torch.tensor(float(self.requested), device=self._accelerator.device)
            self.requested = bool(self._accelerator.reduce(asked, "sum") > 0)
        return self.requested

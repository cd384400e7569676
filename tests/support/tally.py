"""Counts what passed, says what did not, and prints the line that the programs of tests/stress end in."""

import json
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmarks.measuring import machine

PATIENCE = 5  # times as long as a command allows


class Tally:
    """One command's count.

    Args:
        name: of the command.
        seed: that repeats it; None where nothing is drawn.
    """

    def __init__(self, name: str, seed: int | None = 0) -> None:
        self.name, self.seed = name, seed
        self.passed = self.total = 0
        self.failures: list[str] = []
        self._lock = threading.Lock()

    def check(self, is_right: object, what: str) -> bool:
        """Count one case; `what` says what was wrong with it."""
        with self._lock:
            self.total += 1
            self.passed += bool(is_right)
            if not is_right:
                self.failures.append(what)
        return bool(is_right)

    def finish(self, path: Path | None = None, **facts: Any) -> bool:
        """Print it all, and keep it in a file; returns whether everything passed."""
        for failure in self.failures[:20]:
            print(f"  failed: {failure}")
        shown = {name: round(value, 3) if isinstance(value, float) else value for name, value in facts.items()}
        if shown:
            print(f"  {json.dumps(shown)}")
        seed = "" if self.seed is None else f" (seed {self.seed})"
        print(f"{self.name}: {self.passed} passed / {self.total}{seed}", flush=True)
        if path is not None:
            result = {"name": self.name, "passed": self.passed, "total": self.total, "seed": self.seed, **shown}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                json.dumps({**result, "failures": self.failures[:20], "machine": machine()}, indent=1) + "\n"
            )
        return self.passed == self.total > 0


def be_patient(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command take longer than its figure says, which holds where nothing else runs: tests run anywhere."""
    for name, value in list(vars(module).items()):
        if name.endswith("_SECONDS"):
            monkeypatch.setattr(module, name, PATIENCE * value)

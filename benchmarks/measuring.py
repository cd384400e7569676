"""What the benchmarks share: calls that take turns, processes of their own, tables, and the line about the machine."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import torch
import tyro

from gan_hub.training.loop.environment import hardware, versions

RESULTS = Path(__file__).parent / "results"
DOCS = Path(__file__).parent.parent / "docs"

median = statistics.median


@dataclass(frozen=True)
class Cost:
    """What a call took.

    Attributes:
        wall: seconds that passed.
        cpu: seconds of the processor, of all threads.
        result: what the call returned.
    """

    wall: float
    cpu: float
    result: Any = None


def start(main: Callable[[Any], object], *, one_thread: bool = True) -> None:
    """Run a program with the options of the command line, whose type is that of its argument."""
    if one_thread:
        torch.set_num_threads(1)
    main(tyro.cli(next(iter(get_type_hints(main, include_extras=True).values()))))


def machine() -> str:
    """Processor, threads, load and versions in one line, which stands beside every figure."""
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    return f"{hardware()}, {load}; " + ", ".join(f"{name} {value}" for name, value in versions().items())


def cost(function: Callable[[], object]) -> Cost:
    """What one call takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = function()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, result)


def in_turns(functions: Mapping[str, Callable[[], object]], rounds: int, num_warm_up: int = 1) -> dict[str, list[Cost]]:
    """What each call takes in each round, after rounds that do not count."""
    costs: dict[str, list[Cost]] = {name: [] for name in functions}
    for number in range(-num_warm_up, rounds):
        for name, function in functions.items():
            taken = cost(function)
            if number >= 0:
                costs[name].append(taken)
    return costs


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median, least and most, such as "1.03 (0.96 to 1.20)"."""
    middle, least, most = (f"{value:.{digits}f}" for value in (median(values), min(values), max(values)))
    return f"{middle} ({least} to {most})"


def line(*cells: object) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(f'{cell:.3g}' if isinstance(cell, float) else str(cell) for cell in cells)} |"


def print_row(*cells: object) -> None:
    """Print a row of a table at once."""
    print(line(*cells), flush=True)


def print_header(*cells: str) -> None:
    """Print the head of a table."""
    print(f"{line(*cells)}\n|{'---|' * len(cells)}", flush=True)


def write_json(path: Path, facts: object) -> None:
    """Keep facts in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def from_own_process(module: str, *words: object, environment: Mapping[str, str] = os.environ) -> Any:
    """What a module of this folder prints last, as JSON, when it runs with these words, one thread for OpenMP."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *map(str, words)],
        env={**environment, "OMP_NUM_THREADS": "1"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])

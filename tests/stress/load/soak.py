"""C2: requests without end; memory, open files and threads stay what they are."""

import random
import statistics
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.stress.load.requests import ask, fingerprint, mixture
from tests.support.page_server import Caller, PageProcess, in_threads
from tests.support.tally import Tally

MAX_SLOPE = 2.0  # megabytes for a thousand requests
DISTINCT = 200
CLIENTS = 4
BLOCKS = 50  # after each of which is measured


@dataclass(frozen=True)
class Soak:
    """Many in a row."""

    requests: int = 20_000
    warm_up: int = 2_000
    """Requests before memory is watched."""
    seed: int = 0
    json: Path | None = None


def main(options: Soak) -> bool:
    """Run it; returns whether everything passed."""
    rng = random.Random(options.seed)
    tally = Tally("soak", options.seed)
    good = [each for each in mixture(rng, DISTINCT) if each.endpoint in ("sample", "neighbours", "grid", "stylize")]
    golden: dict[int, str] = {}
    measured: list[tuple[float, float, int, int]] = []
    size = max(1, options.requests // BLOCKS)
    with PageProcess() as page:
        clients = [Caller(page.url, timeout=600) for _ in range(CLIENTS)]

        def one(choice: int, thread: int) -> str:
            return fingerprint(clients[thread], good[choice], ask(clients[thread], good[choice]))

        for block in range(options.requests // size):
            choices = [rng.randrange(len(good)) for _ in range(size)]
            for choice, result in zip(choices, in_threads(CLIENTS, one, choices)):
                is_right = result == golden.setdefault(choice, result) and len(str(result)) == 64
                tally.check(is_right, f"{good[choice].endpoint}: {str(result)[:200]}")
            measured.append(((block + 1) * size, page.memory(), page.num_files(), page.num_threads()))
        watched = [each for each in measured if each[0] > options.warm_up] or measured
        counts, memory, files, threads = (np.array(column, dtype=float) for column in zip(*watched))
        slope = float(np.polyfit(counts / 1000, memory, 1)[0]) if len(watched) > 2 else 0.0
        half = len(files) // 2 or 1
        tally.check(slope <= MAX_SLOPE, f"memory rises by {slope:.2f} MB for a thousand requests")
        for name, column in (("open files", files), ("threads", threads)):
            rise = statistics.median(column[-half:]) - statistics.median(column[:half])
            tally.check(rise <= 3, f"{name} rose from {column[:half]} to {column[-half:]}")
        tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-1500:]}")
        for client in clients:
            client.http.close()
    return tally.finish(
        options.json,
        mb_per_1000_requests=slope,
        memory_mb=[round(each[1]) for each in measured[:: max(1, len(measured) // 20)]],
        open_files=[each[2] for each in measured[:: max(1, len(measured) // 10)]],
        threads=[each[3] for each in measured[:: max(1, len(measured) // 10)]],
    )

"""C1: hundreds of callers at once on every tab, some of them wrong; each gets what it would get alone."""

import random
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from tests.stress.load.requests import ask, bad, fingerprint, mixture
from tests.support.page_server import Answer, Caller, Liveness, PageProcess, in_threads
from tests.support.tally import Tally

DISTINCT = 60
BAD_SHARE = 0.05


@dataclass(frozen=True)
class Callers:
    """Many at once."""

    clients: int = 200
    requests: int = 1000
    seed: int = 0
    json: Path | None = None


def main(options: Callers) -> bool:
    """Run it; returns whether everything passed."""
    rng = random.Random(options.seed)
    tally = Tally("callers", options.seed)
    good = mixture(rng, min(DISTINCT, options.requests))
    with PageProcess() as page:
        with Caller(page.url) as alone:
            started = time.perf_counter()
            golden = [fingerprint(alone, wanted, ask(alone, wanted)) for wanted in good]
            seconds_alone = (time.perf_counter() - started) / len(good)
        for wanted, wish in zip(golden, good):
            tally.check(len(wanted) == 64, f"{wish.endpoint} alone: {wanted}")
        choices = [None if rng.random() < BAD_SHARE else rng.randrange(len(good)) for _ in range(options.requests)]
        wrong = [bad(rng) for _ in choices]
        clients = [Caller(page.url, timeout=600) for _ in range(options.clients)]

        def one(place: int, thread: int) -> tuple[Answer, str]:
            choice = choices[place]
            wanted = wrong[place] if choice is None else good[choice]
            answer = ask(clients[thread], wanted)
            return answer, fingerprint(clients[thread], wanted, answer)

        started = time.perf_counter()
        with Liveness(page.url, every=0.5) as liveness:
            results = in_threads(options.clients, one, list(range(options.requests)))
        wall = time.perf_counter() - started
        for choice, result in zip(choices, results):
            if isinstance(result, Exception):
                tally.check(False, repr(result))
            elif choice is None:
                tally.check(result[0].is_sentence, f"a wrong request: {result[0]}")
            else:
                tally.check(result[1] == golden[choice], f"{good[choice].endpoint}: {result[1][:200]}")
        tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-1500:]}")
        tally.check(not liveness.failures, f"/config failed {liveness.failures} times")
        waits = [result[0].seconds for result in results if not isinstance(result, Exception)]
        for client in clients:
            client.http.close()
    return tally.finish(
        options.json,
        clients=options.clients,
        requests=options.requests,
        wall_s=wall,
        median_wait_s=statistics.median(waits),
        longest_wait_s=max(waits),
        alone_s_per_request=seconds_alone,
        together_s_per_request=wall / options.requests,
        config_p99_s=liveness.quantile(0.99),
    )

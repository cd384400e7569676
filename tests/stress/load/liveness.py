"""C8: `/config` every tenth of a second while others send photos that are none, hostile names, and real work."""

import random
from dataclasses import dataclass
from pathlib import Path

from tests.stress.attack.bad_images import FAMILIES
from tests.stress.attack.images import painted
from tests.stress.load.requests import ask, bad, mixture
from tests.support.page_server import Caller, Liveness, PageProcess, in_threads
from tests.support.tally import Tally

MAX_SECONDS = 1.0


@dataclass(frozen=True)
class Lively:
    """Whether the page answers meanwhile."""

    requests: int = 400
    clients: int = 20
    seed: int = 0
    json: Path | None = None


def main(options: Lively) -> bool:
    """Run it; returns whether everything passed."""
    rng = random.Random(options.seed)
    tally = Tally("liveness", options.seed)
    good = mixture(rng, 40)
    with PageProcess() as page:
        clients = [Caller(page.url, timeout=600) for _ in range(options.clients)]

        def one(number: int, thread: int) -> None:
            stream = random.Random(f"{options.seed} {number}")
            if number % 3 == 0:
                painted(clients[thread], FAMILIES[number // 3 % len(FAMILIES)](stream))
            else:
                ask(clients[thread], bad(stream) if number % 3 == 1 else stream.choice(good))

        with Liveness(page.url) as liveness:
            results = in_threads(options.clients, one, list(range(options.requests)))
        for result in results:
            tally.check(result is None, repr(result))
        for seconds in liveness.seconds:
            tally.check(seconds <= 5 * MAX_SECONDS, f"/config took {seconds:.2f} s")
        tally.check(not liveness.failures, f"/config failed {liveness.failures} times")
        tally.check(liveness.quantile(0.99) <= MAX_SECONDS, f"of 100, one took {liveness.quantile(0.99):.2f} s")
        for client in clients:
            client.http.close()
    facts = {f"p{round(100 * share)}_s": liveness.quantile(share) for share in (0.5, 0.9, 0.99, 1.0)}
    return tally.finish(options.json, asked=len(liveness.seconds), **facts)

"""C9: the server is killed under load, again and again; it is up within seconds, and what it had on disk is whole."""

import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2
from safetensors.torch import save

from tests.stress.attack.bad_repos import CONFIG, right_weights, text
from tests.stress.load.requests import ask, fingerprint, painting, sample
from tests.support.hub_server import LoopbackHub
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

MAX_SECONDS = 15.0
REPOS = 40


@dataclass(frozen=True)
class Restart:
    """Kills."""

    kills: int = 100
    seed: int = 0
    json: Path | None = None


def main(options: Restart) -> bool:
    """Run it; returns whether everything passed."""
    rng = random.Random(options.seed)
    tally = Tally("restart", options.seed)
    hub = LoopbackHub().start()
    for number in range(REPOS):
        hub.add(f"some/r{number}", {"config.json": text(CONFIG), "model.safetensors": save(right_weights())})
    wishes = [sample(1), painting(1), sample(2, "some/r0")]
    page = PageProcess(hub=hub.url).start()
    slowest = 0.0
    with Caller(page.url) as caller:
        golden = [fingerprint(caller, wish, ask(caller, wish)) for wish in wishes]
    for kill in range(options.kills):
        end = threading.Event()

        def load(number: int, end: threading.Event = end) -> None:
            stream = random.Random(f"{options.seed} {number}")
            with Caller(page.url, timeout=30) as visitor:
                while not end.is_set():
                    try:
                        ask(
                            visitor,
                            stream.choice([sample(stream.randrange(99), f"some/r{stream.randrange(REPOS)}"), *wishes]),
                        )
                    except (httpx2.HTTPError, ValueError, KeyError):
                        return

        visitors = [threading.Thread(target=load, args=(4 * kill + each,)) for each in range(4)]
        for visitor in visitors:
            visitor.start()
        time.sleep(rng.uniform(0.1, 1.5))
        page.process.kill()
        page.process.wait()
        end.set()
        for visitor in visitors:
            visitor.join()
        started = time.perf_counter()
        page.start()
        with Caller(page.url) as caller:
            first = fingerprint(caller, wishes[0], ask(caller, wishes[0]))
            seconds = time.perf_counter() - started
            slowest = max(slowest, seconds)
            hashes = [first, *(fingerprint(caller, wish, ask(caller, wish)) for wish in wishes[1:])]
            tally.check(hashes == golden and seconds <= MAX_SECONDS, f"kill {kill}: {seconds:.1f} s, {hashes}")
    with Caller(page.url) as caller:
        for number in range(REPOS):
            answer = ask(caller, sample(2, f"some/r{number}"))
            tally.check(fingerprint(caller, sample(2), answer) != "", f"some/r{number} is not whole: {answer.error}")
            tally.check(answer.error is None, f"some/r{number} is not whole: {answer.error}")
    page.__exit__()
    hub.shutdown()
    return tally.finish(options.json, slowest_start_s=slowest)

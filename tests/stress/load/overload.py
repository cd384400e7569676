"""C3: five times as many callers as may wait; those who may not are told so at once, the others are served."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stress.load.requests import sample
from tests.support.page_server import Caller, PageProcess, in_threads, last_event
from tests.support.tally import Tally

THREADS = 32
MAX_SECONDS = 1.0


@dataclass(frozen=True)
class Overload:
    """More than fit into the queue."""

    times: float = 5.0
    json: Path | None = None


def main(options: Overload) -> bool:
    """Run it; returns whether everything passed."""
    from gan_hub.page.launch import QUEUE_SIZE

    tally = Tally("overload", None)
    number = int(options.times * QUEUE_SIZE)
    with PageProcess() as page:
        clients = [Caller(page.url, timeout=600) for _ in range(THREADS)]
        path = "/gradio_api/call/sample"
        clients[0].call("sample", list(sample(0, count=64).data))

        def join(seed: int, thread: int) -> tuple[int, Any, float]:
            started = time.perf_counter()
            response = clients[thread].http.post(path, json={"data": list(sample(seed, count=64).data)})
            return response.status_code, response.json(), time.perf_counter() - started

        asked = in_threads(THREADS, join, list(range(number)))
        accepted = [answer["event_id"] for status, answer, _ in asked if status == 200]
        refused = [(answer, seconds) for status, answer, seconds in asked if status == 503]
        tally.check(len(accepted) + len(refused) == number, f"{len(accepted)} + {len(refused)} are not {number}")
        tally.check(len(refused) > 0, "nobody was refused")
        for answer, seconds in refused:
            words = str(answer.get("detail"))
            tally.check("full" in words and seconds <= MAX_SECONDS, f"{words} after {seconds:.2f} s")

        def finish(event: str, thread: int) -> str:
            return last_event(clients[thread].http.get(f"{path}/{event}").text)[0]

        for kind in in_threads(THREADS, finish, accepted):
            tally.check(kind == "complete", f"an accepted event ended with {kind!r}")
        slowest = max((seconds for _, seconds in refused), default=0.0)
        for client in clients:
            client.http.close()
    return tally.finish(
        options.json, sent=number, accepted=len(accepted), refused=len(refused), slowest_refusal_s=slowest
    )

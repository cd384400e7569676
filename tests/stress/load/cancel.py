"""C6: callers who leave in the middle; the lane is free within a second or a tile, and nothing is left behind."""

import random
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2

from gan_hub.page.tabs.stylize.painting_cache import TILE_SIZE
from tests.stress.attack.bad_images import picture, saved
from tests.stress.load.requests import ask, fingerprint, painting, sample, walk
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

MAX_SECONDS = 1.0
# What takes many seconds unless it is stopped, and what waits in the same lane.
QUICK = {"sample": sample(3), "interpolate": walk(3), "stylize": painting(3)}


@dataclass(frozen=True)
class Cancel:
    """Callers who leave."""

    calls: int = 500
    seed: int = 0
    json: Path | None = None


def long_request(caller: Caller, endpoint: str, number: int) -> list[object]:
    """Arguments of something that takes long, and that nobody has asked for before."""
    if endpoint == "sample":
        return ["emoji-gan", "", 64 * number, 64, 8, 1.0, ""]
    if endpoint == "interpolate":
        keys = ",".join(str(number * 50 + key) for key in range(40))
        return ["emoji-gan", "", keys, 50, 30, "slerp", "linear", "once", False, 256, 0, "mp4", ""]
    photo = caller.upload("large.jpg", saved(picture(random.Random(number), size=(3000, 2400)), "JPEG"))
    return [photo, "monet", 100, False, "100", number, 0, "jpeg", 90, False]


def leave(page: PageProcess, endpoint: str, data: list[object], rng: random.Random) -> str:
    """Start an event, read its stream for a while, and go; returns how."""
    way = rng.choice(["disconnect", "disconnect", "cancel"])
    session = f"s{rng.randrange(10**9)}"
    patience = httpx2.Timeout(60, read=rng.uniform(0.02, 1.2))
    with httpx2.Client(base_url=page.url, timeout=60) as http:
        body = {"data": data, "session_hash": session}
        event = http.post(f"/gradio_api/call/{endpoint}", json=body).json()["event_id"]
        try:
            with http.stream("GET", f"/gradio_api/call/{endpoint}/{event}", timeout=patience) as stream:
                for number, _ in enumerate(stream.iter_lines()):
                    if number > rng.randrange(9):
                        break
        except httpx2.ReadTimeout:
            pass
        if way == "cancel":
            http.post(
                "/gradio_api/cancel", json={"session_hash": session, "fn_index": 0, "event_id": event}, timeout=30
            )
    return way


def main(options: Cancel) -> bool:
    """Run it; returns whether everything passed."""
    rng = random.Random(options.seed)
    tally = Tally("cancel", options.seed)
    waits: list[float] = []
    with PageProcess() as page, Caller(page.url) as caller:
        golden, usual = {}, {}
        for endpoint, wanted in QUICK.items():
            answers = [ask(caller, wanted) for _ in range(6)]
            golden[endpoint] = fingerprint(caller, wanted, answers[-1])
            usual[endpoint] = max(answer.seconds for answer in answers[1:])
        # What can't be interrupted is one tile; on a machine that others use too it takes longer than a second.
        tile = saved(picture(rng, size=(TILE_SIZE, TILE_SIZE)), "PNG")
        step = ask(caller, replace(painting(0), photo=tile)).seconds
        limit = max(MAX_SECONDS, step)
        calm = page.num_threads(), page.num_files()
        for number in range(options.calls):
            endpoint = rng.choice(sorted(QUICK))
            way = leave(page, endpoint, long_request(caller, endpoint, number), rng)
            answer = ask(caller, QUICK[endpoint])
            waits.append(answer.seconds - usual[endpoint])
            is_right = fingerprint(caller, QUICK[endpoint], answer) == golden[endpoint]
            tally.check(
                is_right and waits[-1] <= limit,
                f"{number}: after {way} of {endpoint} the next one waited {waits[-1]:.2f} s; {answer.error}",
            )
        time.sleep(2)
        busy = cpu_seconds(page)
        time.sleep(2)
        busy = (cpu_seconds(page) - busy) / 2
        tally.check(busy < 0.5, f"the page still works: {busy:.2f} of a core")
        tally.check(caller.http.get("/health").json()["waiting"] == 0, "someone still waits")
        threads, files = page.num_threads() - calm[0], page.num_files() - calm[1]
        tally.check(threads <= 8, f"{threads} threads more than before")  # Gradio's pool grows to its size
        tally.check(files <= 8, f"{files} open files more than before")
        tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-2500:]}")
    return tally.finish(
        options.json,
        median_wait_s=statistics.median(waits),
        longest_wait_s=max(waits),
        share_within_a_second=sum(wait <= MAX_SECONDS for wait in waits) / len(waits),
        a_tile_s=step,
        more_threads=threads,
        more_files=files,
        busy_cores=busy,
    )


def cpu_seconds(page: PageProcess) -> float:
    """That the process has worked."""
    fields = Path(f"/proc/{page.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100

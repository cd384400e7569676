"""A1: bad images through the running page; each is answered with a sentence in seconds, in bounded memory."""

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

from tests.stress.attack.bad_images import BAD, FAMILIES, picture, saved
from tests.support.page_server import Answer, Caller, Liveness, PageProcess
from tests.support.tally import Tally

STYLE = "monet"
MAX_SECONDS, MAX_MEGABYTES, LIVE_SECONDS = 5.0, 500.0, 1.0
NAMES = ("photo.jpg", "photo.png", "../../x.webp", "x\0.gif", "photo", "<img src=x>.png", "a" * 300 + ".tiff")


@dataclass(frozen=True)
class Images:
    """Bad images through the API."""

    n: int = 1000
    seed: int = 0
    json: Path | None = None


def painted(caller: Caller, data: bytes, name: str = "photo.png") -> Answer:
    """What the page makes of a photo."""
    file = caller.upload(name, data)
    if isinstance(file, str):
        return Answer(None, file, 0.0)
    return caller.call("stylize", [file, STYLE, 100, False, "100", 0, 64, "png", 90, False])


def good_hash(caller: Caller) -> str:
    """Of the painting of a photo that there is nothing wrong with."""
    answer = painted(caller, saved(picture(random.Random(1), size=(80, 60)), "PNG"))
    return hashlib.sha256(caller.fetch(answer.data[0])).hexdigest() if answer.data else str(answer.error)


def main(options: Images) -> bool:
    """Run it; returns whether everything passed."""
    rng = random.Random(options.seed)
    tally = Tally("images", options.seed)
    slowest, kinds = 0.0, {True: 0, False: 0}
    with PageProcess() as page, Caller(page.url) as caller:
        before = good_hash(caller)
        base = page.memory()
        page.forget_peak()
        with Liveness(page.url) as liveness:
            for number in range(options.n):
                family = FAMILIES[number % len(FAMILIES)]
                data = family(rng)
                answer = painted(caller, data, rng.choice(NAMES))
                slowest = max(slowest, answer.seconds)
                kinds[answer.error is None] += 1
                right = answer.is_sentence or (answer.error is None and family not in BAD)
                tally.check(
                    right and answer.seconds <= MAX_SECONDS,
                    f"{family.__name__} {number}: {answer.error!r} after {answer.seconds:.1f} s",
                )
        growth = page.memory("VmHWM") - base
        tally.check(growth <= MAX_MEGABYTES, f"the peak grew by {growth:.0f} MB")
        tally.check(good_hash(caller) == before, "a good photo is painted otherwise than before")
        tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-1500:]}")
        tally.check(liveness.failures == 0, f"/config failed {liveness.failures} times")
        config_p99 = liveness.quantile(0.99)
        tally.check(config_p99 <= LIVE_SECONDS, f"of 100 answers of the page meanwhile, one took {config_p99:.2f} s")
    return tally.finish(
        options.json,
        slowest_s=slowest,
        peak_growth_mb=growth,
        painted=kinds[True],
        refused=kinds[False],
        config_p99_s=config_p99,
    )

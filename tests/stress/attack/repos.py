"""A5: hostile repositories on a Hub; each is refused with a sentence, in two seconds, without being downloaded."""

import random
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import save

from tests.stress.attack.bad_repos import CONFIG, FAMILIES, right_weights, text
from tests.support.hub_server import LoopbackHub
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

MAX_SECONDS, MAX_MEGABYTES = 2.0, 200.0
WANTED = ("config.json", "model.safetensors")


@dataclass(frozen=True)
class Repos:
    """Hostile repositories."""

    n: int = 500
    seed: int = 0
    json: Path | None = None


def main(options: Repos) -> bool:
    """Run it; returns whether everything passed."""
    rng = random.Random(options.seed)
    tally = Tally("repos", options.seed)
    hub = LoopbackHub().start()
    marker = Path("/tmp/gan-hub-was-here")
    marker.unlink(missing_ok=True)
    page = PageProcess(hub=hub.url)
    audit = page.folder / "audit"
    page.environment["AUDIT"] = str(audit)
    slowest = 0.0
    with page, Caller(page.url) as caller:
        hub.add("good/one", {"config.json": text(CONFIG), "model.safetensors": save(right_weights())})
        sample = ["", 0, 1, 1, 1.0, ""]
        first = caller.call("sample", ["good/one", *sample])
        seen = set(hub.fetched("good/one"))
        tally.check(seen == set(WANTED), f"of the good repository {seen} were fetched, which this test should see")
        tally.check(first.error is None, f"the good repository is refused: {first.error}")
        base = page.memory()
        page.forget_peak()
        started = len(audit.read_text())  # what importing does
        for number in range(options.n):
            family = FAMILIES[number % len(FAMILIES)]
            repo, name = family(rng), f"evil/r{number}"
            hub.add(name, {**repo.files, **repo.others})
            hub.requests.clear()
            answer = caller.call("sample", [name, *sample])
            slowest = max(slowest, answer.seconds)
            got = set(hub.fetched(name))
            allowed = set(WANTED) if repo.weights_may_be_read else {"config.json"}
            tally.check(
                answer.is_sentence and answer.seconds <= MAX_SECONDS and got <= allowed,
                f"{family.__name__} {number}: {answer.error!r} after {answer.seconds:.1f} s, fetched {got}",
            )
            del hub.repos[name]
        growth = page.memory("VmHWM") - base
        tally.check(growth <= MAX_MEGABYTES, f"the peak grew by {growth:.0f} MB")
        again = caller.call("sample", ["good/one", *sample])
        same = again.data and caller.fetch(again.data[0][0]["image"]) == caller.fetch(first.data[0][0]["image"])
        tally.check(same, "the good repository gives another picture than before")
        heard = audit.read_text()[started:]
        tally.check("pickle" not in heard and not marker.exists(), f"something was unpickled: {heard[:500]}")
        tally.check(not heard, f"programs or connections: {heard[:500]}")
        tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-1500:]}")
    hub.shutdown()
    return tally.finish(options.json, families=len(FAMILIES), slowest_s=slowest, peak_growth_mb=growth)

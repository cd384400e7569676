"""A10: hundreds of repositories asked for; what they take on disk stays below a bound, and each is loaded once."""

from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import save

from tests.stress.attack.bad_repos import CONFIG, right_weights, text
from tests.support.hub_server import LoopbackHub
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

CAP_GB = 0.27


@dataclass(frozen=True)
class Disk:
    """Distinct repositories."""

    n: int = 300
    json: Path | None = None


def main(options: Disk) -> bool:
    """Run it; returns whether everything passed."""
    tally = Tally("disk", None)
    hub = LoopbackHub().start()
    config = {**CONFIG, "latent_dim": 512, "image_size": [32, 32], "widths": [96, 8]}
    weights = save(right_weights(config))
    most = 0
    with PageProcess(hub=hub.url, environment={"GAN_HUB_CACHE_GB": str(CAP_GB)}) as page, Caller(page.url) as caller:
        cache = page.folder / "hf" / "gan-hub-page"
        for number in range(options.n):
            name = f"some/r{number}"
            hub.add(name, {"config.json": text(config), "model.safetensors": weights})
            answer = caller.call("sample", [name, "", number, 1, 1, 1.0, ""])
            taken = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file() and not path.is_symlink())
            most = max(most, taken)
            tally.check(answer.error is None and taken <= CAP_GB * 1e9, f"{name}: {answer.error}, {taken:,} bytes")
            hub.requests.clear()
        kept = len(list(cache.glob("models--*")))
        everything = len(weights) * options.n
        tally.check(0 < kept < options.n or everything < CAP_GB * 1e9, f"{kept} of {options.n} are kept")
        answer = caller.call("sample", ["some/r0", "", 0, 1, 1, 1.0, ""])
        tally.check(answer.error is None, f"one that went comes back with {answer.error}")
    hub.shutdown()
    return tally.finish(options.json, weights_bytes=len(weights), most_bytes=most, kept_at_last=kept)

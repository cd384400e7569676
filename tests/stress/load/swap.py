"""C4: many threads, more models than fit: every picture is the right one, every repository is fetched once."""

import gc
import hashlib
import random
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save

from tests.stress.attack.bad_repos import CONFIG, text
from tests.support.hub_server import LoopbackHub
from tests.support.page_server import in_threads
from tests.support.tally import Tally

CAPACITY = 2


@dataclass(frozen=True)
class Swap:
    """Models that come and go."""

    calls: int = 2000
    threads: int = 50
    models: int = 8
    seed: int = 0
    json: Path | None = None


def main(options: Swap) -> bool:
    """Run it; returns whether everything passed."""
    from unittest.mock import patch

    import huggingface_hub.constants

    from gan_hub import GanGenerator
    from gan_hub.page.server.disk import DiskCache
    from gan_hub.page.server.model_cache import ModelCache

    rng = random.Random(options.seed)
    tally = Tally("swap", options.seed)
    hub = LoopbackHub().start()
    wanted: dict[tuple[str, int], str] = {}
    for number in range(options.models):
        torch.manual_seed(number)
        generator = GanGenerator(**CONFIG).eval()
        with torch.no_grad():
            for parameter in generator.parameters():
                parameter.add_(0.2 * torch.randn_like(parameter))
        name = f"some/r{number}"
        state = {key: each.contiguous() for key, each in generator.state_dict().items()}
        weights = save(state)
        hub.add(name, {"config.json": text(CONFIG), "model.safetensors": weights})
        for seed in range(5):
            wanted[name, seed] = digest(generator, seed)
    del generator
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(huggingface_hub.constants, "ENDPOINT", hub.url),
        patch.object(
            huggingface_hub.constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            hub.url + "/{repo_id}/resolve/{revision}/{filename}",
        ),
        patch("huggingface_hub.hf_api.constants.ENDPOINT", hub.url),
    ):
        model_cache = ModelCache(allow_folders=False, token=False, capacity=CAPACITY, disk=DiskCache(Path(folder)))
        keys = [rng.choice(sorted(wanted)) for _ in range(options.calls)]
        results = in_threads(options.threads, lambda key, _: digest(model_cache.get(key[0]), key[1]), keys)
        for key, result in zip(keys, results):
            tally.check(result == wanted[key], f"{key}: {result!r}")
        for number in range(options.models):
            count = hub.fetched(f"some/r{number}").count("model.safetensors")
            tally.check(count == 1, f"some/r{number} was fetched {count} times")
        most, lane = 0, threading.Lock()

        def in_lane(key: tuple[str, int], _: int) -> str:
            nonlocal most
            with lane:
                made = digest(model_cache.get(key[0]), key[1])
                gc.collect()
                models = [each for each in gc.get_objects() if type(each) is GanGenerator]
                most = max(most, sum(str(each.source).startswith("some/r") for each in models))
                return made

        few = keys[: options.calls // 20]
        for key, result in zip(few, in_threads(8, in_lane, few)):
            tally.check(result == wanted[key], f"{key} in the lane: {result!r}")
        tally.check(0 < most <= CAPACITY + 1, f"{most} models were in memory at a time")
    hub.shutdown()
    return tally.finish(options.json, models=options.models, capacity=CAPACITY, most_in_memory=most)


def digest(generator: torch.nn.Module, seed: int) -> str:
    """Of a picture."""
    return hashlib.sha256(generator.sample(1, seed=seed).numpy().tobytes()).hexdigest()  # type: ignore[operator]

"""C10: three seeds of every feature of every bundled model; the same bytes in every process on one stack.

`golden.json` beside this file holds the hashes for the stacks they were made on; on another one, two processes of the
page are compared with each other. `--update` writes this stack's hashes.
"""

import json as json_module
import platform
from dataclasses import dataclass
from pathlib import Path

from tests.stress.load.requests import Wanted, ask, fingerprint, painting, sample, walk
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

FILE = Path(__file__).with_suffix(".json")
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Golden:
    """Golden hashes."""

    update: bool = False
    json: Path | None = None


def stack() -> str:
    """What the bits of a picture depend on."""
    import av
    import PIL
    import torch

    parts = (platform.machine(), torch.backends.cpu.get_cpu_capability(), f"torch {torch.__version__}")
    return ", ".join((*parts, f"pillow {PIL.__version__}", f"av {av.__version__}"))


def wishes() -> dict[str, Wanted]:
    """Every feature of every bundled model, by name."""
    from gan_hub.loading.model_files import bundled_names

    found = {}
    for seed in SEEDS:
        for model in bundled_names():
            found[f"sample {model} {seed}"] = sample(seed, model, 2)
            found[f"grid {model} {seed}"] = Wanted("grid", (model, "", seed, 4, 2, 0.7, ""))
            found[f"zip {model} {seed}"] = Wanted("zip", (model, "", seed, 2, 2, 1.0, ""))
            found[f"interpolate {model} {seed}"] = walk(seed, model)
            found[f"neighbours {model} {seed}"] = Wanted("neighbours", (model, "", seed, 1.0, "", 0.3, 0, 2))
        for style in bundled_names("stylizer"):
            found[f"stylize {style} {seed}"] = painting(seed, style)
    return found


def hashes() -> dict[str, str]:
    """Of a process of its own."""
    with PageProcess() as page, Caller(page.url) as caller:
        return {name: fingerprint(caller, wanted, ask(caller, wanted)) for name, wanted in wishes().items()}


def main(options: Golden) -> bool:
    """Run it; returns whether everything passed."""
    tally = Tally("golden", None)
    known = json_module.loads(FILE.read_text()) if FILE.is_file() else {}
    made, name = hashes(), stack()
    if options.update:
        known[name] = {key: value[:16] for key, value in made.items()}
        FILE.write_text(json_module.dumps(known, indent=1) + "\n")
    wanted = known.get(name) or {key: value[:16] for key, value in hashes().items()}
    for key, value in made.items():
        tally.check(len(value) == 64 and value[:16] == wanted.get(key, value[:16]), f"{key}: {value}")
    return tally.finish(options.json, stack=name, known=name in known)

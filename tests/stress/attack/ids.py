"""A7: names of models that are paths, addresses or noise; none of them opens a file of the machine."""

import os
import random
import string
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

LISTED = (
    ".", "..", "./", "../", "../x", "../../etc", "/", "/etc", "/etc/passwd", "/tmp", "~", "~/x", "~root/x", "//etc",
    "C:\\", "C:/x", "\\\\host\\x", "file:///etc", "http://127.0.0.1:1/x", "https://huggingface.co/a/b", "a/b/c", "a/..",
    "../b", "a/../b", "a//b", "a/b/", "/a/b", "a/b.git", "a/b--c", "a--b/c", "a/.b", ".a/b", "a/b.", "-a/b", "a/-b",
    "a/b\n", "a\0/b", "a/b\0.json", "%2e%2e/%2e%2e", "a/b%2f..", "a/b?x=1", "a/b#x", "a/b@main", "\u202ea/b",
    "\uff0e\uff0e/\uff0e\uff0e", "é/ü", "a" * 300, "a/" + "b" * 300, "$(id)/x", "`id`/x", "a/b;id", "folder:x",
    "folder:../x", "folder:/etc", "mnist-gan/..", "mnist-gan/", "./mnist-gan", "MNIST-GAN", "mnist-gan\\..\\x", "",
)  # fmt: skip
ALPHABET = "./\\~:-_%$ab\0\n é?#@" + string.ascii_letters[:6]


@dataclass(frozen=True)
class Ids:
    """Names that are no names."""

    n: int = 10_000
    seed: int = 0
    json: Path | None = None


def names(rng: random.Random, folder: str, count: int) -> list[str]:
    """Noise, and mutations of what is listed and of a folder that holds a model."""
    found = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.4:
            found.append("".join(rng.choices(ALPHABET, k=rng.randint(0, 40))))
            continue
        name = list(rng.choice(LISTED) if kind < 0.8 else rng.choice([folder, os.path.relpath(folder), "." + folder]))
        for _ in range(rng.randint(0, 3)):
            name.insert(rng.randint(0, len(name)), rng.choice(ALPHABET))
        found.append("".join(name))
    return found


def main(options: Ids) -> bool:
    """Run it; returns whether everything passed."""
    from gan_hub import GanGenerator
    from gan_hub.loading.model_files import BUNDLED_FOLDER, ModelError
    from gan_hub.page.server.model_cache import ModelCache

    rng = random.Random(options.seed)
    tally = Tally("ids", options.seed)
    opened: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str):
            opened.append(arguments[0])

    with tempfile.TemporaryDirectory() as folder:
        GanGenerator.from_pretrained("mnist-gan").save_pretrained(folder)
        model_cache = ModelCache(allow_folders=False, token=False)
        tried = [*LISTED, folder, *names(rng, folder, options.n)]
        sys.addaudithook(watch)  # for good: it only takes notes
        for name in tried:
            opened.clear()
            try:
                model = model_cache.get(name)
                is_bundled = (BUNDLED_FOLDER / str(model.source)).is_dir() and model.source == name
            except ModelError:
                is_bundled = True
            strange = [path for path in opened if path.endswith((".json", ".safetensors"))]
            strange = [path for path in strange if not path.startswith(str(BUNDLED_FOLDER))]
            tally.check(is_bundled and not strange, f"{name!r} opened {strange}")
        with PageProcess() as page, Caller(page.url) as caller:
            for name in [*LISTED, folder]:
                for endpoint, data in (
                    ("sample", [name, "", 0, 1, 1, 1.0, ""]),
                    ("stylize", [None, name, 100, False, "auto", 0, 0, "png", 90, False]),
                    ("open", [f"?model={name}"]),
                    ("describe", [name, "", ""]),
                ):
                    answer = caller.call(endpoint, data)
                    if answer.error is not None:  # what was typed may be shown
                        answer = replace(answer, error=answer.error.replace(name or " ", " "))
                    right = answer.is_sentence or (endpoint == "open" and answer.error is None)
                    tally.check(right, f"{endpoint} {name!r}: {answer.error!r}")
            tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-1500:]}")
    return tally.finish(options.json, listed=len(LISTED))

"""C10: three seeds of every feature of every bundled model; the same bytes in every process on one stack.

`golden.json` beside this file holds the hashes for the stacks they were made on. On another one, `--against COMMIT`
computes them with the code of that commit on this machine; without it, two processes are compared with each other.
`--update` writes this stack's hashes. Where a processor with AVX-512 is another stack, it is a known one under
`MKL_CBWR=AVX512,STRICT`, which lets MKL choose its kernels by what the processor can do alone.

Everything is asked of the page's endpoints and of `gan-hub`, whose names stay, so that this file runs on other commits
too. The version of gan-hub, which recipes carry, is left out of the hashes.
"""

import hashlib
import io
import json as json_module
import os
import platform
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from tests.stress.attack.bad_images import picture, saved
from tests.stress.load.requests import files_in, painting, sample, walk
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

FILE = Path(__file__).with_suffix(".json")
ROOT = Path(__file__).parents[3]
SEEDS = (0, 1, 2)
FORMATS = ("mp4", "webp", "gif", "zip", "png")
VERSION = re.compile(rb'("version": "|gan-hub )[0-9]+\.[0-9]+\.[0-9A-Za-z.+-]+')
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Runs command lines of `gan-hub`, one after the other, in a process of their own: where it is, pyproject.toml says.
COMMANDS_PROGRAM = """
import contextlib, importlib, json, os, sys
import torch
torch.set_num_threads(1)
module, name = sys.argv[1].split(":")
main = getattr(importlib.import_module(module), name)
for line in json.load(sys.stdin):
    with open(os.devnull, "w") as silence, contextlib.redirect_stdout(silence):
        try:
            main(line)
        except SystemExit as error:
            print(*line, "ended with", error.code, file=sys.stderr)
"""


@dataclass(frozen=True)
class Golden:
    """Golden hashes."""

    update: bool = False
    """Write this stack's hashes to golden.json."""
    against: str | None = None
    """Compare with what the code of this commit makes here, in place of golden.json."""
    only: str = ""
    """A regular expression: what is made is only what it is found in the name of."""
    hashes: Path | None = None
    """Write the hashes to this file, and compare nothing."""
    json: Path | None = None


@dataclass(frozen=True)
class Wish:
    """One call of an endpoint; bytes among the arguments are files that are sent first."""

    endpoint: str
    arguments: tuple[Any, ...]


def stack() -> str:
    """What the bits of a picture depend on."""
    import av
    import PIL
    import torch

    parts = (platform.machine(), torch.backends.cpu.get_cpu_capability(), f"torch {torch.__version__}")
    return ", ".join((*parts, f"pillow {PIL.__version__}", f"av {av.__version__}", f"kernels {kernels()}"))


def kernels() -> str:
    """A hash of what this processor makes of some sums.

    Libraries of linear algebra choose among their kernels by the processor's model, not by what it can do alone: the
    last bits of a picture differ between two processors that both have AVX-512.
    """
    import torch

    total, numbers, threads = hashlib.sha256(), torch.Generator().manual_seed(0), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for rows, inner, columns in ((1, 64, 2048), (2, 128, 3072), (8, 192, 192), (64, 1152, 128), (500, 784, 32)):
            left, right = (torch.randn(shape, generator=numbers) for shape in ((rows, inner), (inner, columns)))
            total.update((left @ right).numpy().tobytes())
        for batch, channels, side, size in (
            (1, 128, 9, 3),
            (2, 96, 18, 3),
            (2, 64, 14, 3),
            (1, 32, 64, 1),
            (1, 3, 72, 5),
        ):
            image = torch.randn(batch, channels, side, side, generator=numbers).to(memory_format=torch.channels_last)
            weight = torch.randn(2 * channels, channels, size, size, generator=numbers)
            total.update(torch.tanh(torch.nn.functional.conv2d(image, weight)).contiguous().numpy().tobytes())
    finally:
        torch.set_num_threads(threads)
    return total.hexdigest()[:8]


def entry_point() -> str:
    """What is installed as `gan-hub`, as "module:function"."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^gan-hub = "([\w.]+:\w+)"$', text, re.MULTILINE)
    assert found, "pyproject.toml names no command gan-hub"
    return found[1]


def drawing(seed: int) -> Image.Image:
    """A white stroke on black, as of a digit."""
    rng = random.Random(seed)
    image = Image.new("L", (28, 28), 0)
    points = [(rng.randint(6, 22), rng.randint(5, 23)) for _ in range(4)]
    ImageDraw.Draw(image).line(points, fill=255, width=3)
    return image


def upper_half() -> bytes:
    """A mask: light where the picture is known."""
    image = Image.new("L", (28, 28), 0)
    ImageDraw.Draw(image).rectangle((0, 0, 27, 13), fill=255)
    return saved(image, "PNG")


def photo(seed: int, size: tuple[int, int] = (96, 64)) -> bytes:
    """Noise, with alpha where the seed is odd."""
    return saved(picture(random.Random(seed), "RGBA" if seed % 2 else "RGB", size=size), "PNG")


def moving(seed: int, model: str, kind: str, label: str) -> Wish:
    """A walk whose path, pace, easing and way are others for each seed; the third one is two walks side by side."""
    key = f"{seed + 5}:{label}:0.8" if label else f"{seed + 5}::0.8"
    keys = (f"{seed},{key}", f"{seed},{key},{seed + 9}", f"{seed},{seed + 1};{seed + 2},{key}")[seed % 3]
    path, easing, way = (
        ("slerp", "linear", "once"),
        ("lerp", "ease_in_out", "loop"),
        ("cubic", "linger", "ping-pong"),
    )[seed % 3]
    motion = (3, 12, path, easing, way, seed % 3 == 1, 48, 0, kind, "")
    return Wish("interpolate", (model, "", keys, *motion))


def of_generator(model: str, seed: int, classes: list[str], num_categories: int) -> Iterator[tuple[str, Wish]]:
    """Every feature of a generator, by name."""
    label = classes[seed % len(classes)] if classes else ""
    yield "sample", Wish("sample", sample(seed, model, 2).data)
    yield "sample moderately", Wish("sample", (model, "", seed + 100, 2, 2, 0.5, label))
    yield "grid", Wish("grid", (model, "", seed, 4, 2, 0.7, ""))
    yield "zip", Wish("zip", (model, "", seed, 2, 2, 1.0, ""))
    yield "compare", Wish("compare_side", (model, "", seed, 3, 0.9))
    yield "neighbours", Wish("neighbours", (model, "", seed, 1.0, "", 0.3, 0, 2))
    yield "interpolate", Wish("interpolate", walk(seed, model).data)
    for kind in FORMATS:
        yield f"interpolate {kind}", moving(seed, model, kind, label)
    for method in ("sefa", "ganspace"):  # with a code, there is a sweep among the files
        key = f"{seed}:{label}:0.9".rstrip(":")
        yield f"explore {method}", Wish("directions", (model, "", key, method, "1.5,0,-2", seed + 1, ""))
    if classes or num_categories:
        yield "classes", Wish("class_sheet", (model, "", seed, 2, 0.8))
    drawn = saved(drawing(seed), "PNG")
    yield "project", Wish("project", (drawn, model, "", "", 2, None, seed, ""))
    yield "complete", Wish("project", (drawn, model, "", label, 2, upper_half(), seed, ""))


def of_style(style: str, seed: int) -> Iterator[tuple[str, Wish]]:
    """Every feature of a style, by name."""
    plain = painting(seed, style)
    assert plain.photo is not None
    small, kind = photo(seed), ("png", "jpeg", "webp")[seed % 3]
    yield "stylize", Wish("stylize", (plain.photo, *plain.data))
    yield "stylize weakly", Wish("stylize", (small, style, 60, False, "100", seed, 0, "png", 90, False))
    yield "stylize in its colours", Wish("stylize", (small, style, 90, True, "50", seed, 80, kind, 85, False))
    yield (
        "stylize in tiles",
        Wish("stylize", (photo(seed, (700, 520)), style, 100, False, "auto", seed, 0, kind, 90, False)),
    )
    yield "stylize and enlarge", Wish("stylize", (small, style, 100, False, "100", seed, 0, kind, 90, True))
    both = [small, photo(seed + 1, (60, 80))]
    yield "stylize a batch", Wish("stylize_batch", (both, style, 100, False, "100", seed, 0, kind, 90, False, ""))


def wishes(caller: Caller) -> dict[str, Wish]:
    """Every feature of every bundled model that the page offers, by name."""
    from gan_hub import GanGenerator

    found = {}
    generators = [(row["model"], row["classes"]) for row in caller.call("models", []).data[0]]
    styles = [row["style"] for row in caller.call("styles", []).data[0]]
    for model, classes in generators:
        num_categories = GanGenerator.from_pretrained(model).config.num_categories
        for seed in SEEDS:
            for name, wish in of_generator(model, seed, classes, num_categories):
                found[f"{name} {model} {seed}"] = wish
    for style in styles:
        for seed in SEEDS:
            found |= {f"{name} {style} {seed}": wish for name, wish in of_style(style, seed)}
    return found


def command_lines(names: list[str], folder: Path) -> dict[str, list[str]]:
    """What only `gan-hub` does, of every bundled model, by name; each writes to a folder of its own.

    Args:
        names: of the page's wishes, which tell the models.
        folder: for the files that go in.
    """
    import gan_hub

    bundled = next(path.parent for path in Path(gan_hub.__file__).parent.rglob("mnist-gan") if path.is_dir())
    lines = {}
    for seed in SEEDS:
        drawing(seed).save(folder / f"drawing-{seed}.png")
        exif = Image.Exif()
        exif[0x0112], exif[0x010F] = 6, "A camera"
        picture(random.Random(seed), size=(90, 70)).save(folder / f"photo-{seed}.jpg", exif=exif)
        for model in (name.split()[1] for name in names if re.fullmatch(rf"sample \S+ {seed}", name)):
            for method in ("sefa", "ganspace"):
                options = ["--method", method, "--count", "3", "--rows", "2", "--seed", str(seed)]
                lines[f"directions {method} {model} {seed}"] = ["directions", model, *options]
            options = [f"drawing-{seed}.png", "--steps", "2", "--seed", str(seed), "--out", "found.png"]
            lines[f"command project {model} {seed}"] = ["project", model, *options]
            options = ["--seeds", f"{seed},{seed + 7}", "--truncation", "0.7", "--columns", "1", "--out", "grid.png"]
            lines[f"command sample {model} {seed}"] = ["sample", model, *options]
        for style in (name.split()[1] for name in names if re.fullmatch(rf"stylize \S+ {seed}", name)):
            options = [f"photo-{seed}.jpg", "--keep_metadata", "--detail", "0.7", "--seed", str(seed)]
            lines[f"command stylize {style} {seed}"] = ["stylize", style, *options]
        lines[f"upscale upscale-2x {seed}"] = ["stylize", "upscale-2x", f"photo-{seed}.jpg", "--format", "png"]
        classifiers = {path.name for path in bundled.glob("*-features")} - {"photo-features"}
        for classifier in sorted(classifiers):
            options = [
                "--extractor",
                str(bundled / classifier),
                "--num_samples",
                str(16 + seed),
                "--json",
                "scores.json",
            ]
            lines[f"evaluate {classifier} {seed}"] = [
                "evaluate",
                "mnist-infogan",
                "--data",
                f"pictures-{classifier}",
                *options,
            ]
    return lines


def page_hashes(only: str) -> tuple[dict[str, str], list[str]]:
    """By name, of a page of its own; and the names of all wishes."""
    found = {}
    with PageProcess() as page, Caller(page.url, timeout=600) as caller:
        wanted = wishes(caller)
        for name, wish in wanted.items():
            if re.search(only, name):
                found[name] = _asked(caller, wish)
    return found, list(wanted)


def _asked(caller: Caller, wish: Wish) -> str:
    """A hash over all files that came, in order; the sentence of an error."""

    def sent(value: Any) -> Any:
        if isinstance(value, list):
            return [sent(each) for each in value]
        return caller.upload("photo.png", value) if isinstance(value, bytes) else value

    answer = caller.call(wish.endpoint, [sent(value) for value in wish.arguments])
    if answer.error is not None:
        return answer.error
    files = files_in(answer.data)
    return digest([caller.fetch(file) for file in files]) if files else "no file came"


def command_hashes(names: list[str], only: str) -> dict[str, str]:
    """By name, of one process that runs all command lines."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="gan-hub-golden-") as folder:
        place = Path(folder)
        lines = {name: line for name, line in command_lines(names, place).items() if re.search(only, name)}
        outs = {}
        for number, (name, line) in enumerate(lines.items()):
            out = outs[name] = place / f"out-{number}"
            out.mkdir()
            for option in ("--out", "--json"):
                if option in line:
                    line[line.index(option) + 1] = str(out / line[line.index(option) + 1])
            if "--out" not in line and "--json" not in line:
                line += ["--out", str(out)]
        data = sorted({line[3] for line in lines.values() if line[0] == "evaluate"})  # pictures to compare with
        models = {name: name.replace("pictures-", "").replace("-features", "-gan") for name in data}
        first = [["sample", model, "--seeds", "0-23", "--out", name] for name, model in models.items()]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        done = subprocess.run(
            [sys.executable, "-c", COMMANDS_PROGRAM, entry_point()],
            cwd=folder,
            env=environment,
            input=json_module.dumps([*first, *lines.values()]),
            capture_output=True,
            text=True,
        )
        for name, out in outs.items():
            files = sorted(path for path in out.rglob("*") if path.is_file())
            told = [line for line in done.stderr.splitlines() if line.startswith("gan-hub: ")]
            found[name] = (
                digest([_figures(path) for path in files]) if files else "; ".join(["no file came", *told[-1:]])
            )
    return found


def _figures(path: Path) -> bytes:
    """What is in a file; of an evaluation the figures alone."""
    if path.name != "scores.json":
        return path.read_bytes()
    told = json_module.loads(path.read_text())
    return json_module.dumps([told["scores"], told["real_pictures"]]).encode()


def digest(files: list[bytes]) -> str:
    """A hash over files, without the version in them."""
    total = hashlib.sha256()
    for data in files:
        for part in without_version(data):
            total.update(VERSION.sub(rb"\1", part))
    return total.hexdigest()


def without_version(data: bytes) -> Iterator[bytes]:
    """The parts of a file in which the version may be replaced: without the checks over it."""
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                yield f"{entry.filename} {entry.date_time} {entry.compress_type}\n".encode()
                yield from without_version(archive.read(entry))
    elif data.startswith(PNG_SIGNATURE):
        offset = len(PNG_SIGNATURE)
        while offset + 12 <= len(data):
            (length,) = struct.unpack_from(">I", data, offset)
            yield data[offset + 4 : offset + 8 + length]
            offset += 12 + length
    else:
        yield data


def hashes(only: str = "") -> dict[str, str]:
    """Of processes of its own."""
    found, names = page_hashes(only)
    return {**found, **command_hashes(names, only)}


def hashes_of(commit: str, only: str) -> dict[str, str]:
    """What the code of a commit makes on this machine, asked by this file: in a temporary worktree."""
    with tempfile.TemporaryDirectory(prefix="gan-hub-commit-") as folder:
        tree, out = Path(folder) / "tree", Path(folder) / "hashes.json"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(tree), commit], check=True, capture_output=True)
        try:
            shutil.copyfile(__file__, tree / Path(__file__).relative_to(ROOT))
            command = [sys.executable, "-m", "tests.stress.load", "golden", "--hashes", str(out), "--only", only]
            subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, check=True)
            return json_module.loads(out.read_text())
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True, capture_output=True)


def main(options: Golden) -> bool:
    """Run it; returns whether everything passed."""
    made, name = hashes(options.only), stack()
    if options.hashes is not None:
        options.hashes.write_text(json_module.dumps(made, indent=1) + "\n")
        return True
    tally = Tally("golden", None)
    known = json_module.loads(FILE.read_text()) if FILE.is_file() else {}
    if options.update:
        known[name] = {**(known.get(name, {}) if options.only else {}), **{key: made[key][:16] for key in made}}
        FILE.write_text(json_module.dumps(known, indent=1) + "\n")
    if options.against is not None:
        wanted, source = hashes_of(options.against, options.only), f"commit {options.against}"
    elif name in known:
        wanted, source = {key: known[name][key] for key in known[name] if re.search(options.only, key)}, FILE.name
    else:
        wanted, source = hashes(options.only), "a second process"
    for key in sorted({*made, *wanted}):
        value, before = made.get(key, "it is gone"), wanted.get(key, "")
        tally.check(len(value) == 64 and (not before or value[:16] == before[:16]), f"{key}: {value}")
    compared = len(set(made) & set(wanted))
    facts = {"comparisons": compared, "compared_with": source, "new": len(set(made) - set(wanted))}
    return tally.finish(options.json, stack=name, known=name in known, **facts)

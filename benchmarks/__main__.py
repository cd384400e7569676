"""All that matters in one table: each part of the project beside the bare operation, in the same run.

    python -m benchmarks                     # some minutes; writes benchmarks/RESULTS.md
    python -m benchmarks --parts sampler checkpoints

Each part takes turns with its bare operation on one thread, and the ratio is the median of the ratios of the pairs. The
limits of the machine, measured on the spot, stand beside it. Most parts have a longer benchmark of their own here.
"""

import copy
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import torch
from PIL import ImageOps
from torch import Tensor

from benchmarks import page as page_benchmark
from benchmarks import sampling, training
from benchmarks.measuring import cost, in_turns, line, machine, median, start
from gan_hub import GanGenerator, PhotoStylizer
from gan_hub.latents.seeds import labels_of_latents
from gan_hub.loading.budget import cost as cost_of_pass
from gan_hub.page.components.files import gallery_items
from gan_hub.page.tabs.stylize.styles import examples
from gan_hub.painting.noise import position_noise
from gan_hub.painting.photos import open_photo
from gan_hub.recipes.names import public_name
from gan_hub.recipes.walk import Key, Walk, encode_walk, frames
from gan_hub.sampling.pictures import sample_chunks
from gan_hub.training.checkpoints import checkpoint

RESULTS = Path(__file__).parent / "RESULTS.md"
ROOT = Path(__file__).parent.parent
MODEL, STYLE = "mnist-gan", "monet"
SIDE = 1024
START = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Options:
    """Measure everything."""

    parts: tuple[str, ...] = ()
    """Some of the parts; all if left out."""
    rounds: int = 7
    data_dir: Path = Path("data")
    out: Path = RESULTS


@dataclass
class Row:
    """One line of the table.

    Attributes:
        what: is measured, and beside what.
        ours: what we take.
        bare: what the bare operation takes.
        ratio: ours over bare.
        target: that the ratio should keep.
        limit: of the machine, and how much of it is reached.
    """

    what: str
    ours: str
    bare: str
    ratio: float
    target: str = ""
    limit: str = ""


@dataclass
class Limits:
    """What the machine can do on one thread.

    Attributes:
        flops: of products of matrices in float32, a second.
        copy: bytes read and written in memory, a second.
        disk: bytes written and synced, a second.
    """

    flops: float = field(default_factory=lambda: measured_flops())
    copy: float = field(default_factory=lambda: measured_copy())
    disk: float = field(default_factory=lambda: measured_disk())


@dataclass(frozen=True)
class Bench:
    """What every part is given."""

    options: Options
    limits: Limits


def measured_flops() -> float:
    """The best of a few products of matrices."""
    a = torch.randn(1024, 1024)
    return 2 * 1024**3 / min(cost(lambda: a @ a).cpu for _ in range(8))


def measured_copy() -> float:
    """The best of a few copies."""
    a, b = torch.zeros(2**26), torch.zeros(2**26)
    return 2 * 4 * 2**26 / min(cost(lambda: b.copy_(a)).cpu for _ in range(5))


def measured_disk(num_bytes: int = 2**26) -> float:
    """The best of a few files, where temporary files are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        return num_bytes / min(cost(lambda: write(path, bytes(num_bytes))).wall for _ in range(3))


def write(path: Path, data: bytes) -> None:
    """A file that is on the disk when this returns."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def beside(
    what: str,
    ours: Callable[[], object],
    bare: Callable[[], object],
    bench: Bench,
    limit: Callable[[float], str],
    *,
    target: str = "",
    waits: bool = False,
) -> Row:
    """The row of two operations that take turns.

    Args:
        what: names both.
        ours: what we do.
        bare: the bare operation.
        bench: says how many rounds.
        limit: describes what was reached, from the seconds of ours.
        target: that the ratio should keep.
        waits: count the seconds that pass instead of those of the processor.
    """
    costs = in_turns({"ours": ours, "bare": bare}, bench.options.rounds)
    times = [[each.wall if waits else each.cpu for each in found] for found in costs.values()]
    ratio = median([a / b for a, b in zip(*times)])
    mine, theirs = (median(column) for column in times)
    return Row(what, f"{1000 * mine:.1f} ms", f"{1000 * theirs:.1f} ms", ratio, target, limit(mine))


def flops_reached(
    model: GanGenerator | PhotoStylizer, inputs: Sequence[Tensor], bench: Bench
) -> Callable[[float], str]:
    """Describes how much of the machine's arithmetic a pass through a network reaches."""
    meta = copy.deepcopy(model).to("meta")
    flops = cost_of_pass(lambda: meta(*(each.to("meta") for each in inputs)))[1]
    return lambda seconds: f"{flops / seconds / 1e9:.0f} of {bench.limits.flops / 1e9:.0f} GFLOP/s"


def sampler(bench: Bench) -> Row:
    """64 pictures beside the bare forward pass."""
    generator = GanGenerator.from_pretrained(MODEL)
    bare, ours = sampling.contenders(generator).values()
    z = generator.latents(range(sampling.NUM_PICTURES))
    limit = flops_reached(generator, [z, labels_of_latents(z, generator.num_classes)], bench)
    return beside("sample(64) / forward pass", ours, bare, bench, limit, target="<= 1.05")


def interpolation(bench: Bench) -> Row:
    """An MP4 of 120 frames beside its forward passes."""
    generator = GanGenerator.from_pretrained(MODEL)
    walk = Walk(public_name(generator), None, ((Key(3), Key(7)),), ping_pong=True)
    pixels = walk.num_frames * 256 * 256 * 3
    return beside(
        "MP4, 120 frames / its frames",
        lambda: encode_walk(generator, walk, "mp4"),
        lambda: list(frames(generator, walk)),
        bench,
        lambda seconds: f"{pixels / seconds / 1e6:.0f} of {bench.limits.copy / 1e6:.0f} MB/s of pixels",
        waits=True,
    )


def stylizer(bench: Bench) -> Row:
    """A photo of 1024 x 1024 beside the bare network."""
    painter = PhotoStylizer.from_pretrained(STYLE)
    photo = ImageOps.fit(open_photo(examples()[0]), (SIDE, SIDE))
    cells = SIDE // painter.noise_grid
    noise = position_noise(cells, cells, cells=painter.noise_cells, seed=0).view(1, -1, cells, cells)
    pixels = torch.zeros(1, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    limit = flops_reached(painter, [pixels, noise], bench)
    with torch.inference_mode():
        what = f"stylize {SIDE} x {SIDE} / network"
        return beside(what, lambda: painter.stylize(photo), lambda: painter(pixels, noise), bench, limit)


def page(bench: Bench) -> Row:
    """16 pictures through the page beside the same pictures as files, without a page."""
    generator = GanGenerator.from_pretrained(MODEL)
    times = page_benchmark.measure(MODEL, 16, 10 * bench.options.rounds)
    starts = iter(range(10**6, 10**9, 16))  # nothing is written twice

    def files() -> None:
        first = next(starts)
        for chunk in sample_chunks(generator, range(first, first + 16)):
            gallery_items(chunk)

    ours, bare = median(times["sample"]), median([1000 * cost(files).wall for _ in range(10 * bench.options.rounds)])
    limit = f"an empty event takes {median(times['echo']):.1f} ms"
    return Row("16 pictures by the page / as files", f"{ours:.1f} ms", f"{bare:.1f} ms", ours / bare, "", limit)


def trainer(bench: Bench) -> Row:
    """The trainer beside its step written out."""
    speeds = training.Options(data_dir=bench.options.data_dir, num_steps=48)
    rounds = [[training.in_own_process(name, speeds) for name in ("trainer", "bare")] for _ in range(2)]
    ours, bare = (median(column) for column in zip(*rounds))
    ratio = median([b / a for a, b in rounds])
    return Row("trainer, a picture / bare loop", f"{1e6 / ours:.0f} us", f"{1e6 / bare:.0f} us", ratio, "<= 1.1", "")


def checkpoints(bench: Bench) -> Row:
    """Writing a checkpoint beside writing its bytes."""
    generator = GanGenerator.from_pretrained(MODEL)
    tensors = {f"x{number}": torch.randn(2**20) for number in range(12)}
    data = bytes(sum(4 * each.numel() for each in (*tensors.values(), *generator.state_dict().values())))
    steps = iter(range(10**6))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        return beside(
            f"checkpoint of {len(data) / 1e6:.0f} MB / its bytes",
            lambda: checkpoint.save(root, next(steps), tensors, {}, generator.save_pretrained),
            lambda: write(root / "plain", data),
            bench,
            lambda seconds: f"{len(data) / seconds / 1e6:.0f} of {bench.limits.disk / 1e6:.0f} MB/s",
            waits=True,
        )


def start_up(_: Bench) -> Row:
    """From the command to the first answer, beside importing torch and gradio; and to the first picture after it."""
    times = []
    for _round in range(3):
        bare = cost(lambda: run("import torch, gradio")).wall
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        environment = {**os.environ, **START, "PYTHONPATH": str(ROOT)}
        started = time.time()
        process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            while True:
                try:
                    client.get("/health").raise_for_status()
                    break
                except httpx2.HTTPError:
                    if process.poll() is not None:
                        raise RuntimeError("the page did not start") from None
                    time.sleep(0.02)
            answered = time.time()
            page_benchmark.call(client, "sample", [MODEL, "", 0, 1, 1, 1.0, ""])
            times.append((answered - started, bare, time.time() - answered))
        process.terminate()
        process.wait()
    ours, bare, first = (median(column) for column in zip(*times))
    ratio = median([a / b for a, b, _ in times])
    return Row(
        "start of the page / importing torch, gradio",
        f"{ours:.2f} s",
        f"{bare:.2f} s",
        ratio,
        "<= 1.2",
        f"first picture {first:.2f} s later (<= 1 s)",
    )


def memory(_: Bench) -> Row:
    """The peak of a process that makes 1,000 pictures, beside one that imports torch."""
    sampling = f"from gan_hub import GanGenerator; GanGenerator.from_pretrained('{MODEL}').sample(1000, seed=0)"
    ours, bare = (int(run(PEAK.format(program))) for program in (sampling, "import torch"))
    what = "peak of sampling 1,000 / importing torch"
    return Row(what, f"{ours / 1000:.0f} MB", f"{bare / 1000:.0f} MB", ours / bare)


PEAK = "{}; print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


def run(program: str) -> str:
    """What a program prints."""
    environment = {**os.environ, **START, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    ).stdout


PARTS: dict[str, Callable[[Bench], Row]] = {
    "trainer": trainer,
    "sampler": sampler,
    "page": page,
    "interpolation": interpolation,
    "stylizer": stylizer,
    "start_up": start_up,
    "memory": memory,
    "checkpoints": checkpoints,
}


def main(options: Options) -> None:
    """Measure, print the table, and keep it if it is whole."""
    limits = Limits()
    bench = Bench(options, limits)
    lines = [
        f"{machine()}; one thread, {options.rounds} pairs unless a part takes long",
        "",
        f"Limits measured on the spot: {limits.flops / 1e9:.0f} GFLOP/s in float32, {limits.copy / 1e9:.1f} GB/s of "
        f"memory, {limits.disk / 1e6:.0f} MB/s of disk.",
        "",
        "| | ours | bare | ratio | target | of the limit |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for name in options.parts or PARTS:
        row = PARTS[name](bench)
        lines.append(line(row.what, row.ours, row.bare, f"{row.ratio:.2f}", row.target, row.limit))
        print(lines[-1], flush=True)
    if not options.parts:
        text = "\n".join(lines)
        options.out.write_text(f"# Results of `python -m benchmarks`\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    start(main)

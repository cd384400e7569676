"""What stylizers of photos cost and what they paint, beside the encoder-decoder of the tutorials.

    python -m benchmarks.stylize speed                     # the networks side by side, decoding and encoding apart
    python -m benchmarks.stylize large                     # a photo of 24 megapixels: memory and time, by size of tile
    python -m benchmarks.stylize tiles [STYLIZER ...]      # tile by tile against the whole
    python -m benchmarks.stylize judge [STYLIZER ...]      # do they paint, and do they keep what the photo shows?
    python -m benchmarks.stylize upscale [UPSCALER ...]    # against bicubic enlargement
    python -m benchmarks.stylize contact_sheet [STYLIZER ...]

A stylizer is a bundled name or a folder; all that are bundled if none is named. Each prints a table and a line of JSON
that `--json FILE` keeps. One thread, CPU time; the photos are held out of all training (benchmarks/held_out.py).
"""

import copy
import io
import json
import resource
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import tyro
from PIL import Image, ImageOps
from torch import Tensor

from benchmarks.held_out import (
    UNTRAINED,
    Common,
    as_tensor,
    load_stylizer,
    load_stylizers,
    open_reduced,
    photo_paths,
    report,
)
from benchmarks.measuring import Cost, cost, from_own_process, in_turns, median, start
from benchmarks.stylize_looks import ContactSheet, Judge, Upscale, contact_sheet, judge, upscale
from gan_hub import PhotoStylizer
from gan_hub.painting.noise import position_noise
from gan_hub.painting.photos import encode_photo, open_photo

LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
TUTORIAL_WIDTHS = (64, 128, 256)
LARGE = (6000, 4000)
LARGE_LIMITS = {"peak_gib": 1.5, "over_small": 1.3}


@dataclass(frozen=True)
class Speed(Common):
    """A stylizer's network against the tutorials' encoder-decoder, each in its best layout and kind of bfloat16."""

    stylizer: str = UNTRAINED
    rounds: int = 7
    sides: tuple[int, ...] = (512, 256)


@dataclass(frozen=True)
class Large(Common):
    """A photo of 24 megapixels: peak memory of a process that opens, paints and encodes it, and time."""

    stylizer: str = UNTRAINED
    tile_sizes: tuple[int, ...] = (512, 1024, 1536, 2048)
    bf16: bool = False
    """With weights in bfloat16."""
    child: Path | None = None
    """Paint this photo and print what it took; used by the benchmark itself."""


@dataclass(frozen=True)
class Tiles(Common):
    """The largest difference between a painting made tile by tile and at once."""

    stylizers: tyro.conf.Positional[tuple[str, ...]] = ()
    cases: int = 20
    """Random sizes of photos and tiles and seeds of noise, for each stylizer."""


Sheet = Annotated[ContactSheet, tyro.conf.subcommand("contact_sheet")]


def speed(options: Speed) -> None:
    """Measure and print; see `Speed`."""
    painter = load_stylizer(options.stylizer)
    tutorial = PhotoStylizer(architecture="encoder-decoder", widths=TUTORIAL_WIDTHS).eval()
    photo = open_reduced(photo_paths(options.data_dir, held_out=True)[0])
    rows: list[list[object]] = []
    networks = []
    for side in options.sides:
        square = ImageOps.fit(photo, (side, side))
        both = {"painter": ways(painter, square), "tutorial": ways(tutorial, square)}
        contenders = {f"{name}, {way}": runs[way] for way in both["painter"] for name, runs in both.items()}
        with torch.inference_mode():
            times = in_turns(contenders, options.rounds)
        for precision in ("fp32", "bf16"):
            facts = {"side": side, "precision": precision, **compare(times, precision)}
            networks.append(facts)
            ratio, low, high = facts["ratio"]
            rows.append([f"{side}x{side} {precision}", facts["painter_ms"], facts["tutorial_ms"]])
            rows[-1] += [f"{ratio:.1f} ({low:.1f} to {high:.1f})", facts["painter_way"], facts["tutorial_way"]]
    square = ImageOps.fit(photo, (options.sides[0],) * 2)
    apart = around_the_network(painter, square, options.rounds)
    rows += [[f"{options.sides[0]}x{options.sides[0]} {name}", ms, "", "", "", ""] for name, ms in apart.items()]
    header = ["", f"{options.stylizer} painter, ms", "tutorials' encoder-decoder, ms", "times as fast"]
    header += ["the painter's best way", "the tutorials' best way"]
    result = {"stylizer": options.stylizer, "networks": networks, "apart_ms": apart, "n": options.rounds}
    report(options, result, header, rows)


def ways(stylizer: PhotoStylizer, photo: Image.Image) -> dict[str, Callable[[], Tensor]]:
    """All ways to run a network, by precision and way."""
    rows, columns = (side // stylizer.noise_grid for side in (photo.height, photo.width))
    noise = position_noise(rows, columns, cells=stylizer.noise_cells, seed=0)[None]
    found: dict[str, Callable[[], Tensor]] = {}
    for name, layout in LAYOUTS.items():
        pixels = as_tensor(photo).contiguous(memory_format=layout)
        full = copy.deepcopy(stylizer.network).to(memory_format=layout)
        half = copy.deepcopy(stylizer.network).to(torch.bfloat16, memory_format=layout)  # type: ignore[call-overload]

        def autocast(full: torch.nn.Module = full, pixels: Tensor = pixels) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                return full(pixels, noise)

        found[f"fp32, {name}"] = partial(full, pixels, noise)
        found[f"bf16, {name}, weights"] = partial(half, pixels, noise)
        found[f"bf16, {name}, autocast"] = autocast
    return found


def compare(costs: dict[str, list[Cost]], precision: str) -> dict[str, Any]:
    """The best way of each, and the ratio of each round: median, least and most."""
    facts: dict[str, Any] = {}
    best = {}
    for name in ("painter", "tutorial"):
        start = f"{name}, {precision}, "
        times = {key.removeprefix(start): [each.cpu for each in costs[key]] for key in costs if key.startswith(start)}
        way = min(times, key=lambda each: median(times[each]))  # it is called at once
        best[name] = times[way]
        facts |= {f"{name}_ms": round(median(times[way]) * 1000, 1), f"{name}_way": way}
    ratios = [theirs / ours for theirs, ours in zip(best["tutorial"], best["painter"])]
    return {**facts, "ratio": [round(value, 2) for value in (median(ratios), min(ratios), max(ratios))]}


def around_the_network(stylizer: PhotoStylizer, photo: Image.Image, rounds: int) -> dict[str, float]:
    """Milliseconds of what comes before and after, and of `stylize` from picture to picture."""
    painted = stylizer.stylize(photo)
    files = {name: encode_photo(photo, name) for name in ("jpeg", "png")}

    def png() -> None:
        painted.save(io.BytesIO(), "PNG")

    tasks: dict[str, Callable[[], object]] = {
        "decode JPEG": lambda: open_photo(files["jpeg"]),
        "decode PNG": lambda: open_photo(files["png"]),
        "encode the painting as JPEG, quality 90": lambda: encode_photo(painted, "jpeg", 90),
        "encode the painting as PNG": png,
        "stylize(), fp32": lambda: stylizer.stylize(photo),
    }
    costs = in_turns(tasks, rounds, 0)
    return {name: round(1000 * median([each.cpu for each in found]), 1) for name, found in costs.items()}


def large(options: Large) -> None:
    """Measure and print; see `Large`. Each size of tile has a process of its own."""
    if options.child is not None:
        print(json.dumps(paint_large(options)))
        return
    results = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.jpg"
        large_photo(options.data_dir).save(path, quality=92)
        for tile_size in options.tile_sizes:
            words = ["--child", path, "--stylizer", options.stylizer, "--tile_sizes", tile_size, "--seed", options.seed]
            results.append(from_own_process("stylize", "large", *words, *["--bf16"] * options.bf16))
    rows = [
        [r["tile_size"], r["peak_gib"], r["seconds"], r["small_ms"], r["over_small"], "yes" if within(r) else "no"]
        for r in results
    ]
    header = ["tile", "peak GiB", "CPU seconds", "a 512x512 photo, ms", "time over pixels x that", "within both limits"]
    facts = {"stylizer": options.stylizer, "bf16": options.bf16, "size": LARGE, "n": 1, "limits": LARGE_LIMITS}
    report(options, {**facts, "tiles": results}, header, rows)


def within(result: dict[str, float]) -> bool:
    """Whether both limits are kept."""
    return all(result[name] <= limit for name, limit in LARGE_LIMITS.items())


def large_photo(data_dir: Path) -> Image.Image:
    """A held-out photo, mirrored again and again until it fills 24 megapixels."""
    array = np.asarray(open_reduced(photo_paths(data_dir, held_out=True)[0]))
    width, height = LARGE
    padding = ((0, height - array.shape[0]), (0, width - array.shape[1]), (0, 0))
    return Image.fromarray(np.pad(array, padding, mode="symmetric"))


def paint_large(options: Large) -> dict[str, float]:
    """Open, paint and encode the photo; before and after it, small ones for comparison."""
    (tile_size,) = options.tile_sizes
    stylizer = load_stylizer(options.stylizer)
    if options.bf16:
        stylizer.to(torch.bfloat16)
    photo = open_photo(options.child)  # type: ignore[arg-type]
    small = photo.crop((0, 0, 512, 512))

    def small_ones(count: int) -> list[float]:
        return [cost(lambda: stylizer.stylize(small, tile_size=tile_size)).cpu for _ in range(count)]

    small_ones(2)
    before = small_ones(8)
    taken = cost(lambda: stylizer.stylize(photo, tile_size=tile_size))
    encode_photo(taken.result)
    unit = 2**30 if sys.platform == "darwin" else 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    each = median(before + small_ones(8))
    pixels = photo.width * photo.height / 512**2
    return {
        "tile_size": tile_size,
        "peak_gib": round(peak, 3),
        "seconds": round(taken.cpu, 2),
        "small_ms": round(each * 1000, 1),
        "over_small": round(taken.cpu / (pixels * each), 3),
    }


def tiles(options: Tiles) -> None:
    """Measure and print; see `Tiles`."""
    photos = [open_reduced(path) for path in photo_paths(options.data_dir, held_out=True)[:12]]
    results = []
    for name, stylizer in load_stylizers(options.stylizers, "stylizer", "upscaler").items():
        random = np.random.default_rng(options.seed)
        steps, differing = [], []
        for _ in range(options.cases):
            photo = photos[random.integers(len(photos))]
            width, height = (int(random.integers(40, min(480, side) + 1)) for side in photo.size)
            photo = ImageOps.fit(photo, (width, height))
            seed, tile_size = int(random.integers(2**32)), int(random.integers(32, 257))
            whole, tiled = (
                np.asarray(stylizer.stylize(photo, seed=seed, tile_size=size)).astype(int) for size in (4096, tile_size)
            )
            steps.append(int(abs(whole - tiled).max()))
            differing.append(float((whole != tiled).any(2).mean()))
        share = sum(differing) / len(differing)
        results.append({"stylizer": name, "max_steps": max(steps), "pixels_that_differ": share})
    rows = [[r["stylizer"], r["max_steps"], f"{r['pixels_that_differ']:.5%}"] for r in results]
    header = ["stylizer", "largest difference, in steps of 1/255", "pixels that differ at all"]
    report(options, {"stylizers": results, "n": options.cases}, header, rows)


def main(options: Speed | Large | Tiles | Judge | Upscale | Sheet) -> None:
    """Measure what was asked for."""
    measure[type(options)](options)


measure: dict[type[Common], Callable[[Any], None]] = {
    Speed: speed,
    Large: large,
    Tiles: tiles,
    Judge: judge,
    Upscale: upscale,
    ContactSheet: contact_sheet,
}

if __name__ == "__main__":
    start(main)

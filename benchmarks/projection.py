"""How well pictures are found in the latent space: `python -m benchmarks.projection`.

Two questions, at each number of steps of the refinement. Pictures of the generator's own seeds: how far off are they
when encoded and painted again, and does a classifier see the same digit in them? Real test pictures: does it see the
right digit in what they are projected to, and how long does each take? One thread; wall and processor time.
"""

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import tyro
from torch import Tensor

from benchmarks.machine import machine
from gan_hub import GanGenerator
from gan_hub.data.idx import load_idx_set
from gan_hub.features import BUNDLED, FeatureExtractor
from gan_hub.images import from_uint8
from gan_hub.inversion.projection import project


@dataclass(frozen=True)
class Options:
    """Measure projection."""

    model: str = "mnist-gan"
    dataset: str = "mnist"
    """The one the model was trained on: mnist or fashion-mnist."""
    data_dir: Path = Path("data")
    num_pictures: int = 200
    """Of each kind: seeds from 0 on, and the first test pictures."""
    steps: tuple[int, ...] = (0, 40)
    """Of the refinement; 0 = the encoder alone."""
    json: Path | None = Path("benchmarks/results/projection.json")
    """Where the figures go, those of other models kept."""


@dataclass(frozen=True)
class Row:
    """What came out for one kind of picture and one number of steps.

    Attributes:
        pictures: generated or real.
        steps: of the refinement.
        error: mean absolute difference of pixels as a share of their range.
        same: share of pictures in whose projection the classifier sees the same class: of a generated picture the one
            it sees in that, of a real one the true one.
        wall, cpu: seconds a picture: median and largest.
    """

    pictures: str
    steps: int
    error: float
    same: float
    wall: tuple[float, float]
    cpu: tuple[float, float]


def main(options: Options) -> None:
    """Measure and print the table."""
    torch.set_num_threads(1)
    generator = GanGenerator.from_pretrained(options.model)
    extractor = FeatureExtractor.from_bundled(BUNDLED[options.dataset])
    test = load_idx_set(options.dataset, options.data_dir, train=False)
    count = options.num_pictures
    real, generated = from_uint8(test.images[:count]), generator.sample(count, seed=0)
    seen = float((extractor.classify(real) == test.labels[:count]).double().mean())
    kinds = {"generated": (generated, extractor.classify(generated)), "real": (real, test.labels[:count])}
    about = f"{options.model}, n = {count} (seeds from 0; first test pictures), one thread; {machine()}"
    print(f"{about}\nThe classifier sees the right class in {seen:.1%} of the real pictures themselves.\n")
    print("| pictures | steps | error, of the range | same class seen | wall s, median (max) | CPU s, median (max) |")
    print("|---|---|---|---|---|---|", flush=True)
    rows = []
    for kind, (pictures, classes) in kinds.items():
        for steps in options.steps:
            row = measured(generator, extractor, kind, pictures, classes, steps=steps)
            seconds = " | ".join(f"{middle:.2f} ({largest:.2f})" for middle, largest in (row.wall, row.cpu))
            print(f"| {kind} | {steps} | {row.error:.2%} | {row.same:.1%} | {seconds} |", flush=True)
            rows.append(row)
    if options.json is not None:
        known = json.loads(options.json.read_text(encoding="utf-8")) if options.json.is_file() else {}
        known[options.model] = {"about": about, "real_seen_right": seen, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def measured(
    generator: GanGenerator, extractor: FeatureExtractor, kind: str, pictures: Tensor, classes: Tensor, *, steps: int
) -> Row:
    """Project each picture for itself."""
    found, wall, cpu = [], [], []
    for picture in pictures:
        start = time.perf_counter(), time.process_time()
        found.append(project(generator, picture, num_steps=steps))
        wall.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
    seen = extractor.classify(torch.stack([projection.picture for projection in found]))
    return Row(
        pictures=kind,
        steps=steps,
        error=statistics.fmean(projection.error for projection in found),
        same=float((seen == classes).double().mean()),
        wall=middle_and_largest(wall),
        cpu=middle_and_largest(cpu),
    )


def middle_and_largest(values: Sequence[float]) -> tuple[float, float]:
    """Median and maximum."""
    return statistics.median(values), max(values)


if __name__ == "__main__":
    main(tyro.cli(Options))

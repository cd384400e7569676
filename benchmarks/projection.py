"""How well pictures are found in the latent space: `python -m benchmarks.projection`.

Two questions, at each number of steps of the refinement. Pictures of the generator's own seeds: how far off are they
when encoded and painted again, and does a classifier see the same digit in them? Real test pictures: does it see the
right digit in what they are projected to, and how long does each take? One thread; wall and processor time.
"""

import json
import statistics
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.measuring import RESULTS, cost, machine, median, print_header, print_row, start, write_json
from gan_hub import GanGenerator
from gan_hub.data.idx import load_idx_set
from gan_hub.features import BUNDLED, FeatureExtractor
from gan_hub.images import from_uint8
from gan_hub.inversion.projection import Projection, project


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
    json: Path | None = RESULTS / "projection.json"
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
    generator = GanGenerator.from_pretrained(options.model)
    extractor = FeatureExtractor.from_bundled(BUNDLED[options.dataset])
    test = load_idx_set(options.dataset, options.data_dir, train=False)
    count = options.num_pictures
    real, generated = from_uint8(test.images[:count]), generator.sample(count, seed=0)
    seen = float((extractor.classify(real) == test.labels[:count]).double().mean())
    kinds = {"generated": (generated, extractor.classify(generated)), "real": (real, test.labels[:count])}
    about = f"{options.model}, n = {count} (seeds from 0; first test pictures), one thread; {machine()}"
    print(f"{about}\nThe classifier sees the right class in {seen:.1%} of the real pictures themselves.\n")
    wall, cpu = "wall s, median (max)", "CPU s, median (max)"
    print_header("pictures", "steps", "error, of the range", "same class seen", wall, cpu)
    rows = []
    for kind, (pictures, classes) in kinds.items():
        for steps in options.steps:
            row = measured(generator, extractor, kind, pictures, classes, steps=steps)
            seconds = (f"{middle:.2f} ({largest:.2f})" for middle, largest in (row.wall, row.cpu))
            print_row(kind, steps, f"{row.error:.2%}", f"{row.same:.1%}", *seconds)
            rows.append(row)
    if options.json is not None:
        known = json.loads(options.json.read_text(encoding="utf-8")) if options.json.is_file() else {}
        known[options.model] = {"about": about, "real_seen_right": seen, "rows": [asdict(row) for row in rows]}
        write_json(options.json, known)


def measured(
    generator: GanGenerator, extractor: FeatureExtractor, kind: str, pictures: Tensor, classes: Tensor, *, steps: int
) -> Row:
    """Project each picture for itself."""
    costs = [cost(partial(project, generator, picture, num_steps=steps)) for picture in pictures]
    found: list[Projection] = [each.result for each in costs]
    wall, cpu = [each.wall for each in costs], [each.cpu for each in costs]
    seen = extractor.classify(torch.stack([projection.picture for projection in found]))
    return Row(
        pictures=kind,
        steps=steps,
        error=statistics.fmean(projection.error for projection in found),
        same=float((seen == classes).double().mean()),
        wall=(median(wall), max(wall)),
        cpu=(median(cpu), max(cpu)),
    )


if __name__ == "__main__":
    start(main)

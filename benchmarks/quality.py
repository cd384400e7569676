"""How good a generator is, beside real pictures measured the same way.

    python -m benchmarks.quality mnist-gan --dataset mnist --data_dir data

10,000 samples against the 10,000 test pictures, and 10,000 training pictures against them for reference, in the
standardised features of the data set's bundled classifier, float64, k = 5.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from benchmarks.machine import machine
from gan_hub import GanGenerator
from gan_hub.data.idx import load_idx_set
from train.evaluate import NUM_SAMPLES, SEED, Evaluator


@dataclass(frozen=True)
class Options:
    """Measure a generator."""

    model: tyro.conf.Positional[str]
    """A bundled name, a folder, or org/name."""
    dataset: Literal["mnist", "fashion-mnist"] = "mnist"
    data_dir: Path = Path("data")


def main(options: Options) -> None:
    """Measure and print the table."""
    data = load_idx_set(options.dataset, options.data_dir)
    evaluator = Evaluator.for_dataset(data, options.data_dir)
    assert evaluator is not None
    scores, reference = evaluator.full(GanGenerator.from_pretrained(options.model))
    print(
        f"{options.model}: n = {NUM_SAMPLES:,}, first seed {SEED:,}, {evaluator.extractor.description}; {machine()}\n"
    )
    print("| metric | generator | real | generator / real |\n|---|---|---|---|")
    for name, value in scores.items():
        real = reference.get(name)
        row = f"{real:.4f} | {value / real:.3f}" if real else " | "
        print(f"| {name.replace('_', ' ')} | {value:.4f} | {row} |")


if __name__ == "__main__":
    main(tyro.cli(Options))

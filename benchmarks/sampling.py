"""What `sample(64)` costs beside the bare forward pass of the same network.

    python -m benchmarks.sampling

Both take turns in one process on one thread; CPU time, median of the ratios of each pair. The target is 0.95.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import tyro

from benchmarks.machine import machine
from gan_hub import GanGenerator
from gan_hub.latents.seeds import labels_of_latents

NUM_PICTURES = 64


@dataclass(frozen=True)
class Options:
    """Measure sampling."""

    model: str = "mnist-gan"
    repeats: int = 40
    """Pairs that are timed."""


def main(options: Options) -> None:
    """Measure and print the table."""
    torch.set_num_threads(1)
    generator = GanGenerator.from_pretrained(options.model)
    z = generator.latents(range(NUM_PICTURES))
    labels = labels_of_latents(z, generator.num_classes) if generator.num_classes else None
    pairs = []
    with torch.no_grad():
        for repeat in range(-3, options.repeats):
            pair = (
                milliseconds(lambda: generator.network(z, labels)),
                milliseconds(lambda: generator.sample(NUM_PICTURES, seed=0)),
            )
            if repeat >= 0:
                pairs.append(pair)
    forward, sample = (statistics.median(times) for times in zip(*pairs))
    ratios = sorted(a / b for a, b in pairs)
    print(f"{options.model}, {NUM_PICTURES} pictures, {options.repeats} pairs, one thread; {machine()}\n")
    print("| | median CPU ms | speed relative to the bare forward pass (median, min to max) |\n|---|---|---|")
    print(f"| bare forward pass | {forward:.1f} | 1 |")
    print(f"| sample(64) | {sample:.1f} | {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}) |")


def milliseconds(function: Callable[[], object]) -> float:
    """CPU time of one call."""
    start = time.process_time()
    function()
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    main(tyro.cli(Options))

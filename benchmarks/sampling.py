"""What `sample(64)` costs beside the bare forward pass of the same network.

    python -m benchmarks.sampling

Both take turns in one process on one thread; CPU time, median of the ratios of each pair. The target is 0.95.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.measuring import in_turns, machine, median, print_header, print_row, spread, start
from gan_hub import GanGenerator
from gan_hub.latents.seeds import labels_of_latents

NUM_PICTURES = 64


@dataclass(frozen=True)
class Options:
    """Measure sampling."""

    model: str = "mnist-gan"
    repeats: int = 40
    """Pairs that are timed."""


def contenders(generator: GanGenerator) -> dict[str, Callable[[], Tensor]]:
    """The bare forward pass, and `sample`."""
    z = generator.latents(range(NUM_PICTURES))
    labels = labels_of_latents(z, generator.num_classes) if generator.num_classes else None
    return {
        "bare forward pass": torch.no_grad()(lambda: generator.network(z, labels)),
        f"sample({NUM_PICTURES})": lambda: generator.sample(NUM_PICTURES, seed=0),
    }


def main(options: Options) -> None:
    """Measure and print the table."""
    costs = in_turns(contenders(GanGenerator.from_pretrained(options.model)), options.repeats, 3)
    times = {name: [each.cpu for each in found] for name, found in costs.items()}
    bare = next(iter(times.values()))
    print(f"{options.model}, {NUM_PICTURES} pictures, {options.repeats} pairs, one thread; {machine()}\n")
    print_header("", "median CPU ms", "speed relative to the bare forward pass (median, min to max)")
    for name, seconds in times.items():
        print_row(name, f"{1000 * median(seconds):.1f}", spread([a / b for a, b in zip(bare, seconds)], 3))


if __name__ == "__main__":
    start(main)

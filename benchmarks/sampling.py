"""What `sample(64)` costs beside the bare forward pass of the same network: `python benchmarks/sampling.py`.

Both run in turn in one process on one thread; CPU time, median of the ratios of each pair. The target is 0.95.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")  # read when torch is imported

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch

import gan_hub
from gan_hub import GanGenerator
from gan_hub.hub import bundled_names
from gan_hub.latents import labels_of_latents

NUM_PICTURES = 64


def the_generator() -> tuple[str, GanGenerator]:
    """The bundled generator of digits if there is one, else an untrained one of its shape."""
    if "mnist-gan" in bundled_names():
        return "mnist-gan", GanGenerator.from_pretrained("mnist-gan")
    torch.manual_seed(0)
    generator = GanGenerator(
        architecture="conv",
        image_size=(28, 28),
        channels=1,
        latent_dim=64,
        num_classes=10,
        widths=[128, 64],
        num_blocks=1,
        patch_size=2,
    )
    return "an untrained generator of the shape of mnist-gan", generator.eval()


def cpu_seconds(function: Callable[[], object]) -> float:
    """CPU time of one call."""
    start = time.process_time()
    function()
    return time.process_time() - start


def processor() -> str:
    """The processor's name, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40, help="pairs that are timed")
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    name, generator = the_generator()
    z = generator.latents(range(NUM_PICTURES))
    labels = labels_of_latents(z, generator.num_classes) if generator.num_classes else None

    def bare() -> None:
        with torch.no_grad():
            generator.network(z, labels)

    def sample() -> None:
        generator.sample(NUM_PICTURES, seed=0)

    for _ in range(3):
        bare()
        sample()
    pairs = [(cpu_seconds(bare), cpu_seconds(sample)) for _ in range(repeats)]
    bare_ms, sample_ms = (1000 * statistics.median(times) for times in zip(*pairs))
    ratio = statistics.median(bare_time / sample_time for bare_time, sample_time in pairs)

    print(f"{name}: {NUM_PICTURES} pictures of {generator.image_size[0]}x{generator.image_size[1]}, {repeats} pairs")
    print(f"{processor()}, one thread; torch {torch.__version__}, gan-hub {gan_hub.__version__}\n")
    print(f"{'':24}{'CPU ms':>8}{'speed':>8}")
    print(f"{'bare forward pass':24}{bare_ms:8.2f}{1:8.2f}")
    print(f"{'sample(64)':24}{sample_ms:8.2f}{ratio:8.2f}")


if __name__ == "__main__":
    main()

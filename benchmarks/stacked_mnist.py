"""Stacked MNIST: how many of 1,000 modes a generator reaches, and how evenly, after a budget of CPU minutes.

    python -m benchmarks.stacked_mnist --data_dir data --output_dir runs/stacked-mnist

Three random digits are stacked as the channels of an RGB picture, which makes 1,000 modes. 26,000 samples are drawn;
each channel is classified by the bundled mnist-features, and the histogram over the modes is compared with that of the
data: the number of modes seen at least once, and KL(generated || data), in nats.
Metz et al., 2016, arXiv:1611.02163, section 3.3.1 (the data); Srivastava et al., 2017, arXiv:1705.07761 (26,000
samples); Lin et al., 2017, arXiv:1712.04086 (classifying each channel). A perfect generator scores a KL of
(1000 - 1) / (2 x 26,000) = 0.019 by the finite number of samples alone.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.measuring import RESULTS, machine, start, write_json
from benchmarks.training import trained
from gan_hub.data.dataset import Dataset
from gan_hub.data.idx import load_idx_set
from gan_hub.features import FeatureExtractor
from gan_hub.generator import GanGenerator
from gan_hub.images import enlarge, from_uint8, grid, to_pil
from gan_hub.training.options.options import TrainingOptions

NUM_MODES = 1000
NUM_SAMPLES = 26_000
NUM_PICTURES = 128_000
SEED = 1_000_000  # of the first sample
SETTINGS = ("max_train_steps", "widths", "discriminator_widths", "gamma", "final_gamma", "seed")


@dataclass(frozen=True)
class Options:
    """Train on Stacked MNIST with one thread and measure at the end."""

    # The trainer's options of the same names are `SETTINGS`.
    data_dir: Path = Path("data")
    output_dir: Path = Path("runs/stacked-mnist")
    max_train_steps: int = 13_000
    """Of 128 images; chosen so that they fit into 60 CPU minutes of one core here."""
    evaluation_steps: int = 1000
    widths: tuple[int, ...] = (128, 64)
    discriminator_widths: tuple[int, ...] = (128, 64)
    gamma: float = 1.0
    final_gamma: float = 0.1
    seed: int = 0
    json: Path = RESULTS / "stacked-mnist.json"
    """File to keep the result in."""


def stacked(data: Dataset, *, count: int, seed: int) -> Dataset:
    """`count` RGB pictures of three random digits each, labelled 0 to 999."""
    chosen = torch.randint(len(data), (count, 3), generator=torch.Generator().manual_seed(seed))
    labels = data.labels[chosen] @ torch.tensor([100, 10, 1])
    return Dataset(data.images[chosen].squeeze(2), labels, (), "stacked-mnist", data.licence)


def modes(extractor: FeatureExtractor, images: Tensor) -> Tensor:
    """The mode, 0 to 999, that the classifier sees in each of images [N, 3, H, W] in [-1, 1]."""
    digits = [extractor.classify(images[:, channel : channel + 1]) for channel in range(3)]
    return torch.stack(digits, dim=1) @ torch.tensor([100, 10, 1])


def modes_of(extractor: FeatureExtractor, data: Dataset) -> Tensor:
    """The mode that the classifier sees in each picture."""
    return torch.cat([modes(extractor, from_uint8(images)) for images in data.images.split(1000)])


def scores(seen: Tensor, real: Tensor) -> dict[str, float]:
    """Modes reached and KL(generated || data) of two lists of modes; the data's empty modes count as half a picture."""
    generated = seen.bincount(minlength=NUM_MODES).double() / len(seen)
    data = real.bincount(minlength=NUM_MODES).double().clamp(min=0.5) / len(real)
    reached = generated > 0
    divergence = (generated[reached] * (generated[reached] / data[reached]).log()).sum()
    return {"num_modes": int(reached.sum()), "kl": round(float(divergence), 4)}


def measure(generator: GanGenerator, extractor: FeatureExtractor, real: Tensor) -> dict[str, float]:
    """`scores` of 26,000 samples."""
    chunks = [
        modes(extractor, generator.generate(generator.latents(range(first, first + 1000))))
        for first in range(SEED, SEED + NUM_SAMPLES, 1000)
    ]
    return scores(torch.cat(chunks), real)


def main(options: Options) -> None:
    """Train, measure on the way and at the end, and write benchmarks/results/stacked-mnist.json."""
    training = replace(
        TrainingOptions(),
        conditional=False,
        **{name: getattr(options, name) for name in SETTINGS},
    )
    extractor = FeatureExtractor.from_bundled("mnist-features")
    digits = load_idx_set("mnist", options.data_dir)
    data = stacked(digits, count=NUM_PICTURES, seed=0)
    # What the classifier sees in the training pictures, so that its own errors count for neither side.
    real = modes_of(extractor, data)
    test = stacked(load_idx_set("mnist", options.data_dir, train=False), count=NUM_SAMPLES, seed=1)
    floor = scores(modes_of(extractor, test), real)
    print(json.dumps({"26,000 stacked test digits": floor}), flush=True)
    options.output_dir.mkdir(parents=True, exist_ok=True)
    points = []
    last = options.max_train_steps
    for step, seconds, trainer in trained(training, data, [*range(0, last, options.evaluation_steps)[1:], last]):
        result = measure(trainer.average, extractor, real)
        points.append({"step": step, "cpu_minutes": round(seconds / 60, 1), **result})
        print(json.dumps(points[-1]), flush=True)
        trainer.average.save_pretrained(options.output_dir)
        enlarge(grid(to_pil(trainer.average.sample(80, seed=0)), 10), 2).save(options.output_dir / "samples.png")
        facts = {"test_digits": floor, "points": points, "seed": options.seed, "machine": machine()}
        write_json(options.json, facts)  # of a run that is cut off, too


if __name__ == "__main__":
    start(main)

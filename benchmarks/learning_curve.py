"""Frechet distance against CPU time and images seen: `--preset mnist` beside the tutorials' MLP GAN.

    python -m benchmarks.learning_curve tutorial --data_dir data   # about 15 CPU minutes
    python -m benchmarks.learning_curve ours --data_dir data
    python -m benchmarks.learning_curve draw                       # docs/learning-curve.png and the table

Both run with one thread; CPU time excludes the evaluations. 10,000 samples against the 10,000 test digits, in the
features of the bundled mnist-features.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
import tyro
from torch import Tensor, nn

from benchmarks.measuring import DOCS, RESULTS, cost, machine, start, write_json
from benchmarks.training import pil_loader, trained
from gan_hub.data.dataset import Dataset
from gan_hub.data.idx import load_idx_set
from gan_hub.evaluation.evaluator import NUM_SAMPLES, Evaluator
from gan_hub.evaluation.metrics import frechet_distance
from gan_hub.features import FeatureExtractor
from gan_hub.training.options.presets import preset

PICTURE = DOCS / "learning-curve.png"
EPOCHS_MEASURED = (1, 2, 3, 5, 10, 20, 30, 40, 60, 80, 100)
STEPS_MEASURED = (25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000)


@dataclass(frozen=True)
class Options:
    """Measure one of the two, or draw both."""

    what: tyro.conf.Positional[Literal["tutorial", "ours", "draw"]]
    data_dir: Path = Path("data")
    seed: int = 0


def main(options: Options) -> None:
    """Measure and write a JSON file, or draw the two files that are there."""
    if options.what == "draw":
        draw()
        return
    torch.manual_seed(options.seed)
    data = load_idx_set("mnist", options.data_dir)
    evaluator = Evaluator.for_dataset(data, options.data_dir)
    assert evaluator is not None
    assert evaluator.train is not None
    points = tutorial(data, evaluator) if options.what == "tutorial" else ours(data, evaluator, options)
    result = {
        "points": points,
        "machine": machine(),
        "seed": options.seed,
        "num_samples": NUM_SAMPLES,
        "extractor": evaluator.extractor.description,
        "real_against_real": frechet_distance(evaluator.real, evaluator.train),
    }
    write_json(RESULTS / f"curve-{options.what}.json", result)


def tutorial(data: Dataset, evaluator: Evaluator) -> list[dict[str, float]]:
    """The tutorials' GAN written as published: 100-128-256-784 against 784-128-64-1, BCE, Adam 1e-3, batch 64."""
    loader = pil_loader(data, 64)
    generator = nn.Sequential(
        nn.Linear(100, 128), nn.ReLU(), nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 784), nn.Tanh()
    )
    discriminator = nn.Sequential(
        nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1), nn.Sigmoid()
    )
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3)
    discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3)
    criterion = nn.BCELoss()

    def epoch() -> None:
        for real, _ in loader:
            real = real.flatten(1)
            ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
            fake = generator(torch.randn(len(real), 100))
            loss = criterion(discriminator(real), ones) + criterion(discriminator(fake.detach()), zeros)
            discriminator_optimizer.zero_grad()
            loss.backward()
            discriminator_optimizer.step()
            generator_optimizer.zero_grad()
            criterion(discriminator(fake), ones).backward()
            generator_optimizer.step()

    points: list[dict[str, float]] = []
    seconds = 0.0
    for number in range(1, max(EPOCHS_MEASURED) + 1):
        seconds += cost(epoch).cpu
        if number in EPOCHS_MEASURED:
            with torch.no_grad():
                images = generator(torch.randn(NUM_SAMPLES, 100)).view(-1, 1, 28, 28)
            points.append(point(number * len(data), seconds, images, evaluator))
    return points


def ours(data: Dataset, evaluator: Evaluator, options: Options) -> list[dict[str, float]]:
    """The trainer with the preset mnist, as launched but for its one thread."""
    training = replace(preset("mnist"), seed=options.seed)
    return [
        point(step * training.train_batch_size, seconds, evaluator.sample(trainer.average)[0], evaluator)
        for step, seconds, trainer in trained(training, data, STEPS_MEASURED)
    ]


def point(num_images: int, seconds: float, images: Tensor, evaluator: Evaluator) -> dict[str, float]:
    """One measured point of a curve, printed as it comes."""
    assert isinstance(evaluator.extractor, FeatureExtractor)
    seen = evaluator.extractor.classify(images)
    result = {
        "num_images": num_images,
        "cpu_seconds": round(seconds, 1),
        "frechet_distance": frechet_distance(evaluator.real, evaluator.extractor(images)),
        "classes_seen": int((seen.bincount(minlength=10) >= NUM_SAMPLES // 100).sum()),
    }
    print(result, flush=True)
    return result


def draw() -> None:
    """Draw both curves and print how much sooner one reaches what the other ends with."""
    import matplotlib.pyplot as plt

    results = {name: json.loads((RESULTS / f"curve-{name}.json").read_text()) for name in ("ours", "tutorial")}
    floor = results["ours"]["real_against_real"]
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True, layout="constrained")
    labels = {"ours": "train.py --preset mnist", "tutorial": "the tutorials' MLP GAN, as published"}
    for axis, key, scale, title in (
        (axes[0], "cpu_seconds", 60, "CPU minutes (one core)"),
        (axes[1], "num_images", 1000, "thousand images seen"),
    ):
        for name, colour in (("tutorial", "#999999"), ("ours", "#d1495b")):
            points = results[name]["points"]
            axis.plot(
                [p[key] / scale for p in points],
                [p["frechet_distance"] for p in points],
                "o-",
                color=colour,
                markersize=3,
                label=labels[name],
            )
        axis.axhline(floor, color="#2a9d8f", linewidth=1, label="10,000 training against 10,000 test digits")
        axis.axhline(8 * floor, color="#2a9d8f", linewidth=1, linestyle=":", label="eight times that")
        axis.set(xscale="log", yscale="log", xlabel=title)
        axis.grid(alpha=0.2)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("Frechet distance, mnist-features")
    axes[0].legend(fontsize=8, frameon=False)
    figure.savefig(PICTURE, dpi=130)
    last = results["tutorial"]["points"][-1]
    reached = next(p for p in results["ours"]["points"] if p["frechet_distance"] <= last["frechet_distance"])
    ratio = last["cpu_seconds"] / reached["cpu_seconds"]
    print(f"the tutorials' MLP after 100 epochs: {last['frechet_distance']:.3g} in {last['cpu_seconds']:.0f} CPU s;")
    print(f"--preset mnist is there after {reached['cpu_seconds']:.0f} CPU s: 1/{ratio:.0f} of the time")


if __name__ == "__main__":
    start(main)

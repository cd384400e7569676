"""Measuring a generator while it trains, in the feature space of a bundled classifier."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gan_hub.card import Metric
from gan_hub.data.dataset import Dataset
from gan_hub.data.idx import load_idx_set
from gan_hub.features import FeatureExtractor
from gan_hub.generator import GanGenerator
from gan_hub.images import from_uint8
from gan_hub.latents import labels_of_latents
from gan_hub.metrics import all_metrics, frechet_distance

EXTRACTORS = {"mnist": "mnist-features", "fashion-mnist": "fashion-features"}
NUM_SAMPLES = 10_000
SEED = 1_000_000  # far from the seeds that people look at, so that what is measured is not what was admired


@dataclass
class Evaluator:
    """Compares a generator's samples with the test pictures of its data set.

    Attributes:
        extractor: the classifier.
        real: [10000, D], features of the test pictures.
        train: [10000, D], features of as many training pictures, drawn with seed 0: real against real.
        train_labels: [10000], their classes; the generator is asked for the same ones, so that the share of each class
            is the data's, as in StyleGAN2-ADA's metrics.
    """

    extractor: FeatureExtractor
    real: Tensor
    train: Tensor
    train_labels: Tensor

    @classmethod
    def for_dataset(cls, data: Dataset, data_dir: Path) -> "Evaluator | None":
        """The evaluator of a named set, or None where no extractor is bundled for it."""
        if data.name not in EXTRACTORS:
            return None
        extractor = FeatureExtractor.from_bundled(EXTRACTORS[data.name])
        test = load_idx_set(data.name, data_dir, train=False)
        chosen = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))[:NUM_SAMPLES]
        real, train = (extractor(from_uint8(images)) for images in (test.images, data.images[chosen]))
        return cls(extractor, real, train, data.labels[chosen])

    def quick(self, generator: GanGenerator) -> dict[str, float]:
        """The Frechet distance of 10,000 samples, and what the classifier sees in them."""
        images, labels = self.sample(generator)
        scores = {"frechet_distance": frechet_distance(self.real, self.extractor(images))}
        return scores | self._class_scores(images, labels)

    def full(self, generator: GanGenerator) -> tuple[dict[str, float], dict[str, float]]:
        """Every metric of 10,000 samples, and of 10,000 training pictures for reference.

        The class scores, and a second Frechet distance, are of 10,000 samples with the classes drawn uniformly.
        """
        images, _ = self.sample(generator)
        scores = all_metrics(self.real, self.extractor(images))
        images, labels = self.sample(generator, uniform=True)
        scores["frechet_distance_uniform_classes"] = frechet_distance(self.real, self.extractor(images))
        return scores | self._class_scores(images, labels), all_metrics(self.real, self.train)

    def sample(self, generator: GanGenerator, *, uniform: bool = False) -> tuple[Tensor, Tensor | None]:
        """The 10,000 pictures that are measured, and the class asked for in each (None when unconditional).

        Args:
            generator: to be measured.
            uniform: draw the classes uniformly instead of as often as in the data.
        """
        z = generator.latents(range(SEED, SEED + NUM_SAMPLES))
        labels = None
        if generator.num_classes:
            labels = labels_of_latents(z, generator.num_classes) if uniform else self.train_labels
        return generator.generate(z, labels).cpu(), labels

    def _class_scores(self, images: Tensor, labels: Tensor | None) -> dict[str, float]:
        """How often each class is seen relative to how often it is asked for, and how often the one asked for is seen.

        Without classes to ask for, relative to an equal share.
        """
        num_classes = self.extractor.num_classes
        seen = self.extractor.classify(images)
        share = torch.full((num_classes,), 1 / num_classes)
        if labels is not None:
            share = labels.bincount(minlength=num_classes) / len(labels)
        frequency = seen.bincount(minlength=num_classes) / len(seen) / share
        scores = {"rarest_class": float(frequency.min()), "commonest_class": float(frequency.max())}
        if labels is not None:
            scores["class_agreement"] = float((seen == labels).double().mean())
        return scores

    def card_metrics(self, scores: dict[str, float], reference: dict[str, float]) -> list[Metric]:
        """The figures of `full` as a card states them."""
        return [
            Metric(name.replace("_", " "), value, reference.get(name), self.extractor.description, NUM_SAMPLES, SEED)
            for name, value in scores.items()
        ]

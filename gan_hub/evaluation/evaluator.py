"""Measures a generator: its samples against real pictures, in the space of a feature extractor."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gan_hub.data.dataset import Dataset
from gan_hub.data.idx import IDX_SETS, load_idx_set
from gan_hub.evaluation.diversity import copied_share, diversity, thumbnails
from gan_hub.evaluation.metrics import all_metrics, frechet_distance
from gan_hub.features import Extractor, FeatureExtractor, choose_extractor
from gan_hub.generator import GanGenerator
from gan_hub.images import from_uint8
from gan_hub.latents.seeds import labels_of_latents
from gan_hub.loading.card import Metric

NUM_SAMPLES = 10_000
MIN_PICTURES = 16  # with fewer, no figure means anything
SEED = 1_000_000  # far from the seeds that people look at, so that nobody chose the measured pictures
CHUNK = 500


@dataclass
class Evaluator:
    """Compares a generator's samples with real pictures.

    Attributes:
        extractor: maps pictures to features.
        real: [N, D], features of the pictures to compare with: the test pictures where the data has some, else one
            half of the pictures.
        train: [M, D], features of as many other real pictures as are generated, to compare real with real.
        labels: [M], the classes to generate, each with its share in the data, as in StyleGAN2-ADA's metrics; None
            without classes.
        thumbnails: [K, D'], of training pictures, to find copies.
        num_samples: M, the number of generated pictures.
    """

    extractor: Extractor
    real: Tensor
    train: Tensor
    labels: Tensor | None
    thumbnails: Tensor
    num_samples: int = NUM_SAMPLES

    @classmethod
    def for_dataset(
        cls, data: Dataset, data_dir: Path, *, extractor: str = "auto", num_samples: int = NUM_SAMPLES
    ) -> "Evaluator | None":
        """The evaluator of a data set; None if it has fewer than `MIN_PICTURES`.

        Args:
            data: the training pictures. A named set is compared with its test pictures, any other with one half of
                itself, and its other half with the same, so that the figures of real pictures stand beside.
            data_dir: where the test pictures of the named sets are.
            extractor: see `choose_extractor`.
            num_samples: pictures to generate; if there are fewer real ones to compare with, as many as those.

        Raises:
            ModelError: there is no such extractor, or it can't be loaded.
        """
        if len(data) < MIN_PICTURES:
            return None
        has_test_pictures = data.name in IDX_SETS
        order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
        count = min(num_samples, len(data) if has_test_pictures else len(data) // 2)
        chosen = order[:count]
        measure = choose_extractor(extractor, data_name=data.name, channels=data.images.shape[1])
        train = measured(measure, data.images, chosen)
        labels = data.labels[chosen] if data.class_names else None
        if has_test_pictures:
            test = load_idx_set(data.name, data_dir, train=False)
            real = measured(measure, test.images, torch.arange(len(test)))
        else:
            real = measured(measure, data.images, order[count : 2 * count])
        # A copy may be of any picture that was trained on, as far as they are looked at.
        small = measured(thumbnails, data.images, order[: max(count, min(2 * count, num_samples))])
        return cls(measure, real, train, labels, small, count)

    def quick(self, generator: GanGenerator) -> dict[str, float]:
        """The Frechet distance, and the class scores where the extractor is a classifier of these classes."""
        images, labels = self.sample(generator)
        scores = {"frechet_distance": frechet_distance(self.real, self.extractor(images))}
        return scores | self._class_scores(images, labels)

    def full(self, generator: GanGenerator) -> tuple[dict[str, float], dict[str, float]]:
        """Every metric of the samples, and of as many training pictures for reference.

        The class scores and a second Frechet distance are of samples whose classes are drawn uniformly.
        """
        images, _ = self.sample(generator)
        scores = all_metrics(self.real, self.extractor(images))
        small = torch.cat([thumbnails(some) for some in images.split(CHUNK)])
        scores["diversity"] = diversity(self.thumbnails[:CHUNK], small[:CHUNK])
        scores["copied_share"] = copied_share(self.thumbnails, small)
        reference = all_metrics(self.real, self.train) | {
            "diversity": 1.0,
            "copied_share": copied_share(self.thumbnails),
        }
        labels = None
        if generator.num_classes:
            images, labels = self.sample(generator, uniform=True)
            scores["frechet_distance_uniform_classes"] = frechet_distance(self.real, self.extractor(images))
        return scores | self._class_scores(images, labels), reference

    def sample(self, generator: GanGenerator, *, uniform: bool = False) -> tuple[Tensor, Tensor | None]:
        """The pictures or clips [M, T * C, H, W] to measure, and the class of each; None for one without classes.

        Args:
            generator: the one to measure.
            uniform: draw the classes uniformly instead of as often as in the data.

        Raises:
            ValueError: the generator's classes are not the data's.
        """
        z = generator.latents(range(SEED, SEED + self.num_samples))
        labels = None
        if generator.num_classes:
            if not uniform and (self.labels is None or int(self.labels.max()) >= generator.num_classes):
                raise ValueError("the generator's classes are not those of the data")
            labels = labels_of_latents(z, generator.num_classes) if uniform else self.labels
        return generator.clips(z, labels).flatten(1, 2).cpu(), labels

    def _class_scores(self, images: Tensor, labels: Tensor | None) -> dict[str, float]:
        """How often the classifier sees each class, relative to how often it was generated, and how often it agrees.

        Without classes, relative to an equal share.
        """
        if not isinstance(self.extractor, FeatureExtractor):
            return {}
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

    def table(self, scores: dict[str, float], reference: dict[str, float]) -> str:
        """The scores of `full` as a table in Markdown."""
        lines = [
            f"{self.num_samples:,} samples from seed {SEED:,} against {len(self.real):,} pictures; "
            f"features: {self.extractor.description}",
            "",
            "| metric | generator | real pictures |",
            "|---|---|---|",
        ]
        for name, value in scores.items():
            real = f"{reference[name]:.4g}" if name in reference else ""
            lines.append(f"| {name.replace('_', ' ')} | {value:.4g} | {real} |")
        return "\n".join(lines)

    def to_json(self, scores: dict[str, float], reference: dict[str, float]) -> str:
        """The scores of `full` with everything that they depend on."""
        about = {"extractor": self.extractor.description, "num_samples": self.num_samples, "first_seed": SEED}
        facts = about | {"num_pictures": len(self.real), "scores": scores, "real_pictures": reference}
        return json.dumps(facts, indent=2) + "\n"

    def card_metrics(self, scores: dict[str, float], reference: dict[str, float]) -> list[Metric]:
        """The scores of `full` as a card states them."""
        extractor, count = self.extractor.description, self.num_samples
        return [
            Metric(name.replace("_", " "), value, reference.get(name), extractor, count, SEED)
            for name, value in scores.items()
        ]


def measured(measure: Callable[[Tensor], Tensor], images: Tensor, chosen: Tensor) -> Tensor:
    """Features of a data set's pictures, a few at a time.

    Args:
        measure: maps images [B, C, H, W] in [-1, 1] to features [B, D]: an extractor, or `thumbnails`.
        images: [N, C, H, W], uint8.
        chosen: indices [K].

    Returns:
        [K, D].
    """
    return torch.cat([measure(from_uint8(images[some])) for some in chosen.split(CHUNK)])

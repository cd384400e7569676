"""Measuring in training: what the scores say of a good generator, and of three broken ones."""

from pathlib import Path

import pytest
import torch

from gan_hub import GanGenerator
from gan_hub.data.dataset import Dataset
from gan_hub.data.drawn import drawn_shapes
from gan_hub.images import to_uint8
from train import evaluate
from train.evaluate import Evaluator

COUNT = 600


def digits(first_seed: int) -> Dataset:
    """Digits of the bundled generator, standing in for real ones."""
    generator = GanGenerator.from_pretrained("mnist-gan")
    labels = torch.arange(COUNT) % 10
    images = generator.generate(generator.latents(range(first_seed, first_seed + COUNT)), labels)
    return Dataset(to_uint8(images), labels, generator.class_names, "mnist", "none")


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "NUM_SAMPLES", COUNT)
        patch.setattr(evaluate, "load_idx_set", lambda *_, **__: digits(50_000))
        found = Evaluator.for_dataset(digits(0), Path("nowhere"))
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "NUM_SAMPLES", COUNT)


def test_a_generator_is_as_near_to_its_own_pictures_as_they_are_to_each_other(evaluator: Evaluator) -> None:
    scores, reference = evaluator.full(GanGenerator.from_pretrained("mnist-gan"))
    assert scores["frechet_distance"] < 2 * reference["frechet_distance"]
    assert scores["coverage"] > 0.9 * reference["coverage"]
    assert scores["class_agreement"] > 0.97
    assert 0.9 < scores["rarest_class"] <= 1 <= scores["commonest_class"] < 1.1


def test_classes_in_the_wrong_place_show_in_the_agreement_alone(evaluator: Evaluator) -> None:
    generator = GanGenerator.from_pretrained("mnist-gan")
    generator.network.embedding.weight.data = generator.network.embedding.weight.data.roll(1, 0)
    scores = evaluator.quick(generator)
    assert scores["class_agreement"] < 0.03
    assert scores["commonest_class"] < 1.1


def test_a_collapse_to_one_class_shows_in_the_shares_and_in_the_distance(evaluator: Evaluator) -> None:
    generator = GanGenerator.from_pretrained("mnist-gan")
    healthy = evaluator.quick(generator)["frechet_distance"]
    generator.network.embedding.weight.data[:] = generator.network.embedding.weight.data[3]
    scores = evaluator.quick(generator)
    assert scores["rarest_class"] < 0.1
    assert scores["commonest_class"] > 9
    assert scores["frechet_distance"] > 100 * healthy


def test_a_collapse_within_the_classes_shows_in_recall_and_coverage(evaluator: Evaluator) -> None:
    generator = GanGenerator.from_pretrained("mnist-gan")
    generator.network.condition.weight.data[:, : generator.latent_dim] *= 0.02  # z hardly matters any more
    scores, reference = evaluator.full(generator)
    assert scores["class_agreement"] > 0.97
    assert scores["coverage"] < 0.3 * reference["coverage"]
    assert scores["recall"] < 0.3 * reference["recall"]


def test_a_set_without_an_extractor_is_not_measured() -> None:
    assert Evaluator.for_dataset(drawn_shapes(8, seed=0), Path("nowhere")) is None

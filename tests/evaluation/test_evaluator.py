"""Measuring: what the scores say of a good generator, and of three broken ones; any data, any extractor."""

from pathlib import Path

import pytest
import torch

from gan_hub import GanGenerator
from gan_hub.data.dataset import Dataset
from gan_hub.data.drawn import drawn_shapes
from gan_hub.evaluation import evaluator as evaluator_module
from gan_hub.evaluation.evaluator import Evaluator
from gan_hub.features import RandomFeatures, as_rgb, choose_extractor
from gan_hub.images import from_uint8, to_uint8
from gan_hub.loading.weights import ModelError
from tests.conftest import make_generator

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
        patch.setattr(evaluator_module, "load_idx_set", lambda *_, **__: digits(50_000))
        found = Evaluator.for_dataset(digits(0), Path("nowhere"), num_samples=COUNT)
    assert found is not None
    return found


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


def test_too_few_pictures_are_not_measured() -> None:
    assert Evaluator.for_dataset(drawn_shapes(8, seed=0), Path("nowhere")) is None


def test_pictures_without_a_trained_extractor_are_measured_by_random_features() -> None:
    """More of the same kind score best, another kind worst, and copies are counted."""
    data = drawn_shapes(300, seed=0)
    evaluator = Evaluator.for_dataset(data, Path("nowhere"))
    assert evaluator is not None
    assert evaluator.num_samples == 150  # and the other half are compared with them
    assert "untrained" in evaluator.extractor.description
    again, digits_ = drawn_shapes(300, seed=1), digits(0).images[:300, :, 6:22, 6:22]

    scores = []
    for images in (again.images, data.images, digits_):
        painter = make_generator(image_size=[16, 16], num_classes=0)
        painter.clips = lambda *_, images=images: from_uint8(images)[:, None]  # type: ignore[method-assign]
        scores.append(evaluator.full(painter)[0])
    alike, copied, other = scores
    assert alike["frechet_distance"] < 0.2 * other["frechet_distance"]
    assert alike["coverage"] > 0.7 > 0.1 > other["coverage"]
    assert copied["copied_share"] > 0.9 > 0.2 > alike["copied_share"]


def test_random_features_are_the_same_on_every_machine() -> None:
    features = RandomFeatures(1)(from_uint8(drawn_shapes(2, seed=0).images))
    assert features.shape == (2, 256)
    assert torch.equal(RandomFeatures(1)(from_uint8(drawn_shapes(2, seed=0).images)), features)


def test_rgba_is_laid_on_white_for_a_network_that_knows_rgb_only() -> None:
    clear, red = torch.full((1, 4, 1, 1), -1.0), torch.tensor([1.0, -1.0, -1.0, 1.0]).view(1, 4, 1, 1)
    half_black = torch.tensor([-1.0, -1.0, -1.0, 0.0]).view(1, 4, 1, 1)
    assert as_rgb(torch.cat([clear, red, half_black])).flatten(1).tolist() == [
        [255, 255, 255],
        [255, 0, 0],
        [128, 128, 128],
    ]
    assert as_rgb(torch.zeros(1, 1, 2, 2)).shape == (1, 3, 2, 2)
    with pytest.raises(ValueError, match="2 channels"):
        as_rgb(torch.zeros(1, 2, 2, 2))


@pytest.mark.parametrize("name", ["no-such-features", "weights.pth"])
def test_an_extractor_that_is_not_there_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(ModelError, match=r"mnist-features|--extractor random|pip install"):
        choose_extractor(name, data_name="mnist", channels=1)


@pytest.mark.slow
def test_inception_features_come_from_a_file_of_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights here are random; that published figures come out needs the published weights, which are not ours."""
    module = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3").FeatureExtractorInceptionV3
    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.Module, "load_state_dict", lambda *_, **__: None)
        patch.setattr(torch, "load", lambda *_, **__: {})
        torch.save(module("x", ["2048"], "none").state_dict(), tmp_path / "inception.pth")
    extractor = choose_extractor(str(tmp_path / "inception.pth"), data_name="mnist", channels=1)
    assert extractor(from_uint8(drawn_shapes(3, seed=0).images)).shape == (3, 2048)

"""Tests of meaning: what each metric must say about sets whose relation is known."""

import pytest
import torch
from torch import Tensor

from gan_hub.evaluation.metrics import all_metrics, frechet_distance, kernel_distance, neighbourhood


def normal(count: int, seed: int, dim: int = 8) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


REAL = normal(1500, seed=0)


def test_a_set_is_at_distance_zero_from_itself() -> None:
    assert frechet_distance(REAL, REAL) == pytest.approx(0, abs=1e-9)
    scores = neighbourhood(REAL, REAL)
    assert scores.precision == scores.recall == scores.coverage == 1


def test_frechet_distance_of_shifted_and_scaled_normals_is_the_closed_form() -> None:
    """For N(0, I) and N(m, s^2 I) in d dimensions: |m|^2 + d (s - 1)^2."""
    big = normal(200_000, seed=1, dim=3)
    other = 2 * normal(200_000, seed=2, dim=3) + torch.tensor([1.0, 0.0, -1.0])
    assert frechet_distance(big, other) == pytest.approx(2 + 3, rel=0.02)


def test_frechet_distance_survives_singular_covariances() -> None:
    flat = REAL.clone()
    flat[:, 3] = 0
    constant = torch.zeros(50, 8)
    assert frechet_distance(flat, flat) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(flat, constant) == pytest.approx(float(flat.var(0).sum() + flat.mean(0).square().sum()))


def test_kernel_distance_is_unbiased() -> None:
    """On average zero for two samples of one distribution, of either sign; far above it for another distribution."""
    values = [kernel_distance(normal(200, seed=2 * i), normal(200, seed=2 * i + 1)) for i in range(40)]
    mean, error = torch.tensor(values).mean(), torch.tensor(values).std() / 40**0.5
    assert min(values) < 0 < max(values)
    assert abs(mean) < 4 * error
    assert kernel_distance(REAL, normal(1500, seed=3) + 1) > 100 * abs(mean)


def test_a_collapsed_set_is_precise_and_recalls_little() -> None:
    collapsed = REAL[:1] + 0.01 * normal(1500, seed=4)
    scores = neighbourhood(REAL, collapsed)
    assert scores.precision > 0.99
    assert scores.recall < 0.05
    assert scores.coverage < 0.05


def test_swapped_arguments_are_noticed() -> None:
    collapsed = REAL[:1] + 0.01 * normal(1500, seed=4)
    swapped = neighbourhood(collapsed, REAL)
    assert swapped.precision < 0.05
    assert swapped.recall > 0.99


def test_noise_beside_the_data_is_not_precise() -> None:
    scores = neighbourhood(REAL, normal(1500, seed=5) + 20)
    assert scores == type(scores)(precision=0, recall=0, density=0, coverage=0)


def test_dropping_half_the_modes_halves_the_coverage() -> None:
    centres = torch.zeros(10, 8, dtype=torch.float64)
    centres[:, 0] = torch.arange(10) * 100
    real = (centres[:, None] + normal(1500, seed=6).view(10, 150, 8)).flatten(0, 1)
    fake = (centres[:5, None] + normal(1500, seed=7).view(5, 300, 8)).flatten(0, 1)
    scores = neighbourhood(real, fake)
    assert scores.coverage == pytest.approx(0.5, abs=0.02)
    assert scores.recall <= 0.5
    assert scores.precision > 0.85


def test_coverage_of_equal_distributions_is_the_papers_expectation() -> None:
    """1 - 2^-k for k = 5 (arXiv:2002.09797, section 3.2), and a density of one."""
    scores = neighbourhood(normal(3000, seed=8, dim=16), normal(3000, seed=9, dim=16), k=5)
    assert scores.coverage == pytest.approx(1 - 2**-5, abs=0.01)
    assert scores.density == pytest.approx(1, abs=0.05)


class Pixels(torch.nn.Module):
    """The plainest of feature extractors."""

    num_features = 12

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1).double()


def test_frechet_distance_agrees_with_torchmetrics() -> None:
    image = pytest.importorskip("torchmetrics.image.fid")
    metric = image.FrechetInceptionDistance(feature=Pixels(), input_img_size=(3, 2, 2), normalize=False)
    metric.set_dtype(torch.float64)
    stream = torch.Generator().manual_seed(10)
    real = torch.randint(0, 200, (400, 3, 2, 2), generator=stream, dtype=torch.uint8)
    fake = torch.randint(50, 256, (300, 3, 2, 2), generator=stream, dtype=torch.uint8)
    metric.update(real, real=True)
    metric.update(fake, real=False)
    assert frechet_distance(real.flatten(1), fake.flatten(1)) == pytest.approx(float(metric.compute()), rel=1e-6)


class Rows(torch.utils.data.Dataset):
    """uint8 pictures for torch-fidelity."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


def test_metrics_agree_with_torch_fidelity() -> None:
    """Distances and precision/recall of the same features; its KID is a mean over subsets, here of all there are."""
    fidelity = pytest.importorskip("torch_fidelity")
    base = pytest.importorskip("torch_fidelity.feature_extractor_base").FeatureExtractorBase

    class FlatPixels(base):
        def __init__(self, name: str, features_list: list[str], **_: object) -> None:
            super().__init__(name, features_list)

        @staticmethod
        def get_provided_features_list() -> tuple[str, ...]:
            return ("pixels",)

        @staticmethod
        def get_default_feature_layer_for_metric(_metric: str) -> str:
            return "pixels"

        @staticmethod
        def can_be_compiled() -> bool:
            return False

        @staticmethod
        def get_dummy_input_for_compile() -> None:
            return None

        def forward(self, images: Tensor) -> tuple[Tensor, ...]:
            return (images.flatten(1).double(),)

    fidelity.register_feature_extractor("flat-pixels", FlatPixels)
    stream = torch.Generator().manual_seed(11)
    real = torch.randint(0, 200, (300, 3, 2, 2), generator=stream, dtype=torch.uint8)
    fake = torch.randint(50, 256, (300, 3, 2, 2), generator=stream, dtype=torch.uint8)
    theirs = fidelity.calculate_metrics(
        input1=Rows(fake),
        input2=Rows(real),
        fid=True,
        kid=True,
        prc=True,
        feature_extractor="flat-pixels",
        kid_subsets=1,
        kid_subset_size=300,
        prc_neighborhood=5,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )
    ours = all_metrics(real.flatten(1), fake.flatten(1), k=5)
    assert ours["frechet_distance"] == pytest.approx(theirs["frechet_inception_distance"], rel=1e-6)
    assert ours["kernel_distance"] == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-6)
    assert ours["precision"] == pytest.approx(theirs["precision"], abs=1e-6)
    assert ours["recall"] == pytest.approx(theirs["recall"], abs=1e-6)


@pytest.mark.parametrize("metric", [frechet_distance, kernel_distance, neighbourhood, all_metrics])
@pytest.mark.parametrize(("real", "fake"), [((1, 4), (9, 4)), ((9, 4), (9, 5)), ((9,), (9, 4))])
def test_features_that_can_not_be_compared_are_refused(metric, real, fake) -> None:
    with pytest.raises(ValueError, match="features have the shapes"):
        metric(torch.zeros(real), torch.zeros(fake))

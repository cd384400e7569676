"""Divergences against values worked out by hand, and bounds that the best discriminator reaches and no other passes."""

import math

import pytest
import torch
from torch import Tensor

from gan_hub.evaluation.divergences import (
    PROVED,
    jensen_shannon_bound,
    js_divergence,
    kl_divergence,
    paired_jensen_shannon_bound,
    total_variation_bound,
    triangular_discrimination_bound,
    wasserstein_distance,
    wasserstein_estimate,
)
from gan_hub.losses import LOSSES

P, Q = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.1, 0.3, 0.6])


def drawn(histogram: Tensor, values: Tensor, count: int = 1000) -> Tensor:
    """The values, each as often as the histogram says: expectations over it are means over these."""
    return values.repeat_interleave((histogram * count).round().long())


def test_kl_by_hand():
    expected = 0.5 * math.log(5) + 0.2 * math.log(1 / 3)
    assert float(kl_divergence(P, Q)) == pytest.approx(expected, abs=1e-6)
    assert float(kl_divergence(10 * P, Q)) == pytest.approx(expected, abs=1e-6)
    assert float(kl_divergence(P, P)) == 0
    assert float(kl_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))) == pytest.approx(math.log(2))
    assert float(kl_divergence(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0]))) == math.inf


def test_js_by_hand():
    assert float(js_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))) == pytest.approx(math.log(2))
    assert float(js_divergence(P, P)) == 0
    assert float(js_divergence(P, Q)) == pytest.approx(float(js_divergence(Q, P)))


def test_wasserstein_by_hand():
    assert float(wasserstein_distance(torch.tensor([0.0, 1.0]), torch.tensor([2.0, 3.0]))) == pytest.approx(2)
    assert float(wasserstein_distance(torch.tensor([0.0]), torch.tensor([0.0, 4.0]))) == pytest.approx(2)
    x = torch.randn(500, generator=torch.Generator().manual_seed(0))
    assert float(wasserstein_distance(x, x.flip(0))) == 0
    assert float(wasserstein_distance(x, x + 3)) == pytest.approx(3, abs=1e-6)


def test_the_best_discriminator_proves_the_whole_jensen_shannon_divergence():
    logits = (P / Q).log()
    bound = jensen_shannon_bound(drawn(P, logits), drawn(Q, logits))
    assert float(bound) == pytest.approx(float(js_divergence(P, Q)), abs=1e-6)


def test_the_best_relativistic_discriminator_proves_the_divergence_of_pairs():
    logits = (P / Q).log()
    real, fake = torch.meshgrid(drawn(P, logits, 100), drawn(Q, logits, 100), indexing="ij")
    bound = paired_jensen_shannon_bound(real.flatten(), fake.flatten())
    expected = js_divergence(torch.outer(P, Q).flatten(), torch.outer(Q, P).flatten())
    assert float(bound) == pytest.approx(float(expected), abs=1e-6)
    assert expected > js_divergence(P, Q)


def test_the_best_hinge_discriminator_proves_the_total_variation():
    logits = (P - Q).sign()
    expected = float((P - Q).abs().sum() / 2)
    assert float(total_variation_bound(drawn(P, logits), drawn(Q, logits))) == pytest.approx(expected, abs=1e-6)


def test_the_best_least_squares_discriminator_proves_the_triangular_discrimination():
    logits = P / (P + Q)
    expected = float(((P - Q).square() / (P + Q)).sum() / 2)
    bound = triangular_discrimination_bound(drawn(P, logits), drawn(Q, logits))
    assert float(bound) == pytest.approx(expected, abs=1e-6)


def test_a_critic_of_slope_one_proves_the_wasserstein_distance():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(400, generator=generator) + 2, torch.randn(400, generator=generator)
    assert float(wasserstein_estimate(x, y)) == pytest.approx(float(wasserstein_distance(x, y)), abs=0.02)
    assert wasserstein_estimate(x.clamp(max=1), y.clamp(max=1)) < wasserstein_distance(x, y)


TRUTH = {
    "jensen_shannon_bound": js_divergence(P, Q),
    "total_variation_bound": (P - Q).abs().sum() / 2,
    "triangular_discrimination_bound": ((P - Q).square() / (P + Q)).sum() / 2,
    "paired_jensen_shannon_bound": js_divergence(torch.outer(P, Q).flatten(), torch.outer(Q, P).flatten()),
}


@pytest.mark.parametrize("name", sorted(set(PROVED) - {"wasserstein"}))
def test_no_discriminator_proves_more_than_there_is(name):
    key, bound = PROVED[name]
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        logits = 3 * torch.randn(3, generator=generator)
        real, fake = torch.meshgrid(drawn(P, logits, 10), drawn(Q, logits, 10), indexing="ij")
        assert bound(real.flatten(), fake.flatten()) <= TRUTH[key] + 1e-6


def test_every_loss_proves_something():
    assert set(PROVED) == set(LOSSES)

"""Losses against values computed by hand; swapped arguments give other values."""

import math

import pytest
import torch
from torch.testing import assert_close

from gan_hub.losses import (
    LOSSES,
    gradient_penalty,
    interpolates,
    mutual_information_loss,
    relativistic_discriminator_loss,
    relativistic_generator_loss,
    squared_gradient_norm,
)

REAL = torch.tensor([2.0, 0.0, -1.0])
FAKE = torch.tensor([0.0, 0.0, 2.0])
LN2 = math.log(2)


def test_relativistic_values_by_hand():
    # softplus(-2), softplus(0), softplus(3)
    expected = torch.tensor([math.log1p(math.exp(-2)), LN2, math.log1p(math.exp(3))])
    assert_close(relativistic_discriminator_loss(REAL, FAKE), expected)
    # the generator wants the opposite: softplus(2), softplus(0), softplus(-3)
    expected = torch.tensor([math.log1p(math.exp(2)), LN2, math.log1p(math.exp(-3))])
    assert_close(relativistic_generator_loss(REAL, FAKE), expected)


def test_only_the_difference_counts():
    assert_close(relativistic_discriminator_loss(REAL + 5, FAKE + 5), relativistic_discriminator_loss(REAL, FAKE))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_per_sample_and_finite_for_huge_logits(name):
    for loss in LOSSES[name]:
        assert loss(REAL, FAKE).shape == (3,)
        assert loss(torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])).isfinite().all()


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_better_discriminator_has_a_lower_loss_and_the_generator_a_higher_one(name):
    discriminator_loss, generator_loss = LOSSES[name]
    right, wrong = torch.tensor([2.0]), torch.tensor([-2.0])
    undecided = discriminator_loss(torch.zeros(1), torch.zeros(1))
    assert undecided < discriminator_loss(wrong, right)
    assert discriminator_loss(right / 2, wrong / 2) < discriminator_loss(wrong / 2, right / 2)
    assert generator_loss(right, wrong) > generator_loss(wrong, right)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_minimax_values_by_hand():
    """On probabilities: -log D(x) - log(1 - D(G(z))) and log(1 - D(G(z)))."""
    discriminator_loss, generator_loss = LOSSES["minimax"]
    pairs = list(zip(REAL.tolist(), FAKE.tolist()))
    expected = torch.tensor([-math.log(sigmoid(r)) - math.log(1 - sigmoid(f)) for r, f in pairs])
    assert_close(discriminator_loss(REAL, FAKE), expected)
    assert_close(generator_loss(REAL, FAKE), torch.tensor([math.log(1 - sigmoid(f)) for _, f in pairs]))
    assert_close(discriminator_loss(torch.zeros(1), torch.zeros(1)), torch.tensor([math.log(4)]))  # at the optimum


def test_non_saturating_values_by_hand():
    assert LOSSES["non_saturating"][0] is LOSSES["minimax"][0]
    expected = torch.tensor([-math.log(sigmoid(f)) for f in FAKE.tolist()])
    assert_close(LOSSES["non_saturating"][1](REAL, FAKE), expected)


def test_only_minimax_saturates():
    """Where D is sure that a picture is fake, the minimax generator has no gradient left and the other a full one."""
    slopes = {}
    for name in ("minimax", "non_saturating"):
        fake = torch.tensor([-10.0], requires_grad=True)
        (slopes[name],) = torch.autograd.grad(LOSSES[name][1](REAL, fake).sum(), fake)
    assert -1e-4 < slopes["minimax"].item() < 0
    assert slopes["non_saturating"].item() == pytest.approx(-1, abs=1e-4)


# (name, discriminator's loss, generator's loss) at real 2, 0, -1 and fake 0, 0, 2
BY_HAND = [
    ("least_squares", [0.5, 0.5, 4.0], [0.5, 0.5, 0.5]),  # ((r - 1)^2 + f^2) / 2 and (f - 1)^2 / 2
    ("hinge", [1.0, 2.0, 5.0], [0.0, 0.0, -2.0]),  # (1 - r)+ + (1 + f)+ and -f
    ("wasserstein", [-2.0, 0.0, 3.0], [0.0, 0.0, -2.0]),  # f - r and -f
]


@pytest.mark.parametrize(("name", "of_discriminator", "of_generator"), BY_HAND)
def test_values_by_hand(name, of_discriminator, of_generator):
    discriminator_loss, generator_loss = LOSSES[name]
    assert_close(discriminator_loss(REAL, FAKE), torch.tensor(of_discriminator))
    assert_close(generator_loss(REAL, FAKE), torch.tensor(of_generator))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_swapped_arguments_are_another_loss(name):
    for loss in LOSSES[name]:
        assert not torch.allclose(loss(REAL, FAKE), loss(FAKE, REAL))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_gradients_pull_the_right_way(name):
    """At logits on the wrong side or undecided, where no loss is content yet."""
    discriminator_loss, generator_loss = LOSSES[name]
    real, fake = torch.tensor([0.0, -1.0], requires_grad=True), torch.tensor([0.5, 0.0], requires_grad=True)
    real_gradient, fake_gradient = torch.autograd.grad(
        discriminator_loss(real, fake).sum() + 0 * fake.sum(), (real, fake)
    )
    assert (real_gradient < 0).all()  # descending raises the logits of real pictures
    assert (fake_gradient >= 0).all()
    assert (fake_gradient[0] > 0).all()
    (fake_gradient,) = torch.autograd.grad(generator_loss(real, fake).sum(), fake)
    assert (fake_gradient < 0).all()


def test_gradient_penalty_of_a_linear_critic():
    """D(x) = <w, x> has the gradient w everywhere: the penalty is (|w| - 1)^2, its derivative 2 (|w| - 1) w / |w|."""
    w = torch.tensor([3.0, 4.0]).view(1, 1, 2).requires_grad_()
    images = torch.randn(5, 1, 1, 2).requires_grad_()
    penalty = gradient_penalty(images, (images * w).sum((1, 2, 3)))
    assert_close(penalty, torch.full((5,), 16.0))  # (5 - 1)^2
    (gradient,) = torch.autograd.grad(penalty.mean(), w)
    assert_close(gradient, 8 * w.detach() / 5)


def test_gradient_penalty_of_a_flat_critic_is_one_and_has_a_finite_gradient():
    w = torch.zeros(1, 1, 2, requires_grad=True)
    images = torch.randn(5, 1, 1, 2).requires_grad_()
    penalty = gradient_penalty(images, (images * w).sum((1, 2, 3)))
    assert_close(penalty, torch.ones(5))
    (gradient,) = torch.autograd.grad(penalty.mean(), w)
    assert gradient.isfinite().all()


def test_interpolates_lie_between_each_pair_and_are_drawn_anew_for_each():
    real, fake = torch.zeros(500, 1, 2, 2), torch.ones(500, 1, 2, 2)
    between = interpolates(real, fake, torch.Generator().manual_seed(0))
    assert between.requires_grad
    assert between.is_leaf
    assert (between == between[:, :, :1, :1]).all()  # one weight a picture
    weights = between[:, 0, 0, 0].detach()
    assert 0 <= weights.min() < 0.02
    assert 0.98 < weights.max() <= 1
    assert weights.mean() == pytest.approx(0.5, abs=0.05)


def test_information_by_hand():
    """-log of the softmax at the code: log 3 for a guess at random among three, nothing for a sure right one."""
    codes = torch.eye(3)
    assert_close(mutual_information_loss(torch.zeros(3, 3), codes), torch.full((3,), math.log(3)))
    assert mutual_information_loss(100 * codes, codes).max() < 1e-6
    assert_close(
        mutual_information_loss(torch.tensor([[2.0, 0.0, 0.0]]), codes[1:2]), torch.tensor([math.log(math.e**2 + 2)])
    )


def test_squared_gradient_norm_of_a_linear_discriminator():
    """D(x) = <w, x> has the gradient w everywhere: the penalty is |w|^2, and 2 w its derivative by w."""
    w = torch.arange(6.0).view(1, 2, 3).requires_grad_()
    images = torch.randn(4, 1, 2, 3).requires_grad_()
    penalty = squared_gradient_norm(images, (images * w).sum((1, 2, 3)))
    assert_close(penalty, torch.full((4,), 55.0))  # 0 + 1 + 4 + 9 + 16 + 25
    (gradient,) = torch.autograd.grad(penalty.mean(), w)
    assert_close(gradient, 2 * w.detach())


def test_squared_gradient_norm_of_a_quadratic_discriminator():
    """D(x) = a |x|^2 / 2 has the gradient a x: the penalty is a^2 |x|^2 for each sample, its derivative 2 a |x|^2."""
    a = torch.tensor(3.0, requires_grad=True)
    images = torch.tensor([1.0, 2.0, 0.0]).view(3, 1, 1, 1).expand(3, 1, 2, 2).clone().requires_grad_()
    penalty = squared_gradient_norm(images, a * images.square().sum((1, 2, 3)) / 2)
    assert_close(penalty, torch.tensor([36.0, 144.0, 0.0]))  # 9 * (4, 16, 0)
    (gradient,) = torch.autograd.grad(penalty.sum(), a)
    assert_close(gradient, torch.tensor(120.0))  # 6 * (4 + 16)

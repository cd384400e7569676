"""Losses against values worked out by hand, and that swapped arguments are not the same."""

import math

import pytest
import torch
from torch.testing import assert_close

from gan_hub.losses import LOSSES, gradient_penalty, relativistic_discriminator_loss, relativistic_generator_loss

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
    assert discriminator_loss(right, wrong) < LN2 * 1.01 < discriminator_loss(wrong, right)
    assert generator_loss(right, wrong) > generator_loss(wrong, right)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_swapped_arguments_are_another_loss(name):
    for loss in LOSSES[name]:
        assert not torch.allclose(loss(REAL, FAKE), loss(FAKE, REAL))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_gradients_pull_the_right_way(name):
    discriminator_loss, generator_loss = LOSSES[name]
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    real_gradient, fake_gradient = torch.autograd.grad(discriminator_loss(real, fake).sum(), (real, fake))
    assert (real_gradient < 0).all()  # descending raises the logits of real pictures
    assert (fake_gradient > 0).all()
    (fake_gradient,) = torch.autograd.grad(generator_loss(real, fake).sum(), fake)
    assert (fake_gradient < 0).all()


def test_gradient_penalty_of_a_linear_discriminator():
    """D(x) = <w, x> has the gradient w everywhere: the penalty is |w|^2, and 2 w its derivative by w."""
    w = torch.arange(6.0).view(1, 2, 3).requires_grad_()
    images = torch.randn(4, 1, 2, 3).requires_grad_()
    penalty = gradient_penalty(images, (images * w).sum((1, 2, 3)))
    assert_close(penalty, torch.full((4,), 55.0))  # 0 + 1 + 4 + 9 + 16 + 25
    (gradient,) = torch.autograd.grad(penalty.mean(), w)
    assert_close(gradient, 2 * w.detach())


def test_gradient_penalty_of_a_quadratic_discriminator():
    """D(x) = a |x|^2 / 2 has the gradient a x: the penalty is a^2 |x|^2 for each sample, its derivative 2 a |x|^2."""
    a = torch.tensor(3.0, requires_grad=True)
    images = torch.tensor([1.0, 2.0, 0.0]).view(3, 1, 1, 1).expand(3, 1, 2, 2).clone().requires_grad_()
    penalty = gradient_penalty(images, a * images.square().sum((1, 2, 3)) / 2)
    assert_close(penalty, torch.tensor([36.0, 144.0, 0.0]))  # 9 * (4, 16, 0)
    (gradient,) = torch.autograd.grad(penalty.sum(), a)
    assert_close(gradient, torch.tensor(120.0))  # 6 * (4 + 16)

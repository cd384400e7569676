"""Labels, hard and soft: one-hot weights give the class itself, and other weights mix classes."""

import pytest
import torch

from gan_hub.latents.labels import class_weights
from gan_hub.models import ARCHITECTURES
from tests.conftest import make_generator


@pytest.mark.parametrize("latent_dim", [6, 32])
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_one_hot_weights_are_the_class_bit_for_bit(architecture, latent_dim):
    generator = make_generator(architecture, latent_dim=latent_dim)
    z, labels = generator.latents(range(20)), torch.arange(20) % 3
    assert torch.equal(generator.generate(z, class_weights(labels, 3)), generator.generate(z, labels))


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_a_mixture_differs_from_its_classes_and_is_the_same_in_every_batch(architecture):
    generator = make_generator(architecture)
    z = generator.latents([5] * 21)
    weights = torch.lerp(class_weights(torch.tensor([0]), 3), class_weights(torch.tensor([2]), 3), 0.4).repeat(21, 1)
    together = generator.generate(z, weights)
    for i in (0, 7, 20):
        assert torch.equal(together[i], generator.generate(z[:1], weights[:1])[0])
    assert all((together[0] != generator.generate(z[:1], label)[0]).any() for label in range(3))


def test_gradients_reach_weights():
    generator = make_generator()
    weights = torch.full((2, 3), 1 / 3, requires_grad=True)
    generator(generator.latents([1, 2]), weights).sum().backward()
    assert (weights.grad != 0).all()


@pytest.mark.parametrize(
    "weights",
    [
        torch.full((2, 2), 0.5),
        torch.full((2, 3), 0.5),
        torch.tensor([[1.5, -0.5, 0.0]] * 2),
        torch.full((2, 3), float("nan")),
        torch.full((3, 3), 1 / 3),
        torch.full((3,), 1 / 3),
    ],
    ids=str,
)
def test_refused_weights(weights):
    with pytest.raises(ValueError, match=r"or weights \[2, 3\] of the classes, the sum of each row 1"):
        make_generator().sample(2, seed=0, labels=weights)

"""The multilayer perceptron GAN of the tutorials: z -> 128 -> 256 -> 784 against 784 -> 128 -> 64 -> 1.

Goodfellow et al., 2014, arXiv:1406.2661, with leaky ReLU where the tutorials have ReLU.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from gan_hub.models.layers import SLOPE, Head, Linear, Logits


def perceptron(dims: Sequence[int]) -> nn.Sequential:
    """Linear layers from dims[0] to dims[-1] with leaky ReLUs between them, and none after the last."""
    layers: list[nn.Module] = []
    for in_dim, out_dim in pairwise(dims):
        layers += [Linear(in_dim, out_dim), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers[:-1])


class MLPGenerator(nn.Module):
    """Maps z and the one-hot class through hidden layers to all pixels at once."""

    def __init__(
        self, *, image_size: tuple[int, int], channels: int, latent_dim: int, num_classes: int, widths: Sequence[int]
    ) -> None:
        super().__init__()
        self.latent_dim, self.num_classes = latent_dim, num_classes
        self.image_shape = (channels, *image_size)
        self.layers = perceptron([latent_dim + num_classes, *widths, math.prod(self.image_shape)])

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z [B, latent_dim] and labels to images [B, C, H, W] in [-1, 1].

        Labels are [B], weights [B, num_classes] that mix the classes, or None when there are none.
        """
        return self.layers(_with_one_hot(z, labels, self.num_classes)).float().tanh().unflatten(1, self.image_shape)

    @property
    def latent_weight(self) -> Tensor:
        """The first weight that z is multiplied by: [widths[0], latent_dim]."""
        weight = self.layers[0].weight
        assert isinstance(weight, Tensor)
        return weight[:, : self.latent_dim]

    def early(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """The activations of the first hidden layer: [B, widths[0]]."""
        return self.layers[:2](_with_one_hot(z, labels, self.num_classes))


class MLPDiscriminator(nn.Module):
    """Maps all pixels and the one-hot class through hidden layers to the `Head`."""

    def __init__(
        self,
        *,
        image_size: tuple[int, int],
        channels: int,
        num_classes: int,
        num_categories: int = 0,
        widths: Sequence[int],
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.layers = perceptron([channels * math.prod(image_size) + num_classes, *widths])
        self.head = Head(widths[-1], num_classes=0, num_categories=num_categories)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Logits:
        """Map images [B, C, H, W] in [-1, 1] and labels [B] (None without classes) to the output of `Head`."""
        features = self.layers(_with_one_hot(images.flatten(1), labels, self.num_classes))
        return self.head(leaky_relu(features, SLOPE))


def _with_one_hot(x: Tensor, labels: Tensor | None, num_classes: int) -> Tensor:
    if not num_classes:
        return x
    assert labels is not None, "a conditional network needs labels"
    weights = labels if labels.is_floating_point() else nn.functional.one_hot(labels, num_classes)
    return torch.cat([x, weights.to(x.dtype)], dim=1)

"""Blocks that two or more architectures share."""

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, linear, pad

SLOPE = 0.2  # of the leaky ReLU, as in DCGAN (Radford et al., 2015, arXiv:1511.06434) and every GAN since

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


def he_init(layer: Layer, gain: float = 1.0) -> Layer:
    """He initialisation for a leaky ReLU times `gain`, bias zero (He et al., 2015, arXiv:1502.01852)."""
    nn.init.kaiming_normal_(layer.weight, a=SLOPE)
    assert layer.bias is not None  # the type of a layer allows none
    with torch.no_grad():
        layer.weight.mul_(gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class Linear(nn.Linear):
    """A linear layer that gives a row the same bits at every place in a batch, which `sample` promises.

    MKL multiplies by less than a dozen output features with sums that depend on how a row lies in memory; rows filled
    up to 64 bytes all lie alike. Wider layers, where that would cost something, don't need it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map x [B, in_features] to [B, out_features]."""
        padding = -self.in_features % 16
        if self.out_features >= 16 or not padding:
            return super().forward(x)
        return linear(pad(x, (0, padding)), pad(self.weight, (0, padding)), self.bias)


class ResidualBlock(nn.Module):
    """x + conv(act(conv(act(x)))), without normalisation; the branch starts at zero.

    Fix-up initialisation (Zhang et al., 2019, arXiv:1901.09321) replaces the normalisation, as in R3GAN
    (arXiv:2501.05441, section 3): nothing depends on the batch, and nothing is bound by memory bandwidth.
    With `condition_dim`, a condition vector scales and shifts the hidden channels, starting from no effect
    (FiLM, Perez et al., 2017, arXiv:1709.07871).
    """

    def __init__(self, width: int, *, depth: int, condition_dim: int = 0) -> None:
        super().__init__()
        # depth, the number of blocks in the network, keeps the variance of the sum of the branches bounded.
        self.conv1 = he_init(nn.Conv2d(width, width, 3, padding=1), depth**-0.25)
        self.conv2 = he_init(nn.Conv2d(width, width, 3, padding=1), 0.0)
        self.modulation = he_init(Linear(condition_dim, 2 * width), 0.0) if condition_dim else None

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Map x [B, width, h, w], with condition [B, condition_dim] if the block takes one, to the shape of x."""
        hidden = self.conv1(leaky_relu(x, SLOPE))
        if self.modulation is not None:
            scale, shift = self.modulation(condition)[:, :, None, None].chunk(2, dim=1)
            hidden = torch.addcmul(shift, hidden, 1 + scale)
        return x + self.conv2(leaky_relu(hidden, SLOPE))


def resolutions(image_size: tuple[int, int], num_stages: int) -> list[tuple[int, int]]:
    """The grid of each stage, coarse to fine: each half the next, rounded up, the last one `image_size`."""
    height, width = image_size
    sizes = [(height, width)]
    for _ in range(num_stages - 1):
        height, width = -(-height // 2), -(-width // 2)
        sizes.insert(0, (height, width))
    return sizes

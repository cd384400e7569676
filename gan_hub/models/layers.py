"""Blocks that several architectures share."""

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, linear, max_pool2d, pad

SLOPE = 0.2  # of the leaky ReLU, as in DCGAN (Radford et al., 2015, arXiv:1511.06434) and every GAN since

Layer = TypeVar("Layer", nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
Logits = Tensor | tuple[Tensor, Tensor]


def in_float32(tensor: Tensor) -> torch.autocast:
    """Turn autocast off on the tensor's device; also works on the meta device, where passes are counted."""
    kind = tensor.device.type
    return torch.autocast("cpu" if kind == "meta" else kind, enabled=False)


def he_init(layer: Layer, gain: float = 1.0) -> Layer:
    """He initialisation for a leaky ReLU times `gain`, bias zero (He et al., 2015, arXiv:1502.01852)."""
    nn.init.kaiming_normal_(layer.weight, a=SLOPE)
    with torch.no_grad():
        layer.weight.mul_(gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class Linear(nn.Linear):
    """A linear layer that gives a row the same bits wherever it stands in a batch, as `sample` promises.

    For fewer than a dozen output features, MKL sums in an order that depends on the alignment of a row in memory; rows
    padded to multiples of 64 bytes are all aligned alike. Wider layers, where padding would cost time, don't need it.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map x [B, in_features] to [B, out_features]."""
        return steady_linear(x, self.weight, self.bias)


def steady_linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Map x [B, in_features] by weight [out_features, in_features], as `Linear` does."""
    padding = -weight.shape[1] % 16
    if weight.shape[0] >= 16 or not padding:
        return linear(x, weight, bias)
    return linear(pad(x, (0, padding)), pad(weight, (0, padding)), bias)


def embedded(embedding: nn.Embedding, labels: Tensor) -> Tensor:
    """Embed labels [B], or mix embeddings by weights [B, num_classes], to [B, dim]; one-hot weights give the same."""
    return steady_linear(labels, embedding.weight.T) if labels.is_floating_point() else embedding(labels)


def with_embedding(z: Tensor, embedding: nn.Embedding | None, labels: Tensor | None) -> Tensor:
    """Append to z [B, latent_dim] the embedding of its labels; without an embedding, z stays as it is."""
    if embedding is None:
        return z
    assert labels is not None, "a conditional network needs labels"
    return torch.cat([z, embedded(embedding, labels)], dim=1)


class Head(nn.Module):
    """The end of every discriminator: from features to a logit and, if there are categories, a guess of the code.

    The class enters as the inner product of its embedding with the features
    (projection, Miyato & Koyama, 2018, arXiv:1802.05637, equation 5). The guess of the categorical code is InfoGAN's Q,
    which shares all layers but the last with the discriminator (Chen et al., 2016, arXiv:1606.03657, section 6).
    """

    def __init__(self, width: int, *, num_classes: int, num_categories: int) -> None:
        super().__init__()
        self.logit = he_init(nn.Linear(width, 1))
        self.embedding = nn.Embedding(num_classes, width) if num_classes else None
        self.code = he_init(nn.Linear(width, num_categories)) if num_categories else None

    def forward(self, features: Tensor, labels: Tensor | None = None) -> Logits:
        """Map features [B, width] to logits [B]; with categories also to their logits [B, num_categories]."""
        logits = self.logit(features).squeeze(1)
        if self.embedding is not None:
            logits = logits + (self.embedding(labels) * features).sum(1) * features.shape[1] ** -0.5
        return logits if self.code is None else (logits, self.code(features))


class SelfAttention(nn.Module):
    """x + gamma * attention over all cells, where gamma starts at zero.

    Zhang et al., 2018 (SAGAN), arXiv:1805.08318, section 3, with the keys and values pooled to a quarter of the cells
    as in its published code. Written out, because the fused kernel has no second derivative, which the penalties need.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.key_width = max(1, width // 8)
        self.value_width = max(1, width // 2)
        self.to_query = he_init(nn.Conv2d(width, self.key_width, 1))
        self.to_key_value = he_init(nn.Conv2d(width, self.key_width + self.value_width, 1))
        self.to_output = he_init(nn.Conv2d(self.value_width, width, 1))
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Map x [B, width, h, w] to the same shape."""
        query = self.to_query(x).flatten(2)
        key_value = self.to_key_value(x)
        if min(x.shape[2:]) >= 4:  # pooling would leave too few cells of a smaller grid to attend to
            key_value = max_pool2d(key_value, 2, ceil_mode=True)
        key, value = key_value.flatten(2).split([self.key_width, self.value_width], dim=1)
        weights = (query.transpose(1, 2) @ key).float().softmax(dim=2)
        attended = (value @ weights.transpose(1, 2).to(value.dtype)).unflatten(2, x.shape[2:])
        return x + self.gamma * self.to_output(attended)


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
        """Map x [B, width, h, w], and condition [B, condition_dim] if the block takes one, to the shape of x."""
        hidden = self.conv1(leaky_relu(x, SLOPE))
        if self.modulation is not None:
            scale, shift = self.modulation(condition)[:, :, None, None].chunk(2, dim=1)
            hidden = torch.addcmul(shift, hidden, 1 + scale)
        return x + self.conv2(leaky_relu(hidden, SLOPE))


def resolutions(image_size: tuple[int, int], num_stages: int) -> list[tuple[int, int]]:
    """The grid of each stage, coarse to fine: each is half the next one, rounded up, and the last is `image_size`."""
    height, width = image_size
    sizes = [(height, width)]
    for _ in range(num_stages - 1):
        height, width = -(-height // 2), -(-width // 2)
        sizes.insert(0, (height, width))
    return sizes


def picture_trunk(
    channels: int, widths: Sequence[int], *, patch_size: int, num_blocks: int, attention_stages: int = 0
) -> nn.Sequential:
    """Residual stages that map pictures [B, C, H, W] to the flattened features of a coarse grid.

    Args:
        channels: of the pictures.
        widths: channels of each stage, coarse to fine. The grid of the last stage is the image size / patch_size.
        patch_size: side of the square of pixels that one cell of the finest grid reads.
        num_blocks: residual blocks in each stage.
        attention_stages: how many of the coarsest stages end with self-attention.
    """
    depth = num_blocks * len(widths)
    layers: list[nn.Module] = [
        nn.PixelUnshuffle(patch_size),
        he_init(nn.Conv2d(channels * patch_size**2, widths[-1], 3, padding=1)),
    ]
    for stage in reversed(range(len(widths))):
        layers += [ResidualBlock(widths[stage], depth=depth) for _ in range(num_blocks)]
        if stage < attention_stages:
            layers.append(SelfAttention(widths[stage]))
        if stage:
            layers += [
                nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False),
                he_init(nn.Conv2d(widths[stage], widths[stage - 1], 1)),
            ]
    return nn.Sequential(*layers, nn.LeakyReLU(SLOPE), nn.Flatten())

"""EfficientNet-Lite0 without its classifier: pretrained features of photos, for losses and for measuring.

Tan & Le, 2019, "EfficientNet", arXiv:1905.11946, in the variant for small devices that its authors published in 2020
(ReLU6, no squeeze-and-excitation). The weights are frozen, and the batch normalisation is folded into the convolutions.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv2d, pad, relu6


class Block(NamedTuple):
    """An inverted residual block (Sandler et al., 2018, arXiv:1801.04381): widen by 1x1, depthwise, narrow by 1x1."""

    width: int
    kernel: int
    stride: int
    expansion: int = 6


STEM_WIDTH = 32
BLOCKS = (
    Block(16, 3, 1, 1),
    *(Block(24, 3, 2), Block(24, 3, 1)),
    *(Block(40, 5, 2), Block(40, 5, 1)),
    *(Block(80, 3, 2), Block(80, 3, 1), Block(80, 3, 1)),
    *(Block(112, 5, 1), Block(112, 5, 1), Block(112, 5, 1)),
    *(Block(192, 5, 2), Block(192, 5, 1), Block(192, 5, 1), Block(192, 5, 1)),
    Block(320, 3, 1),
)


class EfficientNet(nn.Module):
    """The stem and the first `num_blocks` blocks; maps pictures to the output of any of the blocks.

    Args:
        num_blocks: from 1 to 16.
    """

    def __init__(self, *, num_blocks: int) -> None:
        super().__init__()
        self.stem = FrozenConv(3, STEM_WIDTH, 3, stride=2)
        widths = [STEM_WIDTH, *(block.width for block in BLOCKS)]
        self.blocks = nn.ModuleList(InvertedResidual(widths[i], BLOCKS[i]) for i in range(num_blocks))
        self.eval()

    def forward(self, images: Tensor, taps: Sequence[int]) -> list[Tensor]:
        """Map RGB images [B, 3, H, W] in [-1, 1] to the outputs of the blocks `taps`, in order; -1 is the stem."""
        x = relu6(self.stem(images * (127.5 / 128) + 0.5 / 128))
        found = [x] if -1 in taps else []
        for i, block in enumerate(self.blocks[: max(taps) + 1]):
            x = block(x)
            if i in taps:
                found.append(x)
        return found


class InvertedResidual(nn.Module):
    """One `Block`, with a shortcut where its input and output have the same shape."""

    def __init__(self, in_width: int, block: Block) -> None:
        super().__init__()
        hidden = in_width * block.expansion
        self.expand = FrozenConv(in_width, hidden, 1) if block.expansion > 1 else None
        self.depthwise = FrozenConv(hidden, hidden, block.kernel, stride=block.stride, groups=hidden)
        self.project = FrozenConv(hidden, block.width, 1)
        self.is_residual = block.stride == 1 and in_width == block.width

    def forward(self, x: Tensor) -> Tensor:
        """Map x [B, in_width, h, w] to [B, width, ceil(h / stride), ceil(w / stride)]."""
        hidden = x if self.expand is None else relu6(self.expand(x))
        out = self.project(relu6(self.depthwise(hidden)))
        return x + out if self.is_residual else out


class FrozenConv(nn.Module):
    """A convolution whose weights never learn, padded as TensorFlow pads ("SAME": the odd pixel at the far end)."""

    weight: Tensor
    bias: Tensor

    def __init__(self, in_width: int, width: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.stride, self.kernel, self.groups = stride, kernel, groups
        self.register_buffer("weight", torch.zeros(width, in_width // groups, kernel, kernel))
        self.register_buffer("bias", torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """Map x [B, in_width, h, w] to [B, width, ceil(h / stride), ceil(w / stride)]."""
        weight, bias, margin = self.weight.to(x.dtype), self.bias.to(x.dtype), self.kernel // 2
        if self.stride > 1:
            rows, columns = (max((-(-n // self.stride) - 1) * self.stride + self.kernel - n, 0) for n in x.shape[2:])
            x = pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
            margin = 0
        if self.groups == 1:
            return conv2d(x, weight, bias, self.stride, margin)
        return _Depthwise.apply(x, weight, bias, self.stride, margin)


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution whose gradient is a forward convolution with the kernel turned around.

    Only the gradient with respect to the input is needed of frozen weights, and autograd's own is many times slower on
    a CPU in bfloat16.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, stride: int, margin: int) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.stride, ctx.margin, ctx.shape = stride, margin, x.shape
        return conv2d(x, weight, bias, stride, margin, groups=len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        kernel, stride, (height, width) = weight.shape[2], ctx.stride, ctx.shape[2:]
        margin = kernel - 1 - ctx.margin
        if stride > 1:  # zeros between the windows; the pixels at the far end that no window reached have no gradient
            spread = gradient.new_zeros((len(gradient), height - kernel + 1, width - kernel + 1, len(weight)))
            spread = spread.permute(0, 3, 1, 2)
            spread[:, :, ::stride, ::stride] = gradient
            gradient = spread
        return conv2d(gradient, weight.flip(2, 3), None, 1, margin, groups=len(weight)), None, None, None, None

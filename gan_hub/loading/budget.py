"""What one forward pass costs in memory and arithmetic, counted on the meta device before anything is allocated.

A config of a few lines may describe a network whose weights are small and whose pictures would fill the machine: few
channels of many pixels. Parameters do not bound that; this does.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from gan_hub.loading.config import ConfigError

MAX_PASS_BYTES = 2 * 1024**3
MAX_PASS_FLOPS = 2e12  # of one picture or tile: some ten seconds of one core; the bundled ones take 0.13e12 at most


class _Meter(TorchFunctionMode):
    """Notes the operation whose inputs and outputs take the most memory together, and adds up multiplications.

    torch has a counter of its own, which first imports its compiler for seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.num_bytes, self.flops = 0, 0.0

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            tensors = {id(each): each for each in tree_leaves((args, result)) if isinstance(each, torch.Tensor)}
            size = sum(math.prod(each.shape) * each.element_size() for each in tensors.values())
            self.num_bytes = max(self.num_bytes, size)
            self.flops += _flops(getattr(function, "__name__", ""), args, result)
        return result


def _flops(name: str, args: Any, result: torch.Tensor) -> float:
    """Of one call: two for each product, as everyone counts."""
    if name in ("conv1d", "conv2d", "conv3d"):
        return 2.0 * result.numel() * args[1][0].numel()
    if name.startswith("conv_transpose"):
        return 2.0 * args[0].numel() * args[1][0].numel()
    if name in ("linear", "matmul", "__matmul__", "mm", "bmm"):
        return 2.0 * result.numel() * args[0].shape[-1]
    if name == "scaled_dot_product_attention":
        return 2.0 * args[0].numel() * args[1].shape[-2] + 2.0 * result.numel() * args[1].shape[-2]
    return 0.0


def cost(forward: Callable[[], object]) -> tuple[int, float]:
    """The bytes of the largest operation of a pass, and its floating point operations.

    Args:
        forward: runs the network on tensors of the meta device.
    """
    with torch.no_grad(), _Meter() as meter:
        forward()
    return meter.num_bytes, meter.flops


def check_budget(forward: Callable[[], object], name: str, *, times: float = 1.0) -> None:
    """Raise ConfigError if one pass takes more than MAX_PASS_BYTES or MAX_PASS_FLOPS.

    Args:
        forward: as in `cost`.
        name: of the model, for the error.
        times: how many times as large the real pass is.
    """
    num_bytes, flops = (times * each for each in cost(forward))
    if num_bytes > MAX_PASS_BYTES:
        raise ConfigError(
            f"'{name}' would take {num_bytes / 1024**3:.1f} GiB for one step of one picture; at most "
            f"{MAX_PASS_BYTES / 1024**3:.0f} are allowed"
        )
    if flops > MAX_PASS_FLOPS:
        raise ConfigError(
            f"'{name}' would take {flops / 1e9:,.0f} billion operations for one picture; at most "
            f"{MAX_PASS_FLOPS / 1e9:,.0f} are allowed"
        )

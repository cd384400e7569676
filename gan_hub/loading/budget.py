"""What a network and one pass through it cost, counted on the meta device before anything is allocated.

A config of a few lines may describe a network with few weights whose pictures would fill the machine: few channels of
many pixels. A bound on the parameters alone would let it through, so the pass has bounds too.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from gan_hub.loading.config import MAX_PARAMETERS, ConfigError
from gan_hub.loading.weights import count_parameters

MAX_PASS_BYTES = 2 * 1024**3
MAX_PASS_FLOPS = 2e12  # for one picture or tile, about ten seconds of one core; the bundled models take up to 0.13e12

Network = TypeVar("Network", bound=nn.Module)


class _Uninitialised(TorchFunctionMode):
    """Skips drawing weights, of which the meta device holds none; torch would import sympy for it, in a second."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is torch.Tensor.normal_ or getattr(function, "__module__", "") == nn.init.__name__:
            return args[0] if args else (kwargs or {})["tensor"]
        return function(*args, **(kwargs or {}))


@contextmanager
def on_meta() -> Iterator[None]:
    """Build networks with shapes but without weights inside this context."""
    with torch.device("meta"), _Uninitialised():
        yield


def build_checked(build: Callable[[], Network], name: str) -> Network:
    """Build a network once its parameters are counted; raises ConfigError if there are more than MAX_PARAMETERS."""
    with on_meta():
        count = count_parameters(build())
    if count > MAX_PARAMETERS:
        raise ConfigError(f"'{name}' asks for {count:,} parameters; at most {MAX_PARAMETERS:,} are allowed")
    return build().to(memory_format=torch.channels_last)


class _Meter(TorchFunctionMode):
    """Records the largest memory that one operation's inputs and outputs take together, and sums the arithmetic.

    The counter that torch has takes seconds to import torch's compiler first.
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
    """Floating point operations of one call; a multiplication and its addition count as two, as is usual."""
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
    """The bytes of a pass's largest operation, and the pass's floating point operations.

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
        times: how many times as large as `forward` the real pass is.
    """
    num_bytes, flops = (times * each for each in cost(forward))
    if num_bytes > MAX_PASS_BYTES:
        raise ConfigError(
            f"'{name}' would take {num_bytes / 1024**3:.1f} GiB for one operation on one picture; at most "
            f"{MAX_PASS_BYTES / 1024**3:.0f} GiB are allowed"
        )
    if flops > MAX_PASS_FLOPS:
        raise ConfigError(
            f"'{name}' would take {flops / 1e9:,.0f} billion operations for one picture; at most "
            f"{MAX_PASS_FLOPS / 1e9:,.0f} billion are allowed"
        )

"""What one forward pass costs in memory and arithmetic, counted on the meta device before anything is allocated.

A config of a few lines may describe a network whose weights are small and whose pictures would fill the machine: few
channels of many pixels. Parameters do not bound that; this does.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from gan_hub.config import ConfigError

MAX_PASS_BYTES = 2 * 1024**3
MAX_PASS_FLOPS = 2e12  # of one picture or tile: some ten seconds of one core; the bundled ones take 0.13e12 at most


class _Largest(TorchDispatchMode):
    """Notes the operation whose inputs and outputs take the most memory together."""

    def __init__(self) -> None:
        super().__init__()
        self.num_bytes = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        tensors = {id(each): each for each in tree_leaves((args, result)) if isinstance(each, torch.Tensor)}
        self.num_bytes = max(self.num_bytes, sum(math.prod(t.shape) * t.element_size() for t in tensors.values()))
        return result


def cost(forward: Callable[[], object]) -> tuple[int, float]:
    """The bytes of the largest operation of a pass, and its floating point operations.

    Args:
        forward: runs the network on tensors of the meta device.
    """
    with torch.no_grad(), FlopCounterMode(display=False) as flops, _Largest() as largest:
        forward()
    return largest.num_bytes, float(flops.get_total_flops())


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

"""Keeps values that are NaN or infinite out of the weights."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor, nn


class SkippingOptimizer:
    """Updates a network, unless its loss or its gradient is not finite on any of the processes.

    The decision is made on the device: a fused optimizer gets a flag, as from a gradient scaler, and does not change
    weights and moments; nothing waits. The statistics of the forward pass are restored too.

    Attributes:
        parameters: of the network.
        num_skipped: updates left out so far.
        num_in_a_row: updates left out since the last good one.
    """

    def __init__(self, network: nn.Module, optimizer: AcceleratedOptimizer, accelerator: Accelerator) -> None:
        self.network, self.accelerator = network, accelerator
        # accelerate's wrapper is for its own loss scaling and accumulation, and costs a small step a tenth of its time.
        self.optimizer = optimizer.optimizer
        self.parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        self.num_skipped = torch.zeros((), device=accelerator.device)
        self.num_in_a_row = torch.zeros((), device=accelerator.device)
        self._statistics = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
        self._good_statistics = [buffer.clone() for buffer in self._statistics]

    def state_dict(self) -> dict[str, Tensor]:
        """The optimizer's moments, by the number of the parameter, and the counts."""
        state = {"num_skipped": self.num_skipped, "num_in_a_row": self.num_in_a_row}
        for number, parameter in enumerate(self.parameters):
            for name, tensor in self.optimizer.state.get(parameter, {}).items():
                state[f"{name}.{number}"] = tensor
        return state

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take up a state that `state_dict` gave, after the network has taken up its own."""
        self.num_skipped.copy_(state["num_skipped"])
        self.num_in_a_row.copy_(state["num_in_a_row"])
        for number, parameter in enumerate(self.parameters):
            moments = {name.rsplit(".", 1)[0]: tensor for name, tensor in state.items() if name.endswith(f".{number}")}
            # The moments lie in memory as the parameter does, or the next update would have other bits.
            self.optimizer.state[parameter] = {
                name: torch.zeros_like(parameter).copy_(tensor)
                if tensor.shape == parameter.shape and tensor.ndim
                else tensor.to(self.accelerator.device)
                for name, tensor in moments.items()
            }
        for buffer, good in zip(self._statistics, self._good_statistics):
            good.copy_(buffer)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The network passes gradients on and takes none up."""
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        yield
        for parameter in self.parameters:
            parameter.requires_grad_(True)

    @torch.no_grad()
    def step(self, loss: Tensor) -> None:
        """Update the network by the gradients it holds, which `loss` left there, and clear them."""
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        norms = torch.stack(torch._foreach_norm(gradients))
        bad = (~torch.isfinite(loss.detach() + norms.sum())).float()
        if self.accelerator.num_processes > 1:
            bad = self.accelerator.reduce(bad, reduction="sum").clamp(max=1)
        self.num_skipped += bad
        self.num_in_a_row = (self.num_in_a_row + bad) * bad
        for buffer, good in zip(self._statistics, self._good_statistics):
            buffer.copy_(torch.where(bad > 0, good, buffer))
            good.copy_(buffer)
        self._step(bad)
        self.optimizer.zero_grad()

    def _step(self, bad: Tensor) -> None:
        if self.optimizer.defaults["fused"]:
            self.optimizer.found_inf = bad  # what torch.amp.GradScaler sets
            self.optimizer.step()
        elif not bad:
            self.optimizer.step()

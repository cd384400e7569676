"""The device that networks run on."""

import torch

from gan_hub.loading.config import shorten


def usable_device(name: str) -> torch.device:
    """The device of that name; raises ValueError unless torch can use it here."""
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch was built without CUDA
        raise ValueError(
            f"the device {shorten(repr(name), 40)} can't be used on this machine; use cpu, or cuda"
        ) from error

"""The device that networks run on."""

import torch

from gan_hub.loading.config import shorten

AUTO = "auto"


def usable_device(name: str) -> torch.device:
    """The device of a name.

    Args:
        name: `auto` for the best device of this machine (CUDA, then Apple's MPS, then the CPU), or a name that torch
            knows, such as cpu or cuda:1.

    Raises:
        ValueError: torch can't use the device on this machine.
    """
    if name == AUTO:
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch was built without CUDA
        raise ValueError(
            f"the device {shorten(repr(name), 40)} can't be used on this machine; use auto, cpu, cuda or mps"
        ) from error


def device_name(device: torch.device) -> str:
    """The name of a device for people: CPU, the name of the GPU, or Apple GPU."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return {"cpu": "CPU", "mps": "Apple GPU"}.get(device.type, device.type.upper())

"""Loads weights strictly: only safetensors, checked against the network before a tensor is read; never a pickle."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import nn

from gan_hub.loading.config import shorten

WEIGHTS_FILE = "model.safetensors"
MAX_HEADER_BYTES = 1024 * 1024
SAFETENSORS_DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}
HALF = "F16"  # may stand for F32 in a file, which halves its size; the network still computes in float32


class ModelError(ValueError):
    """A model that can't be loaded; the message names it and says why, and what to do."""


def count_parameters(network: nn.Module) -> int:
    """The number of entries in all parameters and buffers; works on the meta device too."""
    return sum(tensor.numel() for tensor in network.state_dict().values())


def check_weights_size(name: str, size: int, network: nn.Module, filename: str = WEIGHTS_FILE) -> None:
    """Raise ModelError unless a safetensors file of `size` bytes can hold exactly the weights of `network`."""
    tensors = network.state_dict().values()
    full = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    half = full - 2 * sum(tensor.numel() for tensor in tensors if tensor.dtype == torch.float32)
    if not any(expected < size <= expected + MAX_HEADER_BYTES for expected in (full, half)):
        raise ModelError(
            f"{filename} of '{name}' has {size:,} bytes, but its config describes a network of {full:,} bytes "
            f"({half:,} in 16 bits); the two files do not belong together"
        )


def load_weights(network: nn.Module, path: Path, name: str) -> None:
    """Load the weights in a safetensors file into a network, which may be on the meta device.

    Raises:
        ModelError: the file is not safetensors, or a tensor is missing, surplus, not finite, or has another shape or
            type than in the network.
    """
    expected = {key: (SAFETENSORS_DTYPES[t.dtype], list(t.shape)) for key, t in network.state_dict().items()}
    # Read into memory at once: with tensors mapped from the file, another process that rewrites it would end this one.
    data = path.read_bytes()
    found, _ = read_header(data, name, path.name)
    if problems := _differences(expected, found):
        raise ModelError(f"{path.name} of '{name}' does not fit the config: {'; '.join(problems)}")
    try:
        state = load(data)
    except SafetensorError as error:
        raise ModelError(f"{path.name} of '{name}' is damaged ({error}); download or save it again") from error
    for key, tensor in state.items():
        if not torch.isfinite(tensor).all():
            raise ModelError(f"{path.name} of '{name}' can't be used: '{key}' holds NaN or infinite values")
        if tensor.dtype == torch.float16:
            state[key] = tensor.float()
    network.load_state_dict(state, strict=True, assign=True)


def halve(folder: Path) -> tuple[int, int]:
    """Rewrite a saved model's weights in 16 bits, completely or not at all.

    A weight that is not tiny changes by at most a 2048th; the eye can't see the difference in the pictures.

    Returns:
        The size of the file before and after, in bytes.

    Raises:
        ModelError: the folder holds no weights, or they do not fit into 16 bits.
    """
    path = folder / WEIGHTS_FILE
    if not path.is_file():
        raise ModelError(f"there is no {WEIGHTS_FILE} in '{folder}'")
    state = load(path.read_bytes())
    halved = {key: tensor.half() if tensor.dtype == torch.float32 else tensor for key, tensor in state.items()}
    if bad := [key for key, tensor in halved.items() if not torch.isfinite(tensor).all()]:
        raise ModelError(f"the weights of '{folder}' do not fit into 16 bits: '{bad[0]}' is too large")
    before, aside = path.stat().st_size, path.with_suffix(".tmp")
    save_file(halved, aside, metadata={"format": "pt"})
    aside.replace(path)
    return before, path.stat().st_size


def read_header(
    data: bytes, name: str, filename: str = WEIGHTS_FILE
) -> tuple[dict[str, tuple[str, list[int]]], dict[str, str]]:
    """Read the types and shapes of the tensors in a safetensors file, and its metadata, without decoding a tensor.

    Args:
        data: the whole file.
        name: of the model, for errors.
        filename: for errors.

    Raises:
        ModelError: the file is not safetensors, or its header is too long.
    """
    damaged = f"{filename} of '{name}' is not a safetensors file; download or save it again"
    if len(data) < 8:
        raise ModelError(damaged)
    (length,) = struct.unpack("<Q", data[:8])
    if length > MAX_HEADER_BYTES:
        raise ModelError(
            f"the header of {filename} of '{name}' claims {length:,} bytes; at most {MAX_HEADER_BYTES:,} are read"
        )
    try:
        header = json.loads(data[8 : 8 + length])
        metadata = dict(header.pop("__metadata__", None) or {})
        return {key: (value["dtype"], value["shape"]) for key, value in header.items()}, metadata
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(damaged) from error


def _differences(
    expected: Mapping[str, tuple[str, list[int]]], found: Mapping[str, tuple[str, list[int]]]
) -> list[str]:
    """Describe what differs, with at most three items of each kind."""

    def listed(keys: list[str]) -> str:
        return ", ".join(shorten(key, 60) for key in keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")

    problems = []
    if missing := sorted(set(expected) - set(found)):
        problems.append(f"missing {listed(missing)}")
    if surplus := sorted(set(found) - set(expected)):
        problems.append(f"surplus {listed(surplus)}")
    as_half = {key: (HALF, shape) for key, (kind, shape) in expected.items() if kind == "F32"}
    other = [key for key in expected if key in found and found[key] not in (expected[key], as_half.get(key))]
    problems += [
        f"{key} is {found[key][0]} {shorten(repr(found[key][1]))}, expected {expected[key][0]} {expected[key][1]}"
        for key in other[:3]
    ]
    return problems

"""Noise that is a function of the place alone, so that a tile of a picture is painted as in the whole of it."""

import math

import numpy as np
import torch
from torch import Tensor

from gan_hub.latents import check_seed

GOLDEN = 0x9E3779B9  # 2**32 over the golden ratio: keeps rows and columns of one number apart


def position_noise(rows: int, columns: int, *, top: int = 0, left: int = 0, channels: int, seed: int) -> Tensor:
    """Uniform noise of mean 0 and variance 1: each value depends on its row, column, channel and the seed alone.

    The hash is lowbias32, found by Chris Wellons in his search for 32-bit hash functions
    (https://nullprogram.com/blog/2018/07/31/), in whole numbers, so that it is the same on every platform.

    Args:
        rows: height, at least 0.
        columns: width, at least 0.
        top: the first row's number.
        left: the first column's number.
        channels: at least 0.
        seed: in [0, 2**32 - 1].

    Returns:
        [channels, rows, columns], float32 in [-sqrt(3), sqrt(3)], on the CPU.

    Raises:
        ValueError: the seed is not a whole number in its range.
    """
    key = _hash(np.array([check_seed(seed)], dtype=np.uint32) ^ np.uint32(GOLDEN))
    row = _hash(_hash(np.arange(top, top + rows, dtype=np.uint32)) ^ key)[:, None]
    column = _hash(np.arange(left, left + columns, dtype=np.uint32) ^ np.uint32(GOLDEN))[None, :]
    channel = _hash(np.arange(channels, dtype=np.uint32) ^ ~key)[:, None, None]
    bits = _hash(_hash(row ^ column) ^ channel) >> np.uint32(8)  # 24 bits: all that a float32 holds
    unit = (bits.astype(np.float64) + 0.5) * 2.0**-24
    return torch.from_numpy(((2 * unit - 1) * math.sqrt(3)).astype(np.float32))


def _hash(x: np.ndarray) -> np.ndarray:
    """lowbias32: a bijection of uint32 in which each bit of the input flips each of the output half of the time."""
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))

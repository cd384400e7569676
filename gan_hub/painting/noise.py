"""Noise that is a function of the position alone, so that a tile is painted just as within the whole picture."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gan_hub.latents.seeds import check_seed

GOLDEN = 0x9E3779B9  # 2**32 / the golden ratio: tells a row from the column of the same number


def position_noise(rows: int, columns: int, *, top: int = 0, left: int = 0, cells: Sequence[int], seed: int) -> Tensor:
    """Noise of mean 0 and variance 1: each value depends on its row, column, channel and the seed alone.

    A channel whose cell is larger than 1 is smooth: it is interpolated linearly between the values of a lattice.

    Args:
        rows: height, at least 0.
        columns: width, at least 0.
        top: the first row's number.
        left: the first column's number.
        cells: for each channel the distance between the lattice's points, in rows and columns, at least 1.
        seed: in [0, 2**32 - 1].

    Returns:
        [len(cells), rows, columns], float32, uniform in [-sqrt(3), sqrt(3)] where the cell is 1; on the CPU.

    Raises:
        ValueError: the seed is not a whole number in its range.
    """
    noise = torch.empty(len(cells), rows, columns)
    for channel, cell in enumerate(cells):
        noise[channel] = torch.from_numpy(_channel(top, rows, left, columns, channel, cell, check_seed(seed)))
    return noise


def _channel(top: int, rows: int, left: int, columns: int, channel: int, cell: int, seed: int) -> np.ndarray:
    if cell == 1:
        return _white(np.arange(top, top + rows), np.arange(left, left + columns), channel, seed)
    # The centre of row r lies at (r + 1/2) / cell - 1/2 in the lattice; a point before the first one has number -1.
    down, across = (
        (np.arange(start, start + count) + 0.5) / cell - 0.5 for start, count in ((top, rows), (left, columns))
    )
    first_row, first_column = int(np.floor(down[0])) if rows else 0, int(np.floor(across[0])) if columns else 0
    lattice = _white(
        first_row + np.arange(rows // cell + 3), first_column + np.arange(columns // cell + 3), channel, seed
    )
    row, column = np.floor(down).astype(int), np.floor(across).astype(int)
    t, u = (down - row)[:, None], across - column
    above, below = (lattice[row - first_row + i] for i in (0, 1))
    left_of, right_of = column - first_column, column - first_column + 1
    mixed = (above[:, left_of] * (1 - t) + below[:, left_of] * t) * (1 - u)
    mixed = mixed + (above[:, right_of] * (1 - t) + below[:, right_of] * t) * u
    # Interpolation lowers the variance to (2/3)^2 on average.
    return (1.5 * mixed).astype(np.float32)


def _white(rows: np.ndarray, columns: np.ndarray, channel: int, seed: int) -> np.ndarray:
    """Uniform noise [len(rows), len(columns)] from a hash of whole numbers."""
    key = _hash(np.array([seed], dtype=np.uint32) ^ np.uint32(GOLDEN))
    row = _hash(_hash(rows.astype(np.uint32)) ^ key)[:, None]
    column = _hash(columns.astype(np.uint32) ^ np.uint32(GOLDEN))[None, :]
    bits = _hash(_hash(row ^ column) ^ _hash(np.uint32(channel) ^ ~key)) >> np.uint32(8)  # 24 bits fit a float32
    unit = (bits.astype(np.float64) + 0.5) * 2.0**-24
    return ((2 * unit - 1) * math.sqrt(3)).astype(np.float32)


def _hash(x: np.ndarray) -> np.ndarray:
    """lowbias32: a bijection of uint32 in which each input bit flips each output bit about half of the time.

    Found by Chris Wellons in his search for 32-bit hash functions (https://nullprogram.com/blog/2018/07/31/). It uses
    whole numbers, so it gives the same on every platform.
    """
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))

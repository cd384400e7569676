"""Noise by position: its distribution, and that it depends on the position alone."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_hub.painting.noise import position_noise

EXPECTED = [-1.6715117692947388, 0.794507622718811, 0.5899917483329773, 1.469521164894104]
WHOLE = position_noise(40, 50, cells=(1,) * 3, seed=7)


@settings(max_examples=50, deadline=None)
@given(top=st.integers(0, 39), left=st.integers(0, 49), data=st.data())
def test_a_part_is_that_part_of_the_whole(top, left, data):
    rows, columns = data.draw(st.integers(0, 40 - top)), data.draw(st.integers(0, 50 - left))
    part = position_noise(rows, columns, top=top, left=left, cells=(1,) * 3, seed=7)
    assert torch.equal(part, WHOLE[:, top : top + rows, left : left + columns])


@pytest.mark.parametrize("channels", [0, 1, 2])
def test_a_channel_does_not_depend_on_how_many_there_are(channels):
    assert torch.equal(position_noise(40, 50, cells=(1,) * channels, seed=7), WHOLE[:channels])


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_uniform_with_variance_one_and_uncorrelated(seed):
    noise = position_noise(500, 400, cells=(1,) * 2, seed=seed)
    count = noise.numel()
    assert noise.dtype == torch.float32
    assert noise.abs().max() <= math.sqrt(3)
    assert abs(noise.double().mean()) < 4 / math.sqrt(count)
    assert abs(noise.double().var() - 1) < 4 * math.sqrt(0.8 / count)  # the kurtosis of a uniform variable is 1.8
    counts, _ = np.histogram(noise.numpy(), bins=64, range=(-math.sqrt(3), math.sqrt(3)))
    chi_squared = ((counts - count / 64) ** 2 / (count / 64)).sum()
    assert chi_squared < 63 + 5 * math.sqrt(2 * 63)
    plane = noise[0].double()
    others = [plane.roll(shift, dims) for shift, dims in ((1, 0), (1, 1), ((1, 1), (0, 1)), ((1, -1), (0, 1)), (2, 1))]
    others += [noise[1].double(), position_noise(500, 400, cells=(1,) * 1, seed=seed ^ 1)[0].double()]
    for other in others:
        assert abs((plane * other).mean()) < 4.5 / math.sqrt(plane.numel())


def test_rows_and_columns_are_all_different():
    noise = position_noise(300, 300, cells=(1,) * 1, seed=0)[0]
    assert not torch.equal(noise, noise.T)
    for lines in (noise, noise.T):
        assert len(torch.unique(lines, dim=0)) == 300
        assert lines.double().mean(1).abs().max() < 5 / math.sqrt(300)


def test_the_same_numbers_on_every_machine():
    """Written down once: a change here would change every painting."""
    noise = position_noise(2, 2, top=1000, left=3, cells=(1,) * 1, seed=42)
    assert noise.flatten().tolist() == pytest.approx(EXPECTED, abs=0)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, None])
def test_refused_seeds(seed):
    with pytest.raises(ValueError, match=r"seed .* is not possible; use a whole number"):
        position_noise(1, 1, cells=(1,) * 1, seed=seed)

"""Latents as text: an exact round trip, and errors for all other text."""

import base64

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gan_hub.latents.text import LATENT, check_latent, latent_text, read_latent, rounded


@given(arrays(np.float32, st.integers(1, 300), elements=st.floats(-2000, 2000, width=32)))
def test_there_and_back(values: np.ndarray) -> None:
    z = torch.from_numpy(values)
    text = latent_text(z)
    assert LATENT.fullmatch(text)
    assert torch.equal(read_latent(text), rounded(z))
    assert latent_text(read_latent(text)) == text


def test_normal_latents_lose_little_and_stay_short() -> None:
    z = torch.randn(64, generator=torch.Generator().manual_seed(0))
    assert (rounded(z) - z).abs().max() < 2e-3
    assert len(latent_text(z)) == 172
    assert LATENT.fullmatch(latent_text(torch.ones(4096)))
    assert not LATENT.fullmatch(latent_text(torch.ones(4097)))


def raw(*halves: float) -> str:
    return "z" + base64.urlsafe_b64encode(np.array(halves, dtype="<f2").tobytes()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["", "z", "zA", "zAA", "zAAAA", "AAA", "zAAB", "zAA=", "zAA/", " zAAA", "zAAA\n", "zAAAAA", raw(float("nan")),
     raw(float("inf")), raw(1001.0), "z" + "A" * 20_000, 7, b"zAAA"],
)  # fmt: skip
def test_what_is_no_latent(text: object) -> None:
    with pytest.raises(ValueError, match="the latent"):
        check_latent(text)


def test_what_is_one() -> None:
    assert check_latent(None) is None
    assert check_latent(raw(1.5, -2.0)) == raw(1.5, -2.0)
    assert read_latent(raw(1.5, -2.0)).tolist() == [1.5, -2.0]

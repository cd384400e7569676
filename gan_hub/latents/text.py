"""Latents as text, for recipes and links: "z" and the base64 of 16-bit floats, 172 characters for 64 numbers.

A latent is rounded to 16 bits before its picture is shown, so that its text gives the same pixels again.
"""

import base64
import re

import numpy as np
import torch
from torch import Tensor

from gan_hub.loading.config import shorten

LATENT = re.compile(r"z[A-Za-z0-9_-]{2,10923}")
LARGEST = 1e3  # absolute value of an entry; normal ones are below 6


def rounded(z: Tensor) -> Tensor:
    """Latents of any shape as their text gives them back: rounded to 16 bits, as float32 on the CPU."""
    return z.detach().cpu().clamp(-LARGEST, LARGEST).half().float()


def latent_text(z: Tensor) -> str:
    """The text of one latent [latent_dim], rounded to 16 bits."""
    data = rounded(z).numpy().astype("<f2").tobytes()
    return "z" + base64.urlsafe_b64encode(data).decode().rstrip("=")


def read_latent(text: str) -> Tensor:
    """Parse the untrusted text of a latent.

    Returns:
        [latent_dim], float32, on the CPU.

    Raises:
        ValueError: the text is not one that `latent_text` writes.
    """
    invalid = ValueError(f"the latent {shorten(repr(text), 40)} is not possible; copy its whole text, unchanged")
    if not isinstance(text, str) or not LATENT.fullmatch(text) or len(text) % 4 == 2:
        raise invalid
    data = base64.urlsafe_b64decode(text[1:] + "=" * (-(len(text) - 1) % 4))
    if len(data) % 2:
        raise invalid
    z = torch.from_numpy(np.frombuffer(data, dtype="<f2").astype(np.float32))
    if not (torch.isfinite(z).all() and (z.abs() <= LARGEST).all()) or latent_text(z) != text:
        raise invalid
    return z


def check_latent(value: object) -> str | None:
    """Return the text of a latent, or None for None; else raise ValueError."""
    if value is not None:
        read_latent(value)  # type: ignore[arg-type]  # it raises for anything but text
        assert isinstance(value, str)
    return value

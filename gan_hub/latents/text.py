"""Latents as text, for recipes and links: "z" and the base64 of 16-bit floats, 171 characters for 64 numbers.

Whoever shows a picture of a latent rounds it to 16 bits first, so that its text brings the same pixels back.
"""

import base64
import re

import numpy as np
import torch
from torch import Tensor

from gan_hub.loading.config import shorten

MAX_LENGTH = 4096  # of a latent, as in GeneratorConfig
LATENT = re.compile(r"z[A-Za-z0-9_-]{2,10923}")
LARGEST = 1e3  # of an entry; normal ones are below six


def rounded(z: Tensor) -> Tensor:
    """Latents of any shape as they come back from text: rounded to 16 bits, float32, on the CPU."""
    return z.detach().cpu().clamp(-LARGEST, LARGEST).half().float()


def latent_text(z: Tensor) -> str:
    """The text of one latent [latent_dim], rounded to 16 bits."""
    data = rounded(z).numpy().astype("<f2").tobytes()
    return "z" + base64.urlsafe_b64encode(data).decode().rstrip("=")


def read_latent(text: str) -> Tensor:
    """The latent of a text that anyone may have written.

    Returns:
        [latent_dim], float32, on the CPU.

    Raises:
        ValueError: not what `latent_text` writes.
    """
    refusal = ValueError(f"the latent {shorten(repr(text), 40)} is not possible; copy it as it was written, all of it")
    if not isinstance(text, str) or not LATENT.fullmatch(text) or len(text) % 4 == 2:
        raise refusal
    data = base64.urlsafe_b64decode(text[1:] + "=" * (-(len(text) - 1) % 4))
    if len(data) % 2:
        raise refusal
    z = torch.from_numpy(np.frombuffer(data, dtype="<f2").astype(np.float32))
    if not (torch.isfinite(z).all() and (z.abs() <= LARGEST).all()) or latent_text(z) != text:
        raise refusal
    return z


def check_latent(value: object) -> str | None:
    """Return the text of a latent, or None for None; else raise ValueError."""
    if value is not None:
        read_latent(value)  # type: ignore[arg-type]  # it refuses what is no text
        assert isinstance(value, str)
    return value

"""GAN Hub: train a GAN, share it, play with it.

Example:
    from gan_hub import GanGenerator

    generator = GanGenerator.from_pretrained("mnist-gan")
    images = generator.sample(16, seed=7)
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from gan_hub.generator import GanGenerator
    from gan_hub.loading.weights import ModelError
    from gan_hub.stylizer import PhotoStylizer

__all__ = ["GanGenerator", "ModelError", "PhotoStylizer", "__version__"]

_HOMES = {
    "GanGenerator": "gan_hub.generator",
    "ModelError": "gan_hub.loading.weights",
    "PhotoStylizer": "gan_hub.stylizer",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: a command that needs no torch does not wait for it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gan_hub' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)

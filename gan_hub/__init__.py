"""GAN Hub: train a GAN, share it, play with it.

Example:
    from gan_hub import GanGenerator

    generator = GanGenerator.from_pretrained("mnist-gan")
    images = generator.sample(16, seed=7)
"""

__version__ = "0.1.0"

from gan_hub.generator import GanGenerator
from gan_hub.stylizer import PhotoStylizer
from gan_hub.weights import ModelError

__all__ = ["GanGenerator", "ModelError", "PhotoStylizer", "__version__"]

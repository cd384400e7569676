"""The models that the page offers by name: those its owner has chosen, else those that come with the package.

Whoever deploys a page chooses in two environment variables, with commas between the names; any other model can still be
typed.
"""

import os

from gan_hub.hub import Kind, bundled_names
from gan_hub.recipe import check_model

MODELS_VARIABLE = "GAN_HUB_MODELS"  # generators
STYLES_VARIABLE = "GAN_HUB_STYLES"  # stylizers


def generators() -> list[str]:
    """Names of generators, the default first.

    Raises:
        ValueError: the environment names one that is not possible.
    """
    return _offered(MODELS_VARIABLE, "generator")


def stylizers() -> list[str]:
    """Names of stylizers, the default first; errors as of `generators`."""
    return _offered(STYLES_VARIABLE, "stylizer")


def _offered(variable: str, kind: Kind) -> list[str]:
    chosen = [name.strip() for name in os.environ.get(variable, "").split(",")]
    return [check_model(name) for name in chosen if name] or bundled_names(kind)

"""The models that the page offers by name: those its owner has chosen, else those that come with the package.

Whoever deploys a page chooses in two environment variables, with commas or spaces between the names. Where either is
set, no other repository can be opened; what comes with the package always can.
"""

import os

from gan_hub.loading.model_files import Kind, bundled_names
from gan_hub.recipes.fields import check_model

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


def allowed() -> frozenset[str] | None:
    """Names of all that may be opened besides what comes with the package; None = any repository."""
    return frozenset(_chosen(MODELS_VARIABLE) + _chosen(STYLES_VARIABLE)) or None


def _offered(variable: str, kind: Kind) -> list[str]:
    return [check_model(name) for name in _chosen(variable)] or bundled_names(kind)


def _chosen(variable: str) -> list[str]:
    return os.environ.get(variable, "").replace(",", " ").split()

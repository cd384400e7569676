"""The models that a page lists: those that its owner names, otherwise the bundled ones.

The owner of a page names them in two environment variables, separated by commas or spaces. Where either is set, no
other repository can be opened; bundled models always can.
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
    """The names of all repositories that may be opened; None = any repository."""
    return frozenset(_chosen(MODELS_VARIABLE) + _chosen(STYLES_VARIABLE)) or None


def _offered(variable: str, kind: Kind) -> list[str]:
    return [check_model(name) for name in _chosen(variable)] or bundled_names(kind)


def _chosen(variable: str) -> list[str]:
    return os.environ.get(variable, "").replace(",", " ").split()

"""What every tab says about a model: its name as visitors type it, its size, and where it comes from."""

import html

from gan_hub.generator import GanGenerator
from gan_hub.loading.config import shorten
from gan_hub.loading.pretrained import PretrainedModel
from gan_hub.loading.weights import count_parameters
from gan_hub.recipes.names import FOLDER_PREFIX, public_name


def model_name(value: object) -> str:
    """The name of a model as a visitor typed it, without spaces around it; raises ValueError if it can't be a name."""
    if not isinstance(value, str) or not 1 <= len(value) <= 1_000 or not value.isprintable():
        raise ValueError(f"the model {shorten(repr(value), 40)} is not possible; use a bundled name or org/name")
    return value.strip()


def model_facts(model: PretrainedModel, what: str) -> str:
    """A model in a few words, as HTML; text from a repository is escaped.

    Args:
        model: to describe.
        what: the kind of model, as text.
    """
    name = public_name(model)
    facts = [html.escape(what), f"{count_parameters(model) / 1e6:.2g} million parameters"]
    if model.revision:
        commit = model.revision
        url = f"https://huggingface.co/{name}/tree/{commit}"  # both match patterns without a character that HTML knows
        facts.append(f'commit {commit[:7]}, <a href="{url}" target="_blank" rel="noopener">card and licence</a>')
    elif name.startswith(FOLDER_PREFIX):
        facts.append("from a folder")
    else:
        facts.append("comes with GAN Hub, Apache-2.0")
    return " · ".join(facts)


def generator_facts(generator: GanGenerator) -> str:
    """A generator in a few words, as HTML."""
    height, width = generator.image_size
    return model_facts(generator, f"{generator.config.architecture} GAN, {width}×{height}")  # noqa: RUF001  # it is a multiplication sign

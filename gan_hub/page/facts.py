"""What every tab says about models: their names as visitors type them, and where they come from."""

import html

from gan_hub.config import shown
from gan_hub.pretrained import PretrainedModel
from gan_hub.recipe import FOLDER_PREFIX
from gan_hub.sampling import public_name
from gan_hub.weights import count_parameters


def model_name(value: object) -> str:
    """What a visitor typed as a model, without the spaces around it; raises ValueError if it can't be a name."""
    if not isinstance(value, str) or not 1 <= len(value) <= 1_000 or not value.isprintable():
        raise ValueError(f"the model {shown(repr(value), 40)} is not possible; use a bundled name or org/name")
    return value.strip()


def model_facts(model: PretrainedModel, what: str) -> str:
    """One model in a few words, as HTML; what comes from a repository is escaped.

    Args:
        model: loaded.
        what: it is, as text.
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


def duration(seconds: float) -> str:
    """Such as "340 ms", "2.5 s"."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def size_text(num_bytes: int) -> str:
    """Such as "2.4 MB"."""
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes >= 1e6 else f"{num_bytes / 1e3:.0f} kB"

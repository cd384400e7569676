"""A run's card as its repository shows it: the snippet by the repository's name, samples and curves as pictures."""

import json
import re
from collections.abc import Sequence

from huggingface_hub import ModelCard

from gan_hub.loading.pretrained import PretrainedModel

SNIPPET = re.compile(r"from_pretrained\(\"(?:[^\"\\]|\\.)*\"[^)]*\)")
CURVES = "curves.png"
PICTURES = re.compile(r"## (?:Samples|Learning curves)\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)


def card_of_run(
    model: PretrainedModel, card: str | None, repo_id: str, files: Sequence[str], revision: str | None = None
) -> str:
    """The text of README.md for a repository.

    Args:
        model: that it is of.
        card: of the run; a new one, which tells nothing of the training, if None.
        repo_id: that the snippet loads.
        files: paths in the repository; pictures in samples/ are listed as outputs, the last one is shown.
        revision: that the snippet loads; the newest if None.
    """
    told = ModelCard(card) if card is not None else model.generate_model_card(name=repo_id)
    named = json.dumps(repo_id) + (f", revision={json.dumps(revision)}" if revision else "")
    text = SNIPPET.sub(lambda _: f"from_pretrained({named})", told.text)
    sheets = sorted(name for name in files if name.startswith("samples/"))
    outputs = [{"text": f"after {_step(name)} steps", "output": {"url": name}} for name in reversed(sheets)]
    setattr(told.data, "widget", outputs or None)  # noqa: B010  # the Hub knows the field, the class does not
    told.text = with_pictures(text, sheets[-1] if sheets else None, CURVES if CURVES in files else None)
    return str(told)


def with_pictures(text: str, sheet: str | None, curves: str | None) -> str:
    """The card's text with a sheet of samples before `## Use`, and the curves before what was measured or the limits.

    Args:
        text: of the card; pictures that it shows already are replaced.
        sheet: path of the sheet beside the card, if there is one.
        curves: path of the curves beside the card, if there are any.
    """
    text = PICTURES.sub("", text)
    if sheet:
        shown = f"## Samples\n\n![Samples after {_step(sheet)} steps]({sheet})\n\n"
        text = text.replace("## Use\n", shown + "## Use\n", 1)
    if curves:
        heading = next(h for h in ("## Measured\n", "## Health\n", "## Limits\n") if h in text or h == "## Limits\n")
        text = text.replace(heading, f"## Learning curves\n\n![What the training logged]({curves})\n\n{heading}", 1)
    return text


def _step(name: str) -> str:
    """The steps that a sheet was painted after, from its name."""
    digits = re.sub(r"\D", "", name.rsplit("/", 1)[-1])
    return f"{int(digits):,}" if digits else name

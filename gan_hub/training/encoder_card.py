"""The section on its encoder in a generator's card."""

import re
from dataclasses import dataclass

SECTION = re.compile(r"## Encoder\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class EncoderFacts:
    """The facts about the training of an encoder for the card.

    Attributes:
        num_parameters: of the encoder.
        command: that repeats the training.
        num_images: pictures of the generator that it was trained on.
        minutes: processor time.
        hardware: processor or GPU, in words.
        error: of pictures of the generator encoded and painted again: mean absolute, as a share of the range.
        agreement: share of them whose class, or category, is told right; None where there is nothing to tell.
        num_samples: pictures that were measured.
        seed: of the first of them.
    """

    num_parameters: int
    command: str
    num_images: int
    minutes: float
    hardware: str
    error: float
    agreement: float | None
    num_samples: int
    seed: int


def with_encoder(card: str, facts: EncoderFacts) -> str:
    """The card with a section on the encoder before that on limits, in place of one that is there already.

    Args:
        card: the text of README.md.
        facts: of the encoder.
    """
    told = "" if facts.agreement is None else f" Of their classes, {facts.agreement:.1%} are told right."
    section = (
        "## Encoder\n\n"
        f"`encoder.safetensors` leads back from a picture to a latent: {facts.num_parameters:,} parameters in 16 bits, "
        f"trained on {facts.num_images:,} pictures of this generator in {facts.minutes:.0f} minutes of processor time "
        f"({facts.hardware}).\n\n"
        f"Pictures of {facts.num_samples} seeds from {facts.seed} on that are encoded and painted again differ by "
        f"{facts.error:.2%} of the range of pixels (mean absolute).{told} "
        f"`gan_hub.inversion.projection.project` refines what it finds.\n\n```sh\n{facts.command}\n```\n\n"
    )
    rest = SECTION.sub("", card)
    before, limits, after = rest.partition("## Limits\n")
    return before + section + limits + after if limits else f"{rest.rstrip()}\n\n{section.rstrip()}\n"

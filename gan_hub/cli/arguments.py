"""The arguments that several commands share: their types carry their help."""

from typing import Annotated

import tyro

from gan_hub.generator import GanGenerator
from gan_hub.loading.device import AUTO, usable_device

Model = Annotated[
    str,
    tyro.conf.Positional,
    tyro.conf.arg(help="a bundled name such as mnist-gan, a folder, or org/name on the Hub."),
]
Revision = Annotated[str | None, tyro.conf.arg(help="branch, tag or commit on the Hub.")]
Device = Annotated[
    str,
    tyro.conf.arg(help="where the networks run: auto (the best there is: cuda, mps, cpu), or a name such as cuda:1."),
]


def load_generator(model: str, revision: str | None, device: str = AUTO) -> GanGenerator:
    """The generator on the device; raises ValueError if there is no such model or device."""
    place = usable_device(device)
    return GanGenerator.from_pretrained(model, revision=revision).to(place)

"""Begins a training with the weights of a published generator."""

import logging
from dataclasses import replace
from typing import Any

import torch

from gan_hub.generator import GanGenerator
from gan_hub.training.options.options import TrainingOptions

logger = logging.getLogger(__name__)


def options_of(start: GanGenerator, options: TrainingOptions) -> TrainingOptions:
    """The options with the architecture, the widths and the latents of a generator to begin with.

    The size and the channels of the pictures and the classes stay those of the data.
    """
    config = start.config
    latents = {name: getattr(config, name) for name in ("latent_dim", "num_categories", "num_active")}
    network: dict[str, Any] = {"architecture": config.architecture, **latents, **config.network_options()}
    hashable: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in network.items()}
    return replace(options, **hashable)


@torch.no_grad()
def begin_with(generator: GanGenerator, start: GanGenerator) -> None:
    """Copy the weights that fit: whole tensors, and of those of other shapes the part that both have.

    A conditional network reads z first and the class after it, so that of an unconditional one all that reads z fits,
    and the other way round. What was taken is logged.
    """
    whole, part, new = [], [], []
    given = start.state_dict()
    for name, target in generator.state_dict().items():
        source = given.get(name)
        if source is None or source.ndim != target.ndim:
            new.append(name)
            continue
        if source.shape == target.shape:
            target.copy_(source)
            whole.append(name)
            continue
        common = tuple(slice(min(sizes)) for sizes in zip(source.shape, target.shape))
        target[common] = source[common]
        part.append(name)
    logger.info(
        "of the weights to begin with, %d tensors are taken whole, %d in part%s; %d are new%s",
        len(whole),
        len(part),
        _listed(part),
        len(new),
        _listed(new),
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f" ({shown})" if names else ""

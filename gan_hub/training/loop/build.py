"""From options and data to networks, optimizers and the trainer that steps them."""

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import nn

from gan_hub.data.dataset import Dataset
from gan_hub.generator import GanGenerator
from gan_hub.models import ARCHITECTURES
from gan_hub.training.data.augment import make_augment
from gan_hub.training.loop.engine import averaged, choose_precision, make_optimizer
from gan_hub.training.loop.nonfinite import SkippingOptimizer
from gan_hub.training.loop.step import Trainer
from gan_hub.training.options.options import TrainingOptions


def build_trainer(options: TrainingOptions, data: Dataset, accelerator: Accelerator) -> Trainer:
    """Networks, optimizers and the averaged generator, prepared for the accelerator.

    Raises:
        ConfigError: the options describe no possible generator.
    """
    # The same start on every process; what a process draws later depends on its rank through its own streams.
    set_seed(options.seed)
    generator = make_generator(options, data)
    discriminator = make_discriminator(options, generator)
    images_per_step = options.images_per_step(accelerator.num_processes)
    generator_ema = averaged(generator, images_per_step=images_per_step, half_life=options.ema_half_life)
    generator_optimizer, discriminator_optimizer = (
        make_optimizer(network, options) for network in (generator, discriminator)
    )
    prepared = accelerator.prepare(generator, discriminator, generator_optimizer, discriminator_optimizer)
    return Trainer(
        options=options,
        accelerator=accelerator,
        generator=prepared[0],
        discriminator=prepared[1],
        generator_guard=SkippingOptimizer(prepared[0], prepared[2], accelerator),
        discriminator_guard=SkippingOptimizer(prepared[1], prepared[3], accelerator),
        generator_ema=generator_ema.to(accelerator.device),
        autocast_dtype=torch.bfloat16 if choose_precision(options, accelerator) == "bf16" else None,
        batch_statistics=ARCHITECTURES[options.architecture].batch_statistics,
        augment=make_augment(options, channels=data.channels, device=accelerator.device),
    )


def make_generator(options: TrainingOptions, data: Dataset) -> GanGenerator:
    """A new generator of pictures like the data's; raises ConfigError if there can't be one."""
    names = data.class_names if options.conditional else ()
    network_options = ARCHITECTURES[options.architecture].options
    return GanGenerator(
        architecture=options.architecture,
        image_size=data.image_size,
        channels=data.channels,
        latent_dim=options.latent_dim,
        num_classes=len(names),
        class_names=names,
        num_categories=options.num_categories,
        num_active=options.num_active,
        **{name: getattr(options, name) for name in network_options},
    )


def make_discriminator(options: TrainingOptions, generator: GanGenerator) -> nn.Module:
    """A new discriminator to train the generator against."""
    discriminator = ARCHITECTURES[options.architecture].discriminator(
        image_size=generator.image_size,
        channels=generator.channels,
        num_classes=generator.num_classes,
        num_categories=options.num_categories,
        **{**generator.config.network_options(), "widths": options.discriminator_widths},
    )
    return discriminator.to(memory_format=torch.channels_last)

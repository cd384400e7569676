"""From options and data to networks, optimizers and the trainer that steps them."""

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import nn

from gan_hub.data.dataset import Dataset
from gan_hub.features import photo_network
from gan_hub.generator import GanGenerator
from gan_hub.images import from_uint8
from gan_hub.models import ARCHITECTURES
from gan_hub.models.projected import PixelHead, ProjectedDiscriminator, ProjectedFeatures
from gan_hub.training.data.augment import make_augment
from gan_hub.training.loop.engine import averaged, choose_precision, make_optimizer
from gan_hub.training.loop.init import begin_with
from gan_hub.training.loop.nonfinite import SkippingOptimizer
from gan_hub.training.loop.step import Trainer
from gan_hub.training.options.options import TrainingOptions

GROUP = 8  # pictures whose differences the heads of a projected discriminator see
NUM_STANDARDISED = 64  # real pictures that the features are standardised on


def build_trainer(
    options: TrainingOptions, data: Dataset, accelerator: Accelerator, start: GanGenerator | None = None
) -> Trainer:
    """Networks, optimizers and the averaged generator, prepared for the accelerator.

    Args:
        options: of the run.
        data: to train on.
        accelerator: of this process.
        start: the generator whose weights it begins with, where they fit; None = with new ones.

    Raises:
        ConfigError: the options describe no possible generator.
    """
    # The same start on every process; what a process draws later depends on its rank through its own streams.
    set_seed(options.seed)
    generator = make_generator(options, data)
    if start is not None:
        begin_with(generator, start)
    features = make_features(options, data, accelerator.device)
    discriminator = make_discriminator(options, generator, features)
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
        features=features,
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


def make_discriminator(
    options: TrainingOptions, generator: GanGenerator, features: ProjectedFeatures | None = None
) -> nn.Module:
    """A new discriminator to train the generator against, of the maps of `features` if there are any."""
    shape = {"image_size": generator.image_size, "channels": generator.channels, "num_classes": generator.num_classes}
    heads = {"num_classes": generator.num_classes, "group": group_size(options)}
    if options.discriminator == "projected":
        pixels: nn.Module = PixelHead(generator.channels, generator.image_size, **heads)
    else:
        pixels = ARCHITECTURES[options.architecture].discriminator(
            **shape,
            num_categories=options.num_categories,
            **{**generator.config.network_options(), "widths": options.discriminator_widths},
        )
    if features is not None:
        pixels = ProjectedDiscriminator(pixels, features.sizes(generator.image_size), **heads)
    return pixels.to(memory_format=torch.channels_last)


def group_size(options: TrainingOptions) -> int:
    """Pictures of a batch whose differences the heads see: those of one class, if a batch holds groups of them."""
    if options.group_size > 1:
        return options.group_size
    return next(
        size for size in range(min(GROUP, options.train_batch_size), 0, -1) if options.train_batch_size % size == 0
    )


def make_features(options: TrainingOptions, data: Dataset, device: torch.device) -> ProjectedFeatures | None:
    """The frozen features that the discriminator looks at, standardised on the first pictures; None without."""
    if options.discriminator == "pixels":
        return None
    features = ProjectedFeatures(photo_network(), size=options.feature_size)
    chosen = torch.randperm(len(data), generator=torch.Generator().manual_seed(options.seed))[:NUM_STANDARDISED]
    features.standardise(from_uint8(data.images[chosen]))
    return features.to(device)

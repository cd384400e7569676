"""From options and data to networks, optimizers and the trainer that steps them."""

from collections.abc import Sequence

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed

from gan_hub.features import photo_network
from gan_hub.models.patch import MultiScaleDiscriminator
from gan_hub.stylizer import PhotoStylizer
from gan_hub.training.loop.engine import averaged, choose_precision, make_optimizer
from gan_hub.training.loop.nonfinite import SkippingOptimizer
from gan_hub.training.options.options import OptionError
from gan_hub.training.style.data import StyleData, network_arguments
from gan_hub.training.style.losses import PatchNCE
from gan_hub.training.style.options import StyleOptions
from gan_hub.training.style.perceptual import PerceptualLoss
from gan_hub.training.style.step import StyleTrainer


def build_style_trainer(options: StyleOptions, accelerator: Accelerator, data: StyleData | None = None) -> StyleTrainer:
    """Networks, optimizers and the averaged stylizer, prepared for the accelerator.

    Args:
        options: of the run.
        accelerator: that trains.
        data: whose paintings the perceptual losses measure; needed for these alone.

    Raises:
        ConfigError: the options describe no possible stylizer.
        ModelError: the one to start from can't be loaded.
        OptionError: it is another network.
    """
    set_seed(options.seed)
    stylizer = make_stylizer(options)
    discriminator = MultiScaleDiscriminator(
        widths=options.discriminator_widths, instance_norm=options.instance_norm, num_scales=options.num_scales
    )
    discriminator.to(memory_format=torch.channels_last)
    images_per_step = options.images_per_step(accelerator.num_processes)
    average = averaged(stylizer, images_per_step=images_per_step, half_life=options.ema_half_life)
    networks: list[torch.nn.Module] = [stylizer, discriminator]
    if options.nce_weight:
        networks.append(PatchNCE(feature_widths(stylizer)))
    optimizers = [make_optimizer(network, options) for network in networks]
    prepared = accelerator.prepare(*networks, *optimizers)
    guards = [
        SkippingOptimizer(*pair, accelerator) for pair in zip(prepared[: len(networks)], prepared[len(networks) :])
    ]
    return StyleTrainer(
        options=options,
        accelerator=accelerator,
        generator=prepared[0],
        discriminator=prepared[1],
        generator_guard=guards[0],
        discriminator_guard=guards[1],
        generator_ema=average.to(accelerator.device),
        autocast_dtype=torch.bfloat16 if choose_precision(options, accelerator) == "bf16" else None,
        nce_guard=guards[2] if options.nce_weight else None,
        perceptual=perceptual_loss(options, data, accelerator.device) if options.is_perceptual and data else None,
    )


def perceptual_loss(options: StyleOptions, data: StyleData, device: torch.device) -> PerceptualLoss:
    """The losses on pretrained features, with the paintings of all styles measured."""
    groups = options.painting_groups()
    paintings = [
        [painting for painting, style in zip(data.paintings, data.styles) if style == number]
        for number in range(len(groups))
    ]
    loss = PerceptualLoss(photo_network(), paintings, [weight for _, weight in groups.values()])
    loss.network.to(device)
    loss.grams = [[gram.to(device) for gram in grams] for grams in loss.grams]
    return loss


def make_stylizer(options: StyleOptions) -> PhotoStylizer:
    """A new stylizer, or the one that `--init` names."""
    arguments = network_arguments(options)
    if arguments.pop("num_styles", None) is not None:
        arguments["styles"] = tuple(options.painting_groups())
    new = PhotoStylizer(architecture=options.architecture, **arguments)  # type: ignore[arg-type]
    if options.init is None:
        return new
    loaded = PhotoStylizer.from_pretrained(options.init)
    if loaded.styles and new.styles:
        loaded = restyled(loaded, new.styles)
    if loaded.config != new.config:
        raise OptionError(
            f"--init {options.init} is another network ({loaded.config.to_dict()}) than the options ask for "
            f"({new.config.to_dict()}); give its --architecture, --widths, --num_blocks and --noise_channels"
        )
    return loaded.train()


@torch.no_grad()
def restyled(stylizer: PhotoStylizer, names: Sequence[str]) -> PhotoStylizer:
    """The same trunk with other styles, each of which starts as the style of its name or as the stylizer's own."""
    rows = [stylizer.style_weights(name if name in stylizer.styles else None) for name in names]
    weights = torch.cat([row for row in rows if row is not None])
    changed = PhotoStylizer(**{**stylizer.config.to_dict(), "styles": tuple(names), "style": names[0]})
    expected = changed.state_dict()
    state = {
        key: tensor if tensor.shape == expected[key].shape and not _is_of_styles(key) else weights @ tensor
        for key, tensor in stylizer.state_dict().items()
    }
    changed.load_state_dict(state)
    return changed


def _is_of_styles(key: str) -> bool:
    """Whether a tensor of a stylizer with many styles has a row for each."""
    return key.endswith((".norm.scale", ".norm.shift", ".tint"))


@torch.no_grad()
def feature_widths(stylizer: PhotoStylizer) -> list[int]:
    """Channels of each of the stylizer's features."""
    side = 16 * stylizer.noise_grid
    noise = torch.zeros(1, len(stylizer.noise_cells), side // stylizer.noise_grid, side // stylizer.noise_grid)
    return [tensor.shape[1] for tensor in stylizer.features(torch.zeros(1, 3, side, side), noise)]

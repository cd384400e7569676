"""The options of `train/train.py`: one frozen dataclass, names as in diffusers' training scripts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


class OptionError(ValueError):
    """An option, or options that do not go together; the message says what is allowed."""


@dataclass(frozen=True)
class TrainingOptions:
    """Train a GAN. Every option has a default from the preset; name one to change it."""

    # Data
    dataset: Literal["mnist", "fashion-mnist", "shapes"] = "mnist"
    """A named set, used unless --train_data_dir is given. `shapes` are drawn on the spot and need no files."""
    data_dir: Path = Path("data")
    """Where the named sets are, or are downloaded to."""
    train_data_dir: Path | None = None
    """A folder of pictures, or of one folder of pictures a class: trains on these instead."""
    resolution: tuple[int, int] = (64, 64)
    """Height and width that the pictures of --train_data_dir are cropped and resized to; multiples of 4, 8 to 512."""
    channels: Literal[1, 3, 4] = 3
    """Of the pictures of --train_data_dir: 1 grey, 3 RGB, 4 RGBA."""
    random_flip: bool = False
    """Mirror pictures at random."""
    conditional: bool = True
    """Tell both networks the class, if the data has classes."""

    # Networks
    architecture: Literal["conv", "mlp"] = "conv"
    """Of both networks; see gan_hub/models."""
    latent_dim: int = 64
    """Length of z."""
    widths: tuple[int, ...] = (128, 64)
    """Generator: conv: channels of the stages, coarse to fine; mlp: units of the hidden layers."""
    discriminator_widths: tuple[int, ...] = (96, 64)
    """The same for the discriminator; conv: coarse to fine, mlp: from the pixels on."""
    num_blocks: int = 1
    """conv: residual blocks in each stage of both networks."""
    patch_size: int = 2
    """conv: side of the square of pixels that one cell of the finest grid paints: 1, 2 or 4."""

    # Objective
    loss: Literal["relativistic"] = "relativistic"
    """Of both networks; see gan_hub/losses.py."""
    gamma: float = 1.0
    """Weight of R1 and R2 at the start; 0 = none."""
    final_gamma: float = 0.1
    """Weight of R1 and R2 at the end, reached along a cosine."""
    penalty_interval: int = 16
    """Compute the penalties every so many steps, that many times as strong (StyleGAN2, arXiv:1912.04958, app. B)."""

    # Optimisation
    train_batch_size: int = 128
    """On each process."""
    gradient_accumulation_steps: int = 1
    """Batches that one update is computed from."""
    max_train_steps: int = 10_000
    """Updates of each network."""
    learning_rate: float = 5e-4
    """Of both networks, after the warm-up."""
    final_learning_rate: float = 2e-5
    """Reached at the end along a cosine."""
    lr_warmup_steps: int = 200
    """Steps over which the learning rate grows from nothing: Adam's first steps are the most violent."""
    adam_beta1: float = 0.0
    """0 for a GAN: the gradient's direction changes as the other network moves."""
    adam_beta2: float = 0.99
    ema_half_life: float = 50_000
    """Of the averaged generator, in images seen; shorter at the start."""
    mixed_precision: Literal["auto", "no", "bf16"] = "auto"
    """auto: bf16 if it measures faster on this machine. fp16 is not supported: the penalties overflow in it."""
    num_threads: int = 0
    """Of each process on a CPU; 0 = the physical cores shared among the processes."""
    seed: int = 0
    """Of the weights, the order of the pictures and the latents."""

    # Output
    output_dir: Path = Path("runs/mnist-gan")
    """The run folder."""
    logging_steps: int = 50
    """A line in metrics.jsonl every so many steps."""
    sampling_steps: int = 500
    """A grid in samples/ every so many steps."""
    checkpointing_steps: int = 2000
    """A loadable generator in checkpoint-{step}/ every so many steps; 0 = none on the way."""
    evaluation_steps: int = 0
    """Measure 10,000 samples against the test pictures every so many steps, where a feature extractor is bundled.
    0 = only at the end, -1 = never."""

    # Hub
    push_to_hub: bool = False
    """Push the generator at the end."""
    hub_model_id: str | None = None
    """org/name; needed by --push_to_hub."""
    hub_private_repo: bool = False
    """Create the repository private."""

    def images_per_step(self, num_processes: int) -> int:
        """Pictures that one update of all processes is computed from."""
        return self.train_batch_size * self.gradient_accumulation_steps * num_processes

    def __post_init__(self) -> None:
        """Check what a type can't say.

        Raises:
            OptionError: with the option's name, what came and what is allowed.
        """
        for name in (
            "train_batch_size",
            "gradient_accumulation_steps",
            "max_train_steps",
            "penalty_interval",
            "logging_steps",
            "sampling_steps",
        ):
            if getattr(self, name) < 1:
                raise OptionError(f"--{name} is {getattr(self, name)}; it must be at least 1")
        if self.learning_rate <= 0 or self.gamma < 0 or self.final_gamma < 0 or self.ema_half_life <= 0:
            raise OptionError(
                "--learning_rate and --ema_half_life must be above 0, --gamma and --final_gamma at least 0"
            )
        if self.push_to_hub and not self.hub_model_id:
            raise OptionError("--push_to_hub needs --hub_model_id org/name")

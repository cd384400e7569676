"""What `--preset` stands for: the options that differ from the defaults of TrainingOptions."""

from pathlib import Path
from typing import Any

from gan_hub.training.options.options import FITTED, TrainingOptions, from_preset

PRESETS: dict[str, dict[str, Any]] = {
    # Class-conditional digits; see docs/results.md for what to expect after how many minutes.
    "mnist": {
        "dataset": "mnist",
        "output_dir": Path("runs/mnist-gan"),
        "max_train_steps": 5000,
        "evaluation_steps": 1000,
    },
    # Not mirrored: every shoe in the set points to the left.
    "fashion": {
        "dataset": "fashion-mnist",
        "output_dir": Path("runs/fashion-gan"),
        "max_train_steps": 10_000,
        "evaluation_steps": 1000,
    },
    # The multilayer perceptron of the tutorials with their settings, kept honest: it loses most of the digits.
    "mlp": {
        "dataset": "mnist",
        "output_dir": Path("runs/mlp-gan"),
        "architecture": "mlp",
        "conditional": False,
        "latent_dim": 100,
        "widths": (128, 256),
        "discriminator_widths": (64, 128),
        "loss": "non_saturating",
        "gamma": 0.0,
        "final_gamma": 0.0,
        "train_batch_size": 64,
        "max_train_steps": 18_750,  # 20 epochs
        "learning_rate": 1e-3,
        "final_learning_rate": 1e-3,
        "lr_warmup_steps": 0,
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "ema_half_life": 1.0,  # the tutorials sample the generator itself
        "evaluation_steps": 1875,
    },
    # Transposed convolutions and batch normalisation, with the paper's optimiser.
    "dcgan": {
        "dataset": "mnist",
        "output_dir": Path("runs/dcgan"),
        "architecture": "dcgan",
        "conditional": False,
        "latent_dim": 100,
        "loss": "non_saturating",
        "gamma": 0.0,
        "final_gamma": 0.0,
        "max_train_steps": 2500,
        "learning_rate": 2e-4,
        "final_learning_rate": 2e-4,
        "lr_warmup_steps": 0,
        "adam_beta1": 0.5,
        "adam_beta2": 0.999,
        "evaluation_steps": 500,
    },
    # Self-attention and the hinge loss, as in SAGAN.
    "sagan": {
        "dataset": "mnist",
        "output_dir": Path("runs/sagan"),
        "attention_stages": 2,
        "loss": "hinge",
        "max_train_steps": 1000,
        "evaluation_steps": 500,
    },
    # A Wasserstein critic with gradient penalty and five updates for each of the generator.
    "wgan": {
        "dataset": "mnist",
        "output_dir": Path("runs/wgan"),
        "loss": "wasserstein",
        "num_discriminator_steps": 5,
        "penalty": "gp",
        "gamma": 10.0,
        "final_gamma": 10.0,
        "penalty_interval": 1,
        "train_batch_size": 64,
        "max_train_steps": 600,
        "evaluation_steps": 200,
    },
    # Ten categories that the networks agree on by themselves, without labels: they come to be the ten digits.
    "infogan": {
        "dataset": "mnist",
        "output_dir": Path("runs/infogan"),
        "conditional": False,
        "num_categories": 10,
        "penalty_interval": 4,  # with 16, and no labels to tell pictures apart by, it paints all black at the start
        "max_train_steps": 3500,
        "evaluation_steps": 1000,
    },
    # Sparse latents: 8 of 64 entries of z are not zero.
    "sparse": {
        "dataset": "mnist",
        "output_dir": Path("runs/sparse"),
        "conditional": False,
        "num_active": 8,
        "gamma": 10.0,  # with 1 it paints all black
        "final_gamma": 1.0,
        "penalty_interval": 4,
        "max_train_steps": 800,
        "evaluation_steps": 400,
    },
    # Clips of eight frames in which a digit moves and bounces.
    "moving-digits": {
        "dataset": "mnist",
        "output_dir": Path("runs/moving-digits"),
        "architecture": "recurrent",
        "num_frames": 8,
        "gamma": 10.0,  # with 1, and every 16 steps, the discriminator is perfect at step 100
        "final_gamma": 1.0,
        "penalty_interval": 4,
        "train_batch_size": 32,
        "max_train_steps": 4500,
    },
    # Emoji with transparency: 1,688 pictures, too few without augmentation. See docs/results.md for where to get them.
    "emoji": {
        "train_data_dir": Path("data/noto-emoji-png72.zip"),
        "data_exclude": ("*1f3f[b-f]*",),  # the same pictures in five skin tones
        "output_dir": Path("runs/emoji-gan"),
        "channels": 4,
        "random_flip": True,
        "latent_dim": 128,
        "widths": (192, 128, 96, 48),
        "discriminator_widths": (192, 128, 96, 48),
        "augment": "ada",
        "gamma": 5.0,
        "final_gamma": 0.5,
        "penalty_interval": 4,  # with 16, and twice the learning rate, it diverges within 400 steps
        "learning_rate": 2.5e-4,
        "train_batch_size": 32,
        "max_train_steps": 12_000,
        "sampling_steps": 1000,
    },
    # Your own pictures: `--train_data_dir FOLDER`, and `--resolution H W` for another size than 64 x 64.
    "folder": {
        "output_dir": Path("runs/folder"),
        "architecture": "film",
        "widths": (256, 128, 64, 32, 16),
        "discriminator": "both",
        "discriminator_widths": (128, 96, 64, 32),
        "latent_dim": 128,
        "train_batch_size": 16,
        "class_group_size": 8,
        "minutes": 60.0,
        "sampling_steps": FITTED,
        "checkpointing_steps": FITTED,
        "learning_rate": 2e-4,
        "lr_warmup_steps": 100,
        "ema_half_life": 10_000,
        "gamma": 10.0,
        "final_gamma": 10.0,
        "penalty_interval": 4,
        "augment": "diffaugment",
        "augment_policy": ("translation", "cutout"),
        "random_flip": True,
        "rescue": True,
    },
    # Drawn shapes, seconds on any machine: a first try without data, and what the tests run.
    "tiny": {
        "dataset": "shapes",
        "output_dir": Path("runs/tiny"),
        "latent_dim": 16,
        "widths": (32, 16),
        "discriminator_widths": (32, 16),
        "train_batch_size": 32,
        "max_train_steps": 500,
        "learning_rate": 2e-3,
        "lr_warmup_steps": 50,
        "final_learning_rate": 5e-4,
        "ema_half_life": 1000,
        "logging_steps": 10,
        "sampling_steps": 100,
    },
}


def preset(name: str) -> TrainingOptions:
    """The options of a preset; see `from_preset`."""
    return from_preset(TrainingOptions, PRESETS, name)

"""What `--preset` stands for: the options that differ from the defaults of TrainingOptions."""

from pathlib import Path
from typing import Any

from train.config import OptionError, TrainingOptions

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
    # Your own pictures: `--train_data_dir FOLDER`, and `--resolution H W` for another size than 64 x 64.
    "folder": {
        "output_dir": Path("runs/folder"),
        "widths": (256, 192, 128, 64),
        "discriminator_widths": (256, 192, 128, 64),
        "latent_dim": 128,
        "train_batch_size": 64,
        "max_train_steps": 30_000,
        "gamma": 4.0,
        "final_gamma": 0.5,
        "random_flip": True,
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
    """The options of a preset.

    Raises:
        OptionError: there is no preset of that name.
    """
    if name not in PRESETS:
        raise OptionError(f"unknown preset '{name}'; choose from: {', '.join(sorted(PRESETS))}")
    return TrainingOptions(**PRESETS[name])

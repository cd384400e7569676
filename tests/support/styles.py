"""Small stylizers with random weights, as if they came with the package."""

from pathlib import Path

import pytest
import torch

from gan_hub import PhotoStylizer
from gan_hub.loading import model_files
from gan_hub.recipes import names

STYLES = ("dots", "haze")


def random_stylizer(seed: int, **changes: object) -> PhotoStylizer:
    """A painter whose weights are not those it starts with: a new network's residual branches are zero."""
    torch.manual_seed(seed)
    options = {"architecture": "painter", "widths": [8, 8], "num_blocks": 2, "noise_channels": 2, **changes}
    stylizer = PhotoStylizer(**options)
    with torch.no_grad():
        for parameter in stylizer.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return stylizer


def bundle_styles(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let two styles and an upscaler be the ones that are bundled, beside the generators."""
    for name in model_files.bundled_names("generator"):
        (folder / name).symlink_to(model_files.BUNDLED_FOLDER / name)
    for seed, name in enumerate(STYLES):
        random_stylizer(seed).save_pretrained(folder / name)
    upscaler = {"architecture": "upscaler", "widths": [4], "num_blocks": 1, "noise_channels": 0, "scale": 2}
    random_stylizer(9, **upscaler).save_pretrained(folder / "larger")
    patch.setattr(model_files, "BUNDLED_FOLDER", folder)
    patch.setattr(names, "BUNDLED_FOLDER", folder)

"""A network whose pass would fill the machine is refused before anything is allocated."""

import json
from pathlib import Path

import pytest
import torch

from gan_hub import GanGenerator, ModelError, PhotoStylizer
from gan_hub.budget import MAX_PASS_BYTES, check_budget, cost
from gan_hub.config import ConfigError
from gan_hub.models import ARCHITECTURES
from tests.conftest import STYLIZER_VARIANTS, make_generator, make_stylizer


def test_the_cost_of_a_product_is_that_of_the_textbook() -> None:
    a, b = (torch.empty(shape, device="meta") for shape in ((3, 5), (5, 7)))
    num_bytes, flops = cost(lambda: a @ b)
    assert num_bytes == 4 * (15 + 35 + 21)
    assert flops == 2 * 3 * 5 * 7


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_generator_is_counted(architecture: str, tmp_path: Path) -> None:
    make_generator(architecture).save_pretrained(tmp_path)
    GanGenerator.from_pretrained(tmp_path)


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_every_stylizer_is_counted(architecture: str, scale: int, tmp_path: Path) -> None:
    make_stylizer(architecture, scale).save_pretrained(tmp_path)
    PhotoStylizer.from_pretrained(tmp_path)


def test_many_channels_of_many_pixels_are_refused_without_weights(tmp_path: Path) -> None:
    config = {"architecture": "conv", "image_size": [512, 512], "channels": 3, "latent_dim": 1, "num_blocks": 1}
    config |= {"num_classes": 0, "class_names": []}
    config |= {"widths": [32] * 7 + [1024], "patch_size": 1, "attention_stages": 0, "format_version": 1}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"GiB for one step|billion operations"):
        GanGenerator.from_pretrained(tmp_path)


def test_times_scales_the_cost() -> None:
    a = torch.empty(64, 64, device="meta")
    check_budget(lambda: a @ a, "small")
    with pytest.raises(ConfigError, match=r"'large' would take 4\.0 GiB"):
        check_budget(lambda: a @ a, "large", times=2 * MAX_PASS_BYTES / (2 * 64 * 64 * 4))

"""A network whose pass would fill the machine is rejected before anything is allocated."""

import json
import subprocess
import sys

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from gan_hub import GanGenerator, ModelError
from gan_hub.loading.budget import MAX_PASS_BYTES, check_budget, cost
from gan_hub.loading.config import ConfigError
from gan_hub.models import ARCHITECTURES
from tests.conftest import STYLIZER_VARIANTS, make_generator, make_stylizer
from tests.support.hub_server import LoopbackHub


def test_the_cost_of_a_product_is_that_of_the_textbook() -> None:
    a, b = (torch.empty(shape, device="meta") for shape in ((3, 5), (5, 7)))
    num_bytes, flops = cost(lambda: a @ b)
    assert num_bytes == 4 * (15 + 35 + 21)
    assert flops == 2 * 3 * 5 * 7


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_generator_is_counted_as_torch_counts(architecture: str) -> None:
    generator = make_generator(architecture)
    generator._check_pass()
    z = torch.randn(2, generator.latent_dim)
    labels = torch.zeros(2, dtype=torch.int64)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        generator(z, labels)
    assert cost(lambda: generator(z, labels))[1] == counter.get_total_flops() > 0


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_every_stylizer_is_counted_as_torch_counts(architecture: str, scale: int) -> None:
    stylizer = make_stylizer(architecture, scale)
    stylizer._check_pass()
    photo = torch.zeros(1, 3, 4 * stylizer.grid, 4 * stylizer.grid)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        stylizer(photo)
    assert cost(lambda: stylizer(photo))[1] == counter.get_total_flops() > 0


def test_many_channels_of_many_pixels_are_refused_without_weights(hub: LoopbackHub) -> None:
    config = {"architecture": "conv", "image_size": [512, 512], "channels": 3, "latent_dim": 1, "num_blocks": 1}
    config |= {"num_classes": 0, "class_names": [], "widths": [32] * 7 + [1024]}
    config |= {"patch_size": 1, "attention_stages": 0, "format_version": 1}
    hub.add("evil/wide", {"config.json": json.dumps(config).encode(), "model.safetensors": b"x"})
    with pytest.raises(ModelError, match=r"GiB for one operation|billion operations"):
        GanGenerator.from_pretrained("evil/wide")
    assert not hub.asked_for("model.safetensors")


def test_loading_does_not_wait_for_sympy() -> None:
    program = "import sys; from gan_hub import GanGenerator, PhotoStylizer; GanGenerator.from_pretrained('mnist-gan');"
    program += "PhotoStylizer.from_pretrained('monet'); sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_times_scales_the_cost() -> None:
    a = torch.empty(64, 64, device="meta")
    check_budget(lambda: a @ a, "small")
    with pytest.raises(ConfigError, match=r"'large' would take 4\.0 GiB"):
        check_budget(lambda: a @ a, "large", times=2 * MAX_PASS_BYTES / (2 * 64 * 64 * 4))

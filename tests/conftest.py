"""What every test runs under: a Hub of its own on the loopback interface, and no other network."""

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub_server import TOKEN, LoopbackHub

assert "huggingface_hub" not in sys.modules, "huggingface_hub reads its environment when it is imported"

HUB = LoopbackHub().start()
os.environ.update(
    HF_ENDPOINT=HUB.url,
    HF_HOME=tempfile.mkdtemp(prefix="gan-hub-tests-"),
    HF_TOKEN=TOKEN,
    HF_HUB_OFFLINE="0",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_XET="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_TEMP_DIR=tempfile.mkdtemp(prefix="gan-hub-tests-"),  # a page that closes deletes files there
    OMP_WAIT_POLICY="PASSIVE",
)
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch  # noqa: E402

from gan_hub import GanGenerator, PhotoStylizer  # noqa: E402
from gan_hub.models import ARCHITECTURES, STYLIZERS  # noqa: E402

_connect = socket.socket.connect


def _connect_on_loopback(self: socket.socket, address: object) -> None:
    host = address[0] if isinstance(address, tuple) else "127.0.0.1"  # a path is a Unix socket
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise AssertionError(f"a test connects to {address!r}")
    _connect(self, address)  # type: ignore[arg-type]


socket.socket.connect = _connect_on_loopback  # type: ignore[method-assign, assignment]


def perturb(network: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Add noise to every parameter, as training would: a new network's residual branches are zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return network


# What each option of an architecture is in tests; a new architecture with these options needs no new test.
OPTIONS: dict[str, object] = {
    "widths": [8, 4],
    "num_blocks": 1,
    "patch_size": 2,
    "attention_stages": 1,
    "num_frames": 3,
}


def options_of(architecture: str) -> dict[str, object]:
    """The options in `OPTIONS` that an architecture takes."""
    return {name: OPTIONS[name] for name in ARCHITECTURES[architecture].options}


def make_generator(architecture: str = "conv", **changes: object) -> GanGenerator:
    """A small conditional generator whose pictures differ; `changes` are its config's fields."""
    config: dict[str, object] = {
        "architecture": architecture,
        "image_size": [8, 12],
        "channels": 1,
        "latent_dim": 6,
        "num_classes": 3,
        "class_names": ["cat", "dog", "été"],
        **options_of(architecture),
        **changes,
    }
    if config["num_classes"] != 3:
        config["class_names"] = changes.get("class_names", [])
    generator = GanGenerator(**config)  # type: ignore[arg-type]
    perturb(generator)
    return generator.eval()


# Each stylizer with each of its scales; a new architecture needs no new test.
STYLIZER_VARIANTS = [(name, scale) for name, architecture in STYLIZERS.items() for scale in architecture.scales]


def make_stylizer(architecture: str = "painter", scale: int | None = None, **changes: object) -> PhotoStylizer:
    """A small stylizer with weights as after a training; `changes` are its config's fields."""
    kind = STYLIZERS[architecture]
    config: dict[str, object] = {
        "architecture": architecture,
        "widths": [8, 6, 4][: kind.num_widths],
        "num_blocks": kind.blocks[0],
        "noise_channels": kind.noise[0],
        "scale": scale or kind.scales[0],
        **({"styles": ["one", "two", "three"]} if kind.styles[1] else {}),
        **changes,
    }
    stylizer = PhotoStylizer(**config)  # type: ignore[arg-type]
    perturb(stylizer)
    return stylizer.eval()


@pytest.fixture
def tiny_generator() -> GanGenerator:
    return make_generator()


@pytest.fixture
def generator_folder(tiny_generator: GanGenerator, tmp_path: Path) -> Path:
    folder = tmp_path / "tiny-gan"
    tiny_generator.save_pretrained(folder)
    return folder


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    HUB.clear()
    yield HUB
    HUB.clear()

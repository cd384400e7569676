"""The page served on a free port with a small generator, and a client for its API."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from gradio_client import Client

from gan_hub import GanGenerator
from gan_hub.page import launch


@pytest.fixture(autouse=True)
def uploads_stay_where_they_are() -> Iterator[None]:
    """A page that is launched moves Gradio's folder for the whole process, where the session's page has its own."""
    before = os.environ.get("GRADIO_TEMP_DIR")
    yield
    if before is None:
        os.environ.pop("GRADIO_TEMP_DIR", None)
    else:
        os.environ["GRADIO_TEMP_DIR"] = before


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small conditional generator, saved in a folder."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("models") / "shapes"
    config = {"image_size": (12, 8), "channels": 3, "latent_dim": 6, "num_classes": 2, "widths": [8]}
    GanGenerator(architecture="mlp", class_names=["<b>round</b>", "square"], **config).save_pretrained(path)
    return path


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    demo = launch.build_demo(allow_local=True)
    _, address, _ = demo.launch(
        server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch.launch_options()
    )
    yield address
    demo.close()


@pytest.fixture(scope="session")
def client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))

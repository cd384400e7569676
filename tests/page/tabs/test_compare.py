"""The tab Compare: two models side by side, a training step by step, models found on the Hub."""

import threading
from pathlib import Path

import pytest
import torch
from gradio_client import Client
from PIL import Image

from gan_hub import GanGenerator, ModelError
from gan_hub.hub.push import push
from gan_hub.images import enlarge, grid, to_pil
from gan_hub.loading import model_files as gan_hub_hub
from gan_hub.page.components.hub_search import found
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.compare.handlers import CompareHandlers
from tests.conftest import make_generator
from tests.support.hub_server import Fault, LoopbackHub


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with two checkpoints, each of other weights."""
    for number, name in enumerate(("", "checkpoint-5", "checkpoint-10")):
        generator = make_generator()
        with torch.no_grad():
            for parameter in generator.parameters():
                parameter.mul_(1 + number / 10)
        generator.save_pretrained(tmp_path / "run" / name)
    return tmp_path / "run"


def pixels(sheet: dict) -> bytes:
    with Image.open(sheet["path"]) as image:
        return image.tobytes()


def expected(generator: GanGenerator, seed: int, count: int, columns: int) -> bytes:
    sheet = grid(to_pil(generator.sample(count, seed=seed)), columns)
    return enlarge(sheet, max(1, 640 // max(sheet.size))).tobytes()


def test_two_bundled_models_side_by_side_without_a_hub(hub: LoopbackHub) -> None:
    handlers = CompareHandlers(ModelCache(allow_folders=False))
    for name in ("mnist-gan", "fashion-gan"):
        sheet, facts = handlers.side(name, "", 3, 5, 1.0)
        assert pixels(sheet) == expected(GanGenerator.from_pretrained(name), 3, 5, 3)
        assert "conv GAN" in facts
    assert hub.requests == []


@pytest.mark.parametrize("where", ["hub", "folder"])
def test_the_same_seeds_through_a_training(hub: LoopbackHub, run: Path, where: str) -> None:
    if where == "hub":
        push(run, "org/run", history=True)
    name = "org/run" if where == "hub" else str(run)
    handlers = CompareHandlers(ModelCache(allow_folders=where == "folder"))
    steps, slider, told = handlers.steps(name)
    assert steps == "5,10"
    assert (slider["value"], slider["maximum"], slider["visible"]) == (1, 1, True)
    assert "step 10" in told
    for index, step in enumerate((5, 10)):
        sheet, told = handlers.scrub(name, steps, index, 7, 4, 1.0)
        assert f"step {step}" in told
        assert pixels(sheet) == expected(GanGenerator.from_pretrained(run / f"checkpoint-{step}"), 7, 4, 2)
    with pytest.raises(ValueError, match="no steps were looked up"):
        handlers.scrub(name, "", 0, 7, 4, 1.0)


def test_models_on_the_hub_are_looked_for_when_asked_and_without_the_owners_token(hub: LoopbackHub, run: Path) -> None:
    push(run, "org/public")
    push(run, "org/secret", private=True)
    model_cache = ModelCache(allow_folders=False, token=False)
    hub.requests.clear()
    left, right, told = found(model_cache, "generator", "Left or Right", "", "mnist-gan", "typed/one")
    assert "org/public" in left["choices"]
    assert "mnist-gan" in left["choices"]
    assert "org/secret" not in left["choices"]
    assert right["value"] == "typed/one"
    assert told == "1 on the Hub: choose under Left or Right"
    assert {request.authorization for request in hub.requests} == {None}
    hub.faults.append(Fault("", status=500))
    with pytest.raises(ModelError, match="the Hub can't be asked for models now"):
        found(model_cache, "generator", "Model", "", "mnist-gan")


def test_a_model_that_is_being_fetched_blocks_no_other(
    hub: LoopbackHub, run: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one side waits for the Hub, the other one and the tab Sample answer."""
    push(run, "org/slow")
    monkeypatch.setattr(gan_hub_hub, "TIMEOUT_SECONDS", 60.0)
    go = threading.Event()
    hub.faults.append(Fault("GET /api/models/org/slow", then=lambda: go.wait(60), count=1))
    waiting = client.submit("org/slow", "", 0, 4, 1.0, api_name="/compare_side")
    client.predict("mnist-gan", "", 0, 4, 1.0, api_name="/compare_side")
    client.predict("mnist-gan", None, 0, 2, 2, 1.0, None, api_name="/sample")
    assert not waiting.done()
    go.set()
    assert "commit" in waiting.result()[1]

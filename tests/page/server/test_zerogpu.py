"""ZeroGPU, played by a module that does what it does to calls: another process, pickles in and out, errors lost."""

import copy
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from gan_hub import GanGenerator
from gan_hub.editing.directions import find_directions
from gan_hub.hub.playground import MODELS_VARIABLE, STYLES_VARIABLE
from gan_hub.page import launch
from gan_hub.page.server import zerogpu
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.painting.photos import PhotoError
from tests.conftest import make_generator, make_stylizer

ROOT = Path(__file__).parents[3]


class FakeSpaces(SimpleNamespace):
    """`spaces` on ZeroGPU: remembers what was decorated and for how long each call asked for a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.decorated: list[Callable[..., Any]] = []
        self.seconds: list[int] = []

    def GPU(self, task: Callable[..., Any], *, duration: Callable[..., int]) -> Callable[..., Any]:  # noqa: N802
        self.decorated.append(task)

        def forked(*arguments: Any) -> Any:
            self.seconds.append(duration(*arguments))
            sent = pickle.loads(pickle.dumps(arguments))
            try:
                result = task(*sent)
            except Exception as error:
                raise RuntimeError("ZeroGPU worker error") from error
            assert not any(isinstance(part, torch.Tensor) for part in (result, *sent))
            return pickle.loads(pickle.dumps(result))

        return forked


@pytest.fixture
def spaces(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSpaces]:
    fake = FakeSpaces()
    monkeypatch.setitem(sys.modules, "spaces", fake)
    monkeypatch.setenv(zerogpu.VARIABLE, "true")
    monkeypatch.setattr(zerogpu, "DEVICE", "cpu")
    return fake


def test_pictures_are_made_on_the_borrowed_gpu_and_are_the_same(spaces: FakeSpaces) -> None:
    own = make_generator()
    lent = zerogpu.lend(copy.deepcopy(own))
    assert len(spaces.decorated) == 1
    assert (zerogpu.device_of(own), zerogpu.device_of(lent)) == ("CPU", "ZeroGPU")
    assert torch.equal(lent.sample(5, seed=3, truncation=0.7), own.sample(5, seed=3, truncation=0.7))
    z, weights = own.latents([1, 2]), torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    assert torch.equal(lent.generate(z, weights), own.generate(z, weights))
    assert torch.equal(lent.generate(z, 2), own.generate(z, 2))
    walks = [list(model.interpolate([3, 4], num_frames=5)) for model in (lent, own)]
    assert all(torch.equal(a, b) for a, b in zip(*walks))
    assert spaces.seconds


def test_gradients_and_weights_stay_on_the_cpu(spaces: FakeSpaces, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    monkeypatch.setattr(zerogpu, "DEVICE", "cuda")
    monkeypatch.setattr(GanGenerator, "to", lambda self, device: moved.append(device) or self)
    lent = zerogpu.lend(make_generator("mlp", num_classes=0))
    assert moved == ["cuda"]
    assert lent.device.type == "cpu"
    z = lent.latents([1]).requires_grad_()
    lent(z).sum().backward()
    assert z.grad is not None
    assert len(find_directions(lent, "sefa", count=2)) == 2
    assert spaces.seconds == []


def test_a_request_asks_for_what_it_takes(spaces: FakeSpaces) -> None:
    generator = zerogpu.lend(make_generator())
    generator.sample(2, seed=0)
    few = spaces.seconds[-1]
    assert zerogpu.BASE_SECONDS <= few <= 30
    large = make_generator("conv", image_size=[256, 256], widths=[4, 4])
    assert zerogpu.picture_seconds(large, 64) < zerogpu.picture_seconds(large, 1024) <= zerogpu.MAX_SECONDS
    assert zerogpu.picture_seconds(large, 10**9) == zerogpu.MAX_SECONDS
    photo = Image.new("RGB", (4000, 3000))
    assert (
        zerogpu.photo_seconds(photo, 1.0, None)
        > zerogpu.photo_seconds(photo, 1.0, 1000)
        == zerogpu.photo_seconds(photo, 0.25, None)
    )


def test_paintings_and_how_far_they_are(spaces: FakeSpaces) -> None:
    photo = Image.linear_gradient("L").convert("RGB").resize((40, 30))
    own = make_stylizer()
    lent = zerogpu.lend(copy.deepcopy(own))
    shares: list[float] = []
    assert (zerogpu.device_of(own), zerogpu.device_of(lent)) == ("CPU", "ZeroGPU")
    assert lent.stylize(photo, seed=4, on_progress=shares.append).tobytes() == own.stylize(photo, seed=4).tobytes()
    assert shares == [0.0, 1.0]


def test_a_painting_that_nobody_waits_for_borrows_nothing(spaces: FakeSpaces) -> None:
    def stop(_: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        zerogpu.lend(make_stylizer()).stylize(Image.new("RGB", (8, 8)), on_progress=stop)
    assert spaces.seconds == []


def test_what_is_wrong_is_said_though_zero_gpu_keeps_errors_to_itself(spaces: FakeSpaces) -> None:
    lent = zerogpu.lend(make_generator())
    z = lent.latents([1])
    with pytest.raises(ValueError, match="use one whole number from 0 to 2"):
        lent.generate(z, 7)
    with pytest.raises(PhotoError, match="pixels"):
        zerogpu.lend(make_stylizer()).stylize(Image.new("1", (20_000, 20_000)))


def test_models_are_lent_when_they_are_loaded_and_loaded_before_the_page_opens(
    spaces: FakeSpaces, generator_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "mnist-gan,nobody-has-this")
    monkeypatch.setenv(STYLES_VARIABLE, "monet")
    model_cache = ModelCache(allow_folders=False, place=zerogpu.lend)
    zerogpu.warm(model_cache)
    assert len(spaces.decorated) == 2
    assert "nobody-has-this" in caplog.text
    model_cache.get("mnist-gan").sample(1, seed=0)
    assert len(spaces.decorated) == 2
    assert len(spaces.seconds) == 1


def test_the_page_puts_models_on_the_gpu_that_is_lent(spaces: FakeSpaces, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: dict[str, Any] = {}
    monkeypatch.setattr(launch, "ModelCache", lambda **options: opened.update(options))
    launch.open_model_cache(allow_local=False, is_public=True, device="cuda")
    assert opened["place"] is zerogpu.lend
    assert "device" not in opened  # the models themselves stay on the CPU


@pytest.mark.parametrize(("value", "active"), [("true", True), ("1", True), ("0", False), ("", False), (None, False)])
def test_when_it_is_zero_gpu(value: str | None, active: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(zerogpu.VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(zerogpu.VARIABLE, value)
    assert zerogpu.is_active() is active


def test_elsewhere_nothing_is_lent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(zerogpu.VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "spaces", None)  # importing it would fail
    generator = launch.open_model_cache(allow_local=False, is_public=False, device="cpu").get("mnist-gan")
    assert isinstance(generator, GanGenerator)
    assert "clips" not in vars(generator)


@pytest.mark.parametrize("active", [True, False])
def test_spaces_is_imported_before_torch_and_only_where_it_is(active: bool, tmp_path: Path) -> None:
    (tmp_path / "spaces").mkdir()
    (tmp_path / "spaces" / "__init__.py").write_text(
        textwrap.dedent("""
            import sys
            assert "torch" not in sys.modules and "gradio" not in sys.modules, "too late"
            print("spaces came first")
        """)
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    environment.pop("SPACES_ZERO_GPU", None)
    if active:
        environment["SPACES_ZERO_GPU"] = "true"
    program = "import app, sys; assert 'torch' in sys.modules"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert ("spaces came first" in result.stdout) is active

"""ZeroGPU, the Spaces that have a GPU only while it is used.

At the start, the process that serves the page puts copies of the networks on the GPU. The library `spaces` keeps them
in memory, and gives a forked process the GPU for as long as a request asks for. Changes in that process are lost, and
its inputs and outputs are pickled, so it only makes pictures and paintings, from arrays and pictures. Everything else,
such as gradients, runs on the CPU with the model itself. `app.py` imports `spaces` before torch, as the library
requires.
"""

import copy
import functools
import importlib
import logging
import math
import os
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from PIL import Image
from torch import Tensor

from gan_hub.generator import GanGenerator
from gan_hub.hub import playground
from gan_hub.latents.labels import Labels
from gan_hub.loading.device import device_name
from gan_hub.loading.pretrained import PretrainedModel
from gan_hub.page.server.model_cache import CAPACITY, ModelCache
from gan_hub.painting.blending import Painting
from gan_hub.stylizer import PhotoStylizer

VARIABLE = "SPACES_ZERO_GPU"  # set where a Space runs on ZeroGPU
DEVICE = "cuda"
# A short request is served sooner, but one that takes longer than it asked for is ended. These are generous: what they
# stand for takes a small part of it, and the rest is for getting the network there.
BASE_SECONDS = 10
PIXELS_PER_SECOND = 20_000_000  # of generated pictures
PHOTO_PIXELS_PER_SECOND = 2_000_000
MAX_SECONDS = 120

logger = logging.getLogger(__name__)
Model = TypeVar("Model", bound=PretrainedModel)
Result = TypeVar("Result")


class _Refused:
    """A ValueError as a return value: of an exception, ZeroGPU passes on only that there was one."""

    def __init__(self, error: ValueError) -> None:
        self.error = error


def is_active() -> bool:
    """Whether this runs on ZeroGPU."""
    return os.environ.get(VARIABLE, "").lower() in ("1", "t", "true")


def lend(model: Model) -> Model:
    """Make a model on the CPU borrow the GPU for its pictures or paintings; returns the model."""
    if isinstance(model, GanGenerator):
        _lend_to_generator(model)
    elif isinstance(model, PhotoStylizer):
        _lend_to_stylizer(model)
    return model


def device_of(model: PretrainedModel) -> str:
    """The name of the device on which a model makes its pictures, for visitors."""
    is_lent = any(name in vars(model) for name in ("clips", "paint"))
    return "ZeroGPU" if is_lent else device_name(model.device)


def warm(model_cache: ModelCache) -> None:
    """Load the listed models before the page opens, so that ZeroGPU packs them; failures are logged."""
    wanted: list[tuple[Callable[[str], Any], str]] = [
        *((model_cache.get, name) for name in playground.generators()),
        *((model_cache.stylizer, name) for name in playground.stylizers()),
    ]
    for load, name in wanted[:CAPACITY]:
        try:
            load(name)
        except ValueError as error:
            logger.warning("not loaded at start: %s", error)


def picture_seconds(generator: GanGenerator, count: int) -> int:
    """The seconds of GPU to ask for to make `count` pictures or clips."""
    height, width = generator.image_size
    return _seconds(count * generator.num_frames * height * width / PIXELS_PER_SECOND)


def photo_seconds(photo: Image.Image, detail: float, max_side: int | None) -> int:
    """The seconds of GPU to ask for to paint a photo."""
    shrink = min(1.0, (max_side or math.inf) / max(photo.size)) * detail
    return _seconds(photo.width * photo.height * shrink**2 / PHOTO_PIXELS_PER_SECOND)


def _seconds(work: float) -> int:
    return min(MAX_SECONDS, BASE_SECONDS + math.ceil(work))


def _lend_to_generator(generator: GanGenerator) -> None:
    clips = generator.clips
    on_device = copy.deepcopy(generator).to(DEVICE)

    def on_gpu(z: Any, labels: Any) -> Any:
        return on_device.clips(torch.from_numpy(z), _as_tensor(labels)).cpu().numpy()

    borrowed = _borrowing(on_gpu, lambda z, _: picture_seconds(generator, len(z)))

    @functools.wraps(clips)
    def lent(z: Tensor, labels: Labels = None) -> Tensor:
        return torch.from_numpy(borrowed(_as_array(z), _as_array(labels)))

    generator.clips = lent  # type: ignore[method-assign]


def _lend_to_stylizer(stylizer: PhotoStylizer) -> None:
    paint = stylizer.paint
    on_device = copy.deepcopy(stylizer).to(DEVICE)

    def on_gpu(photo: Image.Image, options: dict[str, Any]) -> Painting:
        return on_device.paint(photo, **options)

    borrowed = _borrowing(
        on_gpu, lambda photo, options: photo_seconds(photo, options.get("detail", 1.0), options.get("max_side"))
    )

    @functools.wraps(paint)
    def lent(photo: Image.Image, *, on_progress: Callable[[float], None] | None = None, **options: Any) -> Painting:
        # Another process can't report: it is asked once whether the painting is still wanted, and told when it is done.
        report = on_progress or (lambda _: None)
        report(0.0)
        photo.load()  # a file that is open can't be pickled
        painting = borrowed(photo, options)
        report(1.0)
        return painting

    stylizer.paint = lent  # type: ignore[method-assign]


def _borrowing(work: Callable[..., Result], seconds: Callable[..., int]) -> Callable[..., Result]:
    """Wrap a function so that it runs with a GPU, for the seconds that another function of its arguments gives."""
    spaces = importlib.import_module("spaces")

    @functools.wraps(work)
    def returning_errors(*arguments: Any) -> Any:
        try:
            return work(*arguments)
        except ValueError as error:
            return _Refused(error)

    on_gpu = spaces.GPU(returning_errors, duration=seconds)

    def run(*arguments: Any) -> Result:
        result = on_gpu(*arguments)
        if isinstance(result, _Refused):
            raise result.error
        return result

    return run


def _as_array(values: Any) -> Any:
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else values


def _as_tensor(values: Any) -> Any:
    return torch.from_numpy(values) if hasattr(values, "dtype") else values

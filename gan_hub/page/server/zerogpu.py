"""ZeroGPU, the Spaces that have a GPU only while it is used.

Copies of networks are put on the GPU at start, by the process that serves the page; the library `spaces` lets them wait
in memory, and gives a forked process the GPU for as long as a request asks for. What that process changes is lost, and
what goes in and out is pickled: so nothing but pictures and paintings are made there, with arrays and pictures going in
and out. All else, such as gradients, runs on the CPU with the model itself.
`app.py` imports `spaces` before torch, as it must be.
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
    """An error on its way back: ZeroGPU passes on what a function returns, but of an exception only that it was one."""

    def __init__(self, error: ValueError) -> None:
        self.error = error


def is_active() -> bool:
    """Whether this runs on ZeroGPU."""
    return os.environ.get(VARIABLE, "").lower() in ("1", "t", "true")


def lend(model: Model) -> Model:
    """Let a model on the CPU borrow the GPU for the pictures or paintings that it is asked for; returns it."""
    if isinstance(model, GanGenerator):
        _lend_to_generator(model)
    elif isinstance(model, PhotoStylizer):
        _lend_to_stylizer(model)
    return model


def device_name(model: PretrainedModel) -> str:
    """Where a model makes its pictures, as visitors are told."""
    is_lent = any(name in vars(model) for name in ("clips", "paint"))
    return "ZeroGPU" if is_lent else model.device.type.upper()


def warm(model_cache: ModelCache) -> None:
    """Load what the page offers before it opens, so that ZeroGPU packs it; what can't be had is logged and left out."""
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
    """Seconds of GPU to ask for, for a number of pictures or clips."""
    height, width = generator.image_size
    return _seconds(count * generator.num_frames * height * width / PIXELS_PER_SECOND)


def photo_seconds(photo: Image.Image, detail: float, max_side: int | None) -> int:
    """Seconds of GPU to ask for, for one painting."""
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
    """The function, run where there is a GPU for as many seconds as a function of the same arguments says."""
    spaces = importlib.import_module("spaces")

    @functools.wraps(work)
    def told(*arguments: Any) -> Any:
        try:
            return work(*arguments)
        except ValueError as error:
            return _Refused(error)

    on_gpu = spaces.GPU(told, duration=seconds)

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

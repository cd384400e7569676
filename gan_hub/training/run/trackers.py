"""Figures and sample grids to TensorBoard, Trackio or Weights & Biases, through accelerate."""

import importlib.util
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from accelerate import Accelerator
from PIL import Image

from gan_hub.training.options.options import EngineOptions, OptionError

logger = logging.getLogger(__name__)

FOLDER = "tracking"  # in the run folder


class Trackers:
    """What `--report_to` asks for; nothing if it asks for nothing.

    Args:
        options: of the run.
        accelerator: made with `log_with=options.report_to`.
        first_step: that the run begins at.
    """

    def __init__(self, options: EngineOptions, accelerator: Accelerator, first_step: int = 0) -> None:
        self.accelerator = accelerator
        self.names = options.report_to
        if not self.names:
            return
        config = {name: _flat(value) for name, value in asdict(options).items()}
        # What TensorBoard was told of steps that are taken again is not to be drawn twice.
        arguments = {"tensorboard": {"purge_step": first_step + 1 if first_step else None}}
        accelerator.init_trackers(options.tracker_project_name, config=config, init_kwargs=arguments)

    def log(self, values: Mapping[str, float], num_steps: int) -> None:
        """Send figures."""
        if self.names:
            self.accelerator.log(dict(values), step=num_steps)

    def log_picture(self, path: Path, num_steps: int) -> None:
        """Send a sheet of samples; of an animated one the first frame."""
        if not self.names:
            return
        import numpy as np

        with Image.open(path) as image:
            array = np.asarray(image.convert("RGBA" if "A" in image.getbands() else "RGB"))
        for name in self.names:
            tracker = self.accelerator.get_tracker(name)
            if name == "trackio":
                import trackio

                tracker.log({"samples": trackio.Image(array)}, step=num_steps)
            else:
                layout = {"dataformats": "NHWC"} if name == "tensorboard" else {}
                tracker.log_images({"samples": array[None]}, step=num_steps, **layout)


def check_installed(names: tuple[str, ...]) -> None:
    """Refuse a tracker whose package is missing.

    Raises:
        OptionError: says which, and how to get it.
    """
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise OptionError(f"--report_to {name} needs the package {name}; run: pip install {name}")


def _flat(value: object) -> str | int | float | bool:
    return value if isinstance(value, (str, int, float, bool)) else str(value)

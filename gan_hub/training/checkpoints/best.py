"""Keeps the generator of the best evaluation."""

import logging
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan_hub.generator import GanGenerator
from gan_hub.training.checkpoints.checkpoint import TEMPORARY

logger = logging.getLogger(__name__)

FOLDER = "best"  # in the run folder


class Best:
    """The generator with the lowest Frechet distance so far, in `best/` of the run folder.

    Attributes:
        step: at which it was measured; None before the first evaluation.
        score: its Frechet distance.
    """

    def __init__(self, run: Path) -> None:
        self.folder = run / FOLDER
        self.step: int | None = None
        self.score = math.inf

    def offer(self, generator: GanGenerator, num_steps: int, score: float) -> None:
        """Keep the generator if it is better; if saving fails, log the reason and continue the run."""
        if not score < self.score:
            return
        aside = self.folder.with_name(f"{TEMPORARY}{FOLDER}")
        try:
            shutil.rmtree(aside, ignore_errors=True)
            generator.save_pretrained(aside)
            shutil.rmtree(self.folder, ignore_errors=True)
            aside.rename(self.folder)
        except OSError as error:
            logger.warning("the best generator so far, of step %d, could not be kept: %s", num_steps, error)
            return
        self.step, self.score = num_steps, score

    def restore(self, generator: GanGenerator) -> None:
        """Load the best weights into the generator."""
        if self.step is not None:
            generator.load_state_dict(GanGenerator.from_pretrained(self.folder).state_dict())
            logger.info("the best evaluation was at step %d; that generator is kept", self.step)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs besides the folder, as JSON has it."""
        return {"step": self.step, "score": self.score if self.step is not None else None}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `state_dict` gave, if the folder is still there."""
        if state["step"] is not None and self.folder.is_dir():
            self.step, self.score = state["step"], state["score"]

"""The monitor of a run: it says in plain sentences what goes wrong, in the log, in health.json and on the card."""

import copy
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from gan_hub.losses import chance_loss
from gan_hub.training.options.options import EngineOptions

logger = logging.getLogger(__name__)

HEALTH_FILE = "health.json"
SMOOTHING = 0.05  # weight of a step in the running mean of the discriminator's loss: it spans some 20 steps
FAILED_LOOKS = 2  # looks in a row at which a check fails before the run is rescued
MIN_LOSS = 0.02  # of what a toss of a coin would lose: below it, the discriminator is as good as perfect


class CollapseError(RuntimeError):
    """The run was to be stopped when its samples are all alike, and they are."""


@dataclass
class Check:
    """One check of a run.

    Attributes:
        failing: whether it does, at the last look.
        sentence: what was found, with figures, and what to do about it.
        value: the figure; None if it could not be measured.
        since: the step at which it began to fail; None while it does not.
        first: the step at which it first failed in this run; None if it never did.
        looks: at which it failed one after the other, up to the last one.
    """

    failing: bool = False
    sentence: str = "not looked at yet"
    value: float | None = None
    since: int | None = None
    first: int | None = None
    looks: int = 0


class Monitor(ABC):
    """Looks at a run every `health_steps` and keeps `health.json` in its folder; used by the main process alone.

    What every GAN may suffer from is looked at here: values that are not finite, a discriminator that has become
    perfect. A kind of training adds what its own samples may lack.

    Args:
        options: of the run.
        device: that `observe` is given tensors on.
        names: of the checks that the kind of training adds; `collapse` of them ends the run with --stop_on_collapse.
    """

    collapse: str

    def __init__(self, options: EngineOptions, device: torch.device, *names: str) -> None:
        self.options = options
        self.checks = {name: Check() for name in ("non_finite", "discriminator", *names)}
        chance = chance_loss(options.loss)
        self._relative_loss = None if chance is None else torch.ones((), device=device)
        self._chance = chance or 1.0
        self.rescues: list[dict[str, Any]] = []
        self._new = self.state_dict()

    @property
    def trouble(self) -> str | None:
        """What a run must be rescued from, in a sentence: what failed `FAILED_LOOKS` times in a row; None = nothing."""
        found = [self.checks[name] for name in sorted(self.decisive)]
        return next((check.sentence for check in found if check.looks >= FAILED_LOOKS), None)

    @property
    def decisive(self) -> set[str]:
        """The checks that a run can't go on well with if they fail."""
        return {self.collapse, "discriminator"}

    def new_state(self) -> dict[str, Any]:
        """The state of a monitor that has seen nothing."""
        return copy.deepcopy(self._new)

    @abstractmethod
    def look_at_samples(self, num_steps: int, generator: Any) -> None:
        """Make samples and `_note` what they lack."""

    @torch.no_grad()
    def observe(self, stats: Mapping[str, Tensor]) -> None:
        """Take in the figures of a step; nothing waits for the device."""
        if self._relative_loss is None:
            return
        loss = stats["discriminator_loss"] / self._chance
        mixed = torch.lerp(self._relative_loss, loss, SMOOTHING)
        self._relative_loss.copy_(torch.where(loss.isfinite(), mixed, self._relative_loss))

    def look(self, num_steps: int, generator: Any, num_skipped: int) -> None:
        """Check everything, log what begins or ceases to go wrong, and write `health.json`.

        Args:
            num_steps: taken so far.
            generator: the averaged one, which would be saved.
            num_skipped: updates left out so far.

        Raises:
            CollapseError: the samples are alike, and `--stop_on_collapse` is given. `health.json` is written before.
        """
        self._note(num_steps, "non_finite", *self._non_finite(num_steps, num_skipped))
        self._note(num_steps, "discriminator", *self._saturation())
        self.look_at_samples(num_steps, generator)
        self._write(num_steps)
        if self.options.stop_on_collapse and self.checks[self.collapse].failing:
            raise CollapseError(f"stopped at step {num_steps}: {self.checks[self.collapse].sentence}")

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs, as JSON has it."""
        loss = None if self._relative_loss is None else float(self._relative_loss)
        return {"checks": {name: asdict(check) for name, check in self.checks.items()}, "relative_loss": loss}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `state_dict` gave."""
        self.checks = {name: Check(**check) for name, check in state["checks"].items()}
        if self._relative_loss is not None and state["relative_loss"] is not None:
            self._relative_loss.fill_(state["relative_loss"])

    def sentences(self) -> list[str]:
        """The sentences for the card: the last finding of each check, and when it failed before."""
        told = []
        for check in self.checks.values():
            before = f" (It failed at step {check.first}.)" if check.first is not None and not check.failing else ""
            told.append(check.sentence + before)
        for rescue in self.rescues:
            step, to, reason = rescue["step"], rescue["to"], rescue["reason"]
            told.append(f"At step {step} the run was rescued, back to step {to}: {reason}")
        return told

    def _non_finite(self, num_steps: int, num_skipped: int) -> tuple[bool, float, str]:
        if not num_skipped:
            return False, 0.0, "Every loss and gradient was finite."
        return (
            True,
            float(num_skipped),
            f"{num_skipped} update(s) in {num_steps} steps were left out because a loss or gradient was NaN or "
            "infinite. If it goes on, lower --learning_rate.",
        )

    def _saturation(self) -> tuple[bool, float | None, str]:
        if self._relative_loss is None:
            return False, None, "A critic may be as good as it can; its estimate of the distance is in metrics.jsonl."
        value = float(self._relative_loss)
        share = f"its loss is {value:.1%} of what a toss of a coin would lose"
        if value >= MIN_LOSS:
            return False, value, f"The discriminator has something left to learn: {share}."
        return (
            True,
            value,
            f"The discriminator is perfect ({share}), and the generator can't learn from it. Raise --gamma, or use "
            "--augment ada if there are few pictures.",
        )

    def _note(self, num_steps: int, name: str, failing: bool, value: float | None, sentence: str) -> None:
        check = self.checks[name]
        if failing and not check.failing:
            check.since = num_steps
            check.first = num_steps if check.first is None else check.first
            logger.warning("step %d: %s", num_steps, sentence)
        elif check.failing and not failing:
            check.since = None
            logger.info("step %d: recovered. %s", num_steps, sentence)
        check.failing, check.value, check.sentence = failing, value, sentence
        check.looks = check.looks + 1 if failing else 0

    def _write(self, num_steps: int) -> None:
        healthy = not any(check.failing for check in self.checks.values())
        report = {"step": num_steps, "healthy": healthy, "checks": self.state_dict()["checks"], "rescues": self.rescues}
        text = json.dumps(report, indent=2)
        (self.options.output_dir / HEALTH_FILE).write_text(text + "\n", encoding="utf-8")

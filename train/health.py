"""Says in plain sentences what goes wrong in a run: values that are not finite, saturation, collapse, copying."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from gan_hub.data.dataset import Dataset
from gan_hub.diversity import copied_share, diversity, thumbnails
from gan_hub.evaluation import measured
from gan_hub.generator import GanGenerator
from gan_hub.losses import chance_loss
from train.config import TrainingOptions

logger = logging.getLogger(__name__)

HEALTH_FILE = "health.json"
NUM_SAMPLES = 128
SEED = 2_000_000  # of the samples; neither those that are looked at nor those that are measured
NUM_REAL = 5_000  # training pictures at most that samples are compared with
NUM_HELD_OUT = 1000  # of them measured against the others, for reference
MIN_REAL = 8  # pictures, below which nothing can be said about copies
SMOOTHING = 0.05  # weight of a step in the running mean of the discriminator's loss: it spans some 20 steps
MIN_LOSS = 0.02  # of what a toss of a coin would lose: below it, the discriminator is as good as perfect
MIN_DIVERSITY = 0.3  # of the real pictures', at any time; a healthy run has 0.4 after 50 steps, 0.6 after 100
MIN_LATER_DIVERSITY = 0.6  # from step WARM_UP on: a healthy run stays near 1, and ones among digits score 0.53
WARM_UP = 1000  # steps
MAX_COPIED = 0.1  # share of samples; held-out digits score 0.001


class CollapseError(RuntimeError):
    """The run was to be stopped when its samples are all alike, and they are."""


@dataclass
class Check:
    """One thing that may go wrong.

    Attributes:
        failing: whether it does, at the last look.
        sentence: what was found, with figures, and what to do about it.
        value: the figure; None if it could not be measured.
        since: the step at which it began to fail; None while it does not.
        first: the step at which it first failed in this run; None if it never did.
    """

    failing: bool = False
    sentence: str = "not looked at yet"
    value: float | None = None
    since: int | None = None
    first: int | None = None


class HealthMonitor:
    """Looks at a run every `health_steps` and keeps `health.json` in its folder.

    Used by the main process alone. What it compares with is drawn once from the training pictures.

    Args:
        options: of the run.
        data: that it trains on.
        device: that `observe` is given tensors on.
    """

    def __init__(self, options: TrainingOptions, data: Dataset, device: torch.device) -> None:
        self.options = options
        self.checks = {name: Check() for name in ("non_finite", "discriminator", "diversity", "copies")}
        chance = chance_loss(options.loss)
        self._relative_loss = None if chance is None else torch.ones((), device=device)
        self._chance = chance or 1.0
        generator = torch.Generator().manual_seed(0)
        chosen = torch.randperm(len(data), generator=generator)[:NUM_REAL].sort().values
        self._real = measured(thumbnails, data.images, chosen)
        self._some_real = self._real[:: -(-len(self._real) // NUM_HELD_OUT)]
        self._held_out_share = copied_share(self._some_real) if len(self._real) >= MIN_REAL else 0.0
        self._labels = data.labels[chosen] if options.conditional and data.class_names else None

    @torch.no_grad()
    def observe(self, stats: Mapping[str, Tensor]) -> None:
        """Take in the figures of a step; nothing waits for the device."""
        if self._relative_loss is None:
            return
        loss = stats["discriminator_loss"] / self._chance
        mixed = torch.lerp(self._relative_loss, loss, SMOOTHING)
        self._relative_loss.copy_(torch.where(loss.isfinite(), mixed, self._relative_loss))

    def look(self, num_steps: int, generator: GanGenerator, num_skipped: int) -> None:
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
        images = self._sample(generator)
        fake = thumbnails(images)
        # Where mirror images are trained on, a mirrored copy is a copy.
        mirrored = thumbnails(images.flip(3)) if self.options.random_flip else None
        self._note(num_steps, "diversity", *self._diversity(num_steps, fake))
        self._note(num_steps, "copies", *self._copies(fake, mirrored))
        self._write(num_steps)
        if self.options.stop_on_collapse and self.checks["diversity"].failing:
            raise CollapseError(f"stopped at step {num_steps}: {self.checks['diversity'].sentence}")

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
        """What a card says: of each check what was found last, and if it failed before, when."""
        told = []
        for check in self.checks.values():
            before = f" (It failed at step {check.first}.)" if check.first is not None and not check.failing else ""
            told.append(check.sentence + before)
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

    def _diversity(self, num_steps: int, fake: Tensor) -> tuple[bool, float, str]:
        value = diversity(self._some_real, fake)
        if value >= (MIN_DIVERSITY if num_steps < WARM_UP else MIN_LATER_DIVERSITY):
            return False, value, f"Samples differ from one another {value:.2f} times as much as real pictures do."
        return (
            True,
            value,
            f"The generator has collapsed: samples differ from one another only {value:.2f} times as much as real "
            "pictures do. Go back to an earlier checkpoint with a higher --gamma or a lower --learning_rate.",
        )

    def _copies(self, fake: Tensor, mirrored: Tensor | None) -> tuple[bool, float | None, str]:
        if len(self._real) < MIN_REAL:
            return False, None, f"With {len(self._real)} pictures nothing can be said about copies."
        value = copied_share(self._real, fake)
        if mirrored is not None:
            value += copied_share(self._real, mirrored)
        share = (
            f"{value:.1%} of samples are as near to a training picture as copies are, of real pictures that were held "
            f"out {self._held_out_share:.1%}"
        )
        if value <= MAX_COPIED + self._held_out_share:
            return False, value, f"Nothing is learned by heart: {share} (by thumbnails)."
        return (
            True,
            value,
            f"The generator has learned pictures by heart: {share} (by thumbnails). Use more pictures, --augment ada, "
            "or an earlier checkpoint.",
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

    def _sample(self, generator: GanGenerator) -> Tensor:
        """Images [NUM_SAMPLES, T * C, H, W], with classes as often as in the data."""
        z = generator.latents(range(SEED, SEED + NUM_SAMPLES))
        labels = None
        if self._labels is not None:
            spread = torch.linspace(0, len(self._labels) - 1, NUM_SAMPLES).long()
            labels = self._labels[spread]
        return generator.clips(z, labels).flatten(1, 2).cpu()

    def _write(self, num_steps: int) -> None:
        healthy = not any(check.failing for check in self.checks.values())
        report = {"step": num_steps, "healthy": healthy, "checks": self.state_dict()["checks"]}
        text = json.dumps(report, indent=2)
        (self.options.output_dir / HEALTH_FILE).write_text(text + "\n", encoding="utf-8")

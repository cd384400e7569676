"""How far along its course a step is: a course of so many steps, or of as many as fit into a time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

# Of a timed course, at which its steps are fitted to the time anew. With seven of them, a machine that became three
# times slower in between made a run of twelve minutes end after fifteen.
MARKS = tuple(number / 40 for number in range(1, 40))


@dataclass(frozen=True)
class Fit:
    """From a step on, the course has so many steps.

    Attributes:
        step: taken when the fit was made.
        progress: of the course at that step, from 0 to 1.
        num_steps: of the whole course, as fitted.
    """

    step: int
    progress: float
    num_steps: int


class Plan:
    """The course of a run as a function of the step; it grows by a `Fit` whenever its steps are fitted to the time.

    All fits are kept in the checkpoints and in the run folder. A resumed run takes those that lie ahead from there
    instead of measuring again, so that it repeats the run that was interrupted to the bit.

    Args:
        num_steps: of the course, as first planned.
        minutes: that it may take; 0 = whatever the steps take.
    """

    def __init__(self, num_steps: int, minutes: float = 0.0) -> None:
        self.minutes = minutes
        self.fits = [Fit(0, 0.0, num_steps)]

    @property
    def num_steps(self) -> int:
        """Steps of the whole course, as far as is known."""
        return self.fits[-1].num_steps

    def progress(self, step: int) -> float:
        """How far along the course a step is, from 0 to 1; it never goes back, and has no jumps."""
        fit = max((fit for fit in self.fits if fit.step <= step), key=lambda fit: fit.step)
        return fit.progress + (1 - fit.progress) * min(1.0, (step - fit.step) / (fit.num_steps - fit.step))

    def is_due(self, step: int) -> bool:
        """Whether the steps are to be fitted to the time after so many: a mark was passed, and no fit is known here."""
        if not self.minutes or step < 1 or any(fit.step >= step for fit in self.fits):
            return False
        before, now = self.progress(step - 1), self.progress(step)
        return any(before < mark <= now for mark in MARKS)

    def fit(self, step: int, *, seconds: float, seconds_per_step: float) -> None:
        """Fit the steps that follow to the time that is left.

        Args:
            step: taken so far.
            seconds: spent so far.
            seconds_per_step: that the next steps are expected to take.
        """
        left = max(1, round((self.minutes * 60 - seconds) / seconds_per_step))
        self.fits.append(Fit(step, self.progress(step), step + left))

    def go_back(self, step: int) -> None:
        """Forget the fits after a step that the run goes back to."""
        self.fits = [fit for fit in self.fits if fit.step <= step]

    def to_json(self) -> list[dict[str, Any]]:
        """The fits, as JSON has them."""
        return [asdict(fit) for fit in self.fits]

    def known(self, fits: Sequence[dict[str, Any]]) -> None:
        """Take over the fits that `to_json` gave of a run that this one repeats or goes on with."""
        self.fits = [Fit(**fit) for fit in fits]

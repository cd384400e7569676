"""The run folder: lines of metrics, sample grids, and at the end the generator with its card."""

import contextlib
import json
import logging
import math
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from accelerate.utils import broadcast_object_list
from huggingface_hub import ModelCard
from safetensors import SafetensorError
from torch import Tensor

from gan_hub.evaluation.curves import CurvesError, draw_curves
from gan_hub.hub.run_card import with_pictures
from gan_hub.training.checkpoints import checkpoint, resume
from gan_hub.training.checkpoints.best import Best
from gan_hub.training.checkpoints.checkpoint import Checkpoint, CheckpointError
from gan_hub.training.health.monitor import Monitor
from gan_hub.training.loop.engine import Engine
from gan_hub.training.loop.environment import entry_point, hardware, versions
from gan_hub.training.options.options import EngineOptions
from gan_hub.training.run.push import Pusher
from gan_hub.training.run.stopwatch import Stopwatch
from gan_hub.training.run.trackers import Trackers

logger = logging.getLogger(__name__)

PLAN_FILE = "plan.json"  # of a run that is given a time: how its steps were fitted to it
EARLY = 8  # parts of the steps between two sheets, after the first of which there is one already


class Evaluator(Protocol):
    """Measures a generator; see `gan_hub.evaluation.evaluator.Evaluator`."""

    def quick(self, generator: Any) -> dict[str, float]:
        """A few figures, on the way."""

    def full(self, generator: Any) -> tuple[dict[str, float], dict[str, float]]:
        """All figures, at the end, and those of real pictures."""

    def card_metrics(self, scores: dict[str, float], reference: dict[str, float]) -> Any:
        """What the card says of them."""


@dataclass(frozen=True)
class Subject:
    """What a run is about, which one kind of training has otherwise than another.

    Attributes:
        description: of the data, in a sentence.
        data_sha256: of the data.
        save_sheet: writes what the generator makes to a file in a folder, whose name begins with the step.
        facts: what the card is written from: of what `card_metrics` gave (None if nothing was measured), and of what
            every run knows (see `Run.finish`).
        health: watches the run; None on all processes but the main one.
        evaluator: the same.
        evaluation_steps: measure every so many steps; 0 = only at the end.
        keep_best: save the generator of the best evaluation.
    """

    description: str
    data_sha256: str
    save_sheet: Callable[[Any, Path, int], Path]
    facts: Callable[..., Any]
    health: Monitor | None = None
    evaluator: Evaluator | None = None
    evaluation_steps: int = 0
    keep_best: bool = False


class Run:
    """Writes what happens in a run to its folder; used by the main process alone, but for `announce`.

    The folder holds `config.json`, `model.safetensors` and `README.md` (the generator, once saved),
    `training_config.json`, `metrics.jsonl`, `curves.png`, `health.json`, `samples/`, `checkpoint-{step}/` (to go on
    from), with `--minutes` `plan.json`, and with `--keep_best` `best/`.
    """

    def __init__(
        self, options: EngineOptions, subject: Subject, trainer: Engine, resumed: Checkpoint | None = None
    ) -> None:
        self.options, self.subject, self.trainer = options, subject, trainer
        self.generator = trainer.average
        self.folder = options.output_dir
        accelerator = trainer.accelerator
        self.images_per_step = options.images_per_step(accelerator.num_processes)
        self.settings = resume.settings(options, subject.data_sha256, accelerator.num_processes)
        self.first_step = 0
        self.stopwatch = Stopwatch()
        self.best = Best(self.folder) if subject.keep_best else None
        self.rescues: list[dict[str, Any]] = []
        self.health = subject.health
        if resumed is not None:
            resume.check_settings(resumed.record["settings"], self.settings, options)
            self.first_step = resumed.step
            self.stopwatch = Stopwatch(resumed.record["seconds"], resumed.record["cpu_seconds"])
            if self.health and resumed.record.get("health"):
                self.health.load_state_dict(resumed.record["health"])
            if self.best and resumed.record.get("best"):
                self.best.load_state_dict(resumed.record["best"])
            self.rescues = resumed.record.get("rescues", [])
            trainer.num_rescues = len(self.rescues)
            trainer.plan.known(self._known_fits(resumed.record.get("plan")))
        self.pusher = Pusher(options) if options.push_to_hub and accelerator.is_main_process else None
        self.trackers = Trackers(options, accelerator, self.first_step)
        if self.health:
            self.health.rescues = self.rescues
        self._fitted = (self.first_step, self.stopwatch.seconds)
        if accelerator.is_main_process:
            self._prepare_folder()

    def _known_fits(self, of_checkpoint: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        """The fits of the plan: those of the checkpoint, and those that the interrupted run made after it."""
        fits = of_checkpoint or self.trainer.plan.to_json()
        try:
            of_run = json.loads((self.folder / PLAN_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return fits
        return of_run if of_run[: len(fits)] == fits else fits

    def _prepare_folder(self) -> None:
        """Make the folder, and take out of it what came after the step that the run goes on from."""
        (self.folder / "samples").mkdir(parents=True, exist_ok=True)
        checkpoint.remove_leftovers(self.folder)
        for path in checkpoint.checkpoints(self.folder) if not self.first_step else []:
            shutil.rmtree(path)
        text = json.dumps(resume.as_json(self.options), indent=2)
        (self.folder / "training_config.json").write_text(text + "\n", encoding="utf-8")
        self._keep_metrics(self.first_step)
        self._write_plan()

    def _keep_metrics(self, up_to: int) -> None:
        """Take out of metrics.jsonl what came after a step."""
        metrics = self.folder / "metrics.jsonl"
        lines = metrics.read_text(encoding="utf-8").splitlines() if up_to and metrics.is_file() else []
        kept = [line for line in lines if _step_of(line) <= up_to]
        metrics.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def _write_plan(self) -> None:
        if self.trainer.plan.minutes:
            text = json.dumps(self.trainer.plan.to_json(), indent=1)
            (self.folder / PLAN_FILE).write_text(text + "\n", encoding="utf-8")

    def fit_plan(self, num_steps: int) -> None:
        """Fit the steps that follow to the time that is left, by the main process's clock; every process calls it."""
        (seconds,) = broadcast_object_list([self.stopwatch.seconds])
        before, then = self._fitted
        self._fitted = (num_steps, seconds)
        self.trainer.plan.fit(num_steps, seconds=seconds, seconds_per_step=(seconds - then) / (num_steps - before))
        if self.trainer.accelerator.is_main_process:
            self._write_plan()

    def go_back(self, found: Checkpoint | None, step: int, reason: str) -> None:
        """Take up what a rescue goes back to, after so many steps for a reason, and write a checkpoint of it."""
        to = 0 if found is None else found.step
        for path in checkpoint.checkpoints(self.folder):
            if int(path.name.partition("-")[2]) > to:
                shutil.rmtree(path)
        self.rescues.append({"step": step, "to": to, "reason": reason})
        if self.health:
            self.health.load_state_dict(found.record["health"] if found else self.health.new_state())
        if self.best and found and found.record.get("best"):
            self.best.load_state_dict(found.record["best"])
        self._fitted = (to, self.stopwatch.seconds)
        self._keep_metrics(to)
        self._write_plan()
        with self.stopwatch.paused():
            self.save_checkpoint(to)
        self.log(to, {"rescues": len(self.rescues)})

    def announce(self) -> None:
        """Say what is about to be trained, on what."""
        if not self.trainer.accelerator.is_main_process:
            return
        precision = "bf16" if self.trainer.autocast_dtype else "fp32"
        total = self.options.max_train_steps * self.images_per_step
        logger.info("***** Training on %s *****", self.subject.description)
        if self.options.minutes:
            logger.info("%g minutes; the steps below are what fits into them as measured", self.options.minutes)
        logger.info(
            "%d steps of %d images = %s images, on %s (%s), %d process(es); into %s",
            self.options.max_train_steps,
            self.images_per_step,
            f"{total:,}",
            hardware(),
            precision,
            self.trainer.accelerator.num_processes,
            self.folder,
        )

    def after_step(self, num_steps: int, stats: dict[str, Tensor]) -> None:
        """Write what is due after so many steps; what is due at the end is left to `finish`."""
        options = self.options
        is_last = num_steps == self.trainer.plan.num_steps
        if self.health:
            self.health.observe(stats)
        if num_steps % options.logging_steps == 0 or is_last:
            self.log(num_steps, {name: float(value) for name, value in stats.items()})
        scores: dict[str, float] = {}
        with self.stopwatch.paused():
            if self.health and self._looks(num_steps) and not is_last:
                self.health.look(num_steps, self.generator, self.trainer.num_skipped)
            if self._shows(num_steps) and not is_last:
                self.save_grid(num_steps)
            every = self.subject.evaluation_steps
            is_due = every > 0 and num_steps % every == 0
            if self.subject.evaluator and is_due and (self.best or not is_last):
                scores = self.subject.evaluator.quick(self.generator)
                if self.best:
                    self.best.offer(self.generator, num_steps, scores["frechet_distance"])
        if scores:
            self.log(num_steps, scores)
        if self._saves(num_steps):
            with self.stopwatch.paused():
                self.save_checkpoint(num_steps)

    def _looks(self, num_steps: int) -> bool:
        """Whether to look at the health: as often as asked, and before a checkpoint that a rescue may go back to."""
        return num_steps % self.options.health_steps == 0 or (self.options.rescue and self._saves(num_steps))

    def _saves(self, num_steps: int) -> bool:
        every = self.options.checkpointing_steps
        return every > 0 and num_steps % every == 0

    def _shows(self, num_steps: int) -> bool:
        """Whether a sheet is due; of a run that is given a time, an early one too, for those who wait for it."""
        every = self.options.sampling_steps
        return num_steps % every == 0 or (self.options.minutes > 0 and num_steps == every // EARLY)

    def save_grid(self, num_steps: int) -> None:
        """Write a sheet of samples."""
        path = self.subject.save_sheet(self.generator, self.folder / "samples", num_steps)
        self.trackers.log_picture(path, num_steps)

    def save_checkpoint(self, num_steps: int) -> bool:
        """Write a checkpoint and let go of the oldest; what hinders it is told, and the run goes on.

        Returns:
            Whether it was written.
        """
        record = {
            "settings": self.settings,
            "options": resume.as_json(self.options),
            "seconds": self.stopwatch.seconds,
            "cpu_seconds": self.stopwatch.cpu_seconds,
            "versions": versions(),
            "health": self.health.state_dict() if self.health else None,
            "best": self.best.state_dict() if self.best else None,
            "plan": self.trainer.plan.to_json(),
            "rescues": self.rescues,
        }
        try:
            checkpoint.save(self.folder, num_steps, self.trainer.state_dict(), record, self.generator.save_pretrained)
        except (OSError, SafetensorError, CheckpointError) as error:
            logger.warning("no checkpoint at step %d: %s; the earlier ones are kept", num_steps, error)
            return False
        checkpoint.rotate(self.folder, self.options.checkpoints_total_limit)
        if self.pusher:
            self.pusher.offer(self.folder / f"checkpoint-{num_steps}", partial(self.write_card, num_steps, None))
        return True

    def log(self, num_steps: int, values: dict[str, float]) -> None:
        """Append a line to metrics.jsonl: progress, time spent training, and the values.

        A value that is not finite, of an update that was left out, is left out too: JSON has no word for it.
        """
        seconds = self.stopwatch.seconds
        num_images = num_steps * self.images_per_step
        line = {
            "step": num_steps,
            "num_images": num_images,
            "seconds": round(seconds, 2),
            "cpu_seconds": round(self.stopwatch.cpu_seconds, 2),
            "images_per_second": round(num_images / seconds, 1),
            **{name: round(value, 6) for name, value in values.items() if math.isfinite(value)},
        }
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self.trackers.log(line, num_steps)

    def finish(self, num_steps: int, *, interrupted: bool) -> None:
        """Measure the generator unless interrupted, and save it with its card."""
        minutes = self.stopwatch.seconds / 60
        can_go_on = interrupted and self.save_checkpoint(num_steps)
        self.save_grid(num_steps)
        if self.best and not interrupted:
            self.best.restore(self.generator)
        if self.health and not interrupted:
            with self.stopwatch.paused():
                self.health.look(num_steps, self.generator, self.trainer.num_skipped)
        measured: Any = None
        if self.subject.evaluator and not interrupted:
            with self.stopwatch.paused():
                scores, reference = self.subject.evaluator.full(self.generator)
            self.log(num_steps, scores)
            measured = self.subject.evaluator.card_metrics(scores, reference)
        facts = self.facts(num_steps, measured, minutes=minutes)
        (self.folder / "README.md").unlink(missing_ok=True)  # the mixin keeps an old card
        self.generator.save_pretrained(self.folder, model_card_kwargs={"facts": facts})
        logger.info(
            "%s at step %d; the generator is in %s", "interrupted" if interrupted else "done", num_steps, self.folder
        )
        with contextlib.suppress(CurvesError):  # of a run that ended before the first line
            draw_curves(self.folder, self.folder / "curves.png")
        self._show_pictures()
        if can_go_on:
            logger.info("to go on: %s", resume_command(self.options))
        if self.pusher and interrupted:
            self.pusher.abandon()
            pushing = shlex.join(["gan-hub", "push", str(self.folder), self.pusher.repo_id])
            logger.info("interrupted, so it is not pushed; to push it: %s", pushing)

    def facts(self, num_steps: int, measured: Any, *, minutes: float) -> Any:
        """What the card is written from after so many steps."""
        return self.subject.facts(
            measured,
            command=command(self.options, self.trainer.plan.num_steps),
            num_images=num_steps * self.images_per_step,
            minutes=minutes,
            hardware=hardware(),
            versions=versions(),
            health=self.health.sentences() if self.health else (),
            license=self.options.license,
            license_link=self.options.license_link,
        )

    def write_card(self, num_steps: int, measured: Any, path: Path) -> None:
        """Write the card of the generator as it is now."""
        facts = self.facts(num_steps, measured, minutes=self.stopwatch.seconds / 60)
        name = self.folder.resolve().name
        path.write_text(str(self.generator.generate_model_card(name=name, facts=facts)), encoding="utf-8")

    def _show_pictures(self) -> None:
        """Let the card show the newest sheet and the curves, which lie beside it."""
        readme, sheets = self.folder / "README.md", sorted((self.folder / "samples").iterdir())
        curves = "curves.png" if (self.folder / "curves.png").is_file() else None
        card = ModelCard.load(readme)
        card.text = with_pictures(card.text, f"samples/{sheets[-1].name}", curves)
        readme.write_text(str(card), encoding="utf-8")


def resume_command(options: EngineOptions) -> str:
    """The command that goes on with this run."""
    words = list(sys.argv[1:])
    for option in ("--resume_from_checkpoint", "--resume-from-checkpoint"):
        if option in words:
            del words[words.index(option) : words.index(option) + 2]
    words = [word for word in words if word not in ("--overwrite_output_dir", "--overwrite-output-dir")]
    return shlex.join(
        ["accelerate", "launch", *entry_point(options.script), *words, "--resume_from_checkpoint", "latest"]
    )


def _step_of(line: str) -> float:
    """The step that a line of metrics.jsonl is of; a line that was cut off is of none that is kept."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf


def command(options: EngineOptions, num_steps: int) -> str:
    """The command that repeats this run, with what was measured for it: the threads and, of a timed one, the steps."""
    words = list(sys.argv[1:])
    if "--minutes" in words:
        del words[words.index("--minutes") : words.index("--minutes") + 2]
    if options.minutes:
        words += ["--max_train_steps", str(num_steps)]
    if options.num_threads and not any(word.replace("-", "_").startswith("__num_threads") for word in words):
        words += ["--num_threads", str(options.num_threads)]
    return shlex.join(["accelerate", "launch", *entry_point(options.script), *words])

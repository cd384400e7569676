"""Pushing during a training: at checkpoints in the background, at the end in the foreground."""

import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from accelerate import Accelerator
from accelerate.utils import broadcast_object_list

from gan_hub.hub.push import CARD, MODEL_FILES, OTHER_FILES, SAMPLES, PushError, check_access, check_repo_id, push
from gan_hub.loading.weights import ModelError
from gan_hub.training.checkpoints.checkpoint import TEMPORARY
from gan_hub.training.options.options import EngineOptions, HubOptions, OptionError

logger = logging.getLogger(__name__)


def check_hub(options: HubOptions, accelerator: Accelerator) -> None:
    """Make sure before the training that the repository can be pushed to; the same on every process.

    Raises:
        OptionError: it can't; says why.
    """
    if not options.push_to_hub:
        return
    problem: str | None = None
    if accelerator.is_main_process:
        assert options.hub_model_id is not None
        try:
            check_repo_id(options.hub_model_id)
            check_access(options.hub_model_id, private=options.hub_private_repo, branch=options.hub_revision)
        except ValueError as error:
            problem = str(error)
    if (problem := broadcast_object_list([problem])[0]) is not None:
        raise OptionError(f"--push_to_hub: {problem}")


class Pusher:
    """Pushes snapshots of a run, one at a time; while one is on its way, the newest of the others waits.

    Args:
        options: of the run.
    """

    def __init__(self, options: EngineOptions) -> None:
        assert options.hub_model_id is not None
        self.options, self.repo_id = options, options.hub_model_id
        self._waiting: Path | None = None
        self._worker: threading.Thread | None = None
        self._lock = threading.Lock()

    def offer(self, checkpoint: Path, write_card: Callable[[Path], object]) -> None:
        """Push a checkpoint with the run's files as they are now, in the background; what hinders it is told.

        Args:
            checkpoint: its folder, which may be deleted once this returns.
            write_card: writes the card to the file that it is given.
        """
        try:
            snapshot = self._snapshot(checkpoint, write_card)
        except OSError as error:
            logger.warning("%s is not pushed: %s", checkpoint.name, error)
            return
        with self._lock:
            replaced, self._waiting = self._waiting, snapshot
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="push", daemon=True)
                self._worker.start()
        if replaced is not None:
            shutil.rmtree(replaced.parent, ignore_errors=True)

    def finish(self) -> None:
        """Wait for the push that is on its way, and push the run's folder.

        Raises:
            PushError: the Hub did not take it; says why and how to repeat it.
        """
        self._let_go()
        pushed = push(
            self.options.output_dir,
            self.repo_id,
            private=self.options.hub_private_repo,
            branch=self.options.hub_revision,
            samples=self.options.hub_samples,
            history=self.options.hub_history,
        )
        steps = f", with {len(pushed.steps)} checkpoint(s) as revisions" if pushed.steps else ""
        logger.info("pushed to %s%s", pushed.url, steps)

    def abandon(self) -> None:
        """Leave what is on its way to itself: the run was interrupted, and a commit happens whole or not at all."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        if waiting is not None:
            shutil.rmtree(waiting.parent, ignore_errors=True)

    def _let_go(self) -> None:
        self.abandon()
        if (worker := self._worker) is not None:
            worker.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                snapshot, self._waiting = self._waiting, None
                if snapshot is None:
                    self._worker = None
                    return
            try:
                pushed = push(
                    snapshot,
                    self.repo_id,
                    private=self.options.hub_private_repo,
                    branch=self.options.hub_revision,
                    samples=self.options.hub_samples,
                )
                logger.info("pushed %s to %s", snapshot.name, pushed.url)
            except (PushError, ModelError) as error:
                reason = str(error).split("; ", 1)[0]
                logger.warning("%s is not pushed, the training goes on: %s", snapshot.name, reason)
            except Exception:  # nothing in the background shall end a training
                logger.exception("%s is not pushed, the training goes on", snapshot.name)
            finally:
                shutil.rmtree(snapshot.parent, ignore_errors=True)

    def _snapshot(self, checkpoint: Path, write_card: Callable[[Path], object]) -> Path:
        """The checkpoint's model and the run's other files, which nobody writes to any more."""
        run = self.options.output_dir
        folder = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}push-", dir=run)) / checkpoint.name
        (folder / SAMPLES).mkdir(parents=True)
        # Weights and sheets are written once and then let alone, so that a second name for them is enough.
        still = [(checkpoint / name, folder / name) for name in MODEL_FILES]
        still += [(path, folder / SAMPLES / path.name) for path in (run / SAMPLES).iterdir()]
        for source, target in still:
            try:
                os.link(source, target)
            except OSError:
                shutil.copyfile(source, target)
        for name in (*OTHER_FILES, "training_config.json"):
            if (run / name).is_file():
                shutil.copyfile(run / name, folder / name)
        write_card(folder / CARD)
        return folder

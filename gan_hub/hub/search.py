"""Models of this library on the Hub, and the steps of a training that a repository keeps."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from huggingface_hub import HfApi

from gan_hub.hub.push import STEP_TAG
from gan_hub.loading.hub_errors import NETWORK_ERRORS, UnreachableError, failure, pull_error, with_retries
from gan_hub.loading.model_files import BUNDLED_FOLDER, CONFIG_FILE, REPO_ID
from gan_hub.loading.weights import ModelError

LIBRARY = "gan-hub"
PIPELINES = {"generator": "unconditional-image-generation", "stylizer": "image-to-image"}
WAIT_SECONDS = 8.0
MAX_STEPS = 1000  # of a history that is listed

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Found:
    """A model on the Hub.

    Attributes:
        model: org/name.
        task: its pipeline tag; empty if it has none.
        downloads: in the last month.
        changed: the day of its newest commit, as YYYY-MM-DD; empty if not told.
    """

    model: str
    task: str
    downloads: int
    changed: str


def find_models(
    *,
    author: str | None = None,
    search: str | None = None,
    kind: str | None = None,
    limit: int = 50,
    token: str | bool | None = None,
) -> list[Found]:
    """The models on the Hub whose cards name this library, the most recently changed first.

    Args:
        author: user or organisation.
        search: part of the name.
        kind: generator or stylizer; both if None.
        limit: at most so many.
        token: as in huggingface_hub; False sends none.

    Raises:
        UnreachableError: the Hub does not answer.
    """
    ask = HfApi().list_models
    models = partial(
        ask,
        filter=LIBRARY,
        author=author,
        search=search,
        pipeline_tag=PIPELINES[kind] if kind else None,
        sort="last_modified",
        limit=limit,
        token=token,
    )
    try:
        listed = _in_time(lambda: with_retries(lambda: list(islice(models(), limit))))
    except (*NETWORK_ERRORS, ValueError) as error:
        raise UnreachableError(
            f"the Hub can't be asked for models now ({failure(error)}); try again later, or type org/name"
        ) from error
    return [
        Found(
            info.id,
            info.pipeline_tag or "",
            info.downloads or 0,
            info.last_modified.strftime("%Y-%m-%d") if info.last_modified else "",
        )
        for info in listed
    ]


def steps_of(model: str, *, token: str | bool | None = None, allow_folders: bool = True) -> list[int]:
    """The steps of its training that a model keeps, in order; `at_step` gives what to load for one.

    Args:
        model: a repository that was pushed with its history, or the folder of a run.
        token: as in huggingface_hub; False sends none.
        allow_folders: False treats the name as a stranger's.

    Raises:
        ModelError: there is no history, or the Hub does not hand it out.
    """
    if (BUNDLED_FOLDER / model / CONFIG_FILE).is_file() and "/" not in model:
        raise ModelError(f"'{model}' comes without its training's steps; train one, or type org/name with a history")
    if allow_folders and Path(model).is_dir():
        names = [path.name.removeprefix("checkpoint-") for path in Path(model).glob("checkpoint-*")]
        steps = [int(name) for name in names if re.fullmatch(r"\d{1,9}", name)]
    elif REPO_ID.fullmatch(model):
        try:
            refs = _in_time(lambda: with_retries(lambda: HfApi().list_repo_refs(model, token=token)))
        except (*NETWORK_ERRORS, ValueError) as error:
            raise pull_error(error, model, None, None, ()) from error
        steps = [int(match[1]) for tag in refs.tags if (match := STEP_TAG.fullmatch(tag.name))]
    else:
        raise ModelError(f"'{model[:100]}' can't have a history; use org/name")
    if not steps:
        raise ModelError(
            f"'{model[:100]}' has no steps of its training to look at; its owner can push them: "
            "gan-hub push RUN org/name --history"
        )
    return sorted(steps)[-MAX_STEPS:]


def at_step(model: str, step: int, *, allow_folders: bool = True) -> tuple[str, str | None]:
    """The model and the revision to load for a step of `steps_of`."""
    if allow_folders and Path(model).is_dir():
        return str(Path(model) / f"checkpoint-{step}"), None
    return model, f"step-{step}"


def _in_time(ask: Callable[[], Answer]) -> Answer:
    """Call `ask` with a limit of `WAIT_SECONDS`: these calls of the client have no limit of their own.

    Raises:
        TimeoutError: it took longer.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(ask())
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(WAIT_SECONDS)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError
    return answers[0]

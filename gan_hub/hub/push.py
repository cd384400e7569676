"""Pushing a run: one commit with the model, its card and its settings, and the history of checkpoints.

Only listed files are uploaded: no optimizer state, no pickle, no cache. A commit holds all of them or does not happen,
and it removes listed files of an earlier push that this run does not have.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from gan_hub.generator import GanGenerator
from gan_hub.hub.models import load_model
from gan_hub.hub.run_card import card_of_run
from gan_hub.images import grid, png_bytes, to_pil
from gan_hub.loading import model_files
from gan_hub.loading.hub_errors import NETWORK_ERRORS, PushError, push_reason, status_of, with_retries
from gan_hub.loading.weights import WEIGHTS_FILE, ModelError

CARD, OPTIONS, SAMPLES = "README.md", "training_config.json", "samples"
MODEL_FILES = (model_files.CONFIG_FILE, WEIGHTS_FILE)
OTHER_FILES = (
    "health.json",
    "metrics.jsonl",
    "curves.png",
    "directions.safetensors",
    "encoder.json",
    "encoder.safetensors",
)
PICTURES = (".png", ".webp", ".jpg")
MAX_SAMPLES = 8  # sheets of a run, from first to last
HISTORY_BRANCH = "history"
STEP_TAG = re.compile(r"step-(\d{1,9})")
RACES = 3  # times that another commit may come in between

Files = Mapping[str, bytes | Path]


@dataclass(frozen=True)
class Pushed:
    """The result of a push.

    Attributes:
        url: of the commit, or of the pull request.
        commit: its id.
        steps: of the history that were pushed now.
    """

    url: str
    commit: str
    steps: tuple[int, ...] = ()


def gather(folder: Path, repo_id: str, *, samples: bool = True) -> dict[str, bytes | Path]:
    """The files of a run's folder to push, by their path in the repository.

    Args:
        folder: with config.json and model.safetensors.
        repo_id: that the card's snippet loads.
        samples: the sheets of samples too; those of a stylizer show the photos that it learned on.

    Raises:
        ModelError: the folder holds no model that would load again.
    """
    model = load_model(folder)
    files: dict[str, bytes | Path] = {name: folder / name for name in MODEL_FILES}
    files |= {name: folder / name for name in OTHER_FILES if (folder / name).is_file()}
    if (folder / OPTIONS).is_file():
        files[OPTIONS] = _without_folders((folder / OPTIONS).read_text(encoding="utf-8"))
    sheets = _some(sorted(path for path in (folder / SAMPLES).glob("*") if path.suffix in PICTURES)) if samples else []
    files |= {f"{SAMPLES}/{path.name}": path for path in sheets}
    written = folder / CARD
    text = written.read_text(encoding="utf-8") if written.is_file() else None
    files[CARD] = card_of_run(model, text, repo_id, list(files)).encode()
    return files


def push(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool = False,
    create_pr: bool = False,
    branch: str | None = None,
    history: bool = False,
    samples: bool = True,
    token: str | None = None,
) -> Pushed:
    """Push a run's folder in one commit, and if asked for, each of its checkpoints as a revision.

    Args:
        folder: of the run, or any that holds a model.
        repo_id: org/name; created if it is not there.
        private: create the repository private; one that is there stays as it is.
        create_pr: propose the commit as a pull request instead.
        branch: to push to; created from main if it is not there.
        history: see `push_history`.
        samples: push the sheets of samples too.
        token: that may write; the one of `hf auth login` or HF_TOKEN if None.

    Raises:
        PushError: the Hub does not take it; says why and how to repeat it. The folder is untouched.
        ModelError: the folder holds no model that would load again.
        ValueError: arguments that do not go together, or are not possible.
    """
    folder = Path(folder)
    if create_pr and (branch or history):
        raise ValueError("--create-pr makes a branch of its own; leave --branch and --history out")
    check_repo_id(repo_id)
    options = {"--private": private, "--create-pr": create_pr, "--history": history, "--no-samples": not samples}
    words = ["gan-hub", "push", str(folder), repo_id, *(name for name, given in options.items() if given)]
    words += ["--branch", branch] if branch else []
    files, api = gather(folder, repo_id, samples=samples), HfApi(token=token)
    with refused(repo_id, f"'{folder}' is untouched; to push it: {shlex.join(words)}"):
        prepare_repository(api, repo_id, private=private, branch=branch)
        commit = _commit(api, repo_id, files, branch, f"Push {folder.resolve().name}", create_pr=create_pr)
        steps = push_history(api, folder, repo_id, samples=samples) if history else ()
    return Pushed(commit.pr_url or commit.commit_url, commit.oid, steps)


def add(folder: Path, repo_id: str, names: Sequence[str], message: str, *, branch: str | None = None) -> Pushed:
    """Push some files of a folder in one commit, beside what the repository holds.

    Args:
        folder: that holds them.
        repo_id: org/name, which is there.
        names: of the files.
        message: of the commit.
        branch: that is there; main if None.

    Raises:
        PushError: as of `push`.
    """
    command = ["hf", "upload", repo_id, str(folder), ".", *(word for name in names for word in ("--include", name))]
    command += ["--revision", branch] if branch else []
    with refused(repo_id, f"'{folder}' is untouched; to push it: {shlex.join(command)}"):
        files: dict[str, bytes | Path] = {name: folder / name for name in names}
        commit = _commit(HfApi(), repo_id, files, branch, message, replace=False)
    return Pushed(commit.commit_url, commit.oid)


def push_history(api: HfApi, folder: Path, repo_id: str, *, samples: bool = True) -> tuple[int, ...]:
    """Store each checkpoint of a run as a revision: its averaged generator and its sheet of fixed seeds.

    They are commits of one branch beside main, whose newest commit stays the model itself, and each is tagged
    `step-{steps}`: a revision that anyone can type, and one request lists them all.

    Returns:
        The steps that were pushed; those whose tag holds the same weights already are passed over.
    """
    found = {
        int(match[1]): path for path in folder.iterdir() if (match := re.fullmatch(r"checkpoint-(\d+)", path.name))
    }
    there = {tag.name for tag in api.list_repo_refs(repo_id).tags}
    api.create_branch(repo_id, branch=HISTORY_BRANCH, exist_ok=True)
    pushed = []
    for step, checkpoint in sorted(found.items()):
        tag = f"step-{step}"
        if tag in there and _holds(api, repo_id, tag, checkpoint / WEIGHTS_FILE):
            continue
        files: dict[str, bytes | Path] = {name: checkpoint / name for name in MODEL_FILES}
        model = load_model(checkpoint)
        if samples and (sheets := sorted((folder / SAMPLES).glob(f"{step:07d}.*"))):
            files[f"{SAMPLES}/{sheets[0].name}"] = sheets[0]
        elif samples and isinstance(model, GanGenerator):  # the run painted none at this step
            files[f"{SAMPLES}/{step:07d}.png"] = png_bytes(grid(to_pil(model.sample(16, seed=0)), columns=4))
        files[CARD] = card_of_run(model, None, repo_id, list(files), revision=tag).encode()
        commit = _commit(api, repo_id, files, HISTORY_BRANCH, f"Step {step}")
        if tag in there:
            api.delete_tag(repo_id, tag=tag)
        api.create_tag(repo_id, tag=tag, revision=commit.oid)
        pushed.append(step)
    return tuple(pushed)


def prepare_repository(api: HfApi, repo_id: str, *, private: bool, branch: str | None) -> None:
    """Make the repository and the branch unless they are there; raises what the client raises."""
    with_retries(lambda: api.create_repo(repo_id, private=private or None, exist_ok=True))
    if branch:
        api.create_branch(repo_id, branch=branch, exist_ok=True)


def check_access(repo_id: str, *, private: bool = False, branch: str | None = None) -> None:
    """Check before a training that its result can be pushed: the token is valid and the repository is writable.

    Raises:
        PushError: it could not; says why.
    """
    api = HfApi()
    with refused(repo_id, "nothing was trained yet; without --push_to_hub the training needs no Hub"):
        with_retries(api.whoami)
        prepare_repository(api, repo_id, private=private, branch=branch)
        with_retries(lambda: api.auth_check(repo_id, write=True))


@contextmanager
def refused(repo_id: str, remedy: str) -> Iterator[None]:
    """Turn an error of the Hub client into a PushError that ends with the remedy."""
    try:
        yield
    except (ModelError, *NETWORK_ERRORS, ValueError, RuntimeError) as error:
        if isinstance(error, ModelError):
            raise
        raise PushError(f"{push_reason(error, repo_id)}; {remedy}") from error


def check_repo_id(repo_id: str) -> str:
    """The name, if a repository can have it; raises ValueError."""
    if not model_files.REPO_ID.fullmatch(repo_id) or ".." in repo_id or "--" in repo_id or repo_id.endswith(".git"):
        raise ValueError(f"a repository can't be called {repo_id[:100]!r}; use org/name")
    return repo_id


def _commit(
    api: HfApi,
    repo_id: str,
    files: Files,
    branch: str | None,
    message: str,
    *,
    create_pr: bool = False,
    replace: bool = True,
) -> Any:
    """Commit on top of the branch as it is now, also if somebody else commits in between.

    A commit that replaces deletes those of our files that it does not have.
    """
    for race in range(RACES):
        # Anew each time: they remember what the branch held, and leave out what it holds already.
        additions = [
            CommitOperationAdd(path, data if isinstance(data, bytes) else str(data)) for path, data in files.items()
        ]
        info = with_retries(lambda: api.model_info(repo_id, revision=branch))
        there = [sibling.rfilename for sibling in info.siblings or []]
        stale = [CommitOperationDelete(path) for path in there if replace and _is_ours(path) and path not in files]
        commit = partial(
            api.create_commit,
            repo_id,
            [*additions, *stale],
            commit_message=message,
            revision=branch,
            parent_commit=info.sha,  # so that sending it twice commits it once
            create_pr=create_pr,
        )
        try:
            # Before the commit, so that what takes long is not sent again with it.
            with_retries(
                partial(
                    api.preupload_lfs_files, repo_id, additions, revision=branch, create_pr=create_pr, free_memory=False
                )
            )
            return with_retries(commit)
        except NETWORK_ERRORS as error:
            if status_of(error) not in (409, 412) or race == RACES - 1:
                raise
    raise AssertionError("the last race is won, or raised")


def _is_ours(path: str) -> bool:
    return path in (*MODEL_FILES, *OTHER_FILES, OPTIONS, CARD) or path.startswith(f"{SAMPLES}/")


def _holds(api: HfApi, repo_id: str, revision: str, weights: Path) -> bool:
    """Whether a revision has the same weights."""
    info = api.model_info(repo_id, revision=revision, files_metadata=True)
    held = next((sibling for sibling in info.siblings or [] if sibling.rfilename == WEIGHTS_FILE), None)
    mine = CommitOperationAdd(WEIGHTS_FILE, str(weights)).upload_info
    return bool(held and held.lfs and held.lfs.sha256 == mine.sha256.hex())


def _some(paths: list[Path]) -> list[Path]:
    """At most `MAX_SAMPLES`, evenly, the first and the last among them."""
    if len(paths) <= MAX_SAMPLES:
        return paths
    return [paths[round(i * (len(paths) - 1) / (MAX_SAMPLES - 1))] for i in range(MAX_SAMPLES)]


def _without_folders(options: str) -> bytes:
    """The options of a run without the folders of its paths, which can reveal names."""

    def told(value: Any) -> Any:
        if isinstance(value, list):
            return [told(item) for item in value]
        return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value

    values = {name: told(value) for name, value in json.loads(options).items()}
    return (json.dumps(values, indent=2) + "\n").encode()

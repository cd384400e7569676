"""Finds the files of a model: bundled, in a folder, or on the Hub, where all of them come from one commit.

The order of the checks bounds what an untrusted repository can cost: its name, its commit, the size of its config, the
config's fields, the parameters that the network would have (counted without allocating them), the size of the weights
that the Hub states against that count, their header, and only then the weights themselves (gan_hub.loading.weights).
"""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_download, hf_hub_url
from torch import nn

from gan_hub.loading.config import MAX_CONFIG_BYTES, ConfigError, read_json, shorten
from gan_hub.loading.hub_cache import cached_file, commit_of, remember_branch
from gan_hub.loading.hub_errors import (
    NETWORK_ERRORS,
    PAUSES,
    MissingFileError,
    UnreachableError,
    missing_file,
    pull_error,
    unreachable,
    with_retries,
)
from gan_hub.loading.weights import WEIGHTS_FILE, ModelError, check_weights_size, load_weights
from gan_hub.models import ARCHITECTURES, STYLIZERS

CONFIG_FILE = "config.json"
TIMEOUT_SECONDS = 5.0
CACHED_TIMEOUT_SECONDS = 0.8  # where the cache holds a commit to use instead

BUNDLED_FOLDER = Path(__file__).parent.parent / "bundled"
SHARED_WEIGHTS = (
    "painting-trunk"  # the folder of weights that bundled styles without weights of their own have in common
)
REPO_ID = re.compile(r"{0}/{0}".format(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"))
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
CHECKPOINT = re.compile(r"checkpoint-(\d{1,12})")
COMMIT = re.compile(r"[0-9a-f]{40}")

Kind = Literal["generator", "stylizer", "upscaler"]
GENERATORS: tuple[Kind, ...] = ("generator",)


def kind_of(config: Mapping[str, Any]) -> Kind | None:
    """The kind of a model by the architecture in its unchecked config; None = none of the kinds."""
    architecture = config.get("architecture")
    if not isinstance(architecture, str):
        return None
    if architecture in STYLIZERS:
        return "stylizer" if STYLIZERS[architecture].scales == (1,) else "upscaler"
    return "generator" if architecture in ARCHITECTURES else None


def bundled_names(*kinds: Kind) -> list[str]:
    """The names of the models that come with the package, which `from_pretrained` loads by name alone.

    Args:
        kinds: of the models; generators if none is given.
    """
    return sorted(
        path.parent.name
        for path in BUNDLED_FOLDER.glob(f"*/{CONFIG_FILE}")
        if kind_of(json.loads(path.read_text())) in (kinds or GENERATORS)
    )


@dataclass(frozen=True)
class ModelFiles:
    """The source of a model's files.

    Attributes:
        name: as the user gave it.
        folder: holds the files; None if they come from the Hub.
        commit: that all files come from; None for a folder.
        branch: the branch or tag that stood for the commit when the Hub was asked; None if it was not asked.
        hub: the arguments of `hf_hub_download` that all files share.
        kinds: of the bundled models that errors suggest when this one can't be reached.
    """

    name: str
    folder: Path | None
    commit: str | None = None
    branch: str | None = None
    hub: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[Kind, ...] = GENERATORS

    def optional_path(self, filename: str, max_bytes: int) -> Path | None:
        """The local path of a file that a model may have, fetched if need be; None if the model has no such file.

        Raises:
            ModelError: the file is too large, or can't be fetched.
        """
        try:
            return self.path(filename, partial(_check_size, self.name, filename, max_bytes))
        except MissingFileError:
            return None

    def load_weights(self, network: nn.Module, filename: str = WEIGHTS_FILE) -> None:
        """Load a file of weights into a network, fetched if need be once its stated size fits the network.

        Raises:
            ModelError: the file is missing, can't be fetched, is damaged, or does not fit the network.
        """
        path = self.path(filename, partial(check_weights_size, self.name, network=network, filename=filename))
        if self.branch is not None:
            remember_branch(path, self.branch)
        load_weights(network, path, self.name)
        network.to(memory_format=torch.channels_last)  # as in a new network: the same speed and the same bits

    def path(self, filename: str, check_size: Callable[[int], None]) -> Path:
        """The local path of a file, fetched if need be once the size that the Hub states passes `check_size`.

        Raises:
            MissingFileError: the model has no such file or, offline, the cache does not hold it.
            ModelError: `check_size` raised it, or the file can't be fetched.
        """
        path = self._in_folder(filename) if self.folder else self._in_cache(filename)
        path = path or self._fetched(filename, check_size)
        check_size(path.stat().st_size)
        return path

    def _in_folder(self, filename: str) -> Path:
        assert self.folder is not None
        path = self.folder / filename
        if filename == WEIGHTS_FILE and not path.is_file() and self.folder.parent == BUNDLED_FOLDER:
            path = BUNDLED_FOLDER / SHARED_WEIGHTS / filename
        if not path.is_file():
            raise MissingFileError(missing_file(self.name, filename))
        return path

    def _in_cache(self, filename: str) -> Path | None:
        if self.hub["force_download"]:
            return None
        return cached_file(self.name, filename, revision=self.commit, cache_dir=self.hub["cache_dir"])

    def _fetched(self, filename: str, check_size: Callable[[int], None]) -> Path:
        if self.hub["local_files_only"]:
            raise MissingFileError(f"the cache holds '{self.name}' without its {filename}; connect and load it once")
        try:
            # The size is asked for first, so that nothing of an impossible file is downloaded. This call also fails at
            # once where `hf_hub_download` would try again for minutes.
            url = hf_hub_url(self.name, filename, revision=self.commit)
            ask = partial(get_hf_file_metadata, url, token=self.hub["token"], timeout=TIMEOUT_SECONDS)
            stated = with_retries(ask)
            if stated.commit_hash != self.commit:
                raise unreachable(
                    "another server answers", self.name, self.commit, filename, bundled_names(*self.kinds)
                )
            if stated.size is not None:
                check_size(stated.size)
            fetch = partial(hf_hub_download, self.name, filename, revision=self.commit, **self.hub)
            return Path(with_retries(fetch, after_cuts=False))
        except NETWORK_ERRORS as error:
            raise pull_error(error, self.name, self.commit, filename, bundled_names(*self.kinds)) from error


def locate(
    name: str | Path,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
    allow_folders: bool = True,
    kinds: tuple[Kind, ...] = GENERATORS,
) -> ModelFiles:
    """Find a model: by a bundled name, else in a local folder, else in a repository on the Hub at one commit.

    A revision that is a cached commit is used without asking the Hub. When the Hub can't be reached, the newest cached
    commit is used.

    Args:
        name: a name of `bundled_names()`, a folder that holds config.json or, of a run that goes on, checkpoints, of
            which the newest is taken, or "org/name".
        revision: a branch, tag or commit on the Hub; None = the newest commit of main.
        token: as in huggingface_hub; False sends none.
        cache_dir: as in huggingface_hub.
        force_download: fetch files again that the cache holds.
        local_files_only: use the cache alone and do not ask the Hub.
        allow_folders: False for an untrusted name: only bundled names and repositories are found.
        kinds: of the bundled models that an error suggests.

    Raises:
        ModelError: there is no model by that name, or it can't be reached.
    """
    text = str(name)
    if re.fullmatch(r"[a-z0-9-]{1,96}", text) and (BUNDLED_FOLDER / text / CONFIG_FILE).is_file():
        return ModelFiles(text, BUNDLED_FOLDER / text)
    if allow_folders and os.path.isdir(text):  # noqa: PTH112  # Path.is_dir raises for a name that is too long
        return ModelFiles(text, _newest_checkpoint(Path(text)) or Path(text))
    if not REPO_ID.fullmatch(text) or ".." in text or "--" in text or text.endswith(".git"):
        bundled = f"a bundled name ({', '.join(names)}), " if (names := bundled_names(*kinds)) else ""
        folder = "a folder with config.json, " if allow_folders else ""
        raise ModelError(
            f"there is no model '{shorten(text)}'; use {bundled}{folder}or a repository on the Hub as org/name"
        )
    if revision is not None and (not REVISION.fullmatch(revision) or ".." in revision):
        raise ModelError(f"the revision {shorten(repr(revision))} is not possible; use a branch, a tag or a commit")
    path = cached_file(text, WEIGHTS_FILE, revision=revision, cache_dir=cache_dir)
    cached = None if path is None else commit_of(path)
    pinned = cached is not None and cached == revision
    hub = {"token": token, "cache_dir": cache_dir, "force_download": force_download, "local_files_only": False}
    cache_only = {**hub, "force_download": False, "local_files_only": True}
    offline = ModelFiles(text, None, cached, None, cache_only, kinds)
    if cached and (pinned or local_files_only) and not force_download:
        return offline if local_files_only else replace(offline, hub=hub)
    if local_files_only:
        raise ModelError(f"'{text}' is not in the cache and only local files are allowed; connect and load it once")
    try:
        timeout = CACHED_TIMEOUT_SECONDS if cached and not force_download else TIMEOUT_SECONDS
        commit = _ask_for_commit(text, revision, token, kinds, () if cached else PAUSES, timeout)
    except ModelError as error:
        if cached and isinstance(error, UnreachableError):
            return offline
        raise
    return ModelFiles(text, None, commit, None if revision == commit else revision or "main", hub, kinds)


def _newest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of a run that goes on, whose folder has no generator of its own yet; None for any other."""
    if (folder / CONFIG_FILE).is_file():
        return None
    found = [(CHECKPOINT.fullmatch(path.name), path) for path in folder.glob("checkpoint-*")]
    steps = [(int(match[1]), path) for match, path in found if match]
    return max(steps)[1] if steps else None


def _ask_for_commit(
    repo_id: str,
    revision: str | None,
    token: str | bool | None,
    kinds: tuple[Kind, ...],
    pauses: Sequence[float],
    timeout: float,
) -> str:
    """Ask the Hub for the commit that a revision stands for, and check that it holds the two files of a model."""
    ask = partial(HfApi().model_info, repo_id, revision=revision, token=token, timeout=timeout)
    try:
        info = with_retries(ask, pauses)
    except (*NETWORK_ERRORS, ValueError) as error:  # ValueError: the answer is not JSON, as a captive portal's
        raise pull_error(error, repo_id, revision, None, bundled_names(*kinds)) from error
    filenames = {sibling.rfilename for sibling in info.siblings or []}
    for filename in (CONFIG_FILE, WEIGHTS_FILE):
        if filename not in filenames:
            raise ModelError(missing_file(repo_id, filename))
    if info.sha is None or not COMMIT.fullmatch(info.sha):
        raise ModelError(
            f"the Hub states no commit for '{repo_id}', so its files might not belong together; try again later"
        )
    return info.sha


def _check_size(name: str, filename: str, max_bytes: int, size: int) -> None:
    if size > max_bytes:
        raise ModelError(f"{filename} of '{name}' has {size:,} bytes; at most {max_bytes:,} are read")


def load_config(files: ModelFiles, filename: str = CONFIG_FILE) -> dict[str, Any]:
    """Read a JSON object from a model's config, fetched if need be; its fields are not checked.

    Raises:
        ModelError: the file is missing, too large, not a JSON object, or can't be fetched.
    """
    try:
        return read_json(files.path(filename, partial(_check_size, files.name, filename, MAX_CONFIG_BYTES)))
    except ConfigError as error:
        raise ModelError(f"'{files.name}': {error}") from error

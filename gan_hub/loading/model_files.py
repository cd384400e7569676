"""Finding a model's two files: bundled, in a folder, or on the Hub, there from one commit and nothing else of it.

The order of checks bounds what an untrusted repository can cost: its name, its commit, the size of its config, the
config's fields, the parameters the network would have (counted without allocating them), the size of the weights that
the Hub states against that count, their header, and only then the weights themselves (gan_hub.loading.weights).
"""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache
from torch import nn

from gan_hub.loading.config import MAX_CONFIG_BYTES, ConfigError, read_json, shorten
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
from gan_hub.loading.weights import WEIGHTS_FILE, ModelError, check_weights_size
from gan_hub.models import ARCHITECTURES
from gan_hub.models.stylizers import STYLIZERS

CONFIG_FILE = "config.json"
TIMEOUT_SECONDS = 5.0
CACHED_TIMEOUT_SECONDS = 0.8  # there is something to go on with

BUNDLED_FOLDER = Path(__file__).parent.parent / "bundled"
REPO_ID = re.compile(r"{0}/{0}".format(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"))
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
COMMIT = re.compile(r"[0-9a-f]{40}")

Kind = Literal["generator", "stylizer", "upscaler"]
GENERATORS: tuple[Kind, ...] = ("generator",)


def kind_of(config: Mapping[str, Any]) -> Kind | None:
    """What a model is by the architecture in its config, unchecked; None = none of the kinds."""
    architecture = config.get("architecture")
    if not isinstance(architecture, str):
        return None
    if architecture in STYLIZERS:
        return "stylizer" if STYLIZERS[architecture].scales == (1,) else "upscaler"
    return "generator" if architecture in ARCHITECTURES else None


def bundled_names(*kinds: Kind) -> list[str]:
    """Names of the models that come with the package: those `from_pretrained` takes by name alone.

    Args:
        kinds: of the models; generators if none is named.
    """
    return sorted(
        path.parent.name
        for path in BUNDLED_FOLDER.glob(f"*/{CONFIG_FILE}")
        if kind_of(json.loads(path.read_text())) in (kinds or GENERATORS)
    )


@dataclass(frozen=True)
class ModelFiles:
    """Where a model's config and weights come from.

    Attributes:
        name: as the user gave it.
        folder: holds both files, or None when they are fetched from the Hub.
        commit: the one commit both files are fetched at; None for a folder.
        branch: or tag that stood for the commit when the Hub was asked; None when it was not asked.
        hub: the arguments of `hf_hub_download` that the two files share.
        kinds: of the bundled models to point to when this one can't be reached.
    """

    name: str
    folder: Path | None
    commit: str | None
    branch: str | None
    hub: Mapping[str, Any]
    kinds: tuple[Kind, ...] = GENERATORS

    def config_path(self) -> Path:
        """The local path of config.json, fetched if need be.

        Raises:
            ModelError: there is none, it is too large, or the Hub doesn't hand it out.
        """
        return self.path(CONFIG_FILE, partial(_check_size, self.name, CONFIG_FILE, MAX_CONFIG_BYTES))

    def optional_path(self, filename: str, max_bytes: int) -> Path | None:
        """The local path of a file that a model may have besides its two, from the same commit; None = it has none.

        Raises:
            ModelError: it is too large, or the Hub doesn't hand it out.
        """
        try:
            return self.path(filename, partial(_check_size, self.name, filename, max_bytes))
        except MissingFileError:
            return None

    def weights_path(self, network: nn.Module) -> Path:
        """The local path of model.safetensors, fetched if need be once its stated size fits `network`.

        Raises:
            ModelError: there is none, its size can't be that of the network's weights, or the Hub doesn't hand it out.
        """
        path = self.path(WEIGHTS_FILE, partial(check_weights_size, self.name, network=network))
        if self.branch is not None:
            self._remember_branch(path.parents[2] / "refs" / self.branch)
        return path

    def _remember_branch(self, ref: Path) -> None:
        """Write what the branch stands for into the cache, so that it is found there while the Hub is away.

        `hf_hub_download` does so only when it resolves the branch itself.
        """
        assert self.commit is not None
        with suppress(OSError):  # a cache that can't be written still can be read
            ref.parent.mkdir(parents=True, exist_ok=True)
            ref.write_text(self.commit)

    def path(self, filename: str, check_size: Callable[[int], None]) -> Path:
        """The local path of a file, fetched if need be once `check_size` has let the size that the Hub states pass.

        Raises:
            MissingFileError: the model has no such file; offline, none in the cache.
            ModelError: `check_size` raised it, or the Hub doesn't hand the file out.
        """
        path = self._in_folder(filename) if self.folder else self._in_cache(filename)
        path = path or self._fetched(filename, check_size)
        check_size(path.stat().st_size)
        return path

    def _in_folder(self, filename: str) -> Path:
        assert self.folder is not None
        path = self.folder / filename
        if not path.is_file():
            raise MissingFileError(missing_file(self.name, filename))
        return path

    def _in_cache(self, filename: str) -> Path | None:
        if self.hub["force_download"]:
            return None
        path = try_to_load_from_cache(self.name, filename, revision=self.commit, cache_dir=self.hub["cache_dir"])
        return Path(path) if isinstance(path, str) else None

    def _fetched(self, filename: str, check_size: Callable[[int], None]) -> Path:
        if self.hub["local_files_only"]:
            raise MissingFileError(f"the cache holds '{self.name}' without its {filename}; connect and load it once")
        try:
            # Asked for its size first: nothing of a file that can't be right is downloaded. Also, this one call fails
            # at once where `hf_hub_download` tries again for minutes.
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
    """Find a model: a bundled name, else a local folder, else a repository on the Hub at one commit.

    A commit already in the cache is used without asking the Hub. When the Hub can't be reached, the newest cached
    commit is used.

    Args:
        name: a name of `bundled_names()`, a folder that holds config.json, or "org/name".
        revision: branch, tag or commit on the Hub; the newest commit of main if None.
        token: as in huggingface_hub; False sends none.
        cache_dir: as in huggingface_hub.
        force_download: fetch again what is cached.
        local_files_only: use what is cached and don't ask the Hub.
        allow_folders: False treats the name as a stranger's: only bundled names and repositories.
        kinds: of the bundled models that an error points to.

    Raises:
        ModelError: nothing by that name, or it can't be reached.
    """
    text = str(name)
    if re.fullmatch(r"[a-z0-9-]{1,96}", text) and (BUNDLED_FOLDER / text / CONFIG_FILE).is_file():
        return ModelFiles(text, BUNDLED_FOLDER / text, None, None, {})
    if allow_folders and os.path.isdir(text):  # noqa: PTH112  # Path.is_dir raises for a name that is too long
        return ModelFiles(text, Path(text), None, None, {})
    if not REPO_ID.fullmatch(text) or ".." in text or "--" in text or text.endswith(".git"):
        bundled = f"a bundled name ({', '.join(names)}), " if (names := bundled_names(*kinds)) else ""
        folder = "a folder with config.json, " if allow_folders else ""
        raise ModelError(
            f"there is no model '{shorten(text)}'; use {bundled}{folder}or a repository on the Hub as org/name"
        )
    if revision is not None and (not REVISION.fullmatch(revision) or ".." in revision):
        raise ModelError(f"the revision {shorten(repr(revision))} is not possible; use a branch, a tag or a commit")
    path = try_to_load_from_cache(text, WEIGHTS_FILE, revision=revision, cache_dir=cache_dir)
    cached = Path(path).parent.name if isinstance(path, str) else None
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


def _ask_for_commit(
    repo_id: str,
    revision: str | None,
    token: str | bool | None,
    kinds: tuple[Kind, ...],
    pauses: Sequence[float],
    timeout: float,
) -> str:
    """The commit that a revision stands for now, if the Hub has one with the two files of a model."""
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
        raise ModelError(f"the Hub states no commit for '{repo_id}', so its two files might not belong together")
    return info.sha


def _check_size(name: str, filename: str, max_bytes: int, size: int) -> None:
    if size > max_bytes:
        raise ModelError(f"{filename} of '{name}' has {size:,} bytes; at most {max_bytes:,} are read")


def load_config(files: ModelFiles) -> dict[str, Any]:
    """Read the model's config.json, unchecked but for being a JSON object; raises ModelError."""
    try:
        return read_json(files.config_path())
    except ConfigError as error:
        raise ModelError(f"'{files.name}': {error}") from error

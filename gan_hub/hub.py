"""Finding a model's two files and loading them strictly: safetensors only, one commit, bounded before anything is allocated.

The order of checks bounds what an untrusted repository can cost: its name, its commit, the sizes the Hub states, the
config's fields, the parameters the network would have (counted without allocating them), the header of the weights,
and only then the weights themselves. A pickle is never opened.
"""

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import torch
from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from gan_hub.config import MAX_CONFIG_BYTES, MAX_PARAMETERS, ConfigError, read_json, shown

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
MAX_HEADER_BYTES = 1024 * 1024
MAX_WEIGHTS_BYTES = 4 * MAX_PARAMETERS + MAX_HEADER_BYTES
TIMEOUT_SECONDS = 5.0

BUNDLED_FOLDER = Path(__file__).parent / "bundled"
REPO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
COMMIT = re.compile(r"[0-9a-f]{40}")
SAFETENSORS_DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}

NETWORK_ERRORS = (HfHubHTTPError, httpx2.HTTPError, OSError)


class ModelError(ValueError):
    """A model that can't be had or is refused; the message names it, says why, and what to do."""


def bundled_names() -> list[str]:
    """Names of the models that come with the package: those `GanGenerator.from_pretrained` takes by name alone."""
    return sorted(
        path.parent.name
        for path in BUNDLED_FOLDER.glob(f"*/{CONFIG_FILE}")
        if json.loads(path.read_text()).get("architecture") != "classifier"
    )


@dataclass(frozen=True)
class ModelFiles:
    """Where a model's config and weights come from.

    Attributes:
        name: as the user gave it.
        folder: holds both files, or None when they are fetched from the Hub.
        commit: the one commit both files are fetched at; None for a folder.
        weights_bytes: size of the weights as the Hub states it; None when unknown.
        hub: the arguments of `hf_hub_download` that the two files share.
    """

    name: str
    folder: Path | None
    commit: str | None
    weights_bytes: int | None
    hub: Mapping[str, Any]

    def config_path(self) -> Path:
        """The local path of config.json, fetched if need be.

        Raises:
            ModelError: there is none.
        """
        return self._path(CONFIG_FILE)

    def weights_path(self, network: nn.Module) -> Path:
        """The local path of model.safetensors, fetched if need be once its stated size fits `network`.

        Raises:
            ModelError: there is none, or its size can't be that of the network's weights.
        """
        if self.weights_bytes is not None:
            check_weights_size(self.name, self.weights_bytes, network)
        path = self._path(WEIGHTS_FILE)
        check_weights_size(self.name, path.stat().st_size, network)
        return path

    def _path(self, filename: str) -> Path:
        if self.folder is not None:
            path = self.folder / filename
            if not path.is_file():
                raise ModelError(_missing_file(self.name, filename))
            return path
        try:
            return Path(hf_hub_download(self.name, filename, revision=self.commit, **self.hub))
        except NETWORK_ERRORS as error:
            raise ModelError(f"could not fetch {filename} of '{self.name}' ({type(error).__name__}); try again later") from error


def locate(
    name: str | Path,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
    allow_folders: bool = True,
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

    Raises:
        ModelError: nothing by that name, or it can't be reached.
    """
    text = str(name)
    if re.fullmatch(r"[a-z0-9-]+", text) and (BUNDLED_FOLDER / text / CONFIG_FILE).is_file():
        return ModelFiles(text, BUNDLED_FOLDER / text, None, None, {})
    if allow_folders and Path(text).is_dir():
        return ModelFiles(text, Path(text), None, None, {})
    if not REPO_ID.fullmatch(text) or ".." in text or "--" in text:
        places = "a bundled name ({}), {}or a repository on the Hub as org/name"
        raise ModelError(
            f"there is no model '{shown(text)}'; use "
            + places.format(", ".join(bundled_names()), "a folder with config.json, " if allow_folders else "")
        )
    if revision is not None and (not REVISION.fullmatch(revision) or ".." in revision):
        raise ModelError(f"the revision {shown(repr(revision))} is not possible; use a branch, a tag or a commit")
    hub = {"token": token, "cache_dir": cache_dir}
    cached = _cached_commit(text, revision, cache_dir)
    pinned = cached is not None and revision is not None and COMMIT.fullmatch(revision)
    if cached and (pinned or local_files_only) and not force_download:
        return ModelFiles(text, None, cached, None, {**hub, "local_files_only": True})
    if local_files_only:
        raise ModelError(f"'{text}' is not in the cache and only local files are allowed; connect and load it once")
    return _ask_hub(text, revision, token, cached, {**hub, "force_download": force_download})


def _cached_commit(repo_id: str, revision: str | None, cache_dir: str | Path | None) -> str | None:
    path = try_to_load_from_cache(repo_id, WEIGHTS_FILE, revision=revision, cache_dir=cache_dir)
    return Path(path).parent.name if isinstance(path, str) else None


def _ask_hub(
    repo_id: str, revision: str | None, token: str | bool | None, cached: str | None, hub: Mapping[str, Any]
) -> ModelFiles:
    at = f" at revision '{revision}'" if revision else ""
    try:
        info = HfApi().model_info(
            repo_id, revision=revision, token=token, files_metadata=True, timeout=TIMEOUT_SECONDS
        )
    except GatedRepoError as error:
        raise ModelError(
            f"'{repo_id}' is gated: ask for access on its page on the Hub, then log in with `hf auth login`"
        ) from error
    except RevisionNotFoundError as error:
        raise ModelError(f"'{repo_id}' has no revision '{revision}'; use a branch, a tag or a commit of it") from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"the Hub has no model '{repo_id}' that you may see; check the name, or log in with `hf auth login` if it is private"
        ) from error
    except NETWORK_ERRORS as error:
        if cached is not None:
            return ModelFiles(repo_id, None, cached, None, {**hub, "force_download": False, "local_files_only": True})
        raise ModelError(
            f"the Hub can't be reached ({type(error).__name__}) and '{repo_id}'{at} is not in the cache; "
            f"connect and try again, or use a bundled model: {', '.join(bundled_names())}"
        ) from error
    sizes = {sibling.rfilename: sibling.size for sibling in info.siblings or []}
    for filename, limit in ((CONFIG_FILE, MAX_CONFIG_BYTES), (WEIGHTS_FILE, MAX_WEIGHTS_BYTES)):
        if filename not in sizes:
            raise ModelError(_missing_file(repo_id, filename))
        if (size := sizes[filename]) is not None and size > limit:
            raise ModelError(f"{filename} of '{repo_id}' has {size:,} bytes; at most {limit:,} are accepted")
    return ModelFiles(repo_id, None, info.sha, sizes[WEIGHTS_FILE], hub)


def _missing_file(name: str, filename: str) -> str:
    remedy = (
        "only safetensors are loaded; a pickle is never opened"
        if filename == WEIGHTS_FILE
        else "a model of gan-hub has config.json and model.safetensors at its root"
    )
    return f"'{name}' has no {filename}: {remedy}"


def count_parameters(network: nn.Module) -> int:
    """Numbers in all parameters and buffers; works on the meta device too."""
    return sum(tensor.numel() for tensor in network.state_dict().values())


def check_weights_size(name: str, size: int, network: nn.Module) -> None:
    """Raise ModelError unless a safetensors file of `size` bytes can hold exactly the weights of `network`."""
    expected = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    if not expected < size <= expected + MAX_HEADER_BYTES:
        raise ModelError(
            f"{WEIGHTS_FILE} of '{name}' has {size:,} bytes, but its config describes a network of {expected:,} bytes; "
            f"the two files do not belong together"
        )


def load_weights(network: nn.Module, path: Path, name: str) -> None:
    """Put the weights of a safetensors file into a network, which may be on the meta device.

    Raises:
        ModelError: not a safetensors file, a tensor missing, surplus, of another shape or type, or not finite.
    """
    expected = {key: (SAFETENSORS_DTYPES[t.dtype], list(t.shape)) for key, t in network.state_dict().items()}
    found = _read_header(path, name)
    if problems := _differences(expected, found):
        raise ModelError(f"the weights of '{name}' do not fit its config: {'; '.join(problems)}")
    try:
        state = load_file(path)
    except SafetensorError as error:
        raise ModelError(f"{WEIGHTS_FILE} of '{name}' is damaged ({error}); download or save it again") from error
    for key, tensor in state.items():
        if not torch.isfinite(tensor).all():
            raise ModelError(f"the weights of '{name}' are not usable: '{key}' holds NaN or infinite values")
    network.load_state_dict(state, strict=True, assign=True)


def _read_header(path: Path, name: str) -> dict[str, tuple[str, list[int]]]:
    """The names, types and shapes in a safetensors header, without reading the tensors."""
    damaged = f"{WEIGHTS_FILE} of '{name}' is not a safetensors file; download or save it again"
    with path.open("rb") as file:
        prefix = file.read(8)
        if len(prefix) < 8:
            raise ModelError(damaged)
        (length,) = struct.unpack("<Q", prefix)
        if length > MAX_HEADER_BYTES:
            raise ModelError(f"the header of {WEIGHTS_FILE} of '{name}' claims {length:,} bytes; at most {MAX_HEADER_BYTES:,} are read")
        raw = file.read(length)
    try:
        header = json.loads(raw)
        return {key: (value["dtype"], value["shape"]) for key, value in header.items() if key != "__metadata__"}
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(damaged) from error


def _differences(
    expected: Mapping[str, tuple[str, list[int]]], found: Mapping[str, tuple[str, list[int]]]
) -> list[str]:
    """What differs, in words, at most three items of a kind."""

    def listed(keys: list[str]) -> str:
        return ", ".join(shown(key, 60) for key in keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")

    problems = []
    if missing := sorted(set(expected) - set(found)):
        problems.append(f"missing {listed(missing)}")
    if surplus := sorted(set(found) - set(expected)):
        problems.append(f"surplus {listed(surplus)}")
    other = [key for key in expected if key in found and found[key] != expected[key]]
    problems += [
        f"{key} is {found[key][0]} {shown(repr(found[key][1]))}, expected {expected[key][0]} {expected[key][1]}"
        for key in other[:3]
    ]
    return problems


def check_parameter_budget(network: nn.Module, name: str) -> None:
    """Raise ConfigError if a network (on the meta device) has more than MAX_PARAMETERS numbers."""
    if (count := count_parameters(network)) > MAX_PARAMETERS:
        raise ConfigError(f"'{name}' asks for {count:,} parameters; at most {MAX_PARAMETERS:,} are allowed")


def load_config(files: ModelFiles) -> dict[str, Any]:
    """Read the model's config.json, unchecked but for being a JSON object; raises ModelError."""
    try:
        return read_json(files.config_path())
    except ConfigError as error:
        raise ModelError(f"'{files.name}': {error}") from error

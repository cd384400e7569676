"""The layout of huggingface_hub's cache, as of version 2.4; no other file of this project relies on it.

A cache holds a folder `models--<owner>--<name>` for each repository of a model, and the locks of its files below
`.locks`. A repository's folder holds `refs/<branch>`, each a file with the commit that the branch stood for, and
`snapshots/<commit>/<file>`. tests/loading/test_hub_cache.py fails when that changes.
"""

import shutil
from contextlib import suppress
from pathlib import Path

from huggingface_hub import try_to_load_from_cache
from huggingface_hub.file_download import repo_folder_name


def cached_file(repo_id: str, filename: str, *, revision: str | None, cache_dir: str | Path | None) -> Path | None:
    """The path of a file in the cache; None if it is not there."""
    path = try_to_load_from_cache(repo_id, filename, revision=revision, cache_dir=cache_dir)
    return Path(path) if isinstance(path, str) else None


def commit_of(path: Path) -> str:
    """The commit of a file at the root of a repository, from its path in the cache.

    huggingface_hub finds a cached file by its branch, but does not say which commit the file is of.
    """
    return path.parent.name


def remember_branch(path: Path, branch: str) -> None:
    """Record that a branch stands for the commit of a cached file, so that the branch is found there offline.

    `hf_hub_download` records it only when it resolves the branch itself, which would not be sure to give the commit
    that the other files come from.
    """
    ref = path.parents[2] / "refs" / branch
    with suppress(OSError):  # a cache that can't be written can still be read
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(commit_of(path))


def repository_folder(cache_dir: Path, repo_id: str) -> Path:
    """The folder of a model's repository, whether it exists or not."""
    return cache_dir / repo_folder_name(repo_id=repo_id, repo_type="model")


def repository_folders(cache_dir: Path) -> list[Path]:
    """The folders of all repositories of models.

    `scan_cache_dir` passes over repositories without a snapshot and files without a link, which downloads leave that
    were cut off; they take room as well.
    """
    return list(cache_dir.glob("models--*"))


def delete_repository(folder: Path) -> None:
    """Delete the folder of a repository with its locks; what is gone already is no error."""
    for path in (folder, folder.parent / ".locks" / folder.name):
        shutil.rmtree(path, ignore_errors=True)

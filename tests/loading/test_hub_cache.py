"""The layout of huggingface_hub's cache: our code writes and reads where the client does."""

from pathlib import Path

from huggingface_hub import hf_hub_download, scan_cache_dir

from gan_hub.loading.hub_cache import (
    cached_file,
    commit_of,
    delete_repository,
    remember_branch,
    repository_folder,
    repository_folders,
)
from tests.support.hub_server import LoopbackHub


def test_the_commit_is_read_off_the_path_and_the_branch_written_where_the_client_writes_it(
    hub: LoopbackHub, tmp_path: Path
) -> None:
    commit = hub.add("org/gan", {"config.json": b"{}"})
    by_branch = Path(hf_hub_download("org/gan", "config.json", cache_dir=tmp_path / "client"))
    by_commit = Path(hf_hub_download("org/gan", "config.json", revision=commit, cache_dir=tmp_path / "ours"))
    assert commit_of(by_branch) == commit_of(by_commit) == commit
    assert cached_file("org/gan", "config.json", revision=None, cache_dir=tmp_path / "ours") is None
    remember_branch(by_commit, "main")

    def refs(cache: str) -> dict[str, str]:
        found = (tmp_path / cache).rglob("refs/*")
        return {str(path.relative_to(tmp_path / cache)): path.read_text() for path in found}

    assert refs("ours") == refs("client") != {}
    assert cached_file("org/gan", "config.json", revision=None, cache_dir=tmp_path / "ours") == by_commit
    (repo,) = scan_cache_dir(tmp_path / "ours").repos
    assert {str(revision.commit_hash): set(revision.refs) for revision in repo.revisions} == {commit: {"main"}}


def test_repositories_are_found_and_deleted_where_the_client_keeps_them(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.add("org/gan", {"config.json": b"{}"})
    hf_hub_download("org/gan", "config.json", cache_dir=tmp_path)
    (repo,) = scan_cache_dir(tmp_path).repos
    assert [repo.repo_path] == repository_folders(tmp_path) == [repository_folder(tmp_path, "org/gan")]
    delete_repository(repository_folder(tmp_path, "org/gan"))
    assert not list(tmp_path.rglob("*org--gan*"))
    delete_repository(repository_folder(tmp_path, "org/gan"))

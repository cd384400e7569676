"""What may go wrong between a model and the page: a clear sentence in time, nothing half-written, and the page goes on.

What files may hold instead of a model is in tests/loading/test_model_files.py, what hinders a push in test_push.py.
"""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from gradio_client import Client

from gan_hub import GanGenerator, ModelError
from gan_hub.page import launch
from tests.conftest import make_generator
from tests.support.hub_server import Fault, LoopbackHub

LIMIT = 10.0
BUNDLED = "mnist-gan"
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    demo = launch.build_demo()
    _, url, _ = demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch.launch_options())
    yield Client(url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))
    demo.close()


@pytest.fixture
def repo(hub: LoopbackHub, tmp_path: Path) -> str:
    """A repository that no cache holds."""
    folder = tmp_path / "gan"
    make_generator().save_pretrained(folder)
    name = f"org/gan{next(NUMBERS)}"
    hub.add(name, {n: (folder / n).read_bytes() for n in ("config.json", "model.safetensors")})
    return name


def plant(hub: LoopbackHub, repo: str, what: str) -> None:
    """Let something go wrong with the repository."""
    found = hub.repos[repo]
    if what == "401":
        hub.faults.append(Fault("GET /api/models", status=401))
    elif what == "403 gated":
        found.gated = True
        hub.faults.append(Fault("resolve", status=403, headers={"X-Error-Code": "GatedRepo"}))
    elif what == "404":
        del hub.repos[repo]
    elif what == "10 GB":
        hub.faults.append(Fault("HEAD .*safetensors", size=10_000_000_000))
    elif what == "download cut for good":
        hub.faults.append(Fault("GET /cdn", truncate=0))
    elif what == "no config":
        found.head.pop("config.json")
    elif what == "pickle only":
        found.head["pytorch_model.bin"] = found.head.pop("model.safetensors")
    elif what == "unknown keys":
        found.head["config.json"] = found.head["config.json"].replace(b"{", b'{"auto_map": 1, ', 1)
    elif what == "wrong architecture":
        found.head["config.json"] = found.head["config.json"].replace(b'"conv"', b'"stylegan9"')
    elif what == "truncated weights":
        found.head["model.safetensors"] = found.head["model.safetensors"][:-16]
    else:
        hub.faults.append(Fault("", status=int(what)))


SENTENCES = {
    "download cut for good": "can't be reached .*try again later|is still on its way from the Hub",
    "401": "may see|refused the token",
    "403 gated": "is gated: ask for access on its page",
    "404": "no model .* that you may see; check the name",
    "10 GB": r"has 10,000,000,000 bytes, but its config describes",
    "500": "can't be reached .*try again later",
    "429": "can't be reached .*try again later",
    "no config": r"has no config\.json",
    "pickle only": r"has no model\.safetensors: only safetensors are loaded; a pickle is never opened",
    "unknown keys": r"unknown keys in the config: \['auto_map'\]",
    "wrong architecture": "architecture is 'stylegan9'; it must be one of conv",
    "truncated weights": "is damaged|do not belong",
}


@pytest.mark.parametrize("what", SENTENCES)
def test_a_sentence_in_time_and_the_page_goes_on(hub: LoopbackHub, repo: str, client: Client, what: str) -> None:
    plant(hub, repo, what)
    start = time.monotonic()
    with pytest.raises(Exception, match=SENTENCES[what]) as caught:
        client.predict(repo, None, 0, 2, 2, 1.0, None, api_name="/sample")
    assert time.monotonic() - start < LIMIT
    assert repo in str(caught.value)
    assert str(caught.value).count("\n") == 0
    if what == "10 GB":
        assert not hub.asked_for("/cdn/", "GET")
    client.predict(BUNDLED, None, 0, 1, 1, 1.0, None, api_name="/sample")


def test_who_waits_for_the_hub_holds_nobody_up(hub: LoopbackHub, repo: str, client: Client) -> None:
    """The model that is slow is given the time there is while nobody else waits, and no more than a second else."""
    hub.faults.append(Fault("HEAD .*config", hang=4))
    slow = client.submit(repo, None, 0, 2, 2, 1.0, None, api_name="/sample")
    time.sleep(0.3)
    start = time.monotonic()
    client.predict(BUNDLED, None, 0, 1, 1, 1.0, None, api_name="/sample")
    assert time.monotonic() - start < 3
    with pytest.raises(Exception, match="is still on its way from the Hub after 1 s; ask again in a moment"):
        slow.result()


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("route", ["GET /api/models", "HEAD .*config", "HEAD .*safetensors", "GET /cdn"])
def test_busy_once_then_well(hub: LoopbackHub, repo: str, tmp_path: Path, status: int, route: str) -> None:
    hub.faults.append(Fault(route, status=status, headers={"Retry-After": "1"}, count=1))
    start = time.monotonic()
    loaded = GanGenerator.from_pretrained(repo, cache_dir=tmp_path / "cache")
    assert time.monotonic() - start < LIMIT
    assert hub.faults[0].count == 0
    assert torch.equal(loaded.sample(1, seed=0), GanGenerator.from_pretrained(tmp_path / "gan").sample(1, seed=0))


def test_a_download_that_never_ends_leaves_nothing_that_loads(
    hub: LoopbackHub, repo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client tries five times; afterwards the cache holds no weights, and once the Hub is well they are fetched."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    hub.faults.append(Fault("GET /cdn", truncate=10))
    with pytest.raises(ModelError, match="the Hub can't be reached"):
        GanGenerator.from_pretrained(repo, cache_dir=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("model.safetensors"))
    hub.faults.clear()
    assert GanGenerator.from_pretrained(repo, cache_dir=tmp_path / "cache").num_classes == 3


def test_a_stale_cache_is_used_while_the_hub_is_away(hub: LoopbackHub, repo: str, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = GanGenerator.from_pretrained(repo, cache_dir=cache).revision
    newer = hub.repos[repo].commit({"README.md": b"newer"})
    hub.faults.append(Fault("", status=503))
    start = time.monotonic()
    assert GanGenerator.from_pretrained(repo, cache_dir=cache).revision == first
    assert time.monotonic() - start < LIMIT
    with pytest.raises(ModelError, match=f"{repo}' at {newer[:3]}.*|'{repo}'.* is not in the cache"):
        GanGenerator.from_pretrained(repo, revision=newer, cache_dir=cache)

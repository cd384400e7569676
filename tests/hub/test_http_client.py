"""Who waits for a push waits for seconds, whatever the server does; what is well again is used again."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import set_client_factory
from huggingface_hub.utils._http import default_client_factory

from gan_hub.hub import http_client
from gan_hub.hub.http_client import FORGET_SECONDS, FailureWindow
from gan_hub.hub.push import push
from gan_hub.loading.hub_errors import PushError
from tests.conftest import make_generator
from tests.support.hub_server import Fault, LoopbackHub

LIMIT = 10.0


@pytest.fixture
def model(tmp_path: Path) -> Path:
    make_generator().save_pretrained(tmp_path / "gan")
    return tmp_path / "gan"


@pytest.fixture
def patient() -> Iterator[None]:
    http_client.install()
    yield
    set_client_factory(default_client_factory)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 503}, "it answered 503"),
        ({"status": 429, "headers": {"Retry-After": "300"}}, "it answered 429"),
        ({"cut": 10}, "Error"),
    ],
    ids=["503", "429 for five minutes", "cut"],
)
def test_an_upload_that_fails_for_good_is_told_in_time(hub: LoopbackHub, model: Path, fault: dict, words: str) -> None:
    hub.faults.append(Fault("PUT /lfs", **fault))
    start = time.monotonic()
    with pytest.raises(PushError, match=rf"can't be reached \(.*{words}.*\).*org/new.*to push it: gan-hub push"):
        push(model, "org/new")
    assert time.monotonic() - start < LIMIT
    assert "model.safetensors" not in hub.repos["org/new"].head


@pytest.mark.usefixtures("patient")
def test_a_store_that_is_busy_for_seconds_is_waited_for(hub: LoopbackHub, model: Path) -> None:
    hub.faults.append(Fault("PUT /lfs", status=503, count=2))
    push(model, "org/new")
    assert "model.safetensors" in hub.repos["org/new"].head


def test_failures_in_a_row_wear_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    borne = FailureWindow(5)

    def fails(seconds: float, server: str = "a") -> bool:
        nonlocal now
        now = seconds
        return borne.is_over(server)

    assert [fails(0), fails(3), fails(4, "b"), fails(6)] == [False, False, False, True]
    borne.restore("a")
    assert not fails(7), "a good answer came in between"
    assert not fails(7 + FORGET_SECONDS + 1), "long ago"


def test_what_is_refused_is_no_failure_of_the_server(hub: LoopbackHub) -> None:
    borne = FailureWindow(0)
    client = http_client.HubClient(borne, {})
    assert client.get(f"{hub.url}/api/models/org/none").status_code == 401
    hub.faults.append(Fault("GET /api/models", status=500))
    with pytest.raises(httpx2.TransportError, match="it answered 500") as caught:
        client.get(f"{hub.url}/api/models/org/none")
    assert caught.value.response.status_code == 500

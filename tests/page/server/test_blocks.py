"""The page as Gradio's Blocks: what a cancel does to an event that runs."""

import threading
import time
from collections.abc import Iterator

import gradio as gr
import httpx2
import pytest

from gan_hub.page.server.blocks import Page


class Counting:
    """An event of four seconds in steps of 0.4, and how far it came."""

    def __init__(self) -> None:
        self.starts = self.steps = 0
        self.has_started = threading.Event()

    def __call__(self) -> Iterator[int]:
        self.starts += 1
        self.has_started.set()
        for step in range(10):
            time.sleep(0.4)
            self.steps += 1
            yield step


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def page(counting: Counting) -> Iterator[tuple[Page, str]]:
    def count() -> Iterator[int]:
        yield from counting()

    with Page(analytics_enabled=False) as demo:
        gr.api(count, api_name="count")
    _, url, _ = demo.queue().launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield demo, f"{url}gradio_api"
    demo.close()


@pytest.mark.parametrize("after", [0.1, 0.6], ids=["in its first step", "later"])
def test_an_event_that_is_cancelled_ends_within_a_step(
    page: tuple[Page, str], counting: Counting, after: float
) -> None:
    demo, url = page
    body = {"data": [], "session_hash": "somebody"}
    event = httpx2.post(f"{url}/call/count", json=body).json()["event_id"]
    listening = threading.Thread(target=lambda: httpx2.get(f"{url}/call/count/{event}", timeout=30))
    listening.start()
    assert counting.has_started.wait(10)
    time.sleep(after)
    httpx2.post(f"{url}/cancel", json={"session_hash": "somebody", "fn_index": 0, "event_id": event}, timeout=30)
    listening.join(5)
    assert not listening.is_alive(), "who listens is told"
    time.sleep(1.5)
    assert counting.starts == 1
    assert counting.steps <= 3
    assert not [each for events in demo._queue.active_jobs for each in events or []]

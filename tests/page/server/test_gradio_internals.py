"""The private names of Gradio that the page touches are where they were, and Gradio has no unknown routes."""

import inspect
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from gradio.queueing import Event, Queue

from gan_hub.page.launch import launch_options
from gan_hub.page.server import gradio_internals
from gan_hub.page.server.blocks import Page
from gan_hub.page.server.middleware import OPEN

MOVED = "gradio has moved {}: see gan_hub/page/server/gradio_internals.py"

# Routes of Gradio that the page does not offer. One that is neither here nor in OPEN is new: decide where it belongs.
CLOSED = {
    "/gradio_api/component_server", "/gradio_api/custom_component/x/x/x/x", "/gradio_api/deep_link",
    "/gradio_api/dev/reload", "/gradio_api/file/x", "/gradio_api/process_recording", "/gradio_api/proxy=x",
    "/gradio_api/runs", "/gradio_api/stream/x", "/gradio_api/stream/x/close",
    "/gradio_api/stream/x/x/x/playlist-file", "/gradio_api/stream/x/x/x/playlist.m3u8", "/gradio_api/stream/x/x/x/x.x",
    "/gradio_api/undo-vibe-edit", "/gradio_api/vibe-code", "/gradio_api/vibe-edit", "/gradio_api/vibe-starter-queries",
    "/login", "/logout", "/monitoring", "/monitoring/summary", "/monitoring/x", "/pwa_icon", "/pwa_icon/x",
}  # fmt: skip


@pytest.fixture(scope="module")
def page() -> Iterator[tuple[Page, Any]]:
    with Page(analytics_enabled=False) as demo:
        gr.api(lambda: 1, api_name="one")
    options = {**launch_options(), "quiet": True, "prevent_thread_lock": True, "server_name": "127.0.0.1"}
    app, _, _ = demo.queue().launch(**options)
    yield demo, app
    demo.close()


@pytest.mark.parametrize("name", ["reset_iterators", "remove_from_queue"])
def test_the_methods_of_the_queue_that_are_patched(name: str) -> None:
    method = getattr(Queue, name, None)
    assert inspect.iscoroutinefunction(method), MOVED.format(f"Queue.{name}")
    assert list(inspect.signature(method).parameters) == ["self", "event_id"], MOVED.format(f"Queue.{name}")


def test_the_attributes_of_the_queue(page: tuple[Page, Any]) -> None:
    queue = gradio_internals.queue_of(page[0])
    assert isinstance(queue, Queue), MOVED.format("Blocks._queue")
    kinds = {
        "event_ids_to_events": dict,
        "pending_event_ids_session": dict,
        "event_queue_per_concurrency_id": dict,
        "active_jobs": list,
        "stopped": bool,
    }
    for name, kind in kinds.items():
        assert isinstance(getattr(queue, name, None), kind), MOVED.format(f"Queue.{name}")
    assert len(queue) == 0
    assert all(hasattr(each, "queue") for each in queue.event_queue_per_concurrency_id.values())
    text = inspect.getsource(Event.__init__)
    assert "self._id" in text, MOVED.format("Event._id")
    assert "self.alive" in text, MOVED.format("Event.alive")


def test_the_queue_of_a_request(page: tuple[Page, Any]) -> None:
    demo, app = page
    assert gradio_internals.queue_of_request({"app": app}) is gradio_internals.queue_of(demo)
    assert not gradio_internals.is_known_event(gradio_internals.queue_of(demo), "nothing")
    assert not gradio_internals.is_awaited(demo, "nothing")


def test_files_are_served_from_the_folder_of_uploads(page: tuple[Page, Any]) -> None:
    assert str(gradio_internals.upload_folder()) == page[0].GRADIO_CACHE, MOVED.format("get_upload_folder")


def test_gradio_still_needs_its_cancels_mended() -> None:
    """Once Gradio ends a cancelled event itself, `end_cancelled_events` can go."""
    assert "alive = False" not in inspect.getsource(Queue.remove_from_queue)


def _paths(routes: Any) -> Iterator[str]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _paths(inner.routes)
        else:
            parts = route.path.rstrip("/").replace("{", "\0{").split("\0")
            yield "".join("x" + part.partition("}")[2] if part.startswith("{") else part for part in parts)


def test_every_route_of_gradio_is_known(page: tuple[Page, Any]) -> None:
    found = set(_paths(page[1].routes))
    assert len(found) > 40, "the routes of the app are elsewhere"
    is_open = {path for path in found if OPEN.fullmatch(path or "/")}
    assert found - is_open - CLOSED == set(), "new routes of gradio: list them as OPEN or as CLOSED"
    assert is_open & CLOSED == set()

"""Every private name of Gradio that the page touches, each with what Gradio does and why the page needs it.

Written against gradio 6.31. `tests/page/server/test_gradio_internals.py` fails when one of these names moves or when
Gradio no longer behaves as described here.
"""

from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError
from gradio.utils import get_upload_folder

__all__ = ["InvalidPathError", "end_cancelled_events", "is_awaited", "is_known_event", "queue_of", "upload_folder"]


def queue_of(blocks: gr.Blocks) -> Any:
    """The queue of events of a page.

    gradio 6.31 keeps it in `Blocks._queue`, and offers nothing public that says how many events wait, or whether the
    queue is stopped: `/health` needs both.
    """
    return blocks._queue


def queue_of_request(scope: MutableMapping[str, Any]) -> Any:
    """The queue of the page that an ASGI request is for; see `queue_of`."""
    return queue_of(scope["app"].get_blocks())


def is_known_event(queue: Any, event_id: str) -> bool:
    """Whether the result of an event can be fetched: the event runs, waits, or nobody has fetched its result.

    gradio 6.31: the stream of an unknown event breaks off, and that of an event that was fetched before never ends. So
    the middleware answers such requests itself.
    """
    is_running = event_id in queue.event_ids_to_events
    return is_running or any(event_id in events for events in queue.pending_event_ids_session.values())


def is_awaited(blocks: gr.Blocks, concurrency_id: str | None) -> bool:
    """Whether events wait for a running event of the same `concurrency_id` to end.

    gradio 6.31 tells visitors their place in the queue, but not an event that others wait for it. An event that loads a
    model from a slow Hub gives way sooner where others wait.
    """
    waiting = queue_of(blocks).event_queue_per_concurrency_id.get(concurrency_id or "")
    return bool(waiting and waiting.queue)


def end_cancelled_events(blocks: gr.Blocks) -> None:
    """Let a cancel end its event for good, once the queue of the page is there.

    gradio 6.31: where a caller disconnects and cancels within a step of the event, `remove_from_queue` leaves the event
    alive, so that it may start anew, for nobody. Marking it as no longer alive ends it.
    gradio 6.31: where a cancel meets the end of its event, both call `reset_iterators`, and the second call raises a
    KeyError in a task of Gradio's; the event then stays in memory. The second call has nothing left to do.
    """
    queue = queue_of(blocks)
    reset, remove = queue.reset_iterators, queue.remove_from_queue

    async def remove_and_end(event_id: str) -> None:
        for event in [event for events in queue.active_jobs for event in events or []]:
            if event._id == event_id:
                event.alive = False
        await remove(event_id)

    async def reset_once(event_id: str) -> None:
        with suppress(KeyError):
            await reset(event_id)

    queue.reset_iterators, queue.remove_from_queue = reset_once, remove_and_end


def upload_folder() -> Path:
    """The folder that Gradio serves files from.

    gradio 6.31 copies and hashes every file that a handler returns from elsewhere. Files that the page writes there
    itself are served as they are, which takes a third of the time of a sampling.
    """
    return Path(get_upload_folder())

"""How many events of a kind run at a time, and how Gradio passes on their inputs and outputs."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

# Whether others wait in the queue of the running event; nobody does outside of an event.
others_wait: ContextVar[Callable[[], bool]] = ContextVar("others_wait", default=lambda: False)

GENERATE_QUEUE: dict[str, Any] = {"concurrency_id": "generate", "concurrency_limit": 1}
LOAD_QUEUE: dict[str, Any] = {"concurrency_id": "load", "concurrency_limit": 2}
# A photo may take a minute, which no picture from a seed shall wait for.
PAINT_QUEUE: dict[str, Any] = {"concurrency_id": "paint", "concurrency_limit": 1}
# Nor shall they wait for a walk, which has as many pictures as a film.
WALK_QUEUE: dict[str, Any] = {"concurrency_id": "walk", "concurrency_limit": 1}
# A search is short, and its first guess follows every stroke.
PROJECT_QUEUE: dict[str, Any] = {"concurrency_id": "project", "concurrency_limit": 2}
# Nor for a comparison, which may fetch a model first; two sides of two visitors at a time.
COMPARE_QUEUE: dict[str, Any] = {"concurrency_id": "compare", "concurrency_limit": 4}
# What is painted already is only blended: it does not wait for a stranger's painting.
BLEND_QUEUE: dict[str, Any] = {"concurrency_id": "blend", "concurrency_limit": 2}
# The handlers check what comes themselves, and their files are already where Gradio serves from: its own
# steps would cost more than making the pictures, would refuse the classes of any model but the first one shown, and
# would take alpha, profile and size from a photo.
RAW: dict[str, Any] = {"preprocess": False, "postprocess": False}


def show_queue_on(summary: Any) -> dict[str, Any]:
    """Show waiting visitors their place in the queue on this component; the page's CSS shows it after a moment."""
    return {"show_progress": "minimal", "show_progress_on": summary}


HIDDEN: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# Events between the controls, which no program calls and nobody waits for.
QUIET_LOAD: dict[str, Any] = {**HIDDEN, **RAW, **LOAD_QUEUE}
QUIET_GENERATE: dict[str, Any] = {**HIDDEN, **RAW, **GENERATE_QUEUE}

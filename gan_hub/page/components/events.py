"""Events that several tabs connect alike."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from gan_hub.page.components import theme
from gan_hub.page.server.errors import as_sentences
from gan_hub.page.server.queues import HIDDEN, LOAD_QUEUE, RAW


def on_opening(handler: Callable[..., Any], outputs: list[Any], **more: Any) -> Any:
    """Call a handler with the query string of the page's address when the page opens; returns the event."""
    query = gr.Textbox(visible=False, label="Query")
    event = {"js": theme.READ_QUERY, **HIDDEN, **RAW, **LOAD_QUEUE, **more}
    return gr.on(None, as_sentences(handler), query, outputs, **event)


def on_stopping(button: Any, handler: Callable[..., Any], job: Any, api_name: str) -> None:
    """Call a handler with the name of a running job, at once.

    Its answer does not go into the summary: on a busy machine it may come after the last word of the job.
    """
    told = gr.Textbox(visible=False, label="Stopping")
    event: dict[str, Any] = {"api_name": api_name, "queue": False, "show_progress": "hidden", **RAW}
    button.click(as_sentences(handler), job, told, **event)

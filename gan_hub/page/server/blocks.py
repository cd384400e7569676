"""The page as Gradio's Blocks: its events answer with a sentence, also where one of Gradio's own steps fails."""

import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from gan_hub.page.server.errors import MemoryRanOutError
from gan_hub.page.server.gradio_internals import InvalidPathError, end_cancelled_events, is_awaited
from gan_hub.page.server.queues import others_wait

logger = logging.getLogger(__name__)

UNFITTING = "What was sent does not fit; reload the page, or see 'Use via API' below it."
NO_FILE = "That file did not come through this page, or it is deleted by now; choose it again."


class Page(gr.Blocks):
    """Blocks whose errors always say something.

    Gradio shows visitors only the text of a `gr.Error`, which the handlers raise (`server.errors`). This class puts
    into words what fails before a handler is called: a path that is not the visitor's, or missing arguments.

    Attributes:
        make_room: called when memory runs out; frees what can be loaded again.
    """

    make_room: Callable[[], None] | None = None

    def queue(self, *arguments: Any, **named: Any) -> "Page":
        """Set up the queue as Gradio does; see `end_cancelled_events`."""
        super().queue(*arguments, **named)
        end_cancelled_events(self)
        return self

    async def process_api(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Process an event as Gradio does, but raise only `gr.Error`."""
        concurrency_id = getattr(arguments[0] if arguments else named["block_fn"], "concurrency_id", None)
        before = others_wait.set(lambda: is_awaited(self, concurrency_id))
        try:
            return await super().process_api(*arguments, **named)
        except MemoryRanOutError:
            if self.make_room is not None:
                self.make_room()
            raise
        except gr.Error:
            raise
        except OSError as error:
            raise gr.Error(NO_FILE, duration=15, print_exception=False) from error
        except Exception as error:
            is_path = isinstance(error, InvalidPathError)
            logger.warning("an event was refused: %s", type(error).__name__)
            raise gr.Error(NO_FILE if is_path else UNFITTING, duration=15, print_exception=False) from error
        finally:
            others_wait.reset(before)

"""The page as Gradio's Blocks, whose events answer with a sentence whatever goes wrong in Gradio's own steps too."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gradio as gr

from gan_hub.page.server.errors import MemoryRanOutError
from gan_hub.page.server.queues import others_wait

logger = logging.getLogger(__name__)

UNFITTING = "What was sent does not fit; reload the page, or see 'Use via API' below it."
NO_FILE = "That file did not come through this page, or it is deleted by now; choose it again."


class Page(gr.Blocks):
    """Blocks without the error that says nothing.

    Gradio shows visitors nothing of an error but of `gr.Error`, which the handlers raise (`server.errors`). What fails
    before a handler is called (a path that is not the visitor's, arguments that are missing) is put into words here.

    Attributes:
        make_room: called when memory ran out, to let go of what can be loaded again.
    """

    make_room: Callable[[], None] | None = None

    def queue(self, *arguments: Any, **named: Any) -> "Page":
        """As Gradio does; a cancel ends its event, and one that meets the end of its event ends nothing else."""
        super().queue(*arguments, **named)
        reset, remove = self._queue.reset_iterators, self._queue.remove_from_queue

        async def remove_and_end(event_id: str) -> None:
            # gradio 6.31: one whose caller leaves and cancels within a step may start anew, for nobody
            for event in [event for events in self._queue.active_jobs for event in events or []]:
                if event._id == event_id:
                    event.alive = False
            await remove(event_id)

        async def reset_once(event_id: str) -> None:
            with suppress(KeyError):  # gradio 6.31: both let go of it, and the second one then forgets the event
                await reset(event_id)

        self._queue.reset_iterators = reset_once  # type: ignore[method-assign]
        self._queue.remove_from_queue = remove_and_end  # type: ignore[method-assign]
        return self

    async def process_api(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """As Gradio does; raises no error but `gr.Error`."""
        lane = getattr(arguments[0] if arguments else named["block_fn"], "concurrency_id", None)
        before = others_wait.set(lambda: self._is_awaited(lane))
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
            is_path = type(error).__name__ == "InvalidPathError"
            logger.warning("an event was refused: %s", type(error).__name__)
            raise gr.Error(NO_FILE if is_path else UNFITTING, duration=15, print_exception=False) from error
        finally:
            others_wait.reset(before)

    def _is_awaited(self, lane: str | None) -> bool:
        """Whether events wait for those of a lane to end."""
        waiting = self._queue.event_queue_per_concurrency_id.get(lane or "")
        return bool(waiting and waiting.queue)

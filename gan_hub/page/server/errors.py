"""Error messages for visitors: a sentence that helps, never a trace or a path."""

import functools
import gc
import inspect
import logging
import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
import torch

logger = logging.getLogger(__name__)

UNEXPECTED = "Something went wrong on the server. It is in the server's log; please try again, or with other settings."
OUT_OF_MEMORY = "The server ran out of memory; ask for fewer or smaller pictures, or try again in a moment."
TIME_LIMIT = float(os.environ.get("GAN_HUB_TIME_LIMIT", "600"))  # seconds that one event may take


class MemoryRanOutError(gr.Error):
    """The memory of the machine or of its GPU did not suffice."""

    def __init__(self) -> None:
        super().__init__(OUT_OF_MEMORY, duration=15, print_exception=False)


def as_sentences(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a handler: visitors see the text of a ValueError; any other error is logged, and they see a general text.

    Works for functions and for generator functions, and keeps the signature and the docstring for the API's schema. A
    generator ends where it yields after `TIME_LIMIT`.
    """
    if inspect.isgeneratorfunction(inspect.unwrap(function)):

        @functools.wraps(function)
        def handler(*arguments: Any, **named: Any) -> Any:
            with _sentences(function.__name__):
                yield from in_time(function(*arguments, **named))

    else:

        @functools.wraps(function)
        def handler(*arguments: Any, **named: Any) -> Any:
            with _sentences(function.__name__):
                return function(*arguments, **named)

    return handler


def in_time(work: Iterator[Any], seconds: float | None = None) -> Iterator[Any]:
    """Yield what `work` yields, for at most `seconds` (None = `TIME_LIMIT`); then close it and raise ValueError."""
    limit = TIME_LIMIT if seconds is None else seconds
    deadline = time.monotonic() + limit
    try:
        for each in work:
            if time.monotonic() > deadline:
                raise ValueError(f"this took more than {limit:.0f} seconds; ask for less at a time, or for less large")
            yield each
    finally:
        if isinstance(work, Generator):
            work.close()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the memory of the machine or of a GPU did not suffice."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)  # what torch says of the CPU's


@contextmanager
def _sentences(name: str) -> Iterator[None]:
    try:
        yield
    except gr.Error:
        raise
    except ValueError as error:  # ModelError and ConfigError are ValueErrors too
        raise gr.Error(sentence(error), duration=15, print_exception=False) from error
    except Exception as error:
        if is_out_of_memory(error):
            logger.warning("%s ran out of memory: %s", name, str(error).split("\n")[0][:200])
            error.__traceback__ = None  # its frames hold what filled the memory
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            raise MemoryRanOutError from None
        logger.exception("%s failed", name)
        raise gr.Error(UNEXPECTED, duration=15, print_exception=False) from error


def sentence(error: ValueError) -> str:
    """The message of an error as a sentence, with a capital and a full stop."""
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")

"""What a visitor is told when something goes wrong: a sentence that helps, and never a trace or a path."""

import functools
import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

logger = logging.getLogger(__name__)

UNEXPECTED = "Something went wrong on the server. It is in the server's log; please try again, or with other settings."


def as_sentences(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a handler: a ValueError's own sentence reaches the visitor, anything else is logged and told in general.

    Works for functions and for generator functions, and keeps the signature and the docstring for the API's schema.
    """
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def handler(*arguments: Any, **named: Any) -> Any:
            with _sentences(function.__name__):
                yield from function(*arguments, **named)

    else:

        @functools.wraps(function)
        def handler(*arguments: Any, **named: Any) -> Any:
            with _sentences(function.__name__):
                return function(*arguments, **named)

    return handler


@contextmanager
def _sentences(name: str) -> Iterator[None]:
    try:
        yield
    except gr.Error:
        raise
    except ValueError as error:  # ModelError and ConfigError are ValueErrors too
        raise gr.Error(sentence(error), duration=15, print_exception=False) from error
    except Exception as error:
        logger.exception("%s failed", name)
        raise gr.Error(UNEXPECTED, duration=15, print_exception=False) from error


def sentence(error: ValueError) -> str:
    """The message of an error as a sentence: a capital first, a full stop last."""
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")

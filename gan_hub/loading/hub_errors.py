"""Errors between this machine and the Hub, each in a sentence that names the repository and the remedy."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import httpx2
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalTokenNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from gan_hub.loading.weights import WEIGHTS_FILE, ModelError

NETWORK_ERRORS = (HfHubHTTPError, httpx2.HTTPError, OSError)
TRANSIENT = (429, 500, 502, 503, 504)
PAUSES = (0.5, 1.5)  # seconds before the second and the third try
MAX_PAUSE = 3.0  # seconds that the Hub may ask for, because a person is waiting for the answer

Answer = TypeVar("Answer")


class MissingFileError(ModelError):
    """A model lacks one of its files."""


class UnreachableError(ModelError):
    """The Hub does not answer, or not as it should; the cache may be used instead."""


class PushError(ModelError):
    """Something could not be pushed; the message says why and how to repeat the push."""


class GaveUpError(httpx2.TransportError):
    """A server failed for so long that it is not asked again (gan_hub.hub.http_client); the message says how.

    Attributes:
        response: the last one of the server; None = there was none.
    """

    def __init__(self, message: str, response: httpx2.Response | None = None) -> None:
        super().__init__(message)
        self.response = response


def with_retries(ask: Callable[[], Answer], pauses: Sequence[float] = PAUSES, *, after_cuts: bool = True) -> Answer:
    """Ask the Hub again if it answers that it is busy or broken, but not after a timeout.

    Args:
        ask: the request, which may raise.
        pauses: seconds before each further try.
        after_cuts: also ask again if the connection was cut; False for requests that the client itself resumes.
    """
    for pause in pauses:
        try:
            return ask()
        except (*NETWORK_ERRORS, RuntimeError) as error:
            cause = cause_of(error)
            if isinstance(cause, GaveUpError):
                raise
            hung_up = (
                after_cuts
                and isinstance(cause, httpx2.TransportError)
                and not isinstance(cause, httpx2.TimeoutException)
            )
            if not hung_up and (status_of(error) not in TRANSIENT):
                raise
            asked = asked_to_wait(error.response) if isinstance(error, HfHubHTTPError) else None
            time.sleep(pause if asked is None else min(asked, MAX_PAUSE))
    return ask()


def asked_to_wait(response: httpx2.Response) -> float | None:
    """The seconds that a server asks a client to wait for; None if it does not say, or names a date."""
    asked = response.headers.get("retry-after", "")
    return float(asked) if asked.isdecimal() else None


def cause_of(error: Exception) -> BaseException:
    """The original error if the client has wrapped it, as it does in a RuntimeError for a failed upload."""
    return error.__cause__ if type(error) is RuntimeError and error.__cause__ is not None else error


def status_of(error: BaseException) -> int | None:
    """The HTTP status of an error, if it has one."""
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def failure(error: Exception) -> str:
    """Describe how the Hub failed, for the parentheses of a sentence."""
    cause = cause_of(error)
    if (status := status_of(cause)) is not None:
        return f"it answered {status}"
    return str(cause) if isinstance(cause, GaveUpError) else type(cause).__name__


def pull_error(
    error: Exception, repo_id: str, revision: str | None, filename: str | None, bundled: Sequence[str]
) -> ModelError:
    """Turn an error of the Hub client while loading into a ModelError in words.

    Args:
        error: the error that the client raised.
        repo_id: org/name.
        revision: the revision that was asked for.
        filename: the file that was asked for; None = the repository itself.
        bundled: the models to suggest instead.
    """
    if isinstance(error, GatedRepoError):
        return ModelError(
            f"'{repo_id}' is gated: ask for access on its page on the Hub, then log in with `hf auth login`"
        )
    if isinstance(error, RevisionNotFoundError):
        return ModelError(f"'{repo_id}' has no revision '{revision}'; use a branch, a tag or a commit of it")
    if isinstance(error, RepositoryNotFoundError):
        return ModelError(
            f"the Hub has no model '{repo_id}' that you may see; "
            "check the name, or log in with `hf auth login` if it is private"
        )
    if isinstance(error, RemoteEntryNotFoundError) and filename:
        return MissingFileError(missing_file(repo_id, filename))
    status = status_of(error)
    if status in (401, 403):
        return ModelError(f"the Hub refused the token for '{repo_id}' ({status}); log in again with `hf auth login`")
    return unreachable(failure(error), repo_id, revision, filename, bundled)


def unreachable(
    reason: str, repo_id: str, revision: str | None, filename: str | None, bundled: Sequence[str]
) -> UnreachableError:
    """The error for a file that neither the Hub nor the cache gives; the arguments are those of `pull_error`."""
    file = f"{filename} of " if filename else ""
    at = f" at {revision}" if revision else ""
    instead = f", or use a bundled model: {', '.join(bundled)}" if bundled else ""
    return UnreachableError(
        f"the Hub can't be reached ({reason}) and {file}'{repo_id}'{at} is not in the cache; try again later{instead}"
    )


def missing_file(name: str, filename: str) -> str:
    """The message that a model lacks a file, and what a model consists of."""
    remedy = (
        "only safetensors are loaded; a pickle is never opened"
        if filename == WEIGHTS_FILE
        else "a model of gan-hub has config.json and model.safetensors at its root"
    )
    return f"'{name}' has no {filename}: {remedy}"


def push_reason(error: Exception, repo_id: str) -> str:
    """Why the Hub rejects a push to a repository and what to do about it, but not how to repeat the push."""
    status = status_of(cause_of(error))
    if isinstance(error, LocalTokenNotFoundError) or status == 401:
        what = f"there is no token for '{repo_id}'"
        if status is not None:
            what = f"the Hub does not accept the token for '{repo_id}' (401)"
        return f"{what}; log in with `hf auth login`, or set HF_TOKEN to a token that may write"
    if status == 403:
        return (
            f"your token may not write to '{repo_id}' (403); use a token with the role write, or a repository of your "
            "own, or add --create-pr to propose it to its owner"
        )
    if status in (402, 413, 507):
        return f"your account has no room for '{repo_id}' ({status}); free storage on the Hub, or use another account"
    if isinstance(error, RevisionNotFoundError):
        return f"'{repo_id}' has no such branch (404); name one that is there, or leave --branch out"
    if status == 404:
        return f"the Hub has no '{repo_id}' that you may see (404); check the name and whom your token belongs to"
    if status in (409, 412):
        return f"others kept pushing to '{repo_id}' meanwhile ({status}); try again when they are done"
    if status == 400:
        return f"the Hub refused what was to go to '{repo_id}' (400: {str(error).splitlines()[-1][:200]})"
    return f"the Hub can't be reached ({failure(error)}), so nothing of '{repo_id}' has changed; try again later"

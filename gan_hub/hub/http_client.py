"""A client of the Hub that gives up on a server which keeps failing while a person waits.

huggingface_hub retries an upload for 23 seconds, or for as long as the server asks, and only a client of one's own can
change that. The programs of this project (`gan-hub`, the page, the trainings) use this client; code that only imports
the library keeps the client of huggingface_hub.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import get_session, set_client_factory

from gan_hub.loading.hub_errors import TRANSIENT, GaveUpError, asked_to_wait

SECONDS = 5.0  # of failures without a good answer in between; the next try after that is the last
FORGET_SECONDS = 20.0  # a failure longer ago says nothing of now
SILENCE = httpx2.Timeout(120.0, connect=10.0, pool=None)  # where a call sets no limit of its own, as uploads do not


class FailureWindow:
    """How long each server has kept failing.

    Args:
        seconds: of failures after which to give up.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._since: dict[str, tuple[float, float]] = {}  # by server: its first failure in a row, and its last
        self._lock = threading.Lock()

    def is_over(self, server: str) -> bool:
        """Record a failure; returns whether the server has failed for too long."""
        now = time.monotonic()
        with self._lock:
            first, last = self._since.get(server, (now, now))
            first = now if now - last > FORGET_SECONDS else first
            self._since[server] = first, now
            return now - first >= self.seconds

    def restore(self, server: str) -> None:
        """Record a good answer."""
        with self._lock:
            self._since.pop(server, None)


class HubClient(httpx2.Client):
    """A client whose requests fail for good once their server has failed for some seconds.

    Args:
        failures: shared by the clients of a process.
        hooks: what huggingface_hub does with each request.
    """

    def __init__(self, failures: FailureWindow, hooks: Mapping[str, list[Any]]) -> None:
        super().__init__(event_hooks=hooks, follow_redirects=True, timeout=SILENCE)
        self.failures = failures

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request.

        Raises:
            GaveUpError: it failed, as others have before it; huggingface_hub does not try again then.
        """
        server = urlsplit(str(request.url)).netloc
        try:
            response = super().send(request, **options)
        except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
            if self.failures.is_over(server):
                raise GaveUpError(type(error).__name__) from error
            raise
        if response.status_code not in TRANSIENT:
            self.failures.restore(server)
        elif self.failures.is_over(server) or (asked_to_wait(response) or 0) > self.failures.seconds:
            response.close()
            raise GaveUpError(f"it answered {response.status_code}", response=response)
        return response


def install() -> None:
    """Make huggingface_hub use this client from now on, in this process."""
    failures, hooks = FailureWindow(), get_session().event_hooks
    set_client_factory(lambda: HubClient(failures, hooks))

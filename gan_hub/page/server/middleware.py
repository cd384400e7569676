"""The middleware before Gradio: an allow-list of routes, bounds on requests, security headers, and `/health`.

Gradio bounds only the size of an uploaded file: not the number of files, not data URLs and texts in the JSON of a call,
and not files that a call tells it to fetch. An ASGI middleware sees all requests before they are read.
"""

import json
import logging
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from cachetools import LRUCache
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException

from gan_hub import __version__
from gan_hub.page.server.gradio_internals import is_known_event, queue_of_request

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0")
MAX_VISITORS = 10_000  # whose last requests are remembered

# The routes that the page and the clients of its endpoints use. Any other route of Gradio answers 404, so a new one
# is closed by default; routes that fetch from other Spaces, draw icons of any size, record or edit apps are closed too.
OPEN = re.compile(
    r"/(?:"
    r"|config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|openapi\.json|(?:assets|static|svelte)/.+"
    r"|gradio_api/(?:"
    r"info|openapi\.json|app_id|startup-events|theme\.css|user|token|login_check"  # what the page is
    r"|queue/(?:join|data|status)|heartbeat/[^/]+|cancel|reset"  # events from a browser
    r"|(?:call(?:/v2)?|run|api)/[^/]+(?:/[^/]+)?"  # events from a program
    r"|upload|upload_progress|file=(?!\s*(?:[a-z][a-z0-9+.-]+:|[/\\]{2}|\\)).+"  # files of this machine alone
    r"))/?",
    re.IGNORECASE,
)
EVENT = re.compile(r"/gradio_api/call/(?:v2/)?[^/]+/([^/]+)/?$")  # where what an event gave is fetched
REMOTE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]+:|//|\\\\)", re.IGNORECASE)  # a letter and a colon is a drive of Windows

# Gradio's page is made of inline scripts and styles; everything else comes from the page itself. Spaces are shown in a
# frame on huggingface.co.
POLICY = "; ".join(
    (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co https://*.hf.space",
    )
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-resource-policy", b"cross-origin"),  # a Space's own page may be in a frame
)

UNFITTING = "what was sent does not fit; reload the page, or see 'Use via API' below it"


@dataclass(frozen=True)
class Limits:
    """Bounds on requests.

    Attributes:
        json_bytes: of the JSON of a call: controls, a link, a drawing.
        upload_bytes: of all files of one request.
        upload_files: of one request.
        hourly_bytes: of all uploads of an hour, which is how long uploads are kept.
        requests: POST requests of one visitor in a minute; requests from this machine do not count.
    """

    json_bytes: int = 2_000_000
    upload_bytes: int = 200_000_000
    upload_files: int = 50
    hourly_bytes: int = 4_000_000_000
    requests: int = 300


class RefusedError(MultiPartException):
    """A request is refused with a sentence; a MultiPartException, so that Gradio's parser deletes its files."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class PageMiddleware:
    """Checks each request before Gradio sees it.

    Args:
        app: the application behind it.
        limits: bounds on requests.
    """

    def __init__(self, app: App, limits: Limits | None = None) -> None:
        self._app = app
        self._limits = limits or Limits()
        self._asked: LRUCache[str, deque[float]] = LRUCache(MAX_VISITORS)
        self._uploads: deque[tuple[float, int]] = deque()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        headers = Headers(scope=scope)
        try:
            if scope["path"] == "/health":
                await answer.say_json(*_health(scope))
                return
            receive = await self._admitted(scope, headers, receive, answer)
            await self._app(scope, receive, answer.send)
        except RefusedError as refused:
            await answer.say(refused.status, refused.message)
        except Exception as error:
            # Gradio's routes trip over names that there are not, and over bodies of another shape than they expect.
            logger.warning("%s %r failed with %s", scope["method"], scope["path"][:80], type(error).__name__)
            await answer.say(400, UNFITTING)

    async def _admitted(
        self, scope: MutableMapping[str, Any], headers: Headers, receive: Receive, answer: "_Answer"
    ) -> Receive:
        """Check a request and return its `receive`; raises RefusedError."""
        method = scope["method"]
        path = unquote(scope["path"])
        if not OPEN.fullmatch(path):
            raise RefusedError(404, "the page has no such route")
        if method in ("GET", "HEAD", "OPTIONS"):
            _check_event(scope, path)
            return receive
        if method != "POST":
            raise RefusedError(405, f"{method[:10]} is not possible; use GET or POST")
        _check_origin(headers)
        self._check_pace(scope, headers)
        size = _stated_size(headers)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "multipart/form-data":
            _check_size(size, self._limits.json_bytes, "the request")
            return await _checked_json(receive, self._limits.json_bytes)
        if not path.rstrip("/").endswith("/upload"):
            raise RefusedError(415, "this route takes JSON; files go to /gradio_api/upload")
        _check_size(size, self._limits.upload_bytes, "the upload")
        self._check_hour(size)
        return self._bounded_upload(receive, headers, answer)

    def _check_pace(self, scope: MutableMapping[str, Any], headers: Headers) -> None:
        """Raise RefusedError if a visitor sends too many requests in a minute."""
        # What a proxy says it forwards for may be forged: this holds against loops that run wild; against those who
        # mean harm, the queue is bounded for all together.
        visitor = headers.get("x-forwarded-for") or (scope.get("client") or ("",))[0]
        if visitor in LOOPBACK:
            return
        asked = self._asked.setdefault(visitor[:200], deque())
        now = time.monotonic()
        while asked and asked[0] < now - 60:
            asked.popleft()
        if len(asked) >= self._limits.requests:
            raise RefusedError(429, f"more than {self._limits.requests} requests in a minute; wait a little")
        asked.append(now)

    def _check_hour(self, size: int) -> None:
        """Raise RefusedError if the uploads of the last hour are too large; otherwise count this one."""
        now = time.monotonic()
        while self._uploads and self._uploads[0][0] < now - 3600:
            self._uploads.popleft()
        if sum(each for _, each in self._uploads) + size > self._limits.hourly_bytes:
            raise RefusedError(503, "the page holds as many uploads as it can; try again in an hour")
        self._uploads.append((now, size))

    def _bounded_upload(self, receive: Receive, headers: Headers, answer: "_Answer") -> Receive:
        """Return a `receive` that counts the parts of an upload, and refuses an upload that breaks off."""
        match = re.search(r'boundary="?([^";,]{1,200})', headers.get("content-type", ""), re.IGNORECASE)
        if match is None:
            raise RefusedError(400, "the upload names no boundary")
        mark, rest, parts = f"--{match[1]}".encode("latin-1"), b"", 0
        most = self._limits.upload_files

        async def bounded() -> Message:
            nonlocal rest, parts
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RefusedError(400, "the upload broke off")
            data = rest + message.get("body", b"")
            parts += data.count(mark)
            rest = data[-(len(mark) - 1) :]  # too short to hold a mark that is counted already
            if parts > most + 1:  # the last mark ends the upload
                answer.refused = RefusedError(413, f"more than {most} files in one upload; send fewer at a time")
                raise answer.refused
            return message

        return bounded


class _Answer:
    """Sends the answer of the app with the security headers, or a sentence instead of it.

    Attributes:
        refused: sent in place of the answer of the app.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_started = self._is_over = False
        self.refused: RefusedError | None = None

    async def send(self, message: Message) -> None:
        """Send a message of the app, unless the request was refused."""
        if self.refused is not None:
            refused, self.refused = self.refused, None
            await self.say(refused.status, refused.message)
            self._is_over = True
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            self._is_started = True
            names = {name.lower() for name, _ in message.get("headers", ())}
            added = [(name, value) for name, value in HEADERS if name not in names]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await self._send(message)

    async def say(self, status: int, sentence: str) -> None:
        """Answer with a sentence, unless a part of another answer has been sent already."""
        await self.say_json(status, {"detail": sentence, "error": sentence})

    async def say_json(self, status: int, content: dict[str, Any]) -> None:
        """Answer with JSON."""
        if self._is_started:
            return
        body = json.dumps(content).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if status >= 400:
            headers.append((b"connection", b"close"))  # the rest of the body is not read
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _check_event(scope: MutableMapping[str, Any], path: str) -> None:
    """Raise RefusedError if the path names an event whose result can't be fetched."""
    match = EVENT.search(path)
    if match is None:
        return
    if not is_known_event(queue_of_request(scope), match[1]):
        raise RefusedError(404, "there is no such event, or what it gave was fetched already; call the endpoint again")


def _health(scope: MutableMapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Whether the page serves, and how many events wait."""
    queue = queue_of_request(scope)
    status = "stopping" if queue.stopped else "ok"
    return (503 if queue.stopped else 200), {"status": status, "version": __version__, "waiting": len(queue)}


def _check_origin(headers: Headers) -> None:
    """Raise RefusedError if another website made a browser on this machine send the request."""
    origin = headers.get("origin")
    if origin is None or _hostname("//" + headers.get("host", "")) not in LOOPBACK:
        return
    if _hostname(origin) not in LOOPBACK:
        raise RefusedError(403, "another website can't use this page")


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _stated_size(headers: Headers) -> int:
    size = headers.get("content-length", "")
    if not re.fullmatch(r"[0-9]{1,15}", size):
        raise RefusedError(411, "the request does not state its Content-Length")
    return int(size)


def _check_size(size: int, most: int, what: str) -> None:
    if size > most:
        raise RefusedError(413, f"{what} has {size:,} bytes; at most {most:,} are taken")


async def _checked_json(receive: Receive, most: int) -> Receive:
    """Read the body, refuse it if it is not JSON or names a remote file, and return a `receive` that replays it."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "the request broke off")
        body += message.get("body", b"")
        _check_size(len(body), most, "the request")
        more = message.get("more_body", False)
    if body:
        try:
            _check_files(json.loads(bytes(body)))
        except (ValueError, RecursionError) as error:  # UnicodeDecodeError too
            raise RefusedError(400, "the request is not JSON") from error
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return again


def _check_files(value: object) -> None:
    """Raise RefusedError if the JSON names a file that Gradio would have to fetch or to decode."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, list):
            left += each
        elif isinstance(each, dict):
            left += each.values()
            path, url = each.get("path"), each.get("url")
            is_elsewhere = isinstance(path, str) and REMOTE.match(path)
            if is_elsewhere or (isinstance(url, str) and not path):
                raise RefusedError(400, "files are not fetched from URLs; download it and upload it here")

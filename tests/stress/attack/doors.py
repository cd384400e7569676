"""A2: too much through every door of the page: all of it is refused, and the disk does not fill."""

import http.client
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2

from tests.support.page_server import Caller, PageProcess, detail
from tests.support.tally import Tally

CAP = 60 * 1024**2
REFUSED = (400, 403, 411, 413, 415)
META = {"meta": {"_type": "gradio.FileData"}}
Door = Callable[["Doorstep"], httpx2.Response]


@dataclass(frozen=True)
class Doors:
    """Too large, too many, from elsewhere."""

    n: int = 1000
    """Attempts, after each door has been tried once."""
    seed: int = 0
    json: Path | None = None


class Doorstep:
    """What the attempts share: a client, and a server whose files the page should never fetch."""

    def __init__(self, caller: Caller) -> None:
        self.http = caller.http
        self.fetched: list[str] = []
        fetched = self.fetched

        class Elsewhere(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fetched.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.elsewhere = f"http://127.0.0.1:{self.server.server_port}/a.png"

    def call(self, name: str, *data: object) -> httpx2.Response:
        """Ask for an event."""
        return self.http.post(f"/gradio_api/call/{name}", json={"data": list(data)})

    def join(self, *data: object) -> httpx2.Response:
        """Ask for an event as a browser does."""
        return self.http.post("/gradio_api/queue/join", json={"data": list(data), "fn_index": 0, "session_hash": "x"})


def large_file(step: Doorstep) -> httpx2.Response:
    """One file above the limit."""
    return step.http.post("/gradio_api/upload", files={"files": ("a.png", bytes(CAP + 1))})


def large_request(step: Doorstep) -> httpx2.Response:
    """Files that are too large together; only their size is stated."""
    connection = http.client.HTTPConnection(step.http.base_url.host, step.http.base_url.port, timeout=30)
    connection.putrequest("POST", "/gradio_api/upload")
    connection.putheader("Content-Length", str(10**9))
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.endheaders(b"--x\r\n")
    answer = connection.getresponse()
    response = httpx2.Response(answer.status, content=answer.read())
    connection.close()
    return response


def many_files(step: Doorstep) -> httpx2.Response:
    """Two hundred files."""
    files = [("files", (f"{i}.png", bytes(1000))) for i in range(200)]
    return step.http.post("/gradio_api/upload", files=files)


def unstated_size(step: Doorstep) -> httpx2.Response:
    """An upload that does not say how long it is."""
    headers = {"content-type": "multipart/form-data; boundary=x"}
    return step.http.post("/gradio_api/upload", content=iter([b"--x\r\n"] * 3), headers=headers)


def large_data_url(step: Doorstep) -> httpx2.Response:
    """A picture of megabytes in the JSON."""
    return step.call("stylize", {"path": "data:image/png;base64," + "A" * 6_760_000, **META}, "monet")


def data_url(step: Doorstep) -> httpx2.Response:
    """A small one."""
    return step.call("restore", {"path": None, "url": "data:image/png;base64,AAAA", **META})


def remote_path(step: Doorstep) -> httpx2.Response:
    """A picture on another server."""
    return step.call("stylize", {"path": step.elsewhere, **META}, "monet")


def remote_url(step: Doorstep) -> httpx2.Response:
    """The same without a path."""
    return step.join({"url": step.elsewhere, "orig_name": "a.png", **META})


def remote_file(step: Doorstep) -> httpx2.Response:
    """The page as a proxy."""
    return step.http.get(f"/gradio_api/file={step.elsewhere}")


def long_text(step: Doorstep) -> httpx2.Response:
    """Five megabytes as the name of a model."""
    return step.call("sample", "a" * 5_000_000)


def long_query(step: Doorstep) -> httpx2.Response:
    """The same to a private event, as a browser sends it."""
    return step.join("a" * 5_000_000)


DOORS: tuple[Door, ...] = (
    large_file, large_request, many_files, unstated_size, large_data_url, data_url, remote_path, remote_url,
    remote_file, long_text, long_query,
)  # fmt: skip
QUICK = tuple(door for door in DOORS if door is not large_file)


def main(options: Doors) -> bool:
    """Run it; returns whether everything passed."""
    rng = random.Random(options.seed)
    tally = Tally("doors", options.seed)
    with PageProcess() as page, Caller(page.url) as caller:
        step = Doorstep(caller)
        doors = [*DOORS, *(rng.choice(QUICK if number % 50 else DOORS) for number in range(options.n))]
        most = 0
        for door in doors:
            try:
                response = door(step)
                refused = response.status_code in (*REFUSED, 404) and bool(detail(response))
                tally.check(refused, f"{door.__name__} gave {response.status_code}: {response.text[:200]}")
            except httpx2.HTTPError as error:  # refused before it was sent whole
                tally.check(door is large_file, f"{door.__name__} broke off: {error!r}")
            most = max(most, sum(path.stat().st_size for path in page.temporary_files()))
        tally.check(most <= CAP, f"{most:,} bytes were on the disk at a time")
        tally.check(not step.fetched, f"the page fetched {step.fetched[:3]}")
        tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-1500:]}")
        step.server.shutdown()
    return tally.finish(options.json, doors=len(DOORS), most_bytes_on_disk=most)

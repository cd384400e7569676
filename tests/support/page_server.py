"""The page in a process of its own, as strangers meet it, and a plain HTTP client for it.

with PageProcess(hub=HUB) as page:
    answer = Caller(launch.url).call("sample", ["mnist-gan", "", 0, 1, 1, 1.0, ""])
"""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).parents[2]
START_SECONDS = 120

# What the process runs. Audited: whatever unpickles, runs a program, connects beyond the loopback interface, or opens a
# file for reading outside the folders that it needs is written to the file AUDIT.
PROGRAM = """
import os, sys
audit = os.environ.get("AUDIT")
if audit:
    lines = open(audit, "a", buffering=1)
    def watch(event, args):
        if event in ("pickle.find_class", "subprocess.Popen", "os.exec", "os.system"):
            lines.write(f"{event} {args!r}\\n")
        elif event == "socket.connect" and str(args[1][0]) not in ("127.0.0.1", "::1"):
            lines.write(f"{event} {args[1]!r}\\n")
    sys.addaudithook(watch)
import torch
torch.set_num_threads(1)
import tests.support.page_server as server
server.serve()
"""


@dataclass(frozen=True)
class Answer:
    """What came back from a call.

    Attributes:
        data: of an event that completed; None of one that did not.
        error: the sentence; None of an event that completed, "null" where Gradio says nothing.
        seconds: it took.
    """

    data: Any
    error: str | None
    seconds: float

    @property
    def is_sentence(self) -> bool:
        """Whether it is an error that helps: words, and neither a trace nor a path."""
        text = self.error or ""
        bad = ("Traceback", 'File "', "/tmp/", "/home/", "/root/", str(ROOT), "site-packages", "object at 0x")
        return " " in text.strip() and not any(each in text for each in bad)


class Caller:
    """A visitor's program; one a thread."""

    def __init__(self, url: str, timeout: float = 120.0, headers: dict[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        self.http = httpx2.Client(base_url=self.url, timeout=timeout, headers=headers)

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def call(self, name: str, data: list[Any]) -> Answer:
        """Call an endpoint and wait for the end of its event."""
        started = time.perf_counter()
        response = self.http.post(f"/gradio_api/call/{name}", json={"data": data})
        if response.status_code != 200:
            return Answer(None, detail(response), time.perf_counter() - started)
        stream = self.http.get(f"/gradio_api/call/{name}/{response.json()['event_id']}").text
        kind, text = last_event(stream)
        value = json.loads(text) if text else None
        seconds = time.perf_counter() - started
        if kind == "complete":
            return Answer(value, None, seconds)
        error = value.get("error") if isinstance(value, dict) else value
        return Answer(None, "null" if error is None else str(error), seconds)

    def upload(self, name: str, data: bytes) -> dict[str, Any] | str:
        """Send a file; returns it as calls take it, or the sentence that refuses it."""
        response = self.http.post("/gradio_api/upload", files={"files": (name, data)})
        if response.status_code != 200:
            return detail(response)
        return file_data(response.json()[0], name)

    def fetch(self, file: dict[str, Any]) -> bytes:
        """What is in a file that an event gave."""
        response = self.http.get(f"/gradio_api/file={file['path']}")
        response.raise_for_status()
        return response.content


def file_data(path: str, name: str) -> dict[str, Any]:
    """A file in the page's cache as calls take it."""
    return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def detail(response: httpx2.Response) -> str:
    """The sentence of a refusal."""
    try:
        value = response.json()
    except ValueError:
        return response.text
    return str(value.get("detail", value)) if isinstance(value, dict) else str(value)


def last_event(stream: str) -> tuple[str, str]:
    """The kind and the data of the last event of a stream that says something."""
    kind = text = ""
    for block in stream.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if lines.get("event") in ("complete", "error", "generating"):
            kind, text = lines["event"], lines.get("data", "")
    return kind, text


class PageProcess:
    """Starts the page, stops it, and looks at what it takes.

    Args:
        environment: variables of the process, beside those that keep it from the network.
        hub: the address of its Hub.
        bundled: a folder to take bundled models from instead of the package's own.
    """

    def __init__(
        self, *, hub: str = "http://127.0.0.1:9", environment: dict[str, str] | None = None, port: int | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gan-hub-page-test-"))
        self.log_path = self.folder / "log"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        passed = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "GRADIO_", "GAN_HUB"))}
        self.environment = {
            **passed,
            "PYTHONPATH": str(ROOT),
            "HF_ENDPOINT": hub,
            "HF_HOME": str(self.folder / "hf"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "GRADIO_ANALYTICS_ENABLED": "False",
            "GRADIO_TEMP_DIR": str(self.folder / "tmp"),
            "GRADIO_SERVER_PORT": str(self.port),
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
            "MALLOC_ARENA_MAX": "2",
            **(environment or {}),
        }

    def start(self) -> "PageProcess":
        """Start it and wait until it answers."""
        log = self.log_path.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], cwd=ROOT, env=self.environment, stdout=log, stderr=log
        )
        log.close()
        deadline = time.monotonic() + START_SECONDS
        while not self.is_up():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the page did not start:\n{self.log()[-3000:]}")
            time.sleep(0.05)
        return self

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return httpx2.get(f"{self.url}/health", timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def __enter__(self) -> "PageProcess":
        return self.start()

    def __exit__(self, *_: object) -> None:
        import shutil

        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """What it has written."""
        return self.log_path.read_text(errors="replace")

    def memory(self, name: str = "VmRSS") -> float:
        """Megabytes: VmRSS now, VmHWM at most since `forget_peak`."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1000 for line in text.splitlines() if line.startswith(name + ":"))

    def forget_peak(self) -> None:
        """Let VmHWM start from now."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def num_files(self) -> int:
        """Open files and sockets."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def num_threads(self) -> int:
        """Threads."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def temporary_files(self) -> list[Path]:
        """Visitors' files."""
        return [path for path in (self.folder / "tmp").rglob("*") if path.is_file()]


@dataclass
class Liveness:
    """Asks a page every now and then whether it is there, until it is closed; the answers' times are kept."""

    url: str
    path: str = "/config"
    every: float = 0.1
    seconds: list[float] = field(default_factory=list)
    failures: int = 0

    def __enter__(self) -> "Liveness":
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(60)

    def _run(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=60) as client:
            while not self._end.wait(self.every):
                started = time.perf_counter()
                try:
                    self.failures += client.get(self.path).status_code != 200
                except httpx2.HTTPError:
                    self.failures += 1
                self.seconds.append(time.perf_counter() - started)

    def quantile(self, share: float) -> float:
        """The time that so large a share of the answers took at most."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def in_threads(number: int, work: Any, items: list[Any]) -> list[Any]:
    """What `work(item, number of the thread)` gives for every item, in order, by so many threads."""
    waiting: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    for place in enumerate(items):
        waiting.put(place)
    results: list[Any] = [None] * len(items)

    def run(thread: int) -> None:
        while True:
            try:
                place, item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                results[place] = work(item, thread)
            except Exception as error:  # told with the results
                results[place] = error

    threads = [threading.Thread(target=run, args=(thread,)) for thread in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def serve() -> None:
    """The page for strangers on the loopback interface, until SIGTERM; runs in the process."""
    from unittest.mock import patch

    from gan_hub.page import launch

    if os.environ.get("PLANT") == "memory":
        from tests.stress.load.memory import plant

        plant()
    with patch.object(launch, "is_loopback", lambda _: False):
        launch.launch(host="127.0.0.1", quiet=True)

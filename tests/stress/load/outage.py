"""C7: a Hub that fails in eight ways, asked for models that are on disk and for others; answers come in seconds."""

import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from safetensors.torch import save

from tests.stress.attack.bad_repos import CONFIG, right_weights, text
from tests.stress.load.swap import digest
from tests.support.hub_server import Fault, LoopbackHub
from tests.support.tally import Tally

CACHED_SECONDS, UNCACHED_SECONDS = 1.0, 10.0
WAYS = ("refused", "429", "503", "hang", "slow", "truncated", "etag", "dns")


@dataclass(frozen=True)
class Outage:
    """Ways to fail."""

    ways: tuple[str, ...] = WAYS
    json: Path | None = None


class Line:
    """A line to the Hub that can be cut, silent, slow, or changes what it carries.

    Args:
        port: of the Hub.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = self._listen(0)
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.way = ""

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nobody listens meanwhile."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        try:
            yield
        finally:
            self._listener = self._listen(self.port)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._carry, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1000 if self.way == "slow" else 65_536):
                while self.way == "hang":
                    time.sleep(0.05)
                if self.way == "slow":
                    time.sleep(1)
                if self.way == "etag" and is_answer:
                    data = re.sub(rb'(?i)(etag: ")[0-9a-f]{8}', rb"\g<1>00000000", data)
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def failing(way: str, hub: LoopbackHub, line: Line) -> Iterator[None]:
    """Let the Hub fail in a way meanwhile."""
    with ExitStack() as stack:
        if way == "refused":
            stack.enter_context(line.cut())
        elif way == "dns":
            stack.enter_context(patch("socket.getaddrinfo", side_effect=socket.gaierror(-3, "no such name")))
        elif way in ("429", "503"):
            hub.faults.append(Fault("", status=int(way)))
        elif way == "truncated":
            hub.faults.append(Fault(r"/resolve/", truncate=100))
        line.way = way
        try:
            yield
        finally:
            line.way = ""
            hub.faults.clear()


def main(options: Outage) -> bool:
    """Run it; returns whether everything passed."""
    import huggingface_hub.constants as constants

    from gan_hub import GanGenerator
    from gan_hub.page.server.disk import DiskCache
    from gan_hub.page.server.model_cache import ModelCache

    tally = Tally("outage", None)
    hub = LoopbackHub().start()
    line = Line(hub.server_port)
    weights = right_weights()
    right = GanGenerator(**CONFIG).eval()
    right.load_state_dict(weights)
    wanted = digest(right, 0)
    times: dict[str, list[float]] = {}
    template = line.url + "/{repo_id}/resolve/{revision}/{filename}"
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(constants, "ENDPOINT", line.url),
        patch.object(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template),
    ):
        new_shelf: Callable[[], ModelCache] = lambda: ModelCache(  # noqa: E731
            allow_folders=False, token=False, disk=DiskCache(Path(folder))
        )
        for way in options.ways:
            for name in (f"some/{way}-cached", f"some/{way}-new"):
                hub.add(name, {"config.json": text(CONFIG), "model.safetensors": save(weights)})
            new_shelf().get(f"some/{way}-cached")
            with failing(way, hub, line):
                for kind, limit in (("cached", CACHED_SECONDS), ("new", UNCACHED_SECONDS)):
                    model_cache = new_shelf()  # as after a start: nothing is in memory
                    started = time.perf_counter()
                    try:
                        answer, is_there = digest(model_cache.get(f"some/{way}-{kind}"), 0), True
                    except ValueError as error:
                        answer, is_there = str(error), False
                    seconds = time.perf_counter() - started
                    times.setdefault(way, []).append(round(seconds, 2))
                    is_right = answer == wanted if is_there else kind == "new" and " " in answer
                    tally.check(is_right and seconds <= limit, f"{way}, {kind}: {answer} after {seconds:.1f} s")
    hub.shutdown()
    return tally.finish(options.json, cached_and_new_s=times)

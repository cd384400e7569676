"""A Hub on the loopback interface that the real huggingface_hub client talks to, for tests.

It answers the calls the client makes for models, data sets and Spaces (hub_routes.py). Branches and tags are
revisions; private and gated repositories are open to those who have a token, and only `TOKEN` may write. Tests look at
`requests` and plant `faults`.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_test_token"
READ_TOKEN = "hf_read_token"

Files = dict[str, bytes]


@dataclass
class Repo:
    """One repository: commits by id, and what branches and tags stand for.

    Attributes:
        private: shown to nobody without a token.
        gated: its listing is open, its files need a token.
        commits: the files of each.
        parents: the commit before each; None for the first.
        titles: the message of each.
        branches, tags: name -> commit.
        space: what a Space has besides files: hardware, variables, secrets; its log, and the error that it reports.
        stages: that a Space reports, one a request; the last one for good.
    """

    private: bool = False
    gated: bool = False
    commits: dict[str, Files] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    space: dict[str, object] = field(default_factory=dict)
    stages: list[str] = field(default_factory=lambda: ["BUILDING", "RUNNING"])

    def commit(
        self, files: Files, branch: str = "main", *, deleted: tuple[str, ...] = (), title: str = "a commit"
    ) -> str:
        """Add, replace and delete files on a branch and return the new commit's id."""
        head = self.branches.get(branch) or self.branches.get("main")
        contents = {**(self.commits[head] if head else {}), **files}
        contents = {name: data for name, data in contents.items() if not name.startswith(deleted or ("\0",))}
        sha = hashlib.sha1(f"{len(self.commits)} {sorted(contents)}".encode()).hexdigest()
        self.commits[sha], self.parents[sha], self.titles[sha] = contents, head, title
        self.branches[branch] = sha
        return sha

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, a tag or a commit id stands for."""
        named = self.branches.get(revision) or self.tags.get(revision)
        return named or (revision if revision in self.commits else None)

    @property
    def head(self) -> Files:
        """The files of main."""
        return self.commits[self.branches["main"]]

    def log(self, revision: str = "main") -> list[str]:
        """The commits that lead to a revision, newest first."""
        sha, found = self.resolve(revision), []
        while sha is not None:
            found.append(sha)
            sha = self.parents[sha]
        return found


@dataclass(frozen=True)
class Request:
    """What the client sent."""

    method: str
    path: str
    authorization: str | None


@dataclass
class Fault:
    """What happens instead of the right answer to requests whose "METHOD path" matches `route`.

    Attributes:
        route: a regular expression, searched for.
        status: of an empty answer.
        headers: of that answer.
        body: answered with status 200 as HTML, as a captive portal does.
        hang: seconds of silence before the connection is closed.
        truncate: bytes of the right body that are sent before the connection is closed.
        cut: bytes of the request's body that are read before the connection is closed.
        size: that is stated of a file instead of its own.
        then: called before the right answer is made, to change the repository between two requests.
        count: requests it applies to.
    """

    route: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    hang: float | None = None
    truncate: int | None = None
    cut: int | None = None
    size: int | None = None
    then: Callable[[], object] | None = None
    count: int = 1_000_000


class LoopbackHub(ThreadingHTTPServer):
    """The server; `start` it once, `clear` it for each test.

    Attributes:
        repos: by id; with `datasets/` or `spaces/` before it where it is not a model.
        blobs: what LFS holds, by SHA-256.
        uploads: how files come: safetensors and pictures over LFS as on the Hub, or all in one way.
        plan: whether the account may create Gradio and Docker Spaces.
        stages, error, log: of Spaces that are created from now on.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.lock = threading.Lock()
        self.clear()

    def start(self) -> "LoopbackHub":
        """Serve in a daemon thread."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def handle_error(self, *_: object) -> None:
        """Keep quiet about connections that a client or a fault has closed."""

    def clear(self) -> None:
        """Forget repositories, requests and faults."""
        self.repos: dict[str, Repo] = {}
        self.blobs: Files = {}
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.uploads: Literal["mixed", "regular", "lfs"] = "mixed"
        self.stages, self.error, self.log = ["BUILDING", "APP_STARTING", "RUNNING"], "", list[str]()
        self.plan = True

    def add(self, repo_id: str, files: Files, *, private: bool = False, gated: bool = False) -> str:
        """Put a repository on the Hub with one commit on main; returns the commit's id."""
        self.repos[repo_id] = Repo(private=private, gated=gated)
        return self.repos[repo_id].commit(files)

    def asked_for(self, text: str, method: str = "") -> list[Request]:
        """The requests whose path contains `text`, of one method if given."""
        return [r for r in self.requests if text in r.path and r.method.startswith(method)]

    def fetched(self, repo_id: str) -> list[str]:
        """Names of the repository's files whose bytes were asked for, wherever they lie, as often as they were."""
        places = re.compile(rf"/{repo_id}/resolve/[^/]+/|/cdn/resolve/\w+/{repo_id}/")
        return [r.path.rsplit("/", 1)[-1] for r in self.asked_for(repo_id, "GET") if places.search(r.path)]

    def is_lfs(self, path: str) -> bool:
        """Whether a file is kept by LFS."""
        return self.uploads == "lfs" or (self.uploads == "mixed" and path.endswith((".safetensors", ".png", ".webp")))


class Handler(BaseHTTPRequestHandler):
    """Reads requests, plants faults, writes answers; what is answered is in tests/support/hub_routes.py."""

    protocol_version = "HTTP/1.1"
    server: LoopbackHub

    def log_message(self, *args: object) -> None:
        """Keep quiet."""

    def _serve(self) -> None:
        from tests.support.hub_routes import ROUTES

        self.server.requests.append(Request(self.command, self.path, self.headers.get("authorization")))
        fault = self.fault = self._fault()
        if fault and fault.cut is not None:
            self.connection.settimeout(1)  # a client that has less to send waits for an answer
            self.rfile.read(fault.cut)
            self.close_connection = True
            return
        body, url = self._read_body(), urlsplit(self.path)
        if fault and fault.then:
            fault.then()
        if fault and fault.hang is not None:
            threading.Event().wait(fault.hang)
            self.close_connection = True
        elif fault and fault.body is not None:
            self.send(200, fault.body, {"Content-Type": "text/html"})
        elif fault and fault.status is not None:
            self.send(fault.status, headers=fault.headers)
        else:
            for method, pattern, answer in ROUTES:
                if method == self.command and (match := re.fullmatch(pattern, url.path)):
                    arguments = {key: unquote(value) for key, value in match.groupdict().items() if value is not None}
                    answer(self, body=body, query=parse_qs(url.query), **arguments)
                    return
            self.send(404)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  # the names http.server looks for

    def _fault(self) -> Fault | None:
        for fault in self.server.faults:
            if fault.count > 0 and re.search(fault.route, f"{self.command} {self.path}"):
                fault.count -= 1
                return fault
        return None

    def _read_body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Answer; of a body that a fault cuts, the first bytes."""
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.fault.truncate if self.fault else None
        self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True

    def json(self, value: object, status: int = 200) -> None:
        """Answer with JSON."""
        self.send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def error(self, status: int, code: str) -> None:
        """Answer with what the client makes an exception of."""
        self.send(status, headers={"X-Error-Code": code, "X-Error-Message": code})

    @property
    def is_known(self) -> bool:
        """Whether the request has a token that reads."""
        return self.headers.get("authorization") in (f"Bearer {TOKEN}", f"Bearer {READ_TOKEN}")

    def may_write(self) -> bool:
        """Whether the request has the token that writes; if not, the refusal has been sent."""
        if self.headers.get("authorization") == f"Bearer {TOKEN}":
            return True
        self.send(403 if self.is_known else 401)
        return False

    def found(self, kind: str, repo_id: str, revision: str = "main") -> tuple[Repo, str] | None:
        """The repository and the commit, or None after an error has been sent."""
        repo = self.server.repos.get(key_of(kind, repo_id))
        if repo is None or (repo.private and not self.is_known):
            self.error(404 if self.is_known else 401, "RepoNotFound")
        elif (sha := repo.resolve(revision)) is None:
            self.error(404, "RevisionNotFound")
        else:
            return repo, sha
        return None


def key_of(kind: str, repo_id: str) -> str:
    """What a repository is called in `LoopbackHub.repos`."""
    return repo_id if kind == "models" else f"{kind}/{repo_id}"

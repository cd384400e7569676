"""A Hub on the loopback interface that the real huggingface_hub client talks to, for tests.

It answers the calls the client makes for models: create, preupload, LFS, commit, info, tree, resolve. Branches are
revisions; private and gated repositories are open to `TOKEN` alone. Tests look at `requests` and plant `faults`.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_test_token"

Files = dict[str, bytes]


@dataclass
class Repo:
    """One model repository: commits by id, and what each branch stands for."""

    private: bool = False
    gated: bool = False
    commits: dict[str, Files] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)

    def commit(self, files: Files, branch: str = "main") -> str:
        """Add or replace files on a branch and return the new commit's id."""
        head = self.branches.get(branch) or self.branches.get("main")
        contents = {**(self.commits[head] if head else {}), **files}
        sha = hashlib.sha1(f"{len(self.commits)} {sorted(contents)}".encode()).hexdigest()
        self.commits[sha] = contents
        self.branches[branch] = sha
        return sha

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch or a commit id stands for."""
        return self.branches.get(revision, revision if revision in self.commits else None)


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
        body: answered with status 200 as HTML, as a captive portal does.
        hang: seconds of silence before the connection is closed.
        truncate: bytes of the right body that are sent before the connection is closed.
        then: called before the right answer is made, to change the repository between two requests.
        count: requests it applies to.
    """

    route: str
    status: int | None = None
    body: bytes | None = None
    hang: float | None = None
    truncate: int | None = None
    then: Callable[[], object] | None = None
    count: int = 1_000_000


class LoopbackHub(ThreadingHTTPServer):
    """The server; `start` it once, `clear` it for each test."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.clear()

    def start(self) -> "LoopbackHub":
        """Serve in a daemon thread."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def clear(self) -> None:
        """Forget repositories, requests and faults."""
        self.repos: dict[str, Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.faults: list[Fault] = []

    def add(self, repo_id: str, files: Files, *, private: bool = False, gated: bool = False) -> str:
        """Put a repository on the Hub with one commit on main; returns the commit's id."""
        self.repos[repo_id] = Repo(private=private, gated=gated)
        return self.repos[repo_id].commit(files)

    def asked_for(self, text: str, method: str = "") -> list[Request]:
        """The requests whose path contains `text`, of one method if given."""
        return [r for r in self.requests if text in r.path and r.method.startswith(method)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LoopbackHub

    def log_message(self, *args: object) -> None:
        """Keep quiet."""

    def _serve(self) -> None:
        body = self._read_body()
        url = urlsplit(self.path)
        self.server.requests.append(Request(self.command, self.path, self.headers.get("authorization")))
        fault = self._fault()
        if fault and fault.then:
            fault.then()
        if fault and fault.hang is not None:
            threading.Event().wait(fault.hang)
            self.close_connection = True
        elif fault and fault.body is not None:
            self._send(200, fault.body, {"Content-Type": "text/html"})
        elif fault and fault.status is not None:
            self._send(fault.status)
        else:
            for method, pattern, answer in ROUTES:
                if method == self.command and (match := re.fullmatch(pattern, url.path)):
                    arguments = {key: unquote(value) for key, value in match.groupdict().items()}
                    answer(self, body=body, query=parse_qs(url.query), **arguments)
                    return
            self._send(404)

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815  # the names http.server looks for

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

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = next((f.truncate for f in self.server.faults if f.truncate and re.search(f.route, self.path)), None)
        self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True

    def _json(self, value: object, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _error(self, status: int, code: str) -> None:
        self._send(status, headers={"X-Error-Code": code, "X-Error-Message": code})

    @property
    def _authorized(self) -> bool:
        return self.headers.get("authorization") == f"Bearer {TOKEN}"

    def _found(self, repo_id: str, revision: str = "main") -> tuple[Repo, str] | None:
        """The repository and the commit, or None after an error has been sent."""
        repo = self.server.repos.get(repo_id)
        if repo is None or (repo.private and not self._authorized):
            self._error(404 if self._authorized else 401, "RepoNotFound")
        elif (sha := repo.resolve(revision)) is None:
            self._error(404, "RevisionNotFound")
        else:
            return repo, sha
        return None

    def create(self, *, body: bytes, **_: object) -> None:
        if not self._authorized:
            return self._send(401)
        asked = json.loads(body)
        repo_id = f"{asked['organization'] or 'user'}/{asked['name']}"
        exists = repo_id in self.server.repos
        if not exists:
            self.server.add(repo_id, {".gitattributes": b""}, private=asked.get("visibility") == "private")
        return self._json({"url": f"{self.server.url}/{repo_id}"}, 409 if exists else 200)

    def validate_yaml(self, **_: object) -> None:
        self._json({"errors": [], "warnings": []})

    def preupload(self, *, body: bytes, **_: object) -> None:
        files = json.loads(body)["files"]
        modes = {f["path"]: "lfs" if f["path"].endswith(".safetensors") else "regular" for f in files}
        self._json({"files": [{"path": p, "uploadMode": m, "shouldIgnore": False} for p, m in modes.items()]})

    def lfs_batch(self, *, body: bytes, **_: object) -> None:
        objects = json.loads(body)["objects"]
        for item in objects:
            if item["oid"] not in self.server.blobs:
                href = f"{self.server.url}/lfs/{item['oid']}"
                item["actions"] = {"upload": {"href": href}, "verify": {"href": f"{href}/verify"}}
        self._json({"transfer": "basic", "objects": objects})

    def lfs_put(self, *, body: bytes, oid: str, **_: object) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self._send(400)
        self.server.blobs[oid] = body
        return self._send(200)

    def lfs_verify(self, *, oid: str, **_: object) -> None:
        self._send(200 if oid in self.server.blobs else 404)

    def commit(self, *, body: bytes, repo_id: str, revision: str, **_: object) -> None:
        if not self._authorized:
            return self._send(401)
        files: Files = {}
        for line in body.splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
            elif entry["key"] == "lfsFile":
                files[entry["value"]["path"]] = self.server.blobs[entry["value"]["oid"]]
        sha = self.server.repos[repo_id].commit(files, revision)
        return self._json({"commitOid": sha, "commitUrl": f"{self.server.url}/{repo_id}/commit/{sha}"})

    def info(self, *, repo_id: str, revision: str = "main", **_: object) -> None:
        if found := self._found(repo_id, revision):  # a gated repository shows its listing to everyone
            repo, sha = found
            siblings = [{"rfilename": name, "size": len(data)} for name, data in repo.commits[sha].items()]
            gated = "auto" if repo.gated else False
            self._json(
                {"id": repo_id, "sha": sha, "siblings": siblings, "private": repo.private, "gated": gated, "tags": []}
            )

    def tree(self, *, repo_id: str, revision: str, **_: object) -> None:
        if found := self._found(repo_id, revision):
            files = found[0].commits[found[1]]
            oids = {name: hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() for name, data in files.items()}
            self._json([{"type": "file", "path": n, "size": len(d), "oid": oids[n]} for n, d in files.items()])

    def resolve(self, *, repo_id: str, revision: str, path: str, **_: object) -> None:
        found = self._found(repo_id, revision)
        if found is None:
            return None
        repo, sha = found
        if repo.gated and not self._authorized:
            return self._error(401, "GatedRepo")
        data = repo.commits[sha].get(path)
        if data is None:
            return self._error(404, "EntryNotFound")
        headers = {"X-Repo-Commit": sha, "ETag": f'"{hashlib.sha256(data).hexdigest()}"'}
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", "")):
            start = int(match[1])
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return self._send(206, data[start:], headers)
        return self._send(200, data, headers)


_ID = r"(?P<repo_id>[^/]+/[^/]+)"
ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("POST", "/api/repos/create", _Handler.create),
    ("POST", "/api/validate-yaml", _Handler.validate_yaml),
    ("POST", rf"/api/models/{_ID}/preupload/(?P<revision>[^/]+)", _Handler.preupload),
    ("POST", rf"/{_ID}\.git/info/lfs/objects/batch", _Handler.lfs_batch),
    ("PUT", r"/lfs/(?P<oid>\w+)", _Handler.lfs_put),
    ("POST", r"/lfs/(?P<oid>\w+)/verify", _Handler.lfs_verify),
    ("POST", rf"/api/models/{_ID}/commit/(?P<revision>[^/]+)", _Handler.commit),
    ("GET", rf"/api/models/{_ID}", _Handler.info),
    ("GET", rf"/api/models/{_ID}/revision/(?P<revision>[^/]+)", _Handler.info),
    ("GET", rf"/api/models/{_ID}/tree/(?P<revision>[^/]+)", _Handler.tree),
    ("HEAD", rf"/{_ID}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", _Handler.resolve),
    ("GET", rf"/{_ID}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", _Handler.resolve),
]

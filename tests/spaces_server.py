"""The part of a Hub that Spaces need, on the loopback interface, for the real huggingface_hub client."""

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

TOKEN = "hf_spaces_token"


@dataclass
class Space:
    """One Space.

    Attributes:
        files: by path.
        commits: how many there were.
        created: what it was created with.
        variables: its environment.
        stages: that it reports, one a request; the last one for good.
        error: that it reports besides.
        log: its lines.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    commits: int = 0
    created: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    hardware: str | None = None
    stages: list[str] = field(default_factory=lambda: ["BUILDING", "APP_STARTING", "RUNNING"])
    error: str | None = None
    log: list[str] = field(default_factory=list)

    @property
    def front_matter(self) -> dict[str, Any]:
        """Of its README."""
        text = self.files.get("README.md", b"").decode()
        return yaml.safe_load(text.split("---\n")[1]) if text.startswith("---\n") else {}


class SpacesHub(ThreadingHTTPServer):
    """The server.

    Attributes:
        spaces: by id.
        refuse: route -> status of the answer to "METHOD path" that it is found in.
        stages: of Spaces that are created from now on, if not those of `Space`.
        requests: "METHOD path" of all so far.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.spaces: dict[str, Space] = {}
        self.refuse: dict[str, int] = {}
        self.template: dict[str, Any] = {}
        self.requests: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SpacesHub

    def log_message(self, *args: object) -> None:
        """Keep quiet."""

    def _serve(self) -> None:
        path = urlsplit(self.path).path
        body = self._body()
        line = f"{self.command} {path}"
        self.server.requests.append(line)
        for route, status in self.server.refuse.items():
            if re.search(route, line):
                return self._send(b"", status)
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            return self._send(b"", 401)
        if line == "POST /api/repos/create":
            return self._create(json.loads(body))
        if line == "POST /api/validate-yaml":
            return self._json({"errors": [], "warnings": []})
        match = re.fullmatch(r"/api/spaces/([^/]+/[^/]+)(?:/(.+))?", path)
        space = self.server.spaces.get(match[1]) if match else None
        if match is None or space is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return self._of_a_space(match[1], space, unquote(match[2] or ""), body)

    do_GET = do_HEAD = do_POST = do_DELETE = _serve  # noqa: N815  # the names http.server looks for

    def _of_a_space(self, name: str, space: Space, what: str, body: bytes) -> None:
        if what.startswith("preupload/"):
            files = json.loads(body)["files"]
            modes = [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]
            self._json({"files": modes})
        elif what.startswith("commit/"):
            self._commit(name, space, body)
        elif what.startswith("tree/"):
            self._json([{"type": "file", "path": p, "size": len(d), "oid": _oid(d)} for p, d in space.files.items()])
        elif what == "runtime":
            self._json(self._runtime(space, space.stages.pop(0) if len(space.stages) > 1 else space.stages[0]))
        elif what == "hardware":
            space.hardware = json.loads(body)["flavor"]
            self._json(self._runtime(space, space.stages[0]))
        elif what == "variables":
            self._variables(space, json.loads(body or b"{}"))
        elif what.startswith("logs/"):
            events = "".join(f"data: {json.dumps({'data': line, 'timestamp': ''})}\n\n" for line in space.log)
            self._send(events.encode(), kind="text/event-stream")
        else:
            tags = [*space.front_matter.get("tags", []), "region:us"]
            siblings = [{"rfilename": path} for path in space.files]
            self._json({"id": name, "sha": _sha(name, space), "tags": tags, "siblings": siblings})

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        exists = name in self.server.spaces
        if not exists:
            variables = {item["key"]: item["value"] for item in asked.get("variables", [])}
            made = {"variables": variables, "hardware": asked.get("hardware"), **self.server.template}
            self.server.spaces[name] = Space(created=asked, **made)
        self._json({"url": f"{self.server.url}/spaces/{name}"}, 409 if exists else 200)

    def _commit(self, name: str, space: Space, body: bytes) -> None:
        for line in body.splitlines():
            key, value = (entry := json.loads(line))["key"], entry["value"]
            if key == "file":
                space.files[value["path"]] = base64.b64decode(value["content"])
            elif key == "deletedFile":
                del space.files[value["path"]]
        space.commits += 1
        sha = _sha(name, space)
        self._json({"commitOid": sha, "commitUrl": f"{self.server.url}/spaces/{name}/commit/{sha}"})

    def _variables(self, space: Space, asked: dict[str, str]) -> None:
        if self.command == "POST":
            space.variables[asked["key"]] = asked["value"]
        elif self.command == "DELETE":
            del space.variables[asked["key"]]
        self._json({key: {"key": key, "value": value} for key, value in space.variables.items()})

    def _runtime(self, space: Space, stage: str) -> dict[str, Any]:
        hardware = {"current": space.hardware, "requested": space.hardware}
        return {"stage": stage, "hardware": hardware, "errorMessage": space.error}

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _json(self, value: object, status: int = 200) -> None:
        self._send(json.dumps(value).encode(), status)

    def _send(self, data: bytes, status: int = 200, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _sha(name: str, space: Space) -> str:
    return hashlib.sha1(f"{name} {space.commits}".encode()).hexdigest()

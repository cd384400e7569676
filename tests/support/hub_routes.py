"""What the Hub of tests/support/hub_server.py answers, as recorded from the real client's calls."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from tests.support.hub_server import READ_TOKEN, Files, Handler, Repo, key_of

Query = dict[str, list[str]]
DATE = "2026-11-20T12:00:00.000Z"


def git_oid(data: bytes) -> str:
    """The id that git has for a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def front_matter(files: Files) -> dict[str, Any]:
    """The metadata of a repository's README.md."""
    import yaml

    match = re.match(r"---\n(.*?)\n---\n", files.get("README.md", b"").decode(), flags=re.DOTALL)
    return yaml.safe_load(match[1]) if match else {}


def summary(repo_id: str, repo: Repo, sha: str) -> dict[str, Any]:
    """What listings say of a repository."""
    data = front_matter(repo.commits[sha])
    library = data.get("library_name")
    return {
        "id": repo_id,
        "sha": sha,
        "private": repo.private,
        "gated": "auto" if repo.gated else False,
        "tags": [*data.get("tags", []), *([library] if library else [])],
        "library_name": library,
        "pipeline_tag": data.get("pipeline_tag"),
        "lastModified": DATE,
        "createdAt": DATE,
        "downloads": 0,
        "likes": 0,
    }


# Who asks.


def whoami(handler: Handler, **_: object) -> None:
    if not handler.is_known:
        return handler.send(401)
    role = "read" if READ_TOKEN in handler.headers["authorization"] else "write"
    return handler.json(
        {"type": "user", "name": "user", "orgs": [{"name": "org"}], "auth": {"accessToken": {"role": role}}}
    )


def auth_check(handler: Handler, *, kind: str, repo_id: str, write: str | None = None, **_: object) -> None:
    if handler.found(kind, repo_id) and (not write or handler.may_write()):
        handler.send(200)


# Repositories.


def create(handler: Handler, *, body: bytes, **_: object) -> None:
    if not handler.may_write():
        return None
    asked, server = json.loads(body), handler.server
    kind = f"{asked.get('type') or 'model'}s"
    repo_id = f"{asked['organization'] or 'user'}/{asked['name']}"
    if kind == "spaces" and asked["sdk"] != "static" and not server.plan:
        return handler.send(402)
    if asked["organization"] not in (None, "org", "user", "you"):
        return handler.send(403)
    key = key_of(kind, repo_id)
    with server.lock:
        exists = key in server.repos
        if not exists:
            server.add(key, {".gitattributes": b""}, private=asked.get("visibility") == "private")
            server.repos[key].space = {
                "sdk": asked.get("sdk"),
                "hardware": asked.get("hardware", "cpu-basic"),
                "sleep_time": asked.get("sleepTimeSeconds"),
                "variables": {item["key"]: item["value"] for item in asked.get("variables", [])},
                "secrets": {item["key"]: item["value"] for item in asked.get("secrets", [])},
                "error": server.error,
                "log": list(server.log),
            }
            server.repos[key].stages = list(server.stages)
    prefix = "" if kind == "models" else f"{kind}/"
    return handler.json({"url": f"{server.url}/{prefix}{repo_id}"}, 409 if exists else 200)


def info(handler: Handler, *, kind: str, repo_id: str, query: Query, revision: str = "main", **_: object) -> None:
    found = handler.found(kind, repo_id, revision)  # a gated repository shows its listing to everyone
    if found is None:
        return
    repo, sha = found
    siblings = []
    for name, data in repo.commits[sha].items():
        sibling: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": git_oid(data)}
        if "blobs" in query and handler.server.is_lfs(name):
            sibling["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        siblings.append(sibling)
    handler.json({**summary(repo_id, repo, sha), "siblings": siblings, "cardData": front_matter(repo.commits[sha])})


def listing(handler: Handler, *, query: Query, **_: object) -> None:
    found = []
    for repo_id, repo in handler.server.repos.items():
        if repo_id.startswith(("spaces/", "datasets/")) or (repo.private and not handler.is_known):
            continue
        said = summary(repo_id, repo, repo.branches["main"])
        author, name = repo_id.split("/")
        if all(tag in said["tags"] for tag in query.get("filter", [])) and (
            query.get("author", [author])[0] == author
            and query.get("search", [""])[0].lower() in name.lower()
            and query.get("pipeline_tag", [said["pipeline_tag"]])[0] == said["pipeline_tag"]
        ):
            found.append(said)
    handler.json(found[: int(query.get("limit", ["1000"])[0])])


def tree(handler: Handler, *, kind: str, repo_id: str, revision: str, **_: object) -> None:
    if found := handler.found(kind, repo_id, revision):
        files = found[0].commits[found[1]]
        handler.json([{"type": "file", "path": n, "size": len(d), "oid": git_oid(d)} for n, d in files.items()])


# Revisions.


def refs(handler: Handler, *, kind: str, repo_id: str, **_: object) -> None:
    if found := handler.found(kind, repo_id):

        def listed(names: dict[str, str], prefix: str) -> list[dict[str, str]]:
            return [{"name": n, "ref": f"refs/{prefix}/{n}", "targetCommit": sha} for n, sha in names.items()]

        branches = {n: sha for n, sha in found[0].branches.items() if not n.startswith("refs/")}
        handler.json({"branches": listed(branches, "heads"), "tags": listed(found[0].tags, "tags"), "converts": []})


def commits(handler: Handler, *, kind: str, repo_id: str, revision: str, **_: object) -> None:
    if found := handler.found(kind, repo_id, revision):
        repo = found[0]
        handler.json(
            [
                {"id": sha, "title": repo.titles[sha], "message": "", "date": DATE, "authors": [{"user": "user"}]}
                for sha in repo.log(revision)
            ]
        )


def create_branch(handler: Handler, *, body: bytes, kind: str, repo_id: str, name: str, **_: object) -> None:
    asked = json.loads(body or b"{}")
    if not handler.may_write() or not (found := handler.found(kind, repo_id, asked.get("startingPoint", "main"))):
        return None
    if name in found[0].branches:
        return handler.send(409)
    found[0].branches[name] = found[1]
    return handler.json({})


def create_tag(handler: Handler, *, body: bytes, kind: str, repo_id: str, name: str, **_: object) -> None:
    tag = json.loads(body)["tag"]
    if not handler.may_write() or not (found := handler.found(kind, repo_id, name)):
        return None
    if tag in found[0].tags:
        return handler.send(409)
    found[0].tags[tag] = found[1]
    return handler.json({})


def delete_ref(handler: Handler, *, kind: str, repo_id: str, what: str, name: str, **_: object) -> None:
    if handler.may_write() and (found := handler.found(kind, repo_id)):
        names = found[0].tags if what == "tag" else found[0].branches
        handler.send(200 if names.pop(name, None) else 404)


# Files in.


def validate_yaml(handler: Handler, **_: object) -> None:
    handler.json({"errors": [], "warnings": []})


def preupload(handler: Handler, *, body: bytes, kind: str, repo_id: str, revision: str, **_: object) -> None:
    if not handler.may_write() or not (found := handler.found(kind, repo_id, revision)):
        return
    there, answer = found[0].commits[found[1]], []
    for file in json.loads(body)["files"]:
        is_lfs = handler.server.is_lfs(file["path"])
        item = {"path": file["path"], "uploadMode": "lfs" if is_lfs else "regular", "shouldIgnore": False}
        if (data := there.get(file["path"])) is not None:
            item["oid"] = hashlib.sha256(data).hexdigest() if is_lfs else git_oid(data)
        answer.append(item)
    handler.json({"files": answer})


def lfs_batch(handler: Handler, *, body: bytes, **_: object) -> None:
    objects = json.loads(body)["objects"]
    for item in objects:
        if item["oid"] not in handler.server.blobs:
            href = f"{handler.server.url}/lfs/{item['oid']}"
            item["actions"] = {"upload": {"href": href}, "verify": {"href": f"{href}/verify"}}
    handler.json({"transfer": "basic", "objects": objects})


def lfs_put(handler: Handler, *, body: bytes, oid: str, **_: object) -> None:
    if hashlib.sha256(body).hexdigest() != oid:
        return handler.send(400)
    handler.server.blobs[oid] = body
    return handler.send(200)


def lfs_verify(handler: Handler, *, oid: str, **_: object) -> None:
    handler.send(200 if oid in handler.server.blobs else 404)


def commit(handler: Handler, *, body: bytes, kind: str, repo_id: str, revision: str, query: Query, **_: object) -> None:
    if not handler.may_write() or not (found := handler.found(kind, repo_id, revision)):
        return None
    files: Files = {}
    header: dict[str, Any] = {}
    deleted: list[str] = []
    for line in body.splitlines():
        entry = json.loads(line)
        value = entry["value"]
        if entry["key"] == "header":
            header = value
        elif entry["key"] == "file":
            files[value["path"]] = base64.b64decode(value["content"])
        elif entry["key"] == "lfsFile":
            files[value["path"]] = handler.server.blobs[value["oid"]]
        else:
            deleted.append(value["path"])
    repo, url = found[0], f"{handler.server.url}/{repo_id}"
    with handler.server.lock:
        if header.get("parentCommit") not in (None, repo.resolve(revision)):
            return handler.send(412, b'{"error": "A commit has happened since. Please refresh and try again."}')
        number = sum(name.startswith("refs/pr/") for name in repo.branches) + 1
        branch = f"refs/pr/{number}" if query.get("create_pr") == ["1"] else revision
        sha = repo.commit(files, branch, deleted=tuple(deleted), title=header["summary"])
    answer = {"commitOid": sha, "commitUrl": f"{url}/commit/{sha}"}
    return handler.json(answer | ({"pullRequestUrl": f"{url}/discussions/{number}"} if branch != revision else {}))


# Files out.


def resolve(handler: Handler, *, repo_id: str, revision: str, path: str, kind: str = "models", **_: object) -> None:
    found = handler.found(kind, repo_id, revision)
    if found is None:
        return None
    repo, sha = found
    if repo.gated and not handler.is_known:
        return handler.error(401, "GatedRepo")
    data = repo.commits[sha].get(path)
    if data is None:
        return handler.error(404, "EntryNotFound")
    size = handler.fault.size if handler.fault and handler.fault.size is not None else len(data)
    oid = hashlib.sha256(data).hexdigest()
    etag = f'"{oid}"'
    if not handler.server.is_lfs(path):
        return send_file(handler, data, {"X-Repo-Commit": sha, "ETag": etag, "Content-Length": str(size)})
    handler.server.blobs[oid] = data
    # By another name, as the Hub's store is another host: the client asks it without a token.
    location = f"{handler.server.url.replace('127.0.0.1', 'localhost')}/cdn/resolve/{oid}/{repo_id}/{path}"
    linked = {"X-Linked-Size": str(size), "X-Linked-Etag": etag}
    return handler.send(302, headers={"X-Repo-Commit": sha, "Location": location, **linked})


def cdn(handler: Handler, *, oid: str, **_: object) -> None:
    send_file(handler, handler.server.blobs[oid], {"ETag": f'"{oid}"'})


def send_file(handler: Handler, data: bytes, headers: dict[str, str]) -> None:
    if match := re.fullmatch(r"bytes=(\d+)-", handler.headers.get("range", "")):
        rest = data[int(match[1]) :]
        length = {"Content-Length": str(len(rest)), "Content-Range": f"bytes {match[1]}-{len(data) - 1}/{len(data)}"}
        handler.send(206, rest, headers | length)
    else:
        handler.send(200, data, headers)


# Spaces.


def runtime(handler: Handler, *, repo_id: str, **_: object) -> None:
    if not (found := handler.found("spaces", repo_id)):
        return
    stages, space = found[0].stages, found[0].space
    hardware = space["hardware"]
    stage = stages.pop(0) if len(stages) > 1 else stages[0]
    current = hardware if stage == "RUNNING" else None
    told = {"stage": stage, "hardware": {"current": current, "requested": hardware}, "gcTimeout": 3600}
    handler.json({**told, "errorMessage": space["error"] or None})


def space_setting(handler: Handler, *, body: bytes, repo_id: str, what: str, **_: object) -> None:
    if not handler.may_write() or not (found := handler.found("spaces", repo_id)):
        return None
    asked, space = json.loads(body or b"{}"), found[0].space
    if what in ("variables", "secrets"):
        named: Any = space[what]
        if handler.command == "DELETE":
            del named[asked["key"]]
        else:
            named[asked["key"]] = asked["value"]
        return handler.json({key: {"key": key, "value": value, "updatedAt": DATE} for key, value in named.items()})
    space["hardware"] = asked.get("flavor", space["hardware"])
    space["sleep_time"] = asked.get("seconds", asked.get("sleepTimeSeconds", space["sleep_time"]))
    return runtime(handler, repo_id=repo_id)


def space_variables(handler: Handler, *, repo_id: str, **_: object) -> None:
    if found := handler.found("spaces", repo_id):
        named: Any = found[0].space["variables"]
        handler.json({key: {"key": key, "value": value, "updatedAt": DATE} for key, value in named.items()})


def space_logs(handler: Handler, *, repo_id: str, **_: object) -> None:
    if found := handler.found("spaces", repo_id):
        lines: Any = found[0].space["log"]
        events = "".join(f"data: {json.dumps({'data': line, 'timestamp': DATE})}\n\n" for line in lines)
        handler.send(200, events.encode(), {"Content-Type": "text/event-stream"})


_KIND = r"(?P<kind>models|datasets|spaces)"
_ID = r"(?P<repo_id>[^/]+/[^/]+)"
_ANY = rf"/api/{_KIND}/{_ID}"
_PREFIX = r"/(?:(?P<kind>datasets|spaces)/)?"
_NAME = r"(?P<name>[^/]+)"
_REVISION = r"(?P<revision>[^/]+)"
ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("GET", r"/api/whoami-v2", whoami),
    ("GET", rf"{_ANY}/auth-check(?P<write>/write)?", auth_check),
    ("POST", r"/api/repos/create", create),
    ("GET", r"/api/models", listing),
    ("POST", r"/api/validate-yaml", validate_yaml),
    ("POST", rf"{_ANY}/preupload/{_REVISION}", preupload),
    ("POST", rf"{_PREFIX}{_ID}\.git/info/lfs/objects/batch", lfs_batch),
    ("PUT", r"/lfs/(?P<oid>\w+)", lfs_put),
    ("POST", r"/lfs/(?P<oid>\w+)/verify", lfs_verify),
    ("POST", rf"{_ANY}/commit/{_REVISION}", commit),
    ("GET", _ANY, info),
    ("GET", rf"{_ANY}/revision/{_REVISION}", info),
    ("GET", rf"{_ANY}/tree/{_REVISION}", tree),
    ("GET", rf"{_ANY}/refs", refs),
    ("GET", rf"{_ANY}/commits/{_REVISION}", commits),
    ("POST", rf"{_ANY}/branch/{_NAME}", create_branch),
    ("POST", rf"{_ANY}/tag/{_NAME}", create_tag),
    ("DELETE", rf"{_ANY}/(?P<what>branch|tag)/{_NAME}", delete_ref),
    ("GET", rf"/api/spaces/{_ID}/runtime", runtime),
    ("GET", rf"/api/spaces/{_ID}/variables", space_variables),
    ("GET", rf"/api/spaces/{_ID}/logs/(?:build|run)", space_logs),
    ("POST", rf"/api/spaces/{_ID}/(?P<what>variables|secrets|hardware|sleeptime|restart)", space_setting),
    ("DELETE", rf"/api/spaces/{_ID}/(?P<what>variables|secrets)", space_setting),
    ("HEAD", rf"{_PREFIX}{_ID}/resolve/{_REVISION}/(?P<path>.+)", resolve),
    ("GET", rf"{_PREFIX}{_ID}/resolve/{_REVISION}/(?P<path>.+)", resolve),
    ("HEAD", r"/cdn/resolve/(?P<oid>\w+)/.+", cdn),
    ("GET", r"/cdn/resolve/(?P<oid>\w+)/.+", cdn),
]

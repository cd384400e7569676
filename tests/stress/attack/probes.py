"""A8: what published exploits of Gradio try, and a dozen of our own; none of them finds anything.

The requests are those of the public templates for CVE-2021-43831, 2023-34239, 2023-51449, 2024-1183, 2024-1561,
2024-4325, 2024-47868, 2026-28414 and 2026-59806 (reading files of the server, making it ask others), and what a stock
page was seen to do: icons of any size, uploads from other websites, pages in uploads, headers that are missing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.stress.attack.doors import Doorstep
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

PATHS = (
    "/etc/passwd", "/proc/self/environ", "../../../../etc/passwd", "....//....//etc/passwd", "/proc/1/cmdline",
    "C:/Windows/win.ini", "\\\\127.0.0.1\\c$\\x", "pyproject.toml", "app.py", "gan_hub/loading/config.py",
    "%2fetc%2fpasswd",
    "/ETC/PASSWD", "/tmp", "~/.cache/huggingface/token", "/etc/passwd\0.png",
)  # fmt: skip
MARKS = ("root:", "HF_TOKEN", "[project]", "import ", "[fonts]")
PREFIXES = ("/gradio_api/file=", "/file=", "/gradio_api/file/", "/file/", "/static/", "/assets/", "/svelte/")
PREFIXES += ("/gradio_api/custom_component/x/client/component/",)


@dataclass(frozen=True)
class Probes:
    """Published exploits."""

    json: Path | None = None


def read_files(step: Doorstep, tally: Tally) -> None:
    """Files of the server through every door that gives files out."""
    for prefix in PREFIXES:
        for path in PATHS:
            for written in {path, quote(path, safe=""), path.lstrip("/")}:
                response = step.http.get(prefix + written.replace("\0", "%00"))
                leaked = response.status_code == 200 and any(mark in response.text for mark in MARKS)
                tally.check(not leaked, f"GET {prefix}{written} gave {response.text[:80]!r}")


def files_in_calls(step: Doorstep, tally: Tally) -> None:
    """Files of the server as the arguments of events."""
    for path in PATHS:
        file = {"path": path, "orig_name": "a.png", "meta": {"_type": "gradio.FileData"}}
        for endpoint, data in (
            ("restore", [file]),
            ("restore_walk", [file]),
            ("stylize", [file, "monet", 100, False, "auto", 0, 0, "png", 90, False]),
            ("stylize_batch", [[file], "monet", 100, False, "auto", 0, 0, "png", 90, False, ""]),
        ):
            answer = Caller(str(step.http.base_url)).call(endpoint, data)
            tally.check(answer.is_sentence, f"{endpoint} of {path}: {answer}")
    for name in ("move_resource_to_block_cache", "make_temp_copy_if_needed", "__init__", "get_config"):
        body = {"component_id": "1", "data": "/etc/passwd", "fn_name": name, "session_hash": "x"}
        response = step.http.post("/gradio_api/component_server", json=body)
        tally.check(response.status_code != 200, f"component_server {name}: {response.text[:80]}")


def ask_others(step: Doorstep, tally: Tally) -> None:
    """The server as a way to other servers, and a browser sent to them."""
    for path in (
        f"/gradio_api/file={step.elsewhere}", f"/file={step.elsewhere}", f"/gradio_api/proxy={step.elsewhere}",
        f"/proxy={step.elsewhere}", "/gradio_api/file=http:%2f%2fevil.example", "/gradio_api/file=//evil.example",
        "/gradio_api/file=https:evil.example", "/%5cevil.example", "//evil.example", "/logout", "/login/callback",
    ):  # fmt: skip
        response = step.http.get(path)
        place = response.headers.get("location", "")
        leads_away = "evil" in place or step.elsewhere in place
        tally.check(not leads_away, f"GET {path} leads to {place}")
    data = [{"path": step.elsewhere, "meta": {"_type": "gradio.FileData"}}]
    for number in range(12):
        step.http.post("/gradio_api/queue/join", json={"data": data, "fn_index": number, "session_hash": "s"})
    tally.check(not step.fetched, f"the page fetched {step.fetched}")


def own(step: Doorstep, tally: Tally) -> None:
    """What a stock page was seen to do."""
    http = step.http
    started = time.perf_counter()
    tally.check(http.get("/pwa_icon/15000").status_code == 404, "an icon of any size is drawn")
    tally.check(time.perf_counter() - started < 1, "an icon takes long")
    for origin in ("https://evil.example", "null"):
        files = {"files": ("a.png", b"x")}
        response = http.post("/gradio_api/upload", files=files, headers={"origin": origin})
        tally.check(response.status_code == 403, f"{origin} may upload")
        response = http.get("/config", headers={"origin": origin})
        tally.check(response.headers.get("access-control-allow-origin") is None, f"{origin} may read")
    for name, content in (("a.html", b"<script>alert(1)</script>"), ("a.svg", b"<svg onload='alert(1)'/>")):
        path = http.post("/gradio_api/upload", files={"files": (name, content)}).json()[0]
        response = http.get(f"/gradio_api/file={path}")
        is_shown = "html" in response.headers["content-type"] or "svg" in response.headers["content-type"]
        is_shown = is_shown and "attachment" not in response.headers.get("content-disposition", "")
        tally.check(not is_shown, f"{name} is shown as a page: {dict(response.headers)}")
        tally.check(response.headers["x-content-type-options"] == "nosniff", "a browser may guess")
    for name in ("content-security-policy", "referrer-policy", "permissions-policy"):
        tally.check(name in http.get("/").headers, f"no {name}")
    config = http.get("/config").text
    for what in ("/root", "/work", "site-packages", "HF_TOKEN", str(Path.cwd())):
        tally.check(what not in config, f"{what} is in /config")
    for path in ("/monitoring", "/monitoring/summary", "/gradio_api/dev/reload", "/gradio_api/vibe-code", "/docs"):
        tally.check(http.get(path).status_code == 404, f"{path} is open")
    for body in ({}, [], {"data": {}}, {"data": None}, {"fn_index": -1}, {"data": [], "fn_index": 10**9}):
        for door in ("call/sample", "call/nothing", "call/v2/sample", "queue/join", "run/sample", "cancel", "reset"):
            response = http.post(f"/gradio_api/{door}", json=body)
            tally.check(response.status_code < 500, f"{door} {body}: {response.status_code} {response.text[:80]}")


GROUPS: tuple[Callable[[Doorstep, Tally], None], ...] = (read_files, files_in_calls, ask_others, own)


def main(options: Probes) -> bool:
    """Run it; returns whether everything passed."""
    tally = Tally("probes", None)
    with PageProcess() as page, Caller(page.url) as caller:
        step = Doorstep(caller)
        for group in GROUPS:
            group(step, tally)
        tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-1500:]}")
        step.server.shutdown()
    return tally.finish(options.json)

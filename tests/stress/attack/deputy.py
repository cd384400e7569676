"""A6: the owner's token in the environment of a public page: it opens nothing, is never sent, and can't be read."""

from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import save

from tests.stress.attack.bad_repos import CONFIG, right_weights, text
from tests.support.hub_server import TOKEN, LoopbackHub
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

PAGES = ("/", "/config", "/gradio_api/info", "/gradio_api/openapi.json", "/health", "/robots.txt", "/theme.css")


@dataclass(frozen=True)
class Deputy:
    """A planted HF_TOKEN."""

    json: Path | None = None


def calls(name: str) -> list[tuple[str, list[object]]]:
    """Every way to ask for a model by a name."""
    return [
        ("sample", [name, "", 0, 1, 1, 1.0, ""]),
        ("sample", [name, "main", 0, 1, 1, 1.0, ""]),
        ("grid", [name, "", 0, 1, 1, 1.0, ""]),
        ("zip", [name, "", 0, 1, 1, 1.0, ""]),
        ("describe", [name, "", ""]),
        ("open", [f"?model={name}"]),
        ("neighbours", [name, "", 0, 1.0, "", 0.3, 0, 1]),
        ("interpolate", [name, "", "0,1", 4, 30, "slerp", "linear", "once", False, 32, 0, "png", ""]),
    ]


def main(options: Deputy) -> bool:
    """Run it; returns whether everything passed."""
    tally = Tally("deputy", None)
    hub = LoopbackHub().start()
    files = {"config.json": text(CONFIG), "model.safetensors": save(right_weights())}
    hub.add("owner/private", files, private=True)
    hub.add("owner/gated", files, gated=True)
    hub.add("owner/open", files)
    told = ""
    with PageProcess(hub=hub.url, environment={"HF_TOKEN": TOKEN}) as page, Caller(page.url) as caller:
        for name in ("owner/private", "owner/gated"):
            for endpoint, data in calls(name):
                answer = caller.call(endpoint, data)
                told += str(answer)
                loaded = answer.error is None and endpoint != "open"  # which shows another model, and says why
                tally.check(not loaded, f"{endpoint} of {name} gave {str(answer.data)[:100]}")
        answer = caller.call("sample", ["owner/open", "", 0, 1, 1, 1.0, ""])
        tally.check(answer.error is None, f"the open model is refused: {answer.error}")
        for path in PAGES:
            told += caller.http.get(path).text
        sent = [request for request in hub.requests if request.authorization]
        tally.check(not sent, f"the token was sent: {sent[:3]}")
        tally.check(TOKEN not in told, "the token is in an answer")
        tally.check(TOKEN not in page.log(), "the token is in the log")
        tally.check(hub.requests, "nobody asked the Hub")
    hub.shutdown()
    return tally.finish(options.json, requests_to_the_hub=len(hub.requests))

"""A9: whatever the page's own OpenAPI document allows, and what it does not, by schemathesis.

Of every operation, each bound and each wrong type of each argument (the phase `coverage`), then random ones, half of
them valid (`fuzzing`). No request may end in a 500 or break off, every refusal is a sentence, and so is what becomes of
each event that was accepted. Needs Python 3.11, as schemathesis does.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.stress.load.requests import ask, fingerprint, sample
from tests.support.page_server import Answer, Caller, PageProcess, detail, last_event
from tests.support.tally import Tally

DOCUMENT = "/gradio_api/openapi.json"


@dataclass(frozen=True)
class Api:
    """Requests made from the OpenAPI document."""

    n: int = 200
    """Random requests of each operation."""
    coverage: bool = True
    """Also each bound and wrong type of each argument."""
    seed: int = 0
    json: Path | None = None


def with_known_types(document: Any) -> Any:
    """The document with texts where Gradio writes the type `filepath` inside lists, which JSON Schema does not know."""
    if isinstance(document, list):
        return [with_known_types(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {
        key: "string" if key == "type" and value == "filepath" else with_known_types(value)
        for key, value in document.items()
    }


class Events:
    """Fetches what becomes of each event that a request has started, so that the queue does not fill."""

    def __init__(self, caller: Caller, tally: Tally) -> None:
        self._caller, self._tally = caller, tally
        self.kinds: Counter[str] = Counter()

    def fetch(self, case: Any, response: Any) -> None:
        """The one that an answer tells of, if it does."""
        if case.method != "POST" or "/call/" not in case.path or response.status_code != 200:
            return
        name = case.path.rsplit("/", 1)[1]
        event = response.json()["event_id"]
        try:
            kind, text = last_event(self._caller.http.get(f"/gradio_api/call/{name}/{event}").text)
        except httpx2.HTTPError as error:
            kind, text = "broken", repr(error)
        self.kinds[kind] += 1
        right = kind == "complete" or (kind == "error" and Answer(None, text, 0.0).is_sentence)
        self._tally.check(right, f"{name} of {case.body!r:.200} came to {kind!r} {text[:200]}")


def judge(interaction: Any, tally: Tally) -> None:
    """One request and its answer."""
    request, response = interaction.request, interaction.response
    what = f"{request.method} {request.uri[:120]} {(request.body or b'')[:200]!r}"
    if response is None:
        tally.check(False, f"{what} was not answered")
        return
    text = detail(httpx2.Response(response.status_code, content=response.content))
    right = response.status_code < 400 or (response.status_code < 500 and Answer(None, text, 0.0).is_sentence)
    tally.check(right, f"{what} gave {response.status_code}: {text[:200]}")


def main(options: Api) -> bool:
    """Run it; returns whether everything passed."""
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import events, from_schema

    tally, statuses = Tally("api", options.seed), Counter()
    with PageProcess() as page, Caller(page.url) as caller:
        wanted = sample(0)
        before = fingerprint(caller, wanted, ask(caller, wanted))
        config = {
            "seed": options.seed,
            "base-url": page.url,
            "request-timeout": 60,
            "checks": {"enabled": False, "not_a_server_error": {"enabled": True}},
            "generation": {"max-examples": options.n, "database": "none"},
            "phases": {"enabled": False, "coverage": {"enabled": options.coverage}, "fuzzing": {"enabled": True}},
        }
        document = with_known_types(caller.http.get(DOCUMENT).json())
        schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(config))
        started = Events(caller, tally)

        @schema.hook
        def after_call(context: Any, case: Any, response: Any) -> None:
            started.fetch(case, response)

        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                for interaction in event.recorder.interactions.values():
                    judge(interaction, tally)
                    statuses[interaction.response and interaction.response.status_code] += 1
            elif isinstance(event, events.NonFatalError | events.FatalError):
                error = event.value if isinstance(event, events.NonFatalError) else event.exception
                tally.check(False, f"schemathesis says {str(error)[:300]}")
        operations = sum(len(each) for each in document["paths"].values())
        tally.check(started.kinds["complete"], "no event of any request completed")
        tally.check(fingerprint(caller, wanted, ask(caller, wanted)) == before, "a picture is not what it was before")
        tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-1500:]}")
    facts = {str(status): number for status, number in sorted(statuses.items(), key=str)}
    return tally.finish(options.json, operations=operations, statuses=facts, events=dict(started.kinds))

"""What stands before Gradio: bounds, closed doors, headers, and health."""

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from gan_hub.page.server.blocks import NO_FILE, UNFITTING, Page
from gan_hub.page.server.errors import MemoryRanOutError
from gan_hub.page.server.middleware import HEADERS, OPEN, Limits, PageMiddleware

LIMITS = Limits(json_bytes=1000, upload_bytes=5000, upload_files=3, hourly_bytes=12_000, requests=4)
FILE = {"meta": {"_type": "gradio.FileData"}}


async def echo(request: Request) -> JSONResponse:
    if request.headers["content-type"].startswith("multipart"):
        form = await request.form()
        return JSONResponse([each.filename for each in form.values() if isinstance(each, UploadFile)])
    return JSONResponse(await request.json())


async def broken(request: Request) -> JSONResponse:
    raise KeyError("/home/somebody/secret")


async def page(request: Request) -> JSONResponse:
    return JSONResponse({})


@pytest.fixture
def client() -> Iterator[TestClient]:
    paths: dict[str, Any] = {"/gradio_api/upload": echo, "/gradio_api/call/x": echo, "/gradio_api/run/broken": broken}
    routes = [Route(path, function, methods=["POST"]) for path, function in paths.items()]
    app = Starlette(routes=[*routes, Route("/", page)], middleware=[Middleware(PageMiddleware, limits=LIMITS)])
    with TestClient(app, base_url="http://127.0.0.1:7860", client=("127.0.0.1", 50000)) as found:
        yield found


def call(client: TestClient, value: object, **options: Any) -> Any:
    return client.post("/gradio_api/call/x", json=value, **options)


def test_what_fits_comes_through_as_it_is(client: TestClient) -> None:
    value = {"data": ["été", 1, None, {"path": "/tmp/gradio/a.png", "url": "http://127.0.0.1/file=a", **FILE}]}
    assert call(client, value).json() == value
    assert call(client, {"data": [{"path": "C:\\gradio\\a.png", **FILE}]}).status_code == 200
    files = [("files", (f"{i}.png", b"\r\n--" * 100)) for i in range(3)]
    assert client.post("/gradio_api/upload", files=files).json() == ["2.png"]  # of one name, the last one counts


@pytest.mark.parametrize(
    "file",
    [
        {"path": "http://127.0.0.1:1/a.png"},
        {"path": " HTTPS://example.org/a.png"},
        {"path": "data:image/png;base64,AAAA"},
        {"path": "file:///etc/passwd"},
        {"path": "//host/share"},
        {"path": "\\\\host\\share"},
        {"path": None, "url": "http://127.0.0.1:1/a.png"},
        {"url": "data:image/png;base64,AAAA"},
    ],
)
def test_files_elsewhere_are_refused_wherever_they_stand(client: TestClient, file: dict[str, object]) -> None:
    response = call(client, {"data": [[{"deep": [{**file, **FILE}]}]]})
    assert response.status_code == 400
    assert "upload it here" in response.json()["detail"]


def test_size_is_refused_before_it_is_read(client: TestClient) -> None:
    assert call(client, {"data": ["a" * 1000]}).status_code == 413
    response = client.post("/gradio_api/upload", files={"files": ("a.png", b"a" * 5000)})
    assert response.status_code == 413
    assert "at most 5,000" in response.json()["detail"]


def test_a_size_that_is_not_stated_or_not_true_is_refused(client: TestClient) -> None:
    def parts() -> Iterator[bytes]:
        yield b"{}"

    assert client.post("/gradio_api/call/x", content=parts()).status_code == 411
    lie = client.post("/gradio_api/call/x", content=b'"' + b"a" * 2000 + b'"', headers={"content-length": "3"})
    assert lie.status_code == 413


def test_many_files_are_refused(client: TestClient) -> None:
    files = [("files", (f"{i}.png", b"a")) for i in range(4)]
    response = client.post("/gradio_api/upload", files=files)
    assert response.status_code == 413
    assert "more than 3 files" in response.json()["detail"]


def test_uploads_of_an_hour_are_bounded(client: TestClient) -> None:
    statuses = [
        client.post("/gradio_api/upload", files={"files": ("a.png", b"a" * 4000)}).status_code for _ in range(4)
    ]
    assert statuses == [200, 200, 503, 503]


def test_what_is_no_json_is_refused(client: TestClient) -> None:
    for body in (b"{", b"[" * 900, b"\xff\xfe"):
        assert client.post("/gradio_api/call/x", content=body).status_code == 400


def test_files_go_to_the_upload_alone(client: TestClient) -> None:
    assert client.post("/gradio_api/call/x", files={"files": ("a.png", b"a")}).status_code == 415
    assert client.put("/gradio_api/call/x", json={}).status_code == 405


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
def test_another_website_can_not_use_a_local_page(client: TestClient, origin: str) -> None:
    assert call(client, {}, headers={"origin": origin}).status_code == 403
    assert call(client, {}, headers={"origin": origin, "host": "page.example"}).status_code == 200
    assert call(client, {}, headers={"origin": "http://localhost:7860"}).status_code == 200


def test_a_visitor_who_asks_too_often_waits_and_others_do_not(client: TestClient) -> None:
    statuses = [call(client, {}, headers={"x-forwarded-for": "192.0.2.1"}).status_code for _ in range(6)]
    assert statuses == [200, 200, 200, 200, 429, 429]
    assert call(client, {}, headers={"x-forwarded-for": "192.0.2.2"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/pwa_icon/15000", "/gradio_api/proxy=http://x/", "/gradio_api/file=http://127.0.0.1/", "/monitoring",
        "/gradio_api/file=%20%68ttp://x/", "/gradio_api/file=//x/", "/gradio_api/file=/\\x",
        "/gradio_api/vibe-code", "/gradio_api/process_recording", "/gradio_api/deep_link", "/prefix/gradio_api/proxy=x",
        "/gradio_api/component_server", "/login", "/logout", "/a/route/of/tomorrow",
    ],
)  # fmt: skip
def test_routes_that_are_not_listed_are_closed(client: TestClient, path: str) -> None:
    assert client.get(path).json() == {"detail": "the page has no such route", "error": "the page has no such route"}


@pytest.mark.parametrize("path", ["/gradio_api/file=/tmp/a.png", "/gradio_api/file=C:/a.png", "/gradio_api/queue/data"])
def test_routes_that_are_used_stay_open(path: str) -> None:
    assert OPEN.fullmatch(path)


def test_every_answer_has_the_headers(client: TestClient) -> None:
    for response in (
        client.get("/"),
        client.get("/nothing"),
        client.get("/pwa_icon"),
        client.post("/gradio_api/run/broken", json={}),
    ):
        for name, value in HEADERS:
            assert response.headers[name.decode()] == value.decode()


def test_what_fails_is_told_without_details(client: TestClient) -> None:
    response = client.post("/gradio_api/run/broken", json={})
    assert response.status_code == 400
    assert "secret" not in response.text


def test_health(url: str) -> None:
    import httpx2

    response = httpx2.get(f"{url}health")
    assert response.json()["status"] == "ok"
    assert response.json()["waiting"] == 0


@pytest.mark.parametrize("version", ["", "v2/"])
def test_what_an_event_gave_is_fetched_once(url: str, version: str) -> None:
    import httpx2

    door = f"{url}gradio_api/call/"
    assert httpx2.get(f"{door}{version}restore/nothing").status_code == 404
    event = httpx2.post(f"{door}restore", json={"data": [None]}).json()["event_id"]
    assert "No file has arrived" in httpx2.get(f"{door}{version}restore/{event}", timeout=30).text
    again = httpx2.get(f"{door}{version}restore/{event}", timeout=30)
    assert again.status_code == 404
    assert "fetched already" in again.json()["detail"]


@pytest.fixture
def app() -> Iterator[tuple[Page, str]]:
    def fail(text: str) -> str:
        if text == "memory":
            raise MemoryRanOutError
        raise OSError(f"/home/{text}")

    with Page() as demo:
        box = gr.Textbox()
        gr.Button().click(fail, box, box, api_name="fail")
    _, address, _ = demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    yield demo, address
    demo.close()


def error_of(url: str, data: list[object]) -> str:
    import httpx2

    event = httpx2.post(f"{url}gradio_api/call/fail", json={"data": data}).json()["event_id"]
    lines = httpx2.get(f"{url}gradio_api/call/fail/{event}").text.split("\n")
    return str(json.loads(next(line for line in lines if line.startswith("data: {"))[6:])["error"])


def test_what_gradio_itself_refuses_is_a_sentence(app: tuple[Page, str]) -> None:
    demo, url = app
    made_room: list[bool] = []
    demo.make_room = lambda: made_room.append(True)
    assert error_of(url, []) == UNFITTING
    assert error_of(url, ["somebody"]) == NO_FILE
    assert not made_room
    assert "memory" in error_of(url, ["memory"])
    assert made_room == [True]

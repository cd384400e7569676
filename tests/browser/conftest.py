"""The page served for a real Chromium, and where its screenshots go."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gan_hub.page import launch
from gan_hub.page.server.model_cache import ModelCache
from tests.support.styles import bundle_styles

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# What each tab shows when it is ready; the others show pictures at once.
MADE = {
    "explore": "#explored strong",
    "interpolate": "#walked strong",
    "picture": "#picture-model",
    "stylize": "#painted strong",
}
APPLICATIONS = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
QUIET = ("gpu", "quic", "background-networking", "component-update", "sync")
ARGUMENTS = ["--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in QUIET)]


@pytest.fixture(scope="package", autouse=True)
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        bundle_styles(tmp_path_factory.mktemp("bundled"), patch)
        yield


@pytest.fixture(scope="package")
def model_cache(bundled: None) -> ModelCache:
    return ModelCache(allow_folders=True)


@pytest.fixture(scope="package")
def url(model_cache: ModelCache) -> Iterator[str]:
    demo = launch.build_demo(model_cache=model_cache)
    _, address, _ = demo.launch(
        server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch.launch_options()
    )
    yield address
    demo.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, (*NAMES, *APPLICATIONS))), None)
    if found is None:
        pytest.skip(f"no Chromium or Chrome on the path ({', '.join(NAMES)})")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(args=ARGUMENTS, executable_path=found)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """Opens the page at a query; the test fails if the browser's console had errors or a request left this machine."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url.rstrip("/"))

    def open_at(query: str = "", width: int = 1280) -> Page:
        tab = context.new_page()
        tab.set_default_timeout(90_000)
        tab.set_viewport_size({"width": width, "height": 844 if width < 700 else 900})
        tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: None if is_here(request.url) else complaints.append(request.url))
        tab.goto(url + query)
        tab.locator(next((made for name, made in MADE.items() if f"tab={name}" in query), "#summary strong")).wait_for()
        # Those of a tab that is not shown are not loaded.
        images = "[...document.querySelectorAll('#gallery img, #pair img')]"
        tab.wait_for_function(f"{images}.every(image => image.complete || !image.offsetParent)")
        return tab

    def is_here(address: str) -> bool:
        return address.startswith((url, "data:", "blob:"))

    yield open_at
    context.close()
    assert complaints == []


@pytest.fixture(scope="package")
def screenshots() -> Path:
    folder = Path(os.environ.get("CI_OUTPUT", "ci-output"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder

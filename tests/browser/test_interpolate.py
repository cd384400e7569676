"""Walks, in a real Chromium."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gan_hub.page.server.model_cache import ModelCache
from gan_hub.recipes import walk as walks
from gan_hub.recipes.walk import encode_walk, read_walk

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
SLOW = 60_000


def walk_from_a_picture(tab: Page, place: int) -> None:
    tab.locator("#gallery .thumbnail-lg").nth(place).click()
    tab.get_by_role("button", name="Walk from here").click()
    expect(tab.locator("#walked")).to_contain_text("frames", timeout=SLOW)
    expect(tab.locator("#frame img")).to_be_visible(timeout=SLOW)


def test_a_walk_from_a_picture(open_page: Open, model_cache: ModelCache, screenshots: Path, tmp_path: Path) -> None:
    tab = open_page("?seed=5&count=4")
    tab.locator("#gallery .thumbnail-lg").nth(2).click()
    tab.get_by_role("button", name="More like this").click()
    expect(tab.locator("#neighbours .thumbnail-lg")).to_have_count(12, timeout=SLOW)
    tab.screenshot(path=screenshots / "around.png", full_page=True)
    tab.get_by_role("button", name="Walk from here").click()
    expect(tab.locator("#walked")).to_contain_text("120 frames", timeout=SLOW)
    expect(tab).to_have_url(re.compile("tab=interpolate.*keys=7%2C1%2C2%2C3"))
    expect(tab.locator("#frame img")).to_be_visible(timeout=SLOW)
    tab.screenshot(path=screenshots / "interpolate.png", full_page=True)
    with tab.expect_download() as download:
        tab.locator("#download-walk").click()
    download.value.save_as(tmp_path / "walk.mp4")
    data = (tmp_path / "walk.mp4").read_bytes()
    walk = read_walk(data)
    assert data == encode_walk(model_cache.get(walk.model), walk, "mp4")


def test_stop_keeps_what_there_is(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = open_page()
    walk_from_a_picture(tab, 0)
    frames = walks.frames

    def slowly(*arguments, **options):
        for picture in frames(*arguments, **options):
            time.sleep(0.2)
            yield picture

    monkeypatch.setattr(walks, "frames", slowly)
    tab.get_by_label("number input for Frames a second").fill("20")  # another walk: the first is made already
    tab.locator("#make-walk").click()
    expect(tab.locator("#walked")).to_contain_text(re.compile(r"Walking [1-9]"), timeout=SLOW)
    tab.locator("#stop-walk").click()
    expect(tab.locator("#walked")).to_contain_text("of 120, stopped", timeout=SLOW)
    expect(tab.locator("#walk-video video")).to_be_visible()


def test_phone(open_page: Open, screenshots: Path) -> None:
    tab = open_page(width=390)
    walk_from_a_picture(tab, 1)
    tab.screenshot(path=screenshots / "interpolate-phone.png", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

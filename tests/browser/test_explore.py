"""Directions, favourites, and pictures that go from tab to tab, in a real Chromium."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gan_hub.page.server.model_cache import ModelCache
from gan_hub.recipes.links import ExploreState, WalkState, read_picture_link
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import pictures_of

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
SLOW = 60_000


def fetched(tab: Page, selector: str) -> bytes:
    """The bytes of a picture on the page."""
    return tab.request.get(str(tab.locator(selector).get_attribute("src"))).body()


def query(tab: Page) -> str:
    return "?" + tab.url.partition("?")[2]


def test_sliders_add_up_and_the_link_brings_them_back(
    open_page: Open, model_cache: ModelCache, screenshots: Path, tmp_path: Path
) -> None:
    tab = open_page("?tab=explore&model=mnist-gan&key=7:3")
    expect(tab.locator("#explored")).to_contain_text("not moved", timeout=SLOW)
    start = fetched(tab, "#explore-start img")
    assert (
        fetched(tab, "#explore-moved img") == start == pictures_of(model_cache.get("mnist-gan"), [start_key()])[0].png()
    )
    tab.get_by_label("number input for Direction 2").fill("2")
    expect(tab.locator("#explored")).to_contain_text("Direction 2 +2", timeout=SLOW)
    tab.get_by_label("number input for Direction 5").fill("-1.5")
    expect(tab.locator("#explored")).to_contain_text("Direction 2 +2, Direction 5 -1.5", timeout=SLOW)
    expect(tab.locator("#strip .thumbnail-lg")).to_have_count(7)
    expect(tab).to_have_url(re.compile("amounts=0%2C2%2C0%2C0%2C-1.5&shown=5"))
    moved = fetched(tab, "#explore-moved img")
    assert moved != start
    tab.screenshot(path=screenshots / "explore.png", full_page=True)
    tab.locator("#strip .thumbnail-lg").nth(6).click()
    expect(tab.locator("#explored")).to_contain_text("Direction 5 +3", timeout=SLOW)
    tab.locator("#reset").click()
    expect(tab.locator("#explored")).to_contain_text("not moved", timeout=SLOW)
    again = open_page("?tab=explore&model=mnist-gan&key=7:3&amounts=0,2,0,0,-1.5&shown=5")
    expect(again.locator("#explored")).to_contain_text("Direction 5 -1.5", timeout=SLOW)
    assert fetched(again, "#explore-moved img") == moved
    (tmp_path / "moved.png").write_bytes(moved)
    again.locator("#restore-explore input[type=file]").set_input_files(tmp_path / "moved.png")
    expect(again.locator("#explored")).to_contain_text("not moved", timeout=SLOW)
    assert fetched(again, "#explore-start img") == moved
    assert read_recipe(moved).latent in query(again)


def start_key():
    return read_picture_link("?tab=explore&model=mnist-gan&key=7:3")[2]


def test_a_name_is_given_and_linked(open_page: Open) -> None:
    tab = open_page("?tab=explore&model=mnist-gan&shown=2&key=7")
    expect(tab.locator("#explored")).to_contain_text("not moved", timeout=SLOW)
    tab.get_by_role("button", name="Name the directions").click()
    tab.locator("#direction-name textarea, #direction-name input").first.fill("width")
    tab.locator("#rename").click()
    expect(tab.get_by_label("number input for width")).to_be_visible(timeout=SLOW)
    expect(tab).to_have_url(re.compile("names=%2Cwidth"))
    state, problems = ExploreState.from_query(query(tab))
    assert (state.names, problems) == (",width", [])


def test_a_favourite_stays_in_the_browser(open_page: Open, screenshots: Path) -> None:
    tab = open_page("?seed=5&count=4")
    tab.locator("#gallery .thumbnail-lg").nth(2).click()
    tab.locator("#around").get_by_role("button", name="Keep").click()
    expect(tab.locator("#favourites .thumbnail-lg")).to_have_count(1, timeout=SLOW)
    tab = open_page("?seed=50&count=4")
    kept = tab.locator("#favourites .thumbnail-lg")
    expect(kept).to_have_count(1, timeout=SLOW)
    expect(kept.first).to_contain_text("seed 7")
    tab.screenshot(path=screenshots / "favourites.png", full_page=True)
    kept.first.click()
    tab.locator("#favourites").get_by_role("button", name="Walk to here").click()
    expect(tab.locator("#walked")).to_contain_text("frames", timeout=SLOW)
    state, problems = WalkState.from_query(query(tab))
    assert problems == []
    assert state.keys.split(",")[-1] == "7"
    tab.get_by_role("tab", name="Sample").click()
    tab.locator("#favourites").get_by_role("button", name="Remove").click()
    expect(kept).to_have_count(0, timeout=SLOW)


def test_from_a_picture_to_its_directions_and_to_a_walk(open_page: Open, model_cache: ModelCache) -> None:
    tab = open_page("?seed=5&count=4")
    tab.locator("#gallery .thumbnail-lg").nth(1).click()
    tab.locator("#around").get_by_role("button", name="Explore").click()
    expect(tab.locator("#explored")).to_contain_text("not moved", timeout=SLOW)
    expect(tab).to_have_url(re.compile("tab=explore.*key=6"), timeout=SLOW)
    tab.get_by_label("number input for Direction 1").fill("1")
    expect(tab.locator("#explored")).to_contain_text("Direction 1 +1", timeout=SLOW)
    moved = fetched(tab, "#explore-moved img")
    tab.locator("#explore").get_by_role("button", name="Walk from here").click()
    expect(tab.locator("#walked")).to_contain_text("frames", timeout=SLOW)
    key = read_recipe(moved).latent
    expect(tab).to_have_url(re.compile(f"keys={key}"), timeout=SLOW)
    expect(tab.locator("#keys .caption-label").first).to_contain_text("own")


def test_every_category_of_a_code(open_page: Open, screenshots: Path) -> None:
    tab = open_page("?tab=explore&model=mnist-infogan&key=7")
    expect(tab.locator("#sweep img")).to_be_visible(timeout=SLOW)
    tab.screenshot(path=screenshots / "explore-code.png", full_page=True)


def test_phone(open_page: Open, screenshots: Path) -> None:
    tab = open_page("?tab=explore&model=fashion-gan&key=3&amounts=2", width=375)
    expect(tab.locator("#explored")).to_contain_text("Direction 1 +2", timeout=SLOW)
    tab.screenshot(path=screenshots / "explore-phone.png", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

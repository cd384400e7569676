"""A visitor's way through the tab "Stylize", in a real Chromium."""

import io
import re
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.stylize import painting_cache, styles
from gan_hub.painting.photos import open_photo
from gan_hub.recipes.links import StylizeState

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
OPENED = "?tab=stylize"
expect.set_options(timeout=60_000)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo larger than its preview, with alpha."""
    array = np.random.default_rng(0).integers(0, 256, (30, 48, 4), dtype=np.uint8)
    path = tmp_path / "sea.png"
    Image.fromarray(array).resize((1920, 1200)).save(path)
    return path


def pair(tab: Page) -> list[Image.Image]:
    """The two pictures of the slider, fetched as the browser fetches them."""
    sources = tab.locator("#pair img").evaluate_all("images => images.map(image => image.src)")
    pictures = [Image.open(io.BytesIO(tab.request.get(source).body())) for source in sources]
    assert len(pictures) == 2
    return pictures


def brightness(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L"), dtype=float)


def difference(tab: Page) -> float:
    before, after = pair(tab)
    return float(np.abs(brightness(before) - brightness(after)).mean())


def upload(tab: Page, photo: Path) -> None:
    """Another photo in the place of the one that is there."""
    tab.locator("#photo").get_by_label("Remove Image").or_(tab.locator("#photo").get_by_label("Clear")).first.click()
    tab.locator("#photo input[type=file]").set_input_files(photo)


def paint_slowly(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let painting take a minute; returns the share of each step that was done."""
    shares: list[float] = []
    paint = painting_cache._paint

    def slow(key: painting_cache.PaintingKey, data: bytes, report: painting_cache.Report) -> painting_cache.Painted:
        for number in range(600):
            time.sleep(0.1)
            report(number / 600)
            shares.append(number / 600)
        return paint(key, data, report)

    monkeypatch.setattr(painting_cache, "_paint", slow)
    return shares


@pytest.mark.smoke
def test_a_drawing_is_painted_at_once_and_a_photo_when_it_comes(
    open_page: Open, photo: Path, screenshots: Path
) -> None:
    tab = open_page(OPENED)
    assert [picture.size for picture in pair(tab)] == [(1024, 768), (1024, 768)]
    assert difference(tab) > 1
    tab.screenshot(path=screenshots / "stylize.png", full_page=True)
    upload(tab, photo)
    expect(tab.locator("#painted")).to_contain_text(re.compile("1920.1200 painted in"))
    assert [picture.size for picture in pair(tab)] == [(1600, 1000), (1600, 1000)]
    assert {picture.format for picture in pair(tab)} == {"JPEG"}


def test_the_slider_slides(open_page: Open) -> None:
    tab = open_page(OPENED)
    handle = tab.locator("#pair .inner")
    start = handle.bounding_box()
    assert start is not None
    tab.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(start["x"] - 200, start["y"], steps=5)
    tab.mouse.up()
    end = handle.bounding_box()
    assert end is not None
    assert end["x"] < start["x"] - 150


def test_strength_and_colours_follow_without_painting(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    tab = open_page(OPENED)
    full = difference(tab)
    monkeypatch.setattr(painting_cache, "_paint", None)  # painting anew would fail
    tab.get_by_label("number input for Strength").fill("40")
    tab.get_by_label("number input for Strength").press("Tab")
    expect(tab).to_have_url(re.compile("strength=40"))
    assert 0.2 * full < difference(tab) < 0.6 * full
    tab.get_by_label("number input for Strength").fill("0")
    tab.get_by_label("number input for Strength").press("Tab")
    expect(tab).to_have_url(re.compile("strength=0&"))
    assert difference(tab) == 0
    tab.get_by_label("Keep the photo's colours").check()
    expect(tab).to_have_url(re.compile("keep_colors=1"))


def test_a_link_brings_its_tab_and_its_controls(open_page: Open) -> None:
    state = StylizeState("haze", 70, True, "50", 12)
    tab = open_page(state.to_query())
    expect(tab.get_by_label("number input for Strength")).to_have_value("70")
    expect(tab.get_by_label("Keep the photo's colours")).to_be_checked()
    expect(tab.get_by_label("Detail")).to_have_value("50 %")
    expect(tab.locator("#stylize").get_by_label("Seed")).to_have_value("12")
    expect(tab.locator("#styles .selected")).to_contain_text("Haze")
    tab.get_by_role("button", name="Copy link").click()
    link = tab.evaluate("navigator.clipboard.readText()")
    assert StylizeState.from_query("?" + link.partition("?")[2]) == (state, [])


def test_the_address_is_that_of_the_tab(open_page: Open) -> None:
    tab = open_page("?seed=7&count=3")
    tab.get_by_role("tab", name="Stylize").click()
    expect(tab.locator("#painted strong")).to_be_visible()
    expect(tab).to_have_url(re.compile("tab=stylize&style=dots"))
    tab.get_by_role("tab", name="Sample").click()
    expect(tab).to_have_url(re.compile("seed=7&count=3"))


def test_styles_and_strokes(open_page: Open) -> None:
    tab = open_page(OPENED)
    first = brightness(pair(tab)[1])
    tab.get_by_role("button", name="Compare all styles").click()
    expect(tab.locator("#painted")).to_contain_text("2 styles")
    expect(tab.locator("#sheet .thumbnail-lg")).to_have_count(2)
    tab.locator("#sheet .thumbnail-lg").nth(1).click()
    expect(tab).to_have_url(re.compile("style=haze"))
    expect(tab.locator("#styles .selected")).to_contain_text("Haze")
    second = brightness(pair(tab)[1])
    assert np.abs(first - second).mean() > 1
    tab.get_by_role("button", name="Other strokes").click()
    expect(tab).not_to_have_url(re.compile("seed=0$"))
    assert np.abs(brightness(pair(tab)[1]) - second).mean() > 0
    tab.locator("#examples .thumbnail-lg").nth(2).click()
    expect(tab.locator("#painted")).to_contain_text(re.compile("1024.768"))


def test_download(open_page: Open, photo: Path, model_cache: ModelCache, tmp_path: Path) -> None:
    tab = open_page(OPENED + "&strength=60")
    upload(tab, photo)
    expect(tab.locator("#painted")).to_contain_text(re.compile("1920.1200 painted in"))
    tab.get_by_role("button", name="Size and format").click()
    tab.get_by_label("PNG").check()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename == "sea-dots.png"
    download.value.save_as(tmp_path / "out.png")
    whole = open_photo(photo)
    wanted = model_cache.stylizer("dots").stylize(whole, strength=0.6, detail=1024 / 1920)
    assert (np.asarray(Image.open(tmp_path / "out.png")) == np.asarray(wanted)).all()


def test_a_broken_photo_gives_a_sentence(open_page: Open, tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    tab = open_page(OPENED)
    upload(tab, tmp_path / "empty.png")
    expect(tab.get_by_text(re.compile("picture (is damaged|that can be read)"))).to_be_visible()


def test_stop_ends_painting(open_page: Open, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = open_page(OPENED)
    shares = paint_slowly(monkeypatch)
    Image.open(photo).rotate(180).save(photo)  # one that no other test has painted
    upload(tab, photo)
    expect(tab.locator("#painted progress")).to_be_visible()
    stopped = tab.locator("#painted").get_by_text("Stopped")
    for _ in range(3):  # on a busy machine the upload may come in two events, of which the second starts anew
        tab.locator("#stop-painting").click()
        with suppress(PlaywrightTimeoutError):
            stopped.wait_for(timeout=5_000)
            break
    expect(stopped).to_be_visible()
    time.sleep(0.8)
    done = len(shares)
    time.sleep(0.5)
    assert len(shares) == done < 600
    monkeypatch.undo()
    tab.get_by_role("button", name="Paint", exact=True).click()
    expect(tab.locator("#painted")).to_contain_text(re.compile("1920.1200 painted in"))


def test_a_batch_and_its_stop(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(3)]
    for number, path in enumerate(files):
        Image.new("RGB", (90, 60), (80 * number, 90, 120)).save(path)
    (tmp_path / "note.jpg").write_bytes(b"Dear sir or madam")
    tab = open_page(OPENED)
    tab.get_by_role("button", name="Several photos at once").click()
    tab.locator("#photos input[type=file]").set_input_files([*files[:2], tmp_path / "note.jpg"])
    expect(tab.locator("#photos")).to_contain_text("note")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Paint all to a ZIP").click()
    download.value.save_as(tmp_path / "out.zip")
    assert zipfile.ZipFile(tmp_path / "out.zip").namelist() == ["0-dots.jpg", "1-dots.jpg"]
    expect(tab.locator("#batch-summary")).to_contain_text("2 of 3 painted")
    expect(tab.locator("#batch-summary")).to_contain_text("Note.jpg is left out")
    tab.screenshot(path=screenshots / "stylize-batch.png", full_page=True)

    tab.locator("#photos").get_by_label("Clear").click()
    tab.locator("#photos input[type=file]").set_input_files(files)
    expect(tab.locator("#photos")).to_contain_text(re.compile("2 ?.jpg"))
    paint_slowly(monkeypatch)  # the first two are painted already
    tab.get_by_role("button", name="Paint all to a ZIP").click()
    expect(tab.locator("#batch-summary")).to_contain_text("3 of 3")
    with tab.expect_download() as download:
        tab.locator("#stop-all").click()
    download.value.save_as(tmp_path / "stopped.zip")
    assert zipfile.ZipFile(tmp_path / "stopped.zip").namelist() == ["0-dots.jpg", "1-dots.jpg"]
    expect(tab.locator("#batch-summary")).to_contain_text("2 of 3 painted · stopped")


def test_phone(open_page: Open, screenshots: Path) -> None:
    tab = open_page(OPENED, width=390)
    tab.screenshot(path=screenshots / "stylize-phone.png", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    box = tab.locator("#pair").bounding_box()
    assert box is not None
    assert box["y"] < 250
    assert box["width"] > 330
    tab.locator("#styles .thumbnail-lg").nth(1).scroll_into_view_if_needed()
    tab.get_by_role("button", name="Paint", exact=True).click()
    expect(tab.locator("#pair")).to_be_in_viewport()


def test_every_control_has_a_name(open_page: Open) -> None:
    tab = open_page(OPENED)
    for name in ("Another style, by name", "Size and format", "Several photos at once"):
        tab.get_by_role("button", name=name).click()
    nameless = tab.evaluate(
        """() => [...document.querySelectorAll('#stylize button, #stylize input, #stylize textarea')].filter(element =>
          element.offsetParent && !element.textContent.trim() && !element.ariaLabel && !element.title
          && !(element.labels && element.labels.length) && element.type !== 'file'
          && !element.querySelector('img[alt]')).map(element => element.outerHTML.slice(0, 120))"""
    )
    assert nameless == []


def test_there_is_something_to_try() -> None:
    assert styles.default_style() == "dots"
    assert len(styles.examples()) == 3

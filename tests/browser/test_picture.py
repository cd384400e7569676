"""Your own picture, in a real Chromium: drawn with the mouse, found, completed, walked from."""

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect

import gan_hub
from gan_hub import images
from gan_hub.features import FeatureExtractor
from gan_hub.inversion import projection
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.picture import handlers as picture_handlers
from gan_hub.recipes.keys import Key
from gan_hub.recipes.recipe import read_recipe
from gan_hub.recipes.walk import read_walk
from gan_hub.sampling.pictures import pictures_of
from tests.browser.test_explore import fetched

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
Points = Sequence[tuple[float, float]]
SLOW = 60_000
FEATURES = Path(gan_hub.__file__).parent / "bundled" / "mnist-features"  # the tests' own bundle has none
ONE: Points = [(0.52, 0.15), (0.48, 0.85)]
THREE: Points = [
    (0.3, 0.25), (0.5, 0.15), (0.68, 0.28), (0.62, 0.42), (0.45, 0.5),
    (0.62, 0.56), (0.7, 0.7), (0.55, 0.84), (0.3, 0.78),
]  # fmt: skip


def stroke(tab: Page, canvas: str, points: Points) -> None:
    """Draw a line with the mouse; points are shares of the canvas."""
    tab.locator(canvas).scroll_into_view_if_needed()
    box = tab.locator(canvas).bounding_box()
    assert box is not None
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in points]
    tab.mouse.move(*places[0])
    tab.mouse.down()
    for x, y in places[1:]:
        tab.mouse.move(x, y, steps=5)
    tab.mouse.up()


def draw(tab: Page, points: Points, digit: str) -> None:
    stroke(tab, "#sheet-to-draw-on canvas", points)
    expect(tab.locator("#found strong")).to_have_text(digit, timeout=SLOW)


def refine(tab: Page) -> None:
    painted = tab.locator("#painted-by-model img")
    before = str(painted.get_attribute("src"))
    tab.locator("#refine").click()
    expect(painted).not_to_have_attribute("src", before, timeout=SLOW)
    expect(tab.locator("#found")).to_contain_text("of the range", timeout=SLOW)


def seen_in(png: bytes, model_cache: ModelCache) -> int:
    """The digit that the bundled classifier sees in a reconstruction."""
    generator = model_cache.get("mnist-gan")
    key = Key.from_recipe(read_recipe(png))
    picture = pictures_of(generator, [key])[0].image
    pixels = images.from_uint8(torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(1, 1, 28, 28))
    return int(FeatureExtractor.from_folder(FEATURES).classify(pixels)[0])


def test_a_drawn_digit_is_found_refined_and_walked_from(
    open_page: Open, model_cache: ModelCache, screenshots: Path, tmp_path: Path
) -> None:
    tab = open_page("?tab=picture")
    draw(tab, THREE, "3")
    first = fetched(tab, "#painted-by-model img")
    refine(tab)
    refined = fetched(tab, "#painted-by-model img")
    assert refined != first
    assert seen_in(refined, model_cache) == 3
    tab.screenshot(path=screenshots / "picture.png", full_page=True)
    tab.locator("#own-picture").get_by_role("button", name="Walk from here").click()
    expect(tab.locator("#walked")).to_contain_text("frames", timeout=SLOW)
    with tab.expect_download() as download:
        tab.locator("#download-walk").click()
    download.value.save_as(tmp_path / "walk.mp4")
    walk = read_walk((tmp_path / "walk.mp4").read_bytes())
    assert walk.tracks[0][0] == Key.from_recipe(read_recipe(refined))
    tab.screenshot(path=screenshots / "picture-walk.png", full_page=True)
    tab.get_by_role("tab", name="Your picture").click()
    tab.locator("#own-picture").get_by_role("button", name="Explore").click()
    expect(tab).to_have_url(re.compile(f"tab=explore.*key={read_recipe(refined).latent}"), timeout=SLOW)
    expect(tab.locator("#explored")).to_contain_text("not moved", timeout=SLOW)
    assert fetched(tab, "#explore-start img") == refined


def test_a_masked_picture_is_completed(open_page: Open, screenshots: Path) -> None:
    tab = open_page("?tab=picture")
    draw(tab, THREE, "3")
    whole = fetched(tab, "#prepared img")
    stroke(tab, "#mask-canvas canvas", [(0.15, 0.75), (0.85, 0.75)])
    tab.locator("#refine").click()
    expect(tab.locator("#completed img")).to_be_visible(timeout=SLOW)
    expect(tab.locator("#found strong")).to_have_text("3")
    assert fetched(tab, "#prepared img") != whole, "what is missing is greyed"
    assert fetched(tab, "#completed img") != whole
    tab.screenshot(path=screenshots / "picture-completed.png", full_page=True)
    tab.locator("#mask-canvas .clear").click()
    tab.locator("#refine").click()
    expect(tab.locator("#completed")).to_be_hidden(timeout=SLOW)
    assert fetched(tab, "#prepared img") == whole


def test_an_upload_is_found_and_a_clear_sheet_starts_anew(
    open_page: Open, model_cache: ModelCache, tmp_path: Path
) -> None:
    generator = model_cache.get("fashion-gan")
    images.to_pil(generator.sample(1, seed=5, labels=9))[0].resize((280, 280)).save(tmp_path / "boot.png")
    tab = open_page("?tab=picture&model=fashion-gan")
    tab.get_by_role("tab", name="Upload").click()
    tab.locator("#own-photo input[type=file]").first.set_input_files(tmp_path / "boot.png")
    expect(tab.locator("#found strong")).to_have_text(generator.class_names[9], timeout=SLOW)
    tab = open_page("?tab=picture")
    draw(tab, THREE, "3")
    tab.locator("#sheet-to-draw-on .clear").click()
    draw(tab, ONE, "1")


def test_stop_keeps_the_best_so_far(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = open_page("?tab=picture")
    draw(tab, ONE, "1")

    def slowly(*arguments, on_step, **options):
        return projection.project(*arguments, on_step=lambda *a: (time.sleep(0.2), on_step(*a))[1], **options)

    monkeypatch.setattr(picture_handlers, "project", slowly)
    started = time.perf_counter()
    tab.get_by_label("number input for Steps of the refinement").fill("400")
    tab.locator("#refine").click()
    expect(tab.locator("#found progress")).to_be_visible(timeout=SLOW)
    tab.locator("#stop-refining").click()
    expect(tab.locator("#found strong")).to_have_text("1", timeout=SLOW)
    assert time.perf_counter() - started < 60, "the whole search would have taken 80 s"


def test_phone(open_page: Open, screenshots: Path) -> None:
    tab = open_page("?tab=picture", width=375)
    draw(tab, THREE, "3")
    tab.screenshot(path=screenshots / "picture-phone.png", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

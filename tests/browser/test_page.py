"""A visitor's way through the page, in a real Chromium."""

import re
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from gan_hub.hub.push import push
from gan_hub.page.components.model_picker import default_model
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.sample import handlers
from gan_hub.recipes.links import SampleState
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import sample as sample_pictures
from tests.conftest import make_generator

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def shown(tab: Page) -> list[bytes]:
    """The bytes of the pictures in the gallery, fetched as the browser fetches them."""
    sources = tab.locator("#gallery .thumbnail-lg img").evaluate_all("images => images.map(image => image.src)")
    return [tab.request.get(source).body() for source in sources]


def made(model_cache: ModelCache, state: SampleState) -> list[bytes]:
    """What the library makes for the same controls."""
    seeds = range(state.seed, state.seed + state.count)
    generator = model_cache.get(state.model or default_model())
    pictures = sample_pictures(generator, seeds, label=state.label, truncation=state.truncation)
    return [picture.png() for picture in pictures]


def generate(tab: Page) -> None:
    tab.get_by_role("button", name="Generate").click()


def wait_for_seed(tab: Page, seed: int) -> None:
    expect(tab).to_have_url(re.compile(rf"seed={seed}(&|$)"))
    expect(tab.locator("#gallery .caption-label").first).to_contain_text(re.compile(rf"seed {seed}$"))


def test_pictures_are_there_at_once_and_follow_the_controls(
    open_page: Open, model_cache: ModelCache, screenshots: Path
) -> None:
    tab = open_page()
    assert shown(tab) == made(model_cache, SampleState())
    tab.screenshot(path=screenshots / "page.png", full_page=True)
    tab.get_by_label("Seed").fill("4000000000")
    tab.get_by_label("number input for Pictures").fill("5")
    generate(tab)
    wait_for_seed(tab, 4_000_000_000)
    expect(tab.locator("#summary")).to_contain_text("5 pictures")
    assert shown(tab) == made(model_cache, SampleState(seed=4_000_000_000, count=5))
    rendering = tab.locator("#gallery img").first.evaluate("image => getComputedStyle(image).imageRendering")
    assert rendering == "pixelated"


def test_a_model_on_the_hub_is_found_and_chosen(open_page: Open, model_cache: ModelCache, hub, tmp_path: Path) -> None:
    make_generator().save_pretrained(tmp_path / "gan")
    push(tmp_path / "gan", "org/found-here")
    push(tmp_path / "gan", "org/elsewhere")
    tab = open_page()
    tab.get_by_role("button", name="More models, and revisions").click()
    box = tab.get_by_label("Find on the Hub").first
    box.click()
    box.press_sequentially("found", delay=20)  # as a person does: what is filled in while the row unfolds is lost
    expect(box).to_have_value("found")
    box.press("Enter")
    expect(tab.get_by_text("1 on the Hub: choose under Model")).to_be_visible()
    tab.locator("#model input").click()
    tab.get_by_role("option", name="org/found-here").click()
    expect(tab.locator("#sample .model-facts").first).to_contain_text("commit")
    tab.get_by_label("number input for Pictures").fill("2")
    generate(tab)
    expect(tab.locator("#gallery .thumbnail-lg")).to_have_count(2)
    assert shown(tab) == made(model_cache, SampleState(model="org/found-here", count=2))


def test_a_link_brings_the_same_pictures(open_page: Open, model_cache: ModelCache) -> None:
    label = model_cache.get(default_model()).class_names[3]
    state = SampleState(default_model(), None, 77, 7, 3, 0.55, label)
    tab = open_page(state.to_query())
    expect(tab.locator("#gallery .thumbnail-lg")).to_have_count(7)
    assert shown(tab) == made(model_cache, state)
    expect(tab.get_by_label("Seed")).to_have_value("77")
    tab.get_by_role("button", name="Copy link").click()
    expect(tab.get_by_role("button", name="Copied")).to_be_visible()
    link = tab.evaluate("navigator.clipboard.readText()")
    assert SampleState.from_query("?" + link.partition("?")[2]) == (state, [])


def test_a_wrong_link_gives_a_sentence_and_pictures(open_page: Open, model_cache: ModelCache) -> None:
    tab = open_page("?seed=abc&count=3&model=<img src=x onerror=alert(1)>")
    expect(tab.get_by_text("From the link: seed 'abc' is not possible")).to_be_visible()
    assert shown(tab) == made(model_cache, SampleState(count=3))


@pytest.mark.smoke
def test_a_dropped_png_brings_its_controls_and_itself(open_page: Open, tmp_path: Path, model_cache: ModelCache) -> None:
    state = SampleState(default_model(), None, 31, 1, 1, 1.3, model_cache.get(default_model()).class_names[5])
    (tmp_path / "picture.png").write_bytes(made(model_cache, state)[0])
    tab = open_page()
    tab.locator("#restore input[type=file]").set_input_files(tmp_path / "picture.png")
    wait_for_seed(tab, 31)
    assert shown(tab) == [(tmp_path / "picture.png").read_bytes()]
    assert SampleState.from_query("?" + tab.url.partition("?")[2]) == (state, [])
    generate(tab)
    assert shown(tab) == [(tmp_path / "picture.png").read_bytes()]


def test_a_foreign_file_gives_a_sentence(open_page: Open, tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "foreign.png")
    tab = open_page()
    tab.locator("#restore input[type=file]").set_input_files(tmp_path / "foreign.png")
    expect(tab.get_by_text("This PNG carries no recipe")).to_be_visible()


def test_back_and_forward(open_page: Open, model_cache: ModelCache) -> None:
    tab = open_page("?seed=1&count=2")
    wait_for_seed(tab, 1)
    tab.get_by_label("Seed").fill("50")
    generate(tab)
    wait_for_seed(tab, 50)
    tab.go_back()
    wait_for_seed(tab, 1)
    expect(tab.get_by_label("Seed")).to_have_value("1")
    assert shown(tab) == made(model_cache, SampleState(seed=1, count=2))
    tab.go_forward()
    wait_for_seed(tab, 50)


def test_surprise_me(open_page: Open) -> None:
    tab = open_page("?count=2&seed=4294967000")
    tab.get_by_role("button", name="Surprise me").click()
    expect(tab.locator("#gallery .caption-label").first).not_to_contain_text("4294967000")
    expect(tab).not_to_have_url(re.compile("4294967000"))


def test_stop_ends_a_long_run(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks_made = []
    sample_chunks = handlers.sample_chunks

    def slowly(*arguments, **options):
        for chunk in sample_chunks(*arguments, **options):
            chunks_made.append(len(chunk))
            yield chunk
            time.sleep(1.0)

    tab = open_page()
    monkeypatch.setattr(handlers, "sample_chunks", slowly)
    tab.get_by_label("number input for Pictures").fill("64")
    generate(tab)
    expect(tab.locator("#summary")).to_contain_text("16 of 64")
    tab.get_by_role("button", name="Stop").click()
    time.sleep(2.5)
    assert sum(chunks_made) < 64
    monkeypatch.undo()
    tab.get_by_label("number input for Pictures").fill("4")
    generate(tab)
    expect(tab.locator("#summary")).to_contain_text("4 pictures")


def test_who_waits_sees_the_place_in_the_queue(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, screenshots: Path
) -> None:
    first, second = open_page(), open_page()
    go_on, sample_chunks = threading.Event(), handlers.sample_chunks

    def held_up(*arguments, **options):
        go_on.wait(60)
        return sample_chunks(*arguments, **options)

    monkeypatch.setattr(handlers, "sample_chunks", held_up)
    generate(first)
    first.wait_for_timeout(300)
    generate(second)
    waiting = second.locator("#summary .progress-text")
    expect(waiting).to_have_text(re.compile(r"queue: 1/1"))
    expect(waiting).to_be_visible()
    second.screenshot(path=screenshots / "queue.png")
    go_on.set()
    expect(waiting).to_have_count(0)
    expect(second.locator("#summary")).to_contain_text("24 pictures")


def test_downloads(open_page: Open, model_cache: ModelCache, tmp_path: Path, screenshots: Path) -> None:
    tab = open_page("?seed=9&count=4&columns=2")
    state = SampleState(seed=9, count=4)
    name = f"{default_model()}-seeds-9-12"
    for button, suffix in (("Download ZIP", "zip"), ("Download grid", "png")):
        with tab.expect_download() as download:
            tab.get_by_role("button", name=button).click()
        assert download.value.suggested_filename == f"{name}.{suffix}"
        download.value.save_as(tmp_path / f"out.{suffix}")
    assert read_recipe(tmp_path / "out.png").seeds == (9, 10, 11, 12)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert [archive.read(name) for name in archive.namelist()[:-1]] == made(model_cache, state)
    tab.locator("#gallery .thumbnail-lg").nth(1).click()
    expect(tab.locator("#gallery .preview")).to_be_visible()
    tab.screenshot(path=screenshots / "page-preview.png")
    with tab.expect_download() as download:
        tab.locator("#gallery").get_by_label("Download").first.click()
    download.value.save_as(tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes() == made(model_cache, state)[1]


def test_phone(open_page: Open, screenshots: Path) -> None:
    tab = open_page(width=390)
    tab.screenshot(path=screenshots / "page-phone.png", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    first_picture = tab.locator("#gallery img").first.bounding_box()
    assert first_picture is not None
    assert first_picture["y"] < 400
    assert first_picture["width"] > 60
    generate(tab)
    expect(tab.locator("#gallery img").first).to_be_in_viewport()


def test_every_control_has_a_name(open_page: Open) -> None:
    tab = open_page()
    nameless = tab.evaluate(
        """() => [...document.querySelectorAll('#sample button, #sample input, #sample textarea')].filter(element =>
          element.offsetParent && !element.textContent.trim() && !element.ariaLabel && !element.title
          && !(element.labels && element.labels.length) && element.type !== 'file'
          && !element.querySelector('img[alt]')).map(element => element.outerHTML.slice(0, 120))"""
    )
    assert nameless == []

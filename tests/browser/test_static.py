"""The static page, built with bundled models, on a plain file server, in a real Chromium that reaches nothing else."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, Page, Route, expect

from gan_hub import GanGenerator, PhotoStylizer
from gan_hub.loading import model_files
from gan_hub.recipes.links import SampleState, StylizeState, WalkState
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import sample
from tests.browser.static_site import ROOT, STATIC, serve

pytestmark = pytest.mark.browser

MODELS = ("mnist-gan", "mnist-infogan", "emoji-gan", "monet")
TOLERANCE = 1e-3
MIN_FRAMES_PER_SECOND = 20
RATE_TRIES = (
    12  # readings, half a second apart, of which the best counts: other work may hold the processor for a while
)
SAMPLES = """async ({ name, keys }) => {
  const site = await (await fetch("models.json")).json();
  const model = site.models.find((each) => each.name === name);
  const { load } = await import(new URL("js/engine.js", document.baseURI));
  const { generate, keyOf } = await import(new URL("js/generator.js", document.baseURI));
  await load(model);
  const made = keys.map((key) => keyOf(model, key));
  const pictures = await generate(model, made);
  return { pictures: pictures.map((picture) => [...picture]), classes: made.map((key) => key.className) };
}"""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built as a user builds it; skipped where npm can't fetch the runtime."""
    out = tmp_path_factory.mktemp("static") / "site"
    command = [sys.executable, str(STATIC / "build.py"), "--models", *MODELS, "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)
    if result.returncode == 2 and "npm" in result.stderr:
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0, result.stderr
    print(result.stdout)
    return out


@pytest.fixture
def open_static(browser: Browser, site: Path) -> Iterator[Open]:
    """Opens the page; the test fails if the console had errors or a request was for anything but the file server."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")

    def guard(route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(url).netloc:
            return route.fallback()
        complaints.append(f"asked for {route.request.url}")
        return route.abort()

    expect.set_options(timeout=30_000)  # other work may hold the processor for a while
    with serve(site) as url:
        context.route("**/*", guard)

        def open_at(query: str = "", width: int = 1280, *, faults: bool = False) -> Page:
            tab = context.new_page()
            tab.set_default_timeout(60_000)
            tab.set_viewport_size({"width": width, "height": 844 if width < 700 else 900})
            if not faults:
                tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            tab.on("pageerror", lambda error: complaints.append(str(error)))
            tab.goto(f"{url}/{query}")
            return tab

        yield open_at
        context.close()
    expect.set_options(timeout=5_000)
    assert complaints == []


def wait_for_pictures(tab: Page, count: int) -> None:
    expect(tab.locator("#sample .status")).to_have_text(re.compile(rf"^{count} pictures? in \d+ ms$"))
    expect(tab.locator(".gallery canvas")).to_have_count(count)


def painted(tab: Page) -> None:
    expect(tab.locator("#stylize .status")).to_have_text(re.compile(r"painted in"))


def downloaded(tab: Page, button: str, root: str) -> bytes:
    with tab.expect_download() as download:
        tab.locator(root).get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


def drawn_photo() -> Image.Image:
    """A landscape whose sides are no multiples of the network's grid."""
    photo = Image.linear_gradient("L").resize((251, 173)).convert("RGB")
    draw = ImageDraw.Draw(photo)
    draw.ellipse((30, 20, 90, 80), fill=(250, 210, 90))
    draw.polygon([(0, 173), (90, 70), (170, 150), (251, 60), (251, 173)], fill=(60, 120, 70))
    return photo.filter(ImageFilter.GaussianBlur(0.7))


@pytest.mark.parametrize(
    ("name", "label", "truncation"),
    [("mnist-gan", None, 1.0), ("mnist-gan", "7", 0.6), ("mnist-infogan", None, 1.3), ("emoji-gan", None, 1.0)],
)
def test_samples_are_those_of_torch(open_static: Open, name: str, label: str | None, truncation: float) -> None:
    tab = open_static()
    seeds = [0, 7, 41, 123_456, 2**32 - 1]
    generator = GanGenerator.from_pretrained(name)
    keys = [{"seed": seed, "label": label or "", "truncation": truncation} for seed in seeds]
    made = tab.evaluate(SAMPLES, {"name": name, "keys": keys})
    labels = None if label is None else generator.class_names.index(label)
    expected = torch.cat([generator.sample(1, seed=seed, labels=labels, truncation=truncation) for seed in seeds])
    difference = (torch.tensor(made["pictures"]).view_as(expected) - expected).abs().max().item()
    print(f"{name}, class {label}, truncation {truncation}: max |difference| to torch {difference:.1e}")
    assert difference <= TOLERANCE
    if generator.num_classes:
        shown = [picture.class_name for seed in seeds for picture in sample(generator, [seed], label=label)]
        assert made["classes"] == shown


def test_a_link_of_the_python_page_shows_the_same_pictures_and_png_carries_its_recipe(
    open_static: Open, screenshots: Path
) -> None:
    state = SampleState(model="mnist-gan", seed=40, count=13, truncation=0.8, label="3")
    tab = open_static(state.to_query())
    wait_for_pictures(tab, 13)
    assert SampleState.from_query(tab.evaluate("location.search")) == (state, [])
    tab.locator(".gallery button").nth(2).click()
    data = downloaded(tab, "Download PNG", "dialog")
    recipe = read_recipe(data)
    assert (recipe.model, recipe.seeds, recipe.label, recipe.truncation) == ("mnist-gan", (42,), "3", 0.8)
    (expected,) = sample(GanGenerator.from_pretrained("mnist-gan"), [42], label="3", truncation=0.8)
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int)
    assert np.abs(pixels - np.asarray(expected.image)).max() <= 1
    tab.screenshot(path=screenshots / "static-close-up.png")
    tab.keyboard.press("Escape")
    grid = downloaded(tab, "Download PNG", "#sample")
    assert read_recipe(grid).seeds == tuple(range(40, 53))
    assert Image.open(io.BytesIO(grid)).size == (6 * 30 + 2, 3 * 30 + 2)


def test_transparent_pictures_come_out_as_the_library_writes_them(open_static: Open) -> None:
    tab = open_static("?model=emoji-gan&seed=3&count=1")
    wait_for_pictures(tab, 1)
    tab.locator(".gallery button").first.click()
    made = np.asarray(Image.open(io.BytesIO(downloaded(tab, "Download PNG", "dialog")))).astype(int)
    (expected,) = sample(GanGenerator.from_pretrained("emoji-gan"), [3])
    reference = np.asarray(expected.image).astype(int)
    # Dividing by a small alpha magnifies a difference of one level: compare the colours as the network paints them.
    for picture in (made, reference):
        picture[..., :3] = picture[..., :3] * picture[..., 3:] // 255
    assert made.shape == reference.shape
    assert np.abs(made - reference).max() <= 2


def test_controls_change_pictures_and_the_link(open_static: Open, screenshots: Path) -> None:
    tab = open_static()
    wait_for_pictures(tab, 24)
    tab.screenshot(path=screenshots / "static-sample.png", full_page=True)
    panel = tab.locator("#sample")
    panel.get_by_role("slider", name="Pictures").fill("5")
    panel.get_by_label("Class").select_option("7")
    wait_for_pictures(tab, 5)
    expect(tab.locator(".gallery button").first).to_have_text("7 · seed 0")
    assert SampleState.from_query(tab.evaluate("location.search"))[0] == SampleState(
        model="mnist-gan", count=5, label="7"
    )
    panel.get_by_role("button", name="Random").click()
    expect(tab.locator(".gallery button").first).not_to_have_text("7 · seed 0")
    panel.get_by_label("Model").select_option("mnist-infogan")
    wait_for_pictures(tab, 5)
    expect(panel.get_by_label("Class")).to_be_hidden()


def test_keyboard_alone(open_static: Open) -> None:
    tab = open_static("?count=3")
    wait_for_pictures(tab, 3)
    tab.get_by_role("tab", name="Sample").focus()
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("tab", name="Walk")).to_have_attribute("aria-selected", "true")
    expect(tab.locator("#interpolate")).to_be_visible()
    tab.keyboard.press("ArrowLeft")
    expect(tab.locator("#sample")).to_be_visible()
    tab.locator(".gallery button").first.focus()
    tab.keyboard.press("Enter")
    dialog = tab.locator("dialog")
    expect(dialog).to_contain_text("seed 0")
    tab.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("seed 1")
    tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_walk_plays_fast_enough(open_static: Open, screenshots: Path) -> None:
    tab = open_static(WalkState(model="mnist-gan", keys="3,7:8,12::0.7").to_query())
    panel = tab.locator("#interpolate")
    expect(panel.locator(".status")).to_have_text("3 seeds, and back to the first")
    assert WalkState.from_query(tab.evaluate("location.search"))[0].keys == "3,7:8,12::0.7"
    panel.get_by_role("button", name="Play").click()
    rates = []
    for _ in range(RATE_TRIES):
        tab.wait_for_timeout(500)
        found = re.match(r"(\d+) frames a second", panel.locator(".status").inner_text())
        rates += [int(found[1])] if found else []
    print(f"mnist-gan walks at {sorted(rates)} frames a second, {os.getloadavg()[0]:.1f} processes want a core")
    tab.screenshot(path=screenshots / "static-walk.png", full_page=True)
    assert max(rates) >= MIN_FRAMES_PER_SECOND
    panel.get_by_role("button", name="Pause").click()
    place = panel.get_by_label("Place on the walk").input_value()
    tab.wait_for_timeout(300)
    assert panel.get_by_label("Place on the walk").input_value() == place


def test_a_walk_shows_the_pictures_of_its_keys(open_static: Open) -> None:
    tab = open_static("?tab=interpolate&model=mnist-gan&keys=3,7,12")
    expect(tab.locator("#interpolate .status")).to_have_text("3 seeds, and back to the first")
    for place, seed in ((1, 7), (2, 12), (3, 3)):
        tab.get_by_label("Place on the walk").fill(str(place))
        tab.wait_for_timeout(300)
        pixels = Image.open(io.BytesIO(downloaded(tab, "Download PNG", "#interpolate"))).convert("L")
        (expected,) = sample(GanGenerator.from_pretrained("mnist-gan"), [seed])
        assert np.abs(np.asarray(pixels).astype(int) - np.asarray(expected.image)).max() <= 1


def test_walk_from_a_picture(open_static: Open) -> None:
    tab = open_static("?seed=9&count=2&label=4")
    wait_for_pictures(tab, 2)
    tab.locator(".gallery button").nth(1).click()
    tab.locator("dialog").get_by_role("button", name="Walk from here").click()
    expect(tab.locator("#interpolate .status")).to_have_text("4 seeds, and back to the first")
    assert WalkState.from_query(tab.evaluate("location.search"))[0].keys == "10:4,11:4,12:4,13:4"


def test_a_photo_is_painted_as_in_python(
    open_static: Open, screenshots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "BUNDLED_FOLDER", ROOT / "gan_hub" / "bundled")  # not the tests' own bundle
    photo = drawn_photo()
    photo.save(tmp_path / "hills.png")
    tab = open_static("?tab=stylize&style=monet&seed=5")
    painted(tab)  # a drawing, so that there is something to see
    tab.locator("#stylize input[type=file]").set_input_files(tmp_path / "hills.png")
    expect(tab.locator("#stylize .status")).to_have_text(re.compile(r"^251.173 painted in"))
    stylizer = PhotoStylizer.from_pretrained("monet")
    painting = stylizer.paint(photo, seed=5)

    def worst(**options: float | bool) -> int:
        made = Image.open(io.BytesIO(downloaded(tab, "Download PNG", "#stylize"))).convert("RGB")
        expected = painting.blended(**options)  # type: ignore[arg-type]
        return int(np.abs(np.asarray(made).astype(int) - np.asarray(expected)).max())

    assert worst() <= 1
    tab.get_by_label("Strength").fill("60")
    assert worst(strength=0.6) <= 1
    tab.get_by_label("Keep the photo's colours").check()
    assert worst(strength=0.6, keep_colors=True) <= 1
    state, problems = StylizeState.from_query(tab.evaluate("location.search"))
    assert (state, problems) == (StylizeState("monet", 60, True, seed=5), [])
    tab.screenshot(path=screenshots / "static-stylize.png", full_page=True)


@pytest.mark.parametrize(
    ("query", "wait"),
    [("", "#sample .gallery canvas"), ("?tab=interpolate", "#interpolate .stage"), ("?tab=stylize", ".pair .after")],
)
def test_on_a_phone_everything_fits(open_static: Open, screenshots: Path, query: str, wait: str) -> None:
    tab = open_static(query, width=375)
    expect(tab.locator(wait).first).to_be_visible()
    tab.wait_for_timeout(500)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 375
    heights = tab.locator("button:visible, select:visible").evaluate_all("all => all.map((e) => e.offsetHeight)")
    assert min(heights) >= 40  # what a finger hits
    name = re.sub(r"\W", "", query.partition("=")[2]) or "sample"
    tab.screenshot(path=screenshots / f"static-{name}-phone.png", full_page=True)


@pytest.mark.parametrize(
    ("query", "where", "message"),
    [
        ("?seed=-1", "#notice", "seed '-1' is not possible; use a whole number from 0 to 4294967295"),
        ("?truncation=3", "#notice", "truncation '3' is not possible; use a number from 0 to 2"),
        ("?model=nobody/knows", "#sample .status", "This page has no model 'nobody/knows'; choose from: mnist-gan"),
        ("?model=mnist-gan&label=cat", "#sample .status", "The model mnist-gan has no class 'cat'; choose from: 0, 1"),
        ("?tab=interpolate&keys=3", "#notice", "a walk through 1 seeds is not possible; name 2 to 16"),
        ("?tab=stylize&style=dali", "#stylize .status", "This page has no style 'dali'; choose from: monet"),
    ],
)
def test_a_link_that_is_not_right_says_so(open_static: Open, query: str, where: str, message: str) -> None:
    expect(open_static(query).locator(where)).to_contain_text(message)


def test_what_can_not_be_read_is_named(open_static: Open, tmp_path: Path) -> None:
    tab = open_static("?tab=stylize")
    painted(tab)
    (tmp_path / "notes.png").write_text("no picture")
    tab.locator("#stylize input[type=file]").set_input_files(tmp_path / "notes.png")
    expect(tab.locator("#stylize .status")).to_have_text(
        re.compile(r"^The file notes\.png is not a picture .* use JPEG, PNG")
    )


def test_a_model_that_is_not_there_is_said_and_can_be_tried_again(open_static: Open) -> None:
    tab = open_static(faults=True)
    wait_for_pictures(tab, 24)
    tab.context.route("**/mnist-infogan.onnx", lambda route: route.fulfill(status=503))
    tab.locator("#sample").get_by_label("Model").select_option("mnist-infogan")
    status = tab.locator("#sample .status")
    expect(status).to_have_text("The file mnist-infogan.onnx could not be fetched: the server answered 503.")
    tab.context.unroute("**/mnist-infogan.onnx")
    tab.locator("#sample").get_by_role("slider", name="Pictures").fill("4")
    wait_for_pictures(tab, 4)


def test_building_over_something_else_is_refused(site: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    command = [sys.executable, str(STATIC / "build.py"), "--models", "mnist-gan", "--out", str(tmp_path)]
    result = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert result.returncode == 2
    assert "holds something that is no page of this kind" in result.stderr
    assert (tmp_path / "thesis.txt").read_text() == "precious"

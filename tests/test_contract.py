"""What version 0.1.0 wrote goes on working: runs resume, repositories load, pictures are made again, links open.

The files are in tests/fixtures/v0.1.0, whose README.md says how they were made. On the stack that they were made on
everything has to be equal to the bit; on another one, pictures may differ by two of 256 levels.
"""

import hashlib
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence
from playwright.sync_api import expect, sync_playwright

from gan_hub import GanGenerator, PhotoStylizer

# All names that are not public and may move; the rest goes through the page's endpoints and the command lines.
from gan_hub.loading.model_files import bundled_names
from gan_hub.recipes.keys import Key, format_key
from gan_hub.recipes.links import (
    ExploreState,
    PictureState,
    SampleState,
    StylizeState,
    WalkState,
    picture_link,
    read_picture_link,
    tab_of,
)
from gan_hub.recipes.recipe import read_recipe
from gan_hub.recipes.walk import read_walk
from tests.stress.load.golden import entry_point, stack
from tests.stress.load.requests import files_in
from tests.support.hub_server import LoopbackHub, Repo
from tests.support.page_server import Caller, PageProcess

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
FIXTURES = Path(__file__).parent / "fixtures" / "v0.1.0"
PICTURES = FIXTURES / "pictures"
LINKS = json.loads((FIXTURES / "links.json").read_text(encoding="utf-8"))
RECIPES = json.loads((PICTURES / "recipes.json").read_text(encoding="utf-8"))
RUNS = json.loads((FIXTURES / "runs.json").read_text(encoding="utf-8"))
STATES = {
    "sample": SampleState,
    "explore": ExploreState,
    "interpolate": WalkState,
    "picture": PictureState,
    "stylize": StylizeState,
}
IS_SAME_STACK = RECIPES["stack"] == RUNS["stack"] == stack()
LEVELS = 2  # by which pictures may differ on another stack
LOSSY = (".mp4", ".jpg", ".webp", ".gif")  # there, of these the mean over all pixels

CALLS = [made for made in RECIPES["made"] if "endpoint" in made]
COMMANDS = [made for made in RECIPES["made"] if "command" in made]
FILES = [file for made in RECIPES["made"] for file in made["files"]]
RESTORED = [file for file in FILES if file.get("restored")]
LATENTS = [file for file in FILES if file["kind"] == "picture" and "latent" in file["recipe"]]


def named(file: dict[str, Any]) -> str:
    return file["file"]


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def publish(hub: LoopbackHub) -> None:
    """Put the repositories on a Hub at the commits that recipes and links of 0.1.0 name."""
    for repo_id, commit in RECIPES["commits"].items():
        folder = FIXTURES / "pushed" / repo_id.split("/")[1]
        repo = hub.repos[repo_id] = Repo()
        for each in (folder, *folder.parent.glob(f"{folder.name}@*")):
            name = each.name.partition("@")[2]
            sha = hashlib.sha1(name.encode()).hexdigest() if name else commit
            repo.commits[sha], repo.parents[sha], repo.titles[sha] = files_below(each), None, each.name
            (repo.tags if name else repo.branches)[name or "main"] = sha


# --- Pixels -----------------------------------------------------------------------------------------------------------


def frames_of(name: str, data: bytes) -> list[np.ndarray]:
    """Every picture in a file, as RGBA."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.namelist() if member != "manifest.json"]
            return [frame for member in members for frame in frames_of(member, archive.read(member))]
    if name.endswith(".mp4"):
        with av.open(io.BytesIO(data)) as video:
            return [frame.to_ndarray(format="rgba") for frame in video.decode(video=0)]
    with Image.open(io.BytesIO(data)) as picture:
        return [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(picture)]


def assert_alike(name: str, made: bytes, *, is_searched: bool = False) -> None:
    """The same pictures as in the stored file; what a search found may differ more on another stack."""
    before, now = frames_of(name, (PICTURES / name).read_bytes()), frames_of(name, made)
    assert [frame.shape for frame in now] == [frame.shape for frame in before]
    off = np.concatenate([np.abs(a.astype(int) - b.astype(int)).ravel() for a, b in zip(before, now)])
    if IS_SAME_STACK:
        assert off.max() == 0
    elif is_searched or name.endswith(LOSSY):
        assert off.mean() <= LEVELS
    else:
        assert off.max() <= LEVELS


def is_repainted(arguments: list[Any]) -> bool:
    """Whether a bundled style was asked for: version 0.1.0 had others under these names, and published ones stay."""
    return any(argument in bundled_names("stylizer") for argument in arguments if isinstance(argument, str))


def assert_same_shapes(name: str, made: bytes) -> None:
    before, now = frames_of(name, (PICTURES / name).read_bytes()), frames_of(name, made)
    assert [frame.shape for frame in now] == [frame.shape for frame in before]


def recipe_of(data: bytes, kind: str) -> dict[str, Any]:
    return json.loads((read_walk if kind == "walk" else read_recipe)(data).to_json())


def without_version(recipe: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in recipe.items() if key != "version"}


def carried(data: bytes) -> dict[str, Any]:
    """What a painting says of itself."""
    with Image.open(io.BytesIO(data)) as picture:
        profile = picture.info.get("icc_profile")
        return {
            "format": picture.format,
            "mode": picture.mode,
            "size": list(picture.size),
            "icc_profile": hashlib.sha256(profile).hexdigest() if profile else None,
            "exif": {str(tag): str(value) for tag, value in sorted(picture.getexif().items())},
            "text": sorted(str(key) for key in getattr(picture, "text", {})),
        }


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def assert_same_recipes(file: dict[str, Any], made: bytes, *, is_searched: bool = False) -> None:
    """What a newly made file carries is what the stored one does, apart from the version."""
    if file["kind"] == "plain":
        assert carried(made) == file["carries"]
    elif file["kind"] == "paintings":
        assert {name: carried(data) for name, data in members(made).items()} == {
            name: inside["carries"] for name, inside in file["inside"].items()
        }
    elif file["kind"] == "pictures":
        manifest = json.loads(members(made)["manifest.json"])
        rows = [{**row, "recipe": without_version(row["recipe"])} for row in manifest["pictures"]]
        before = [{**row, "recipe": without_version(row["recipe"])} for row in file["manifest"]["pictures"]]
        assert rows == before
    else:
        recipe, before = (without_version(each) for each in (recipe_of(made, file["kind"]), file["recipe"]))
        if is_searched and not IS_SAME_STACK:
            recipe, before = ({**each, "latent": ""} for each in (recipe, before))
        assert recipe == before


# --- Links ------------------------------------------------------------------------------------------------------------


def rows(tab: str) -> list[dict[str, Any]]:
    return [*LINKS[tab]["written"], *LINKS[tab]["read"]]


@pytest.mark.parametrize("tab", STATES)
def test_links_bring_the_controls_that_they_brought(tab: str) -> None:
    assert len(LINKS[tab]["written"]) >= 3
    for row in rows(tab):
        state, problems = STATES[tab].from_query(row["query"])
        now = json.loads(json.dumps(asdict(state)))
        assert {name: now[name] for name in row["state"]} == row["state"], row["query"]
        assert len(problems) == len(row["problems"]), row["query"]


@pytest.mark.parametrize("tab", STATES)
def test_links_are_written_again_as_they_were(tab: str) -> None:
    for row in LINKS[tab]["written"]:
        assert STATES[tab].from_query(row["query"])[0].to_query() == row["query"]


@pytest.mark.parametrize("tab", [*STATES, "compare"])
def test_links_name_their_tab(tab: str) -> None:
    for row in rows(tab):
        assert tab_of(row["query"]) == row["tab"]
        for other in set(STATES) - {tab}:
            assert STATES[other].from_query(row["query"]) == (STATES[other](), [])


def test_favourites_are_links_of_single_pictures() -> None:
    for link in LINKS["favourites"]["links"]:
        assert picture_link(*read_picture_link(link)) == link


# --- Pictures and walks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=named)
def test_files_give_their_recipes(file: dict[str, Any]) -> None:
    data = (PICTURES / file["file"]).read_bytes()
    if file["kind"] in ("picture", "grid", "walk"):
        assert recipe_of(data, file["kind"]) == file["recipe"]
    elif file["kind"] == "pictures":
        inside = members(data)
        assert {name: recipe_of(inside[name], "picture") for name in file["recipes"]} == file["recipes"]


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    """A visitor's program at a page whose Hub has the repositories."""
    hub = LoopbackHub().start()
    publish(hub)
    with PageProcess(hub=hub.url) as page, Caller(page.url) as visitor:
        yield visitor
    hub.shutdown()


def answered(caller: Caller, endpoint: str, arguments: list[Any]) -> Any:
    """What an endpoint gives; "@name" stands for a file that is sent first."""

    def sent(value: Any) -> Any:
        if isinstance(value, list):
            return [sent(each) for each in value]
        if isinstance(value, str) and value.startswith("@"):
            return caller.upload(value[1:], (PICTURES / "sources" / value[1:]).read_bytes())
        return value

    answer = caller.call(endpoint, [sent(each) for each in arguments])
    assert answer.error is None, answer.error
    return answer.data[0] if endpoint == "project" else answer.data


@pytest.mark.parametrize("made", CALLS, ids=lambda made: "-".join(map(str, (made["endpoint"], *made["arguments"][:4]))))
def test_endpoints_make_the_same_again(made: dict[str, Any], caller: Caller) -> None:
    found = answered(caller, made["endpoint"], made["arguments"])
    # A search ends elsewhere on another processor, and so do principal components.
    is_searched = made["endpoint"] == "project" or "ganspace" in made["arguments"]
    files = files_in(found)
    assert len(files) == len(made["files"])
    for file, again in zip(made["files"], files):
        assert is_searched or again["orig_name"] == file["name"]
        data = caller.fetch(again)
        assert_same_recipes(file, data, is_searched=is_searched)
        if is_repainted(made["arguments"]):
            assert_same_shapes(file["file"], data)
        else:
            assert_alike(file["file"], data, is_searched=is_searched)
    if made["details"] and (IS_SAME_STACK or not is_searched):
        assert {name: found[-1][name] for name in made["details"]} == made["details"]


@pytest.mark.parametrize("file", RESTORED, ids=named)
def test_dropped_files_bring_the_arguments_that_make_them(file: dict[str, Any], caller: Caller) -> None:
    is_walk = file["kind"] == "walk"
    sent = caller.upload(file["file"], (PICTURES / file["file"]).read_bytes())
    values = answered(caller, "restore_walk" if is_walk else "restore", [sent])[0]
    assert {name: values[name] for name in file["restored"]} == file["restored"]
    endpoint = "interpolate" if is_walk else "grid" if file["kind"] == "grid" else "sample"
    arguments = [*values.values(), ""] if is_walk else list(values.values())  # the last one is a name for the job
    again = files_in(answered(caller, endpoint, arguments))[0]
    assert_alike(file["file"], caller.fetch(again))


@pytest.mark.parametrize("file", LATENTS, ids=named)
def test_pictures_of_latents_are_made_from_their_recipe(file: dict[str, Any], caller: Caller) -> None:
    recipe = read_recipe(PICTURES / file["file"])
    key = format_key(Key.from_recipe(recipe))
    again = files_in(answered(caller, "directions", [recipe.model, recipe.revision, key, "sefa", "", 1, ""]))[0]
    assert_alike(file["file"], caller.fetch(again))


@pytest.mark.parametrize("made", COMMANDS, ids=lambda made: " ".join(made["command"][:4]))
def test_commands_make_the_same_again(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(PICTURES / "sources", tmp_path / "sources")
    monkeypatch.chdir(tmp_path)
    module, function = entry_point().split(":")
    getattr(importlib.import_module(module), function)(made["command"])
    for file in made["files"]:
        data = (tmp_path / file["file"]).read_bytes()
        assert_same_recipes(file, data)
        if is_repainted(made["command"]):
            assert_same_shapes(file["file"], data)
        else:
            assert_alike(file["file"], data)


def test_favourites_stay_where_they_were(caller: Caller) -> None:
    """What a browser keeps is found by its name, and read with the secret that it was written with."""
    props = [each["props"] for each in caller.http.get("/config").json()["components"]]
    kept = LINKS["favourites"]
    assert (kept["storage_key"], kept["secret"]) in [(each.get("storage_key"), each.get("secret")) for each in props]


@pytest.mark.browser
def test_favourites_are_shown_again_in_the_browser_that_keeps_them(caller: Caller) -> None:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if found is None:
        pytest.skip("no Chromium or Chrome on the path")
    answered(caller, "sample", ["you/tiny-gan", "", 5, 1, 1, 1.0, ""])  # so that the model from the Hub is there
    kept = LINKS["favourites"]
    keeping = f"localStorage.setItem({json.dumps(kept['storage_key'])}, {json.dumps(kept['stored'])})"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(args=["--no-sandbox", "--disable-gpu"], executable_path=found)
        tab = chromium.new_context().new_page()
        tab.add_init_script(keeping)
        tab.goto(caller.url)
        expect(tab.locator("#favourites .thumbnail-lg")).to_have_count(len(kept["links"]), timeout=60_000)
        captions = tab.locator("#favourites .caption-label").all_inner_texts()
        chromium.close()
    keys = [read_picture_link(link)[2] for link in kept["links"]]
    assert len(captions) == len(keys)
    for caption, key in zip(captions, keys):
        assert caption.endswith("own" if key.seed is None else f"seed {key.seed}")


# --- Repositories -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["folder", "hub"])
def place(request: pytest.FixtureRequest, hub: LoopbackHub) -> Callable[[str], str | Path]:
    """Where a repository is: by its name, its folder or its id on the Hub."""
    publish(hub)
    return lambda name: f"you/{name}" if request.param == "hub" else FIXTURES / "pushed" / name


def png(pictures: torch.Tensor) -> bytes:
    """One picture [1, C, H, W] in [-1, 1]."""
    values = ((pictures[0].clamp(-1, 1) + 1) * 127.5).round().byte().movedim(0, -1).numpy()
    out = io.BytesIO()
    Image.fromarray(values.squeeze()).save(out, "PNG")
    return out.getvalue()


def test_a_pushed_generator_loads_with_what_lies_beside_it(place: Callable[[str], str | Path]) -> None:
    generator = GanGenerator.from_pretrained(place("tiny-gan"))
    assert_alike("05-sample-0.png", png(generator.sample(1, seed=5)))
    assert generator.directions is not None
    assert generator.directions.names == ("1", "2", "3", "4")
    assert generator.encoder is not None
    z, logits = generator.encoder.encode(generator.sample(3, seed=0))
    assert z.shape == (3, generator.latent_dim)
    assert logits.shape == (3, generator.num_classes)


def test_a_pushed_step_of_the_training_loads(hub: LoopbackHub) -> None:
    publish(hub)
    step = GanGenerator.from_pretrained("you/tiny-gan", revision="step-150")
    assert_alike("05-sample-0.png", png(step.sample(1, seed=5)))


def test_a_pushed_stylizer_loads(place: Callable[[str], str | Path]) -> None:
    stylizer = PhotoStylizer.from_pretrained(place("tiny-style"))
    with Image.open(PICTURES / "sources" / "photo.jpg") as photo:
        painted = stylizer.stylize(photo, seed=2)
    out = io.BytesIO()
    painted.save(out, "PNG")
    assert_alike("28-stylize-0.png", out.getvalue())


# --- Runs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RUNS["runs"])
def test_an_interrupted_run_goes_on_to_the_same_end(name: str, tmp_path: Path) -> None:
    told = RUNS["runs"][name]
    for folder in (name, "style-pictures"):
        shutil.copytree(FIXTURES / folder, tmp_path / folder)
    run = tmp_path / name
    assert (run / f"checkpoint-{told['interrupted_at']}").is_dir()
    command = [str(BIN / "accelerate"), "launch", str(ROOT / told["script"]), *told["arguments"]]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--resume_from_checkpoint", "latest"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    before = (FIXTURES / name / "metrics.jsonl").read_text().splitlines()
    after = (run / "metrics.jsonl").read_text().splitlines()
    assert after[: len(before)] == before
    lines = [json.loads(line) for line in after]
    end = told["end"]
    assert lines[-1]["step"] == end["step"]
    known = {frozenset(keys) for keys in end["metrics_keys"]}
    assert known <= {frozenset(line) for line in lines}
    health = json.loads((run / "health.json").read_text())
    assert set(end["health_keys"]) <= set(health)
    assert set(end["health_checks"]) <= set(health["checks"])
    assert set(end["files"]) <= set(files_below(run))
    if IS_SAME_STACK:
        assert hashlib.sha256((run / "model.safetensors").read_bytes()).hexdigest() == end["model.safetensors"]

"""The tab Explore, and single pictures that go from tab to tab: called as a program calls them, and as events do."""

import io
import json
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from gan_hub import GanGenerator, images
from gan_hub.editing.directions import Directions, find_directions, move
from gan_hub.latents.text import latent_text
from gan_hub.page.components.files import META
from gan_hub.page.components.states import taking
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.explore import directions
from gan_hub.page.tabs.explore.directions import DirectionCache
from gan_hub.page.tabs.explore.handlers import ExploreHandlers
from gan_hub.page.tabs.sample.favourites import MAX_FAVOURITES, FavouriteHandlers, links_of
from gan_hub.recipes.keys import Key, format_key, parse_key
from gan_hub.recipes.links import OWN, ExploreState, picture_link, read_picture_link
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import pictures_of
from gan_hub.sampling.variations import class_matrix
from tests.conftest import make_generator

NUM_DIRECTIONS = 6  # as many as the small generator's latents have entries


def pixels(path: object) -> np.ndarray:
    return np.asarray(Image.open(str(path)))


@pytest.fixture
def generator(folder: Path) -> GanGenerator:
    return GanGenerator.from_pretrained(folder)


@pytest.fixture
def model_cache(folder: Path) -> ModelCache:
    model_cache = ModelCache(allow_folders=True)
    model_cache.get(str(folder))
    return model_cache


def test_a_picture_is_moved_and_its_recipe_brings_it_back(
    client: Client, folder: Path, generator: GanGenerator
) -> None:
    values = [str(folder), "", "5:square:0.8", "sefa", "1,0,-2.5", 3, "slant"]
    picture, strip, sweep, details = client.predict(*values, api_name="/directions")
    directions = find_directions(generator, "sefa", 8)
    z = move(generator.truncate(generator.latents([5]), 0.8), directions, [1, 0, -2.5, 0, 0, 0])
    expected = images.to_pil(generator.generate(z, 1))[0]
    assert np.abs(pixels(picture).astype(int) - np.asarray(expected)).max() <= 1, "rounded to 16 bits"
    assert details["names"] == ["slant", *map(str, range(2, NUM_DIRECTIONS + 1))]
    assert sweep is None
    assert Key.from_recipe(read_recipe(picture)) == parse_key(details["key"])
    again = pictures_of(generator, [parse_key(details["key"])])[0]
    assert np.array_equal(pixels(picture), again.image)
    assert [item["caption"] for item in strip] == ["-3", "-2", "-1", "0", "+1", "+2", "+3"]
    for amount, item in ((-3, strip[0]), (2, strip[5])):
        state = ExploreState("x", None, "5:square:0.8", "sefa", f"1,0,{amount}")
        assert np.array_equal(
            pixels(item["image"]), pictures_of(generator, [state.moved(generator, directions)])[0].image
        )
    state, problems = ExploreState.from_query(details["link"])
    assert problems == []
    assert (state.model, state.amounts, state.names) == ("folder:shapes", "1,0,-2.5", "slant")
    assert str(folder.parent) not in json.dumps(details)


def test_what_is_not_moved_keeps_its_seed(client: Client, folder: Path, generator: GanGenerator) -> None:
    picture, _, _, details = client.predict(str(folder), "", "5", "ganspace", "0,0", 1, "", api_name="/directions")
    assert details["key"] == "5"
    assert Path(picture).read_bytes() == pictures_of(generator, [Key(5)])[0].png()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "x"}, "The key 'x'"),
        ({"key": "zAAA"}, "The latent has 1 numbers"),
        ({"key": "1:owl"}, "Unknown class 'owl'"),
        ({"key": 7}, "The key 7"),
        ({"method": "pca"}, "Unknown method 'pca'"),
        ({"method": "model"}, "No directions lie beside this model"),
        ({"amounts": "1,x"}, "The amounts '1,x'"),
        ({"amounts": "6"}, "The amounts '6'"),
        ({"amounts": "1," * 9}, "The amounts"),
        ({"shown": 0}, "Shown 0"),
        ({"names": "a,a"}, "The names 'a,a'"),
        ({"names": "2"}, "Two directions have the same name"),
    ],
)
def test_wrong_arguments_arrive_as_sentences(client: Client, folder: Path, changes: dict, words: str) -> None:
    values = {"revision": "", "key": "5", "method": "sefa", "amounts": "", "shown": 1, "names": "", **changes}
    with pytest.raises(AppError) as error:
        client.predict(str(folder), *values.values(), api_name="/directions")
    assert str(error.value).startswith(words)


def test_every_class_of_a_seed(client: Client, folder: Path, generator: GanGenerator) -> None:
    sheet = client.predict(str(folder), "", 4, 3, 0.5, api_name="/class_sheet")
    assert np.array_equal(pixels(sheet), class_matrix(generator, range(4, 7), truncation=0.5))


def test_directions_are_found_once(generator: GanGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(directions, "find_directions", lambda *a: calls.append(a) or find_directions(*a))
    found = DirectionCache()
    assert found.find(generator, None)[1] is found.find(generator, "sefa")[1]
    assert found.find(generator, "ganspace")[0] == "ganspace"
    assert len(calls) == 2


def test_directions_beside_the_model_come_first(tmp_path: Path) -> None:
    made = make_generator()
    made.directions = find_directions(made, "ganspace", 3).renamed(0, "width")
    made.save_pretrained(tmp_path / "named")
    model_cache = ModelCache(allow_folders=True)
    directions = taking(ExploreState, ExploreHandlers(model_cache).directions)
    picture, _, _, details = directions(str(tmp_path / "named"), key="3", amounts="2")
    assert (details["method"], details["names"][0]) == (OWN, "width")
    assert picture["path"].endswith(".png")


def test_a_code_is_swept(tmp_path: Path) -> None:
    made = make_generator(num_classes=0, num_categories=2)
    made.save_pretrained(tmp_path / "coded")
    directions = taking(ExploreState, ExploreHandlers(ModelCache(allow_folders=True)).directions)
    _, _, sweep, _ = directions(str(tmp_path / "coded"), key="3")
    assert sweep is not None
    assert pixels(sweep["path"]).shape[:2] == (2 * 10 + 2, 7 * 14 + 2)


def values_of(updates: tuple[Any, ...]) -> list[Any]:
    return [each.get("value") if isinstance(each, dict) else each for each in updates]


def test_moving_one_slider_keeps_the_rest_and_the_strip_moves_it(model_cache: ModelCache, folder: Path) -> None:
    handlers = ExploreHandlers(model_cache)
    amounts = [1.0, 0.0, -2.0, *[0.0] * 5]
    shown = handlers.runner(2)(str(folder), "", "5", "sefa", 1, "", *amounts)
    assert "amounts=1%2C0%2C-2&shown=2" in shown[5]
    assert read_picture_link(shown[6])[2].latent is not None
    event = gr.SelectData(None, {"index": 6, "value": None})
    assert handlers.step_to(2, event, *amounts) == (1.0, 3.0, -2.0, *[0.0] * 5)


def test_names_are_given_kept_and_taken_along(model_cache: ModelCache, folder: Path, generator: GanGenerator) -> None:
    handlers = ExploreHandlers(model_cache)
    *_, names = handlers.rename(str(folder), "", "sefa", 2, "", " how round ", *[0.0] * 8)
    choice, *sliders, names = handlers.rename(str(folder), "", "sefa", 1, names, "slant", *[0.0] * 8)
    assert names == "slant,how%20round"
    assert [name for name, _ in choice["choices"]][:3] == ["slant", "how round", "3"]
    assert [each.get("label") for each in sliders][:3] == ["slant", "how round", "Direction 3"]
    assert [each.get("visible") for each in sliders] == [True] * NUM_DIRECTIONS + [False] * 2
    path = Path(handlers.save(str(folder), "", "sefa", names)["path"])
    saved = Directions.load(path, generator.config, name="shapes")
    assert saved.names[:3] == ("slant", "how round", "3")
    *_, names = handlers.rename(str(folder), "", "sefa", 1, names, "", *[0.0] * 8)
    assert names == ",how%20round"


def test_another_start(model_cache: ModelCache, folder: Path) -> None:
    handlers = ExploreHandlers(model_cache)
    assert handlers.start("5:square", 9, "square", 0.5)[0] == "9:square:0.5"
    latent = ExploreState("x", None, "5", amounts="1").moved(
        model_cache.get(str(folder)), find_directions(model_cache.get(str(folder)), "sefa", 8)
    )
    kept = handlers.start(format_key(latent), None, "square", 0.5)[0]
    assert parse_key(kept) == Key(None, "square", 0.5, latent.latent)
    assert handlers.start("5", None, "", 1.0) == (gr.skip(),) * 2


def test_another_model_forgets_what_it_can_not_show(tmp_path: Path, model_cache: ModelCache, folder: Path) -> None:
    make_generator(latent_dim=8, num_classes=0).save_pretrained(tmp_path / "other")
    handlers = ExploreHandlers(model_cache)
    shown = handlers.describe(str(tmp_path / "other"), "", f"{latent_text(torch.ones(6))}:square", OWN)
    assert values_of(shown)[1] == "0"
    assert values_of(shown)[6] == "sefa"


def test_a_link_opens_and_a_wrong_one_gives_the_default(
    model_cache: ModelCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings = []
    monkeypatch.setattr(gr, "Warning", lambda text, **_: warnings.append(text))
    handlers = ExploreHandlers(model_cache)
    link = ExploreState("folder:shapes", None, "5:square", "ganspace", "0,1.5", 2, "a,b").to_query()
    opened = values_of(handlers.open(link))
    assert opened[0] == "folder:shapes"
    assert opened[3] == "5:square"
    assert opened[5:9] == [5, "square", 1.0, "ganspace"]
    assert opened[9:12] == [2, 0.0, 1.5]
    assert opened[-2:] == ["a,b", "yes"]
    assert warnings == []
    assert values_of(handlers.open("?tab=explore&model=folder:shapes&key=zAAA"))[3] == "0"
    assert len(warnings) == 1
    values_of(handlers.open("?tab=explore&amounts=99&shown=77&method=x"))
    assert len(warnings) == 4


def test_a_dropped_png_brings_its_key(client: Client, folder: Path, model_cache: ModelCache, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(pictures_of(model_cache.get(str(folder)), [Key(5, "square", 0.5)])[0].png())
    restored = ExploreHandlers(model_cache).restore({"path": str(tmp_path / "a.png"), "meta": META})
    assert restored[2] == "5:square:0.5"
    picture, *_ = client.predict(str(folder), "", "5", "", "1", 1, "", api_name="/directions")
    with pytest.raises(AppError, match="no seed"):
        client.predict(handle_file(picture), api_name="/restore")


def test_favourites_are_links_of_single_pictures(model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gr, "Info", lambda *_, **__: None)
    handlers = FavouriteHandlers(model_cache)
    link = picture_link("folder:shapes", None, Key(5, "square"))
    kept, accordion, gallery, *_ = handlers.keep([], link)
    assert kept == [link]
    assert accordion["visible"]
    assert gallery["value"][0]["caption"] == "square · seed 5"
    kept, *_ = handlers.keep(kept, picture_link("folder:shapes", None, Key(6)))
    kept, *_ = handlers.keep(kept, link)
    assert [read_picture_link(each)[2].seed for each in kept] == [5, 6]
    assert handlers.pick(kept, gr.SelectData(None, {"index": 1, "value": None}))[0] == kept[1]
    assert handlers.remove(kept, link)[0] == kept[1:]
    with pytest.raises(ValueError, match="make a picture first"):
        handlers.keep(kept, "")


def test_what_a_browser_kept_is_not_trusted(model_cache: ModelCache) -> None:
    good = picture_link("folder:shapes", None, Key(5))
    junk = [None, 7, "", "javascript:alert(1)", "?model=mnist-gan", good + "&key=x", good, good]
    assert links_of(junk) == [good]
    assert links_of("x") == links_of(None) == []
    assert len(links_of([picture_link("mnist-gan", None, Key(i)) for i in range(99)])) == MAX_FAVOURITES
    shown = FavouriteHandlers(model_cache).show([picture_link("org/gone", "0" * 40, Key(1)), good])
    first, second = shown[1]["value"]
    assert first["caption"] == "org/gone can't be had"
    assert Path(first["image"]["path"]).suffix == ".svg"
    assert Image.open(io.BytesIO(Path(second["image"]["path"]).read_bytes())).size == (8, 12)

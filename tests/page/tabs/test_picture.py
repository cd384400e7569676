"""The tab Your picture: called as a program calls it, and as strokes and clicks do."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import gradio as gr
import httpx2
import numpy as np
import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image, ImageDraw

from gan_hub import GanGenerator, images
from gan_hub.inversion.preparation import prepare, prepare_mask
from gan_hub.inversion.projection import composite, project
from gan_hub.page.components.canvas import SIDE, data_url, is_blank, known_pixels, read_canvas
from gan_hub.page.components.files import META
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.picture import handlers as picture_handlers
from gan_hub.page.tabs.picture.handlers import PictureHandlers
from gan_hub.recipes.keys import Key, parse_key
from gan_hub.recipes.links import PictureState, read_picture_link
from gan_hub.recipes.recipe import read_recipe
from gan_hub.sampling.pictures import pictures_of

STEPS = 4


def pixels(path: object) -> np.ndarray:
    return np.asarray(Image.open(str(path)))


@pytest.fixture
def model_cache(folder: Path) -> ModelCache:
    model_cache = ModelCache(allow_folders=True)
    model_cache.get(str(folder))
    return model_cache


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.effect_noise((60, 90), 80).convert("RGB").save(tmp_path / "own.png")
    return tmp_path / "own.png"


def sent(path: Path) -> dict[str, Any]:
    return {"path": str(path), "meta": META}


def test_a_picture_is_found_as_the_library_finds_it(client: Client, folder: Path, picture: Path) -> None:
    generator = GanGenerator.from_pretrained(folder)
    painted, prepared, completed, details = client.predict(
        handle_file(picture), str(folder), "", "square", STEPS, None, 0, "", api_name="/project"
    )
    target = prepare(Image.open(picture), generator)
    found = project(generator, target, label=1, num_steps=STEPS)
    assert np.array_equal(pixels(painted), images.to_pil(found.picture[None])[0])
    assert np.array_equal(pixels(prepared), images.to_pil(target[None])[0])
    assert completed is None
    assert details["class"] == "square"
    assert details["error"] == pytest.approx(found.error, abs=1e-4)
    key = parse_key(details["key"])
    assert key == found.key(generator) == Key.from_recipe(read_recipe(painted))
    assert pictures_of(generator, [key])[0].png() == Path(painted).read_bytes()
    assert read_picture_link(details["link"]) == ("folder:shapes", None, key)
    assert str(folder.parent) not in json.dumps(details)


def test_a_torn_picture_is_completed(client: Client, folder: Path, picture: Path, tmp_path: Path) -> None:
    generator = GanGenerator.from_pretrained(folder)
    mask = Image.new("L", (60, 90), 255)
    ImageDraw.Draw(mask).rectangle((0, 60, 60, 90), fill=0)
    mask.save(tmp_path / "mask.png")
    painted, _, completed, details = client.predict(
        handle_file(picture), str(folder), "", "", STEPS, handle_file(tmp_path / "mask.png"), 0, "", api_name="/project"
    )
    target, known = prepare(Image.open(picture), generator, framed=False), prepare_mask(mask, generator)
    assert known.any()
    assert not known.all()
    found = project(generator, target, num_steps=STEPS, mask=known)
    whole = composite(target, found.picture, known)
    assert np.array_equal(pixels(completed), images.to_pil(whole[None])[0])
    assert np.array_equal(pixels(painted), images.to_pil(found.picture[None])[0])
    assert details["error"] == pytest.approx(found.error, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": "owl"}, "Unknown class 'owl'"),
        ({"steps": -1}, "Steps -1"),
        ({"steps": 401}, "Steps 401"),
        ({"seed": -1}, "Seed -1"),
        ({"model": "nothing"}, "There is no model"),
        ({"picture": None}, "No picture has arrived"),
    ],
)
def test_wrong_arguments_arrive_as_sentences(
    client: Client, folder: Path, picture: Path, changes: dict, words: str
) -> None:
    values = {"picture": handle_file(picture), "model": str(folder), "revision": "", "label": "", "steps": 1}
    values |= {"mask": None, "seed": 0, "job": ""} | changes
    with pytest.raises(AppError) as error:
        client.predict(*values.values(), api_name="/project")
    assert str(error.value).startswith(words)


def test_what_is_no_picture(client: Client, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"junk")
    with pytest.raises(AppError, match="not a picture"):
        client.predict(handle_file(tmp_path / "a.png"), str(folder), "", "", 1, None, 0, "", api_name="/project")


def test_a_path_on_the_server_is_not_read(url: str, folder: Path, picture: Path) -> None:
    file = {"path": str(picture), "meta": META}
    for first in (file, {"path": str(picture)}):
        data = {"data": [first, str(folder), "", "", 1, None, 0, ""]}
        event = httpx2.post(f"{url}gradio_api/call/project", json=data).json()["event_id"]
        answer = httpx2.get(f"{url}gradio_api/call/project/{event}").text
        assert "event: error" in answer, first


def drawn(*lines: tuple[int, ...], paper: str | None = "white", ink: str = "black", width: int = 24) -> str:
    picture = Image.new("RGBA", (SIDE, SIDE), paper or (0, 0, 0, 0))
    for line in lines:
        ImageDraw.Draw(picture).line(line, fill=ink, width=width)
    return data_url(picture)


def test_a_stroke_is_found_at_once_and_refined(model_cache: ModelCache, folder: Path) -> None:
    handlers = PictureHandlers(model_cache)
    named = [str(folder), "", ""]
    source, prepared, below, before, _, completed, words, link, panel = handlers.draw(drawn((60, 40, 200, 280)), *named)
    assert Path(source["path"]).name == "drawing.png"
    assert below.startswith("data:image/png;base64,")
    assert np.array_equal(pixels(before["path"]), pixels(prepared["path"]))
    assert "error" in words
    assert not completed["visible"]
    assert panel["visible"]
    *_, last = handlers.refine(drawn(paper=None), prepared, *named, 10, "")
    key = read_picture_link(last[4])[2]
    assert np.array_equal(pixels(last[1]["path"]), pictures_of(model_cache.get(str(folder)), [key])[0].image)
    assert link != last[4]
    mask_canvas = drawn((0, 280, 320, 280), paper=None, width=80)
    *_, last = handlers.refine(mask_canvas, prepared, *named, 10, "")
    assert last[2]["visible"]
    whole = pixels(last[2]["value"]["path"])
    known = known_pixels(read_canvas(mask_canvas), (12, 8)).numpy()
    assert np.array_equal(whole[known], pixels(prepared["path"])[known])
    assert np.array_equal(whole[~known], pixels(last[1]["path"])[~known])


def test_an_empty_sheet_and_a_taken_photo_do_nothing(model_cache: ModelCache, folder: Path) -> None:
    handlers = PictureHandlers(model_cache)
    assert handlers.draw(drawn(), str(folder), "", "") == (gr.skip(),) * 9
    assert handlers.upload(None, str(folder), "", "") == (gr.skip(),) * 9
    assert handlers.look(None, str(folder), "", "") == (gr.skip(),) * 8
    with pytest.raises(ValueError, match="draw something first"):
        list(handlers.refine(drawn(paper=None), None, str(folder), "", "", 10, ""))


def test_an_upload_and_a_class_of_another_model(model_cache: ModelCache, folder: Path, picture: Path) -> None:
    shown = PictureHandlers(model_cache).upload(sent(picture), str(folder), "", "owl")
    assert shown[0] == sent(picture)
    assert read_picture_link(shown[7])[2].label in model_cache.get(str(folder)).class_names


def test_stop_gives_the_best_so_far(
    model_cache: ModelCache, folder: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = PictureHandlers(model_cache)
    seen = []

    def slowly(*arguments, on_step, **options):
        def watched(share, best):
            seen.append(share)
            if len(seen) == 5:
                handlers.stop_project("mine")
            return on_step(share, best)

        return project(*arguments, on_step=watched, **options)

    monkeypatch.setattr(picture_handlers, "project", slowly)
    *_, (painted, _, _, details) = handlers.project(sent(picture), str(folder), steps=400, job="mine")
    assert len(seen) == 5
    assert details["done"] == 1.0
    assert Path(painted["path"]).is_file()


def test_a_link_opens_the_tab(model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings = []
    monkeypatch.setattr(gr, "Warning", lambda text, **_: warnings.append(text))
    handlers = PictureHandlers(model_cache)
    state = PictureState("folder:shapes", None, "square")
    assert PictureState.from_query(state.to_query()) == (state, [])
    model, _, facts, label, link = handlers.open(state.to_query())
    assert (model, label["value"], link) == ("folder:shapes", "square", state.to_query())
    assert label["choices"][0] == ("the likeliest", "")
    assert "no encoder" in facts
    assert warnings == []
    assert handlers.open("?tab=picture&model=folder:elsewhere")[0] != "folder:elsewhere"
    assert len(warnings) == 1
    assert PictureState.from_query("?tab=stylize&label=x") == (PictureState(), [])


@pytest.mark.parametrize(
    "text",
    ["", None, 7, "data:image/png;base64,", "data:image/gif;base64,AAAA", "data:image/png;base64,AAAA",
     data_url(Image.new("RGBA", (SIDE, SIDE + 1))), "data:image/png;base64," + "A" * 1_000_001],
)  # fmt: skip
def test_what_no_canvas_gives(text: object) -> None:
    with pytest.raises(ValueError, match="not a drawing of this page"):
        read_canvas(text)


def test_a_canvas_that_is_not_a_png() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE)).save(buffer, "JPEG")
    with pytest.raises(ValueError, match="not a drawing"):
        read_canvas("data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode())


def test_what_is_painted_over_is_missing() -> None:
    assert is_blank(read_canvas(drawn(paper=None)))
    assert is_blank(read_canvas(drawn()))
    known = known_pixels(read_canvas(drawn((0, 40, 320, 40), paper=None, width=80)), (4, 8))
    assert torch.equal(known, torch.tensor([[False] * 8] + [[True] * 8] * 3))

"""The tab "Stylize": its endpoints, called as a program calls them, and its handlers."""

import io
import json
import struct
import time
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from gan_hub import GanGenerator, PhotoStylizer
from gan_hub.loading import model_files
from gan_hub.page import launch
from gan_hub.page.components.files import META
from gan_hub.page.components.states import taking
from gan_hub.page.server.jobs import StoppedError
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.stylize import painting_cache, styles
from gan_hub.page.tabs.stylize.batch import BatchHandlers
from gan_hub.page.tabs.stylize.handlers import StylizeHandlers
from gan_hub.page.tabs.stylize.painting_cache import PaintingCache, PaintingKey
from gan_hub.page.tabs.stylize.requests import PaintingControls, SavingControls
from tests.support.styles import STYLES, bundle_styles, random_stylizer

CONTROLS = {
    "style": "dots",
    "strength": 100,
    "keep_colors": False,
    "detail": "auto",
    "seed": 0,
    "max_side": 0,
    "format": "png",
    "quality": 90,
    "upscale": False,
}


@pytest.fixture(scope="module", autouse=True)
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        bundle_styles(tmp_path_factory.mktemp("bundled"), patch)
        yield


@pytest.fixture(scope="module")
def styled_url(bundled: None) -> Iterator[str]:
    demo = launch.build_demo(allow_local=False)
    _, address, _ = demo.launch(
        server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch.launch_options()
    )
    yield address
    demo.close()


@pytest.fixture(scope="module")
def painter(styled_url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(styled_url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


@pytest.fixture
def model_cache() -> ModelCache:
    return ModelCache(allow_folders=True)


def picture(seed: int = 0, size: tuple[int, int] = (70, 50), mode: str = "RGB") -> Image.Image:
    channels = len(mode)
    array = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], channels), dtype=np.uint8)
    return Image.fromarray(array)


def saved(path: Path, image: Image.Image | None = None, **options: Any) -> Path:
    (image or picture()).save(path, **options)
    return path


def sent(path: Path) -> dict[str, Any]:
    """A file as it reaches a handler."""
    return {"path": str(path), "orig_name": path.name, "meta": META}


def stylize(client: Client, photo: Path | None, **changes: object) -> Path:
    values = {**CONTROLS, **changes}
    file, _ = client.predict(photo and handle_file(photo), *values.values(), api_name="/stylize")
    return Path(file)


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def claimed(path: Path, width: int, height: int) -> Path:
    """A PNG whose header claims a size that nothing follows."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data + struct.pack(">I", 9) + b"IDAT" + zlib.compress(b"0")[:9] + b"1234")
    return path


@pytest.mark.smoke
def test_a_photo_is_painted_as_the_library_does(painter: Client, tmp_path: Path) -> None:
    photo = saved(tmp_path / "my photo.png")
    out = stylize(painter, photo, strength=60, keep_colors=True, detail="50", seed=7)
    wanted = PhotoStylizer.from_pretrained("dots").stylize(
        Image.open(photo), strength=0.6, keep_colors=True, detail=0.5, seed=7
    )
    assert out.name == "my-photo-dots.png"
    assert (pixels(out) == np.asarray(wanted)).all()


def test_nothing_of_the_photo_at_strength_0_is_changed(painter: Client, tmp_path: Path) -> None:
    photo = saved(tmp_path / "a.png")
    assert (pixels(stylize(painter, photo, strength=0)) == pixels(photo)).all()


def test_alpha_and_size_are_kept(painter: Client, tmp_path: Path) -> None:
    photo = saved(tmp_path / "a.png", picture(mode="RGBA"))
    out = stylize(painter, photo)
    assert Image.open(out).size == (70, 50)
    assert (pixels(out)[..., 3] == pixels(photo)[..., 3]).all()
    small = stylize(painter, photo, max_side=35, upscale=True, format="webp")
    assert Image.open(small).size == (70, 50)
    assert small.suffix == ".webp"


def test_nothing_private_is_left(painter: Client, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "at home", 6
    exif.get_ifd(0x8825)[2] = (47.0, 22.0, 1.0)
    photo = saved(tmp_path / "a.jpg", exif=exif)
    out = stylize(painter, photo, format="jpeg")
    assert Image.open(out).size == (50, 70), "it is turned upright"
    assert not Image.open(out).getexif()
    assert b"at home" not in out.read_bytes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"style": ""}, "Choose a style first."),
        ({"style": "nothing"}, "There is no model 'nothing'"),
        ({"style": "mnist-gan"}, "'mnist-gan' is a generator"),
        ({"style": "larger"}, "'larger' enlarges and does not paint"),
        ({"style": "/etc"}, "There is no model '/etc'"),
        ({"style": ["x"]}, "The model"),
        ({"strength": 101}, "Strength 101 is not possible"),
        ({"strength": "50"}, "Strength '50'"),
        ({"strength": True}, "Strength True"),
        ({"keep_colors": 1}, "Keep_colors 1"),
        ({"detail": "33"}, "Detail '33'"),
        ({"seed": -1}, "Seed -1"),
        ({"seed": None}, "Seed None"),
        ({"max_side": -5}, "Max_side -5"),
        ({"format": "gif"}, "Unknown format 'gif'"),
        ({"format": ["png"]}, "Unknown format"),
        ({"quality": 0}, "Quality 0"),
        ({"upscale": None}, "Upscale None"),
    ],
)
def test_wrong_arguments_arrive_as_sentences(
    painter: Client, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(AppError) as error:
        stylize(painter, saved(tmp_path / "a.png"), **changes)
    assert str(error.value).startswith(words)
    assert str(error.value).endswith(".")


def broken(folder: Path) -> dict[str, Path]:
    """Files that can't be painted, by words of the reason."""
    whole = saved(folder / "whole.jpg", picture(size=(300, 200))).read_bytes()
    made = {
        "file is empty": folder / "empty.jpg",
        "not a picture": folder / "text.jpg",
        "truncated": folder / "cut.jpg",
        "60 million|7750x7750|million pixels": claimed(folder / "claimed.png", 7750, 7750),
    }
    made["file is empty"].write_bytes(b"")
    made["not a picture"].write_bytes(b"Dear sir or madam")
    made["truncated"].write_bytes(whole[: len(whole) // 2])
    return made


def test_bad_files_arrive_as_sentences(painter: Client, tmp_path: Path) -> None:
    for words, path in broken(tmp_path).items():
        with pytest.raises(AppError, match=words) as error:
            stylize(painter, path)
        assert str(tmp_path) not in str(error.value)
    with pytest.raises(AppError, match="Choose a photo first"):
        stylize(painter, None)


def test_a_path_on_the_server_is_not_read(styled_url: str, tmp_path: Path) -> None:
    photo = saved(tmp_path / "secret.png")
    file = {"path": str(photo), "meta": {"_type": "gradio.FileData"}}
    for name, value in (("stylize", file), ("stylize_batch", [file])):
        body = {"data": [value, *CONTROLS.values(), *([""] if name == "stylize_batch" else [])]}
        event = httpx2.post(f"{styled_url}gradio_api/call/{name}", json=body).json()["event_id"]
        answer = httpx2.get(f"{styled_url}gradio_api/call/{name}/{event}").text
        assert "event: error" in answer
        assert str(tmp_path) not in answer


@pytest.mark.smoke
def test_a_batch_names_what_is_broken_and_paints_the_rest(painter: Client, tmp_path: Path) -> None:
    bad = broken(tmp_path)["not a picture"]
    (tmp_path / "again").mkdir()
    photos = [
        saved(tmp_path / "a.png"),
        bad,
        saved(tmp_path / "b.png", picture(1)),
        saved(tmp_path / "again" / "A.png"),
    ]
    file, words = painter.predict(
        [handle_file(path) for path in photos], *CONTROLS.values(), "", api_name="/stylize_batch"
    )
    assert "<strong>3 of 4 painted</strong>" in words
    assert "Text.jpg is left out: this is not a picture" in words
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["a-dots.png", "b-dots.png", "A-dots-2.png"]
        assert (
            np.asarray(Image.open(io.BytesIO(archive.read("b-dots.png")))) == pixels(stylize(painter, photos[2]))
        ).all()


def test_wrong_batches_arrive_as_sentences(painter: Client, tmp_path: Path) -> None:
    bad = broken(tmp_path)["file is empty"]
    for photos, words in (([], "0 photos"), (51 * [bad], "51 photos"), ([bad, bad], "None of them can be painted")):
        with pytest.raises(AppError, match=words):
            painter.predict([handle_file(path) for path in photos], *CONTROLS.values(), "", api_name="/stylize_batch")


def test_styles(painter: Client) -> None:
    assert [style["style"] for style in painter.predict(api_name="/styles")] == list(STYLES)


def slowly(monkeypatch: pytest.MonkeyPatch, seconds: float = 0.05) -> list[int]:
    """Let painting take a hundred steps more; returns those that were done."""
    steps: list[int] = []
    paint = painting_cache._paint

    def slow(key: PaintingKey, data: bytes, report: painting_cache.Report) -> painting_cache.Painted:
        for number in range(100):
            time.sleep(seconds)
            report(number / 100)
            steps.append(number)
        return paint(key, data, report)

    monkeypatch.setattr(painting_cache, "_paint", slow)
    return steps


def test_stop_keeps_what_is_done(model_cache: ModelCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = BatchHandlers(model_cache, PaintingCache())
    photos = [sent(saved(tmp_path / f"{number}.png", picture(number))) for number in range(3)]
    steps = slowly(monkeypatch, 0.01)
    run = batch.stylize_batch(photos, SavingControls(**CONTROLS), job="mine")
    batch.stop_batch("other")
    assert next(step for step in run if "3 of 3" in step[1])[0] is None
    batch.stop_batch("mine")
    *_, (file, words) = run
    assert len(steps) < 290
    assert "<strong>2 of 3 painted</strong> · stopped" in words
    with zipfile.ZipFile(file["path"]) as archive:
        assert archive.namelist() == ["0-dots.png", "1-dots.png"]


def test_a_batch_stopped_before_it_begins_and_one_nobody_waits_for(
    model_cache: ModelCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    batch = BatchHandlers(model_cache, PaintingCache())
    photos = [sent(saved(tmp_path / "a.png"))]
    batch.stop_batch("mine")
    *_, (file, words) = batch.stylize_batch(photos, SavingControls(**CONTROLS), job="mine")
    assert file is None
    assert "0 of 1 painted" in words
    slowly(monkeypatch)
    run = batch.stylize_batch(photos, SavingControls(**CONTROLS), job="")
    next(run)
    run.close()
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_is_painted_is_only_blended_anew(
    model_cache: ModelCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = StylizeHandlers(model_cache)
    photo = sent(saved(tmp_path / "a.png"))
    painted = []
    paint = PhotoStylizer.paint
    monkeypatch.setattr(PhotoStylizer, "paint", lambda self, *a, **k: painted.append(k) or paint(self, *a, **k))

    def look(**changes: object) -> tuple[Any, Any, Any]:
        values = {**CONTROLS, **changes}
        *_, last = taking(PaintingControls, handlers.paint)(photo, *list(values.values())[:6])
        return last

    pairs = [look(), look(strength=30), look(keep_colors=True), look(strength=0)]
    assert len(painted) == 1
    before, after = ([Path(pair[0][side]["path"]).read_bytes() for pair in pairs] for side in (0, 1))
    assert len(set(before)) == 1
    assert len(set(after)) == 4
    assert after[3] == before[3]
    list(taking(SavingControls, handlers.stylize)(photo, **CONTROLS))
    assert len(painted) == 1
    for number, changes in enumerate([{"seed": 1}, {"detail": "50"}, {"max_side": 40}, {"style": "haze"}], start=2):
        assert look(**changes)[2].startswith("?tab=stylize&style=")
        assert len(painted) == number


def test_a_painting_nobody_waits_for_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = slowly(monkeypatch)
    work = PaintingCache()
    data = saved(tmp_path / "a.png").read_bytes()
    left = work.paint(PaintingKey("a", random_stylizer(0), "auto", 0, None), data)
    next(left)
    waiting = work.paint(PaintingKey("b", random_stylizer(0), "auto", 0, None), data)
    next(waiting)
    left.close()
    waiting.close()
    time.sleep(0.2)
    done = len(steps)
    time.sleep(0.3)
    assert len(steps) == done < 100
    monkeypatch.undo()
    key = PaintingKey("c", random_stylizer(0), "auto", 0, None)
    assert list(work.paint(key, data)) or work.find(key)
    assert work.find(key)


def test_stopping_work_that_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slowly(monkeypatch)
    work = PaintingCache()
    running = work.paint(PaintingKey("a", random_stylizer(0), "auto", 0, None), saved(tmp_path / "a.png").read_bytes())
    next(running)
    with pytest.raises(StoppedError):
        list(work.worker.watched(lambda _: None, lambda: True))
    running.close()


def test_the_painting_cache_is_bounded_and_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stylizer = random_stylizer(0)
    data = saved(tmp_path / "a.png").read_bytes()
    orders = [PaintingKey(str(number), stylizer, "auto", 0, None) for number in range(3)]
    work = PaintingCache(capacity=2 * 14 * 70 * 50)
    for key in orders:
        list(work.paint(key, data))
    assert [work.find(key) is not None for key in orders] == [False, True, True]
    tiny = PaintingCache(capacity=1)
    list(tiny.paint(orders[0], data))
    assert tiny.find(orders[0])
    monkeypatch.setattr(painting_cache, "KEEP_SECONDS", 0.05)
    alone = PaintingCache()
    list(alone.paint(orders[0], data))
    left = weakref.ref(alone.find(orders[0]))
    time.sleep(0.3)
    assert left() is None, "what is painted goes even if nobody comes any more"


def test_a_link_brings_the_controls_and_what_is_wrong_a_warning(
    model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr("gradio.Warning", lambda text, **_: warnings.append(text))
    handlers = StylizeHandlers(model_cache)
    *values, facts, thumbnails, drawings, _ = handlers.open("?tab=stylize&style=haze&strength=40&keep_colors=1&seed=3")
    assert values == ["haze", 40, True, "auto", 3]
    assert "painter" in facts
    assert thumbnails["selected_index"] == 1
    assert [item["caption"] for item in thumbnails["value"]] == ["Dots", "Haze"]
    assert len(drawings) == 3
    assert warnings == []
    assert handlers.open("?tab=stylize&style=org/none&detail=1")[0] == "dots"
    assert len(warnings) == 2
    assert all(warning.endswith(".") for warning in warnings)


def test_a_style_in_a_folder_keeps_its_path_to_itself(model_cache: ModelCache, tmp_path: Path) -> None:
    random_stylizer(5).save_pretrained(tmp_path / "my style")
    handlers = StylizeHandlers(model_cache)
    values = list({**CONTROLS, "style": str(tmp_path / "my style")}.values())[:6]
    *_, (_, summary, link) = taking(PaintingControls, handlers.paint)(sent(saved(tmp_path / "a.png")), *values)
    assert "style=folder:my+style" in link
    assert str(tmp_path) not in json.dumps([summary, link])
    *_, (items, _) = taking(PaintingControls, handlers.compare)(sent(tmp_path / "a.png"), *values[:5])
    assert [item["caption"] for item in items["value"]] == ["Dots", "Haze", "My style"]
    with pytest.raises(ValueError, match="there is no model"):
        ModelCache(allow_folders=False).stylizer(str(tmp_path / "my style"))


def test_one_shelf_holds_generators_and_stylizers(folder: Path) -> None:
    loads: list[str] = []

    def load(path: str, **options: object) -> GanGenerator:
        loads.append(f"generator {path}")
        return GanGenerator.from_pretrained(folder)

    def load_stylizer(path: str, **options: object) -> PhotoStylizer:
        loads.append(f"stylizer {path}")
        return random_stylizer(0)

    model_cache = ModelCache(allow_folders=False, load=load, load_stylizer=load_stylizer, capacity=2)
    model_cache.stylizer("org/a")
    model_cache.get("org/b")
    model_cache.stylizer("org/a")
    model_cache.get("org/a")
    assert isinstance(model_cache.stylizer("org/a"), PhotoStylizer)
    assert isinstance(model_cache.get("org/b"), GanGenerator)
    assert loads == ["stylizer org/a", "generator org/b", "generator org/a", "generator org/b"]


def test_a_page_without_styles_says_so(
    model_cache: ModelCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mnist-gan").symlink_to(model_files.BUNDLED_FOLDER / "mnist-gan")
    monkeypatch.setattr(model_files, "BUNDLED_FOLDER", tmp_path)
    launch.build_demo()
    handlers = StylizeHandlers(model_cache)
    assert styles.default_style() is None
    style, *_, facts, thumbnails, drawings, _ = handlers.open("?tab=stylize")
    assert style == ""
    assert facts.startswith("No style comes with this installation")
    assert not thumbnails["visible"]
    assert len(drawings) == 3
    assert "path" not in handlers.first(None, "yes")
    with pytest.raises(ValueError, match="no style comes"):
        list(taking(PaintingControls, handlers.compare)(None, "", 100, False, "auto", 0))
    with pytest.raises(ValueError, match="no style comes"):
        list(taking(PaintingControls, handlers.paint)({"path": "x"}, "", 100, False, "auto", 0, 0))


def test_a_photo_that_was_swept_away(model_cache: ModelCache, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too long ago"):
        list(StylizeHandlers(model_cache).stylize(sent(tmp_path / "gone.png"), SavingControls(**CONTROLS)))


def test_the_drawings_are_small_and_free_of_metadata() -> None:
    assert len(styles.examples()) == 3
    for path in styles.examples():
        assert path.stat().st_size < 60_000
        assert not Image.open(path).getexif()

"""The parts of the page below its events."""

import os
import threading
import time
from pathlib import Path

import gradio as gr
import pytest

from gan_hub import GanGenerator, ModelError, page
from gan_hub.page import files
from gan_hub.page.errors import UNEXPECTED, as_sentences
from gan_hub.page.handlers import SampleHandlers
from gan_hub.page.models import ModelShelf


def test_one_load_however_many_ask(folder: Path) -> None:
    loads = []

    def load(path: str, **options: object) -> GanGenerator:
        loads.append(path)
        time.sleep(0.1)
        return GanGenerator.from_pretrained(path)

    shelf = ModelShelf(allow_folders=True, load=load)
    found: list[GanGenerator] = []
    threads = [threading.Thread(target=lambda: found.append(shelf.get(str(folder)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_the_least_recently_used_leaves(folder: Path) -> None:
    loads = []

    def load(path: str, **options: object) -> GanGenerator:
        loads.append(path)
        return GanGenerator.from_pretrained(folder)

    shelf = ModelShelf(allow_folders=False, load=load, capacity=2)
    for name in ("org/a", "org/b", "org/a", "org/c", "org/a", "org/b"):
        shelf.get(name)
    assert loads == ["org/a", "org/b", "org/c", "org/b"]


def test_a_failed_load_is_tried_again(folder: Path) -> None:
    answers = iter([ModelError("not today"), GanGenerator.from_pretrained(folder)])

    def load(path: str, **options: object) -> GanGenerator:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    shelf = ModelShelf(allow_folders=False, load=load)
    with pytest.raises(ModelError, match="not today"):
        shelf.get("org/a")
    assert shelf.get("org/a").num_classes == 2


def test_a_folder_that_training_writes_to_is_read_anew(folder: Path) -> None:
    shelf = ModelShelf(allow_folders=True)
    first = shelf.get(str(folder))
    assert shelf.get(str(folder)) is first
    os.utime(folder / "model.safetensors", (1, 1))
    assert shelf.get(str(folder)) is not first


def test_folders_are_refused_where_others_come(folder: Path) -> None:
    with pytest.raises(ModelError, match="there is no model"):
        ModelShelf(allow_folders=False).get(str(folder))


@pytest.mark.parametrize(
    ("host", "share", "space", "allowed"),
    [
        (None, False, False, True),
        ("localhost", False, False, True),
        ("0.0.0.0", False, False, False),
        ("127.0.0.1", True, False, False),
        (None, False, True, False),
    ],
)
def test_who_may_open_folders(host, share, space, allowed, monkeypatch: pytest.MonkeyPatch) -> None:
    built = {}
    monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
    monkeypatch.setenv("SPACE_ID", "org/space" if space else "")
    monkeypatch.setattr(page, "build_demo", lambda **options: built.update(options) or gr.Blocks())
    monkeypatch.setattr(gr.Blocks, "launch", lambda _, **options: built.update(options))
    page.launch(host=host, share=share)
    assert built["allow_local"] is allowed
    assert not built.get("allowed_paths")


def test_a_space_never_lends_its_token(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    seen = {}
    monkeypatch.setenv("SPACE_ID", "org/space")
    shelf_class = ModelShelf
    monkeypatch.setattr(page, "ModelShelf", lambda **options: seen.update(options) or shelf_class(**options))
    page.build_demo()
    assert seen["token"] is False
    assert seen["allow_folders"] is False


def test_the_unexpected_is_logged_and_told_without_details(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("/home/somebody/secret")

    with pytest.raises(gr.Error) as error:
        as_sentences(fail)()
    assert error.value.message == UNEXPECTED
    assert "secret" in caplog.text


def test_files_survive_a_sweep_and_a_second_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    contents = {"a.png": b"a", "b.png": b"b"}
    first = files.write_files(contents)
    os.utime(first[0]["path"], (1, 1))
    assert files.write_files(contents) == first
    assert Path(first[0]["path"]).stat().st_mtime > 1
    Path(first[0]["path"]).unlink()
    assert files.write_files(contents) == first
    assert Path(first[0]["path"]).read_bytes() == b"a"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_a_repository_says_is_escaped(folder: Path) -> None:
    handlers = SampleHandlers(ModelShelf(allow_folders=True))
    with pytest.raises(ValueError, match="this is not what"):
        handlers.show_recipe({"model": "x"})
    facts, label = handlers.describe(str(folder), None, "square")
    assert "<b>" not in facts
    assert label["value"] == "square"

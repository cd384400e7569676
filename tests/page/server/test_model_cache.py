"""The parts of the page below its events."""

import os
import threading
import time
from pathlib import Path

import gradio as gr
import pytest
import torch

from gan_hub import GanGenerator, ModelError
from gan_hub.page import launch
from gan_hub.page.components import files
from gan_hub.page.server import temporary
from gan_hub.page.server.disk import DiskCache
from gan_hub.page.server.errors import OUT_OF_MEMORY, UNEXPECTED, as_sentences, in_time
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.sample.handlers import SampleHandlers


def test_one_load_however_many_ask(folder: Path) -> None:
    loads = []

    def load(path: str, **options: object) -> GanGenerator:
        loads.append(path)
        time.sleep(0.1)
        return GanGenerator.from_pretrained(path)

    model_cache = ModelCache(allow_folders=True, load=load)
    found: list[GanGenerator] = []
    threads = [threading.Thread(target=lambda: found.append(model_cache.get(str(folder)))) for _ in range(8)]
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

    model_cache = ModelCache(allow_folders=False, load=load, capacity=2)
    for name in ("org/a", "org/b", "org/a", "org/c", "org/a", "org/b"):
        model_cache.get(name)
    assert loads == ["org/a", "org/b", "org/c", "org/b"]


def test_a_slow_hub_holds_up_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_hub.page.server.model_cache.LOAD_SECONDS", 0.1)
    arrived, loads = threading.Event(), []

    def load(path: str, **options: object) -> GanGenerator:
        loads.append(path)
        arrived.wait(10)
        return GanGenerator.from_pretrained(folder)

    model_cache = ModelCache(allow_folders=False, load=load)
    for _ in range(2):
        with pytest.raises(ModelError, match="still on its way"):
            model_cache.get("org/a")
    arrived.set()
    assert model_cache.get("org/a").num_classes == 2
    assert loads == ["org/a"]


def test_a_failed_load_is_tried_again(folder: Path) -> None:
    answers = iter([ModelError("not today"), GanGenerator.from_pretrained(folder)])

    def load(path: str, **options: object) -> GanGenerator:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    model_cache = ModelCache(allow_folders=False, load=load)
    with pytest.raises(ModelError, match="not today"):
        model_cache.get("org/a")
    assert model_cache.get("org/a").num_classes == 2


def test_a_folder_that_training_writes_to_is_read_anew(folder: Path) -> None:
    model_cache = ModelCache(allow_folders=True)
    first = model_cache.get(str(folder))
    assert model_cache.get(str(folder)) is first
    os.utime(folder / "model.safetensors", (1, 1))
    assert model_cache.get(str(folder)) is not first


def test_folders_are_refused_where_others_come(folder: Path) -> None:
    with pytest.raises(ModelError, match="there is no model"):
        ModelCache(allow_folders=False).get(str(folder))


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
def test_who_may_open_folders(host, share, space, allowed, monkeypatch, tmp_path) -> None:
    built = {}
    monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
    monkeypatch.setenv("SPACE_ID", "org/space" if space else "")
    monkeypatch.setattr(launch, "build_demo", lambda **options: built.update(options) or gr.Blocks())
    monkeypatch.setattr(gr.Blocks, "launch", lambda _, **options: built.update(options))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    launch.launch(host=host, share=share)
    assert built["model_cache"].allow_folders is allowed
    assert not built.get("allowed_paths")


def test_a_space_never_lends_its_token(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    seen = {}
    monkeypatch.setenv("SPACE_ID", "org/space")
    shelf_class = ModelCache
    monkeypatch.setattr(launch, "ModelCache", lambda **options: seen.update(options) or shelf_class(**options))
    launch.build_demo()
    assert seen["token"] is False
    assert seen["allow_folders"] is False


def test_where_others_come_the_token_stays_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    built = {}
    monkeypatch.setattr(launch, "ModelCache", lambda **options: built.update(options) or ModelCache(**options))
    launch.build_demo(is_public=True)
    assert built["token"] is False
    assert built["disk"] is not None


def test_only_what_the_owner_allows_is_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_HUB_MODELS", "org/a, org/b")
    model_cache = ModelCache(allow_folders=False, load=lambda *_, **__: GanGenerator.from_pretrained(folder))
    assert model_cache.get("org/b").num_classes == 2
    assert model_cache.get("mnist-gan").num_classes == 2
    with pytest.raises(ModelError, match=r"does not open 'org/c'.*org/a, org/b"):
        model_cache.get("org/c")
    with pytest.raises(ModelError, match="does not open"):
        model_cache.stylizer("org/c")


def test_strangers_models_are_kept_apart_from_the_owners(folder: Path, tmp_path: Path) -> None:
    caches = {}

    def load(path: str, **options: object) -> GanGenerator:
        caches[path] = options.get("cache_dir")
        return GanGenerator.from_pretrained(folder)

    ModelCache(allow_folders=False, load=load, disk=DiskCache(tmp_path)).get("org/a")
    ModelCache(allow_folders=False, load=load, disk=DiskCache(tmp_path), allowed=["org/b"]).get("org/b")
    assert caches == {"org/a": tmp_path, "org/b": None}


def test_weights_are_bounded_by_bytes_too(folder: Path) -> None:
    loads = []

    def load(path: str, **options: object) -> GanGenerator:
        loads.append(path)
        return GanGenerator.from_pretrained(folder)

    size = (folder / "model.safetensors").stat().st_size
    model_cache = ModelCache(allow_folders=False, load=load, capacity_bytes=2 * size)
    for name in ("org/a", "org/b", "org/a", "org/c", "org/a", "org/b"):
        model_cache.get(name)
    assert loads == ["org/a", "org/b", "org/c", "org/b"]
    model_cache.clear()
    model_cache.get("org/a")
    assert loads[-1] == "org/a"


def repository(cache: DiskCache, name: str, num_bytes: int) -> Path:
    path = cache.folder / f"models--org--{name}"
    (path / "blobs").mkdir(parents=True)
    (path / "blobs" / "x").write_bytes(b"a" * num_bytes)
    return path


def test_the_disk_keeps_what_was_used_last_and_what_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_hub.page.server.disk.LARGEST_BYTES", 0)
    cache = DiskCache(tmp_path / "cache", capacity=250)
    paths = {}
    for age, name in enumerate("cba"):
        with cache.using(f"org/{name}") as folder:
            assert folder == tmp_path / "cache"
            paths[name] = repository(cache, name, 100)
        os.utime(paths[name], (1000 + age, 1000 + age))
    assert [name for name in "abc" if paths[name].exists()] == ["a", "b"]
    with cache.using("org/b"), cache.using("org/d"):
        paths["d"] = repository(cache, "d", 100)
    assert cache.num_bytes() == 200
    assert [name for name in "abcd" if paths[name].exists()] == ["b", "d"]


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_hub.page.server.disk.FREE_BYTES", 2**62)
    with pytest.raises(ModelError, match="disk of this page is full"), DiskCache(tmp_path).using("org/a"):
        pass


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_memory_that_ran_out_is_a_sentence(error: Exception) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(gr.Error) as raised:
        as_sentences(fail)()
    assert raised.value.message == OUT_OF_MEMORY


def test_an_event_ends_in_time_and_cleans_up() -> None:
    ended = []

    def work():
        try:
            while True:
                time.sleep(0.02)
                yield 1
        finally:
            ended.append(True)

    with pytest.raises(ValueError, match="more than 0 seconds"):
        list(in_time(work(), 0.1))
    assert ended == [True]
    assert list(in_time(iter([1, 2]), 10)) == [1, 2]


def test_the_sweep_takes_what_is_old_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    folder = temporary.use_own_folder()
    assert folder == tmp_path / "gan-hub-page"
    assert os.environ["GRADIO_TEMP_DIR"] == str(folder)
    (tmp_path / "mine").write_text("not the page's")
    (folder / "a").mkdir()
    (folder / "a" / "b").write_text("a visitor's")
    assert temporary.sweep(folder) == 0
    time.sleep(0.05)
    assert temporary.sweep(folder, 0.02) == 1
    time.sleep(0.05)
    temporary.sweep(folder, 0.02)
    assert list(folder.iterdir()) == []
    assert (tmp_path / "mine").exists()


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
    handlers = SampleHandlers(ModelCache(allow_folders=True))
    with pytest.raises(ValueError, match="this is not what"):
        handlers.show_recipe({"model": "x"})
    facts, label = handlers.describe(str(folder), None, "square")
    assert "<b>" not in facts
    assert label["value"] == "square"

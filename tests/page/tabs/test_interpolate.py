"""The endpoints of the tab Interpolate, and what is around a picture, called as a program calls them."""

import json
from pathlib import Path

import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from gan_hub import GanGenerator
from gan_hub.cli.main import main
from gan_hub.latents.text import latent_text
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.interpolate.keys import KeyHandlers, add, remove, swap
from gan_hub.page.tabs.interpolate.walks import Walker
from gan_hub.recipes.keys import Key, format_keys
from gan_hub.recipes.links import WalkState
from gan_hub.recipes.recipe import read_recipe
from gan_hub.recipes.walk import Walk, encode_walk, frames, read_walk
from gan_hub.sampling.pictures import pictures_of

VALUES = {
    "revision": "",
    "keys": "3,7:square,12::0.7",
    "frames": 4,
    "fps": 12,
    "kind": "slerp",
    "easing": "ease_in_out",
    "way": "once",
    "even_pace": False,
    "size": 48,
    "columns": 0,
    "format": "mp4",
    "job": "",
}


def arguments(model: object, **changes: object) -> list[object]:
    return [str(model) if isinstance(model, Path) else model, *{**VALUES, **changes}.values()]


@pytest.mark.parametrize("suffix", ["mp4", "gif", "png"])
def test_the_bytes_are_those_of_the_command(client: Client, folder: Path, tmp_path: Path, suffix: str) -> None:
    changes = {"keys": "3:square,7:square", "way": "loop", "even_pace": True, "easing": "linear", "format": suffix}
    made, summary, link = client.predict(*arguments(folder, **changes), api_name="/interpolate")
    out = tmp_path / f"out.{suffix}"
    options = ["--seeds", "3,7", "--labels", "square", "--frames", "4", "--fps", "12", "--loop", "--even-pace"]
    main(["interpolate", str(folder), *options, "--size", "48", "--out", str(out)])
    assert Path(made).read_bytes() == out.read_bytes()
    assert "8 frames" in summary
    assert str(folder.parent) not in json.dumps([summary, link])


def test_a_file_brings_back_its_arguments(client: Client, folder: Path) -> None:
    made, *_ = client.predict(*arguments(folder), api_name="/interpolate")
    values = client.predict(handle_file(made), api_name="/restore_walk")
    assert {**values, "job": ""} == {"model": "folder:shapes", **VALUES, "revision": None}
    again, *_ = client.predict(*values.values(), "", api_name="/interpolate")
    assert Path(again).read_bytes() == Path(made).read_bytes()


def test_a_stopped_walk_is_a_whole_file(folder: Path) -> None:
    generator = ModelCache(allow_folders=True).get(str(folder))
    walk = Walk("folder:shapes", None, ((Key(1), Key(2)),), frames_per_leg=20, size=48)
    asked = iter([False, False, True])
    walker = Walker()
    making = walker.make(generator, walk, "gif", lambda: next(asked))
    while True:
        try:
            next(making)
        except StopIteration as end:
            data, count = end.value
            break
    assert count == walker.num_frames(generator, walk) == 3
    assert Walker().num_frames(generator, walk) == walk.num_frames
    assert read_walk(data) == walk
    assert len(data) < len(encode_walk(generator, walk, "gif"))


def test_who_asks_again_gets_the_same_file_without_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator, walker = GanGenerator.from_pretrained(folder), Walker()
    walk = WalkState(keys="0,1", frames=4, size=64).walk("folder:gan", None)

    def make(of: GanGenerator, suffix: str, stop: bool = False) -> tuple[bytes, int]:
        making = walker.make(of, walk, suffix, lambda: stop)
        while True:
            try:
                next(making)
            except StopIteration as done:
                return done.value

    assert make(generator, "gif", stop=True)[1] == 1
    first = make(generator, "gif")
    assert first[1] == walk.num_frames, "a walk that was stopped is not what is asked for"
    calls: list[object] = []
    forward = GanGenerator.forward
    monkeypatch.setattr(GanGenerator, "forward", lambda *inputs: calls.append(inputs) or forward(*inputs))
    assert make(generator, "gif") == first
    assert not calls
    make(generator, "webp")
    assert make(generator, "gif") == first, "one format does not take another one's place"
    calls.clear()
    assert make(GanGenerator.from_pretrained(folder), "gif") == first
    assert calls, "another generator, if of the same name, makes its own"


def test_a_frame_is_the_same_from_memory_and_anew(folder: Path) -> None:
    generator = ModelCache(allow_folders=True).get(str(folder))
    walk = Walk("folder:shapes", None, ((Key(1), Key(2)),), frames_per_leg=6, size=48)
    keeps, forgets = Walker(), Walker(capacity=0)
    for walker in (keeps, forgets):
        list(walker.make(generator, walk, "gif", lambda: False))
    for index in (0, 3, 6):
        assert keeps.frame(generator, walk, index).tobytes() == forgets.frame(generator, walk, index).tobytes()
    assert keeps.frame(generator, walk, 0).height == 48


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"keys": "1"}, "Walks of 1 keys"),
        ({"keys": "1,x"}, "The key 'x'"),
        ({"keys": None}, "The keys None"),
        ({"frames": 2000}, "This walk has 4,001 frames"),
        ({"fps": 0}, "Fps 0"),
        ({"kind": "jump"}, "Unknown kind 'jump'"),
        ({"way": "up"}, "Unknown way 'up'"),
        ({"even_pace": 1}, "Even_pace 1"),
        ({"size": 49}, "Size 49"),
        ({"format": "avi"}, "Unknown format 'avi'"),
        ({"format": "gif", "fps": 60}, "60 frames a second"),
        ({"keys": "1:owl,2"}, "Unknown class 'owl'"),
    ],
)
def test_wrong_arguments_arrive_as_sentences(
    client: Client, folder: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(AppError) as error:
        client.predict(*arguments(folder, **changes), api_name="/interpolate")
    assert str(error.value).startswith(words)


def test_neighbours_depend_on_their_own_seed_alone(client: Client, folder: Path) -> None:
    def pictures(first: int, count: int) -> list[bytes]:
        values = [str(folder), "", 5, 1.0, "square", 0.4, first, count]
        return [Path(item["image"]).read_bytes() for item in client.predict(*values, api_name="/neighbours")]

    made = pictures(2, 3)
    assert made == pictures(0, 8)[2:5]
    recipe = read_recipe(made[0])
    assert recipe.label == "square"
    generator = ModelCache(allow_folders=True).get(str(folder))
    assert pictures_of(generator, [Key.from_recipe(recipe)])[0].png() == made[0]


def test_a_walk_from_a_latent_has_a_link_and_a_recipe(client: Client, folder: Path) -> None:
    generator = ModelCache(allow_folders=True).get(str(folder))
    key = Key(None, "square", latent=latent_text(torch.linspace(-2, 1, 6)))
    keys = format_keys([[key, Key(7)]])
    made, _, link = client.predict(*arguments(folder, keys=keys, format="zip"), api_name="/interpolate")
    assert read_walk(Path(made).read_bytes()).tracks == ((key, Key(7)),)
    assert client.predict(handle_file(made), api_name="/restore_walk")["keys"] == keys
    state, problems = WalkState.from_query(link)
    assert (state.keys, problems) == (keys, [])
    walk = state.walk("folder:shapes", None)
    assert next(frames(generator, walk)).tobytes() == pictures_of(generator, [key])[0].image.tobytes()


def test_a_key_without_a_seed_keeps_its_latent(folder: Path) -> None:
    latent = latent_text(torch.linspace(-2, 1, 6))
    handlers = KeyHandlers(ModelCache(allow_folders=True))
    changed = handlers.change(str(folder), "", f"{latent},7", 0, None, "square", 0.5)
    assert changed[0] == f"{latent}:square:0.5,7"
    assert handlers.change(str(folder), "", f"{latent},7", 0, 9, "", 1.0)[0] == "9,7"
    assert handlers.show(str(folder), "", f"{latent},7", 0)[3] is None
    (
        keys,
        *_,
    ) = handlers.walks(str(folder), "", f"{latent},7", 0, 2)
    assert keys == f"{latent},7;{latent},107"


def test_key_frames_are_edited_as_lists(folder: Path) -> None:
    def tracks() -> list[list[Key]]:
        return [[Key(1), Key(2, "square")], [Key(3), Key(4)]]

    longer, row, column = add(tracks(), 1, 0)
    assert ([len(track) for track in longer], row, column) == ([3, 3], 1, 1)
    assert swap(tracks(), 0, 0)[0][0] == [Key(2, "square"), Key(1)]
    assert remove(longer, 1, 1)[0] == tracks()
    with pytest.raises(ValueError, match="needs two"):
        remove(tracks(), 0, 0)
    keys, chosen, gallery, seed, label, _ = KeyHandlers(ModelCache(allow_folders=True)).walks(
        str(folder), "", "1,2:square", 3, 2
    )
    assert (keys, chosen, seed, label["value"], len(gallery["value"])) == (
        "1,2:square;101,102:square",
        3,
        102,
        "square",
        4,
    )

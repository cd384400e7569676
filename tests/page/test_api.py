"""Every endpoint of the page, called as a program calls it."""

import json
import zipfile
from pathlib import Path

import httpx2
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from gan_hub.cli.main import main
from gan_hub.recipes.recipe import MAX_SEED, PNG_KEY, read_recipe


def arguments(model: object, **changes: object) -> list[object]:
    values = {"revision": "", "seed": 3, "count": 20, "columns": 4, "truncation": 0.7, "label": ""}
    return [str(model) if isinstance(model, Path) else model, *{**values, **changes}.values()]


def pictures(client: Client, *values: object) -> list[bytes]:
    gallery, _, _ = client.predict(*values, api_name="/sample")
    return [Path(item["image"]).read_bytes() for item in gallery]


def test_only_the_documented_endpoints_are_public(client: Client) -> None:
    named = client.view_api(return_format="dict")["named_endpoints"]
    sample, stylize = ("/sample", "/grid", "/zip", "/models", "/restore"), ("/stylize", "/stylize_batch", "/stop_batch")
    walks = ("/interpolate", "/stop_walk", "/restore_walk", "/neighbours", "/class_sheet", "/directions")
    assert set(named) == {*sample, *walks, "/project", "/stop_project", *stylize, "/styles", "/compare_side"}
    assert all(info["description"] for info in named.values())


@pytest.mark.smoke
def test_sample(client: Client, folder: Path) -> None:
    gallery, summary, link = client.predict(*arguments(folder), api_name="/sample")
    assert [item["caption"].split(" · ")[-1] for item in gallery] == [f"seed {seed}" for seed in range(3, 23)]
    assert "<strong>20 pictures</strong>" in summary
    assert link == "?model=folder:shapes&seed=3&count=20&columns=4&truncation=0.7"
    assert str(folder.parent) not in json.dumps([summary, link])
    recipe = read_recipe(gallery[4]["image"])
    assert (recipe.model, recipe.seeds, recipe.truncation) == ("folder:shapes", (7,), 0.7)


def test_the_page_says_where_it_runs(client: Client) -> None:
    assert "Runs on CPU." in json.dumps(client.config)


def test_one_seed_is_one_picture_whatever_the_count(client: Client, folder: Path) -> None:
    many = pictures(client, *arguments(folder))
    assert pictures(client, *arguments(folder, seed=9, count=1)) == [many[6]]


@pytest.mark.smoke
def test_grid_and_zip_are_the_bytes_of_the_command(client: Client, folder: Path, tmp_path: Path) -> None:
    for name, suffix in (("/grid", "png"), ("/zip", "zip")):
        made = client.predict(*arguments(folder, label="square"), api_name=name)
        assert Path(made).name == f"shapes-seeds-3-22.{suffix}"
        out = tmp_path / f"out.{suffix}"
        options = ["--seeds", "3-22", "--columns", "4", "--truncation", "0.7", "--label", "square", "--out", str(out)]
        main(["sample", str(folder), *options])
        assert Path(made).read_bytes() == out.read_bytes()


def test_zip_holds_the_pictures_of_sample(client: Client, folder: Path) -> None:
    with zipfile.ZipFile(client.predict(*arguments(folder), api_name="/zip")) as archive:
        rows = json.loads(archive.read("manifest.json"))["pictures"]
        assert [archive.read(row["file"]) for row in rows] == pictures(client, *arguments(folder))


def test_models(client: Client) -> None:
    for model in client.predict(api_name="/models"):
        assert model["parameters"] > 0
        assert len(pictures(client, *arguments(model["model"], count=1))) == 1


@pytest.mark.smoke
def test_restore_gives_the_arguments_of_sample(client: Client, folder: Path, tmp_path: Path) -> None:
    picture = pictures(client, *arguments(folder, count=1, label="square"))[0]
    (tmp_path / "a.png").write_bytes(picture)
    values = client.predict(handle_file(tmp_path / "a.png"), api_name="/restore")
    assert values["model"] == "folder:shapes"
    assert pictures(client, *values.values()) == [picture]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": -1}, "Seed -1 is not possible"),
        ({"seed": MAX_SEED}, "Seed 4294967295 is not possible"),
        ({"seed": 0.5}, "Seed 0.5"),
        ({"seed": "x"}, "Seed 'x'"),
        ({"seed": None}, "Seed None"),
        ({"count": 65}, "Count 65"),
        ({"count": 0}, "Count 0"),
        ({"columns": 17}, "Columns 17"),
        ({"truncation": 2.1}, "Truncation 2.1"),
        ({"truncation": "1"}, "Truncation '1'"),
        ({"label": "owl"}, "Unknown class 'owl'"),
        ({"revision": "../x"}, "The revision '../x'"),
    ],
)
@pytest.mark.parametrize("name", ["/sample", "/grid"])
def test_wrong_arguments_arrive_as_sentences(
    client: Client, folder: Path, changes: dict[str, object], words: str, name: str
) -> None:
    with pytest.raises(AppError) as error:
        client.predict(*arguments(folder, **changes), api_name=name)
    assert str(error.value).startswith(words)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("model", ["", "nothing", "/etc", "../../etc", "org/name", "folder:elsewhere", "a\0b", ["x"]])
def test_wrong_models_arrive_as_sentences(client: Client, model: object) -> None:
    with pytest.raises(AppError, match=r"(?i)model|hub|cache|folder"):
        client.predict(*arguments(model), api_name="/sample")


def test_wrong_files_arrive_as_sentences(client: Client, url: str, tmp_path: Path) -> None:
    (tmp_path / "junk.png").write_bytes(b"junk")
    with pytest.raises(AppError, match="This file is not a PNG"):
        client.predict(handle_file(tmp_path / "junk.png"), api_name="/restore")
    with pytest.raises(AppError, match="No file has arrived"):
        client.predict(None, api_name="/restore")


def test_a_path_on_the_server_is_not_read(url: str, folder: Path) -> None:
    data = {"data": [{"path": str(folder / "config.json"), "meta": {"_type": "gradio.FileData"}}]}
    event = httpx2.post(f"{url}gradio_api/call/restore", json=data).json()["event_id"]
    answer = httpx2.get(f"{url}gradio_api/call/restore/{event}").text
    assert "event: error" in answer
    assert str(folder) not in answer


def test_files_hold_the_recipe_key(client: Client, folder: Path) -> None:
    assert PNG_KEY.encode() in pictures(client, *arguments(folder, count=1))[0]

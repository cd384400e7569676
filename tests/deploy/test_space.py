"""`gan-hub deploy` against a Hub on the loopback interface: what it makes there, and what it says when it can't."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import HfApi

from gan_hub import GanGenerator
from gan_hub.cli.main import main
from gan_hub.deploy import space, static_site
from gan_hub.deploy.space import Options, run
from tests.conftest import make_generator, make_stylizer
from tests.support.hub_routes import front_matter
from tests.support.hub_server import TOKEN, Fault, LoopbackHub, Repo

SPACE = "org/digit-garden"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "POLL_SECONDS", 0.01)


@pytest.fixture
def api(hub: LoopbackHub) -> HfApi:
    return HfApi(token=TOKEN)


def files_of(model: Any, folder: Path) -> dict[str, bytes]:
    model.save_pretrained(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def made(hub: LoopbackHub) -> Repo:
    return hub.repos[f"spaces/{SPACE}"]


def was_asked_for_spaces(hub: LoopbackHub) -> bool:
    return bool(hub.asked_for("/api/spaces/") or hub.asked_for("/api/repos/create"))


def options(**changes: Any) -> Options:
    return Options(**{"space": SPACE, "models": ("mnist-gan", "monet"), **changes})


def failure(api: HfApi, **changes: Any) -> str:
    with pytest.raises((space.DeployError, ValueError)) as caught:
        run(options(**changes), api)
    return str(caught.value)


def test_a_new_space(api: HfApi, hub: LoopbackHub, capsys: pytest.CaptureFixture) -> None:
    run(options(hardware="zero-a10g", private=True), api)
    repo, space = made(hub), made(hub).space
    assert (space["sdk"], space["hardware"]) == ("gradio", "zero-a10g")
    assert repo.private
    assert space["variables"] == {"GAN_HUB_MODELS": "mnist-gan", "GAN_HUB_STYLES": "monet"}
    assert {"app.py", "README.md", "requirements.txt", "gan_hub/page/server/zerogpu.py"} <= set(repo.head)
    assert "gan_hub/bundled/mnist-gan/model.safetensors" in repo.head
    assert front_matter(repo.head)["sdk"] == "gradio"
    assert repo.stages == ["RUNNING"]
    assert capsys.readouterr().out.rstrip().endswith(f"it runs: {hub.url}/spaces/{SPACE}")


def test_models_of_the_hub_are_sorted_by_what_they_are_and_preloaded(
    api: HfApi, hub: LoopbackHub, tmp_path: Path
) -> None:
    commit = hub.add("org/shapes", files_of(make_generator(), tmp_path / "a"))
    hub.add("org/dots", files_of(make_stylizer(), tmp_path / "b"))
    run(options(models=("org/dots", "org/shapes", "mnist-gan"), preload=True), api)
    repo, space = made(hub), made(hub).space
    assert space["variables"] == {"GAN_HUB_MODELS": "org/shapes,mnist-gan", "GAN_HUB_STYLES": "org/dots"}
    assert front_matter(repo.head)["models"] == ["org/shapes", "org/dots"]
    assert f"org/shapes config.json,model.safetensors {commit}" in front_matter(repo.head)["preload_from_hub"]


def test_a_second_time_brings_it_up_to_date(api: HfApi, hub: LoopbackHub) -> None:
    run(options(hardware="t4-small"), api)
    repo, space = made(hub), made(hub).space
    assert space["variables"]["GAN_HUB_DEVICE"] == "cuda"
    repo.commit({"old.py": b"gone"})
    run(options(models=("emoji-gan",), hardware="cpu-upgrade"), api)
    assert space["variables"] == {"GAN_HUB_MODELS": "emoji-gan"}
    assert space["hardware"] == "cpu-upgrade"
    assert "old.py" not in repo.head
    assert len(repo.log()) == len(["created", "deployed", "old.py", "deployed"])


def test_a_docker_space(api: HfApi, hub: LoopbackHub) -> None:
    run(options(docker=True), api)
    repo, space = made(hub), made(hub).space
    assert space["sdk"] == front_matter(repo.head)["sdk"] == "docker"
    assert b"USER user" in repo.head["Dockerfile"]


def test_a_static_space(api: HfApi, hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_generator("mlp").save_pretrained(tmp_path / "mine")

    def build(models: tuple[str, ...], folder: Path) -> None:
        folder.mkdir()
        (folder / "index.html").write_text(" ".join(models))

    monkeypatch.setattr(static_site, "build", build)
    run(options(static=True, models=("mnist-gan", str(tmp_path / "mine"))), api)
    repo, space = made(hub), made(hub).space
    assert space["sdk"] == front_matter(repo.head)["sdk"] == "static"
    assert space["variables"] == {}
    assert repo.head["index.html"].decode() == f"mnist-gan {tmp_path / 'mine'}"


def test_a_static_page_that_can_not_be_built(api: HfApi, hub: LoopbackHub) -> None:
    with pytest.raises(RuntimeError, match=r"the static page can't be built: there is no model 'nobody'; use"):
        run(options(static=True, models=("nobody",)), api)
    assert not was_asked_for_spaces(hub)


def test_a_dry_run_writes_and_lists_and_asks_nobody(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(space, "get_token", lambda: None)
    run(options(dry_run=True, out=tmp_path / "space"), HfApi())
    assert not was_asked_for_spaces(hub)
    printed = capsys.readouterr().out
    assert "variable GAN_HUB_MODELS=mnist-gan" in printed
    assert "gan_hub/bundled/mnist-gan/model.safetensors" in printed
    assert yaml.safe_load((tmp_path / "space" / "README.md").read_text().split("---\n")[1])["sdk"] == "gradio"
    assert GanGenerator.from_pretrained(tmp_path / "space" / "gan_hub" / "bundled" / "mnist-gan").latent_dim == 64


def test_no_token(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "get_token", lambda: None)
    assert "log in with `hf auth login`" in failure(HfApi())
    assert not was_asked_for_spaces(hub)


def test_a_token_that_is_not_known(hub: LoopbackHub) -> None:
    assert "does not know your token" in failure(HfApi(token="hf_wrong"))


def test_a_taken_name(api: HfApi, hub: LoopbackHub) -> None:
    hub.add(f"spaces/{SPACE}", {"README.md": b"---\ntags: [chess]\n---\n", "app.py": b"theirs"})
    assert f"'{SPACE}' is taken by a Space that was not made by this command" in failure(api)
    assert made(hub).head["app.py"] == b"theirs"


@pytest.mark.parametrize(
    ("status", "changes", "words"),
    [
        (402, {}, "wants payment for a Gradio Space under 'org': see its pricing page; with --static it is free"),
        (402, {"hardware": "a100-large"}, "wants payment for the hardware a100-large"),
        (403, {}, "your token may not write to 'org/digit-garden': use one with the role write, of a member of 'org'"),
        (400, {}, "the Hub could not be asked for 'org/digit-garden' (it answered 400"),
    ],
)
def test_refusals(api: HfApi, hub: LoopbackHub, status: int, changes: dict[str, Any], words: str) -> None:
    hub.faults.append(Fault("POST /api/repos/create", status=status))
    assert words in failure(api, **changes)
    assert hub.repos == {}


def test_an_upload_that_is_refused(api: HfApi, hub: LoopbackHub) -> None:
    hub.faults.append(Fault("/commit/", status=403))
    assert "your token may not write" in failure(api)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("BUILD_ERROR", "it could not be built"),
        ("RUNTIME_ERROR", "it was built, but does not start"),
        ("CONFIG_ERROR", "the Hub refuses its README's front matter"),
        ("PAUSED", "it is paused; restart it"),
    ],
)
def test_a_space_that_does_not_run(api: HfApi, hub: LoopbackHub, stage: str, words: str) -> None:
    hub.stages, hub.error, hub.log = ["BUILDING", stage], "exit code 1", ["collecting\n", "no torch\n"]
    told = failure(api)
    assert words in told
    assert f"{hub.url}/spaces/{SPACE}" in told
    assert told.endswith("The last it said:\n  exit code 1\n  collecting\n  no torch")


def test_a_space_that_takes_too_long(api: HfApi, hub: LoopbackHub) -> None:
    hub.stages = ["BUILDING"]
    assert "is not running after 0 s; it goes on without you" in failure(api, timeout=0.05)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"space": "playground"}, "write it as org/name"),
        ({"models": ()}, "at least one model"),
        ({"models": ("upscale-2x",)}, "no generator and no style"),
        ({"models": ("../secret",)}, "there is no model '../secret'"),
        ({"hardware": "abacus"}, "unknown hardware 'abacus'; choose from: cpu-basic"),
        ({"hardware": "t4-small", "static": True}, "leave --hardware out"),
        ({"hardware": "zero-a10g", "docker": True}, "ZeroGPU runs Gradio Spaces alone"),
        ({"static": True, "docker": True}, "choose one of --static and --docker"),
    ],
)
def test_options_that_are_not_possible(api: HfApi, hub: LoopbackHub, changes: dict[str, Any], words: str) -> None:
    assert words in failure(api, **changes)
    assert not was_asked_for_spaces(hub)


def test_a_private_model_is_nothing_for_visitors(api: HfApi, hub: LoopbackHub, tmp_path: Path) -> None:
    hub.add("org/secret", files_of(make_generator("mlp"), tmp_path / "a"), private=True)
    assert "'org/secret'" in failure(api, models=("org/secret",))
    assert not was_asked_for_spaces(hub)


def test_a_folder_that_is_not_empty_is_left_alone(api: HfApi, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    assert "is not empty" in failure(api, out=tmp_path, dry_run=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_command_says_what_is_wrong_in_one_line(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["deploy", "playground", "--dry-run"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        "gan-hub: 'playground' is no name of a Space; write it as org/name, such as you/playground\n"
    )

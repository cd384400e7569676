"""`gan-hub push`: what goes up, what is left out, and what is said when the Hub does not take it."""

import json
import time
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard

from gan_hub import GanGenerator, ModelError
from gan_hub.cli.main import main
from gan_hub.editing.directions import find_directions
from gan_hub.hub.push import push
from gan_hub.images import grid, png_bytes, to_pil
from gan_hub.loading.hub_errors import PushError
from tests.conftest import make_generator, make_stylizer
from tests.support.hub_server import READ_TOKEN, Fault, LoopbackHub


@pytest.fixture
def run(tiny_generator: GanGenerator, tmp_path: Path) -> Path:
    """What a training leaves, with much that nobody should get."""
    folder = tmp_path / "run"
    tiny_generator.directions = find_directions(tiny_generator, "sefa", count=2)
    tiny_generator.save_pretrained(folder)
    (folder / "samples").mkdir()
    for step in range(100, 1300, 100):
        (folder / "samples" / f"{step:07d}.png").write_bytes(b"\x89PNG %d" % step)
    (folder / "training_config.json").write_text(json.dumps({"output_dir": "/home/me/run", "seed": 0}))
    (folder / "curves.png").write_bytes(b"\x89PNG")
    (folder / "optimizer.pt").write_bytes(b"pickle")
    (folder / "cache").mkdir()
    (folder / "cache" / "photos.bin").write_bytes(b"private")
    for step in (100, 200):
        make_generator(latent_dim=6).save_pretrained(folder / f"checkpoint-{step}")
        (folder / f"checkpoint-{step}" / "training_state.safetensors").write_bytes(b"optimizer")
    return folder


@pytest.mark.parametrize("uploads", ["mixed", "regular", "lfs"])
def test_one_commit_holds_what_belongs_and_nothing_else(hub: LoopbackHub, run: Path, uploads: str, tmp_path) -> None:
    hub.uploads = uploads  # type: ignore[assignment]
    pushed = push(run, "org/gan", private=True)
    repo = hub.repos["org/gan"]
    assert len(repo.log()) == 2  # the empty repository and this
    assert repo.branches["main"] == pushed.commit
    assert repo.private
    names = set(repo.head)
    assert {"README.md", "config.json", "model.safetensors", "directions.safetensors", "training_config.json"} <= names
    assert len([name for name in names if name.startswith("samples/")]) == 8
    assert {"samples/0000100.png", "samples/0001200.png"} <= names
    assert not any("optimizer" in name or "cache" in name or "checkpoint" in name or ".pt" in name for name in names)
    assert json.loads(repo.head["training_config.json"]) == {"output_dir": "run", "seed": 0}
    pulled = GanGenerator.from_pretrained("org/gan", cache_dir=tmp_path / "cache")
    assert torch.equal(pulled.sample(2, seed=0), GanGenerator.from_pretrained(run).sample(2, seed=0))
    assert len(pulled.directions) == 2
    assert push(run, "org/gan").commit == pushed.commit  # the same again is no commit


def test_what_an_earlier_push_left_goes_and_what_is_not_ours_stays(hub: LoopbackHub, run: Path) -> None:
    push(run, "org/gan")
    hub.repos["org/gan"].commit({"LICENSE": b"mine", "samples/old.png": b"old"})
    (run / "directions.safetensors").unlink()
    push(run, "org/gan")
    assert {"directions.safetensors", "samples/old.png"}.isdisjoint(hub.repos["org/gan"].head)
    assert hub.repos["org/gan"].head["LICENSE"] == b"mine"


def test_a_branch_and_a_pull_request_leave_main_alone(hub: LoopbackHub, run: Path) -> None:
    push(run, "org/gan", branch="try/one")
    pushed = push(run, "org/gan", create_pr=True)
    repo = hub.repos["org/gan"]
    assert set(repo.head) == {".gitattributes"}
    assert "model.safetensors" in repo.commits[repo.branches["try/one"]]
    assert pushed.url.endswith("/org/gan/discussions/1")
    assert repo.branches["refs/pr/1"] == pushed.commit
    with pytest.raises(ValueError, match="leave --branch and --history out"):
        push(run, "org/gan", create_pr=True, branch="x")


def test_history_makes_each_checkpoint_a_revision_once(hub: LoopbackHub, run: Path, tmp_path: Path) -> None:
    assert push(run, "org/gan", history=True).steps == (100, 200)
    repo = hub.repos["org/gan"]
    assert repo.branches["history"] == repo.tags["step-200"]
    files = repo.commits[repo.tags["step-100"]]
    assert {name for name in files if name.startswith("samples/")} == {"samples/0000100.png"}
    assert "training_state.safetensors" not in files
    assert 'from_pretrained("org/gan", revision="step-100")' in files["README.md"].decode()
    assert push(run, "org/gan", history=True).steps == ()
    other = make_generator()
    torch.nn.init.ones_(next(other.parameters()))
    other.save_pretrained(run / "checkpoint-100")  # of another run
    (run / "samples" / "0000100.png").unlink()
    assert push(run, "org/gan", history=True).steps == (100,)
    painted = repo.commits[repo.tags["step-100"]]["samples/0000100.png"]  # none is left, so it is painted
    assert painted == png_bytes(grid(to_pil(other.sample(16, seed=0)), columns=4))
    pulled = GanGenerator.from_pretrained("org/gan", revision="step-100", cache_dir=tmp_path / "cache")
    assert torch.equal(pulled.sample(1, seed=0), other.sample(1, seed=0))


def test_a_stylizer_and_a_bare_folder_are_pushed_too(hub: LoopbackHub, tmp_path: Path) -> None:
    make_stylizer().save_pretrained(tmp_path / "style")
    push(tmp_path / "style", "org/style")
    head = hub.repos["org/style"].head
    assert set(head) == {".gitattributes", "README.md", "config.json", "model.safetensors"}
    card = ModelCard(head["README.md"].decode())
    assert card.data.pipeline_tag == "image-to-image"
    assert 'PhotoStylizer.from_pretrained("org/style")' in card.text


def test_what_would_not_load_is_not_pushed(hub: LoopbackHub, run: Path) -> None:
    (run / "model.safetensors").write_bytes((run / "model.safetensors").read_bytes()[:-40])
    with pytest.raises(ModelError, match="damaged"):
        push(run, "org/gan")
    assert hub.requests == []


FAULTS = {
    "401": (Fault("preupload", status=401), "the Hub does not accept the token for 'org/gan'"),
    "402": (Fault("commit", status=402), r"your account has no room for 'org/gan' \(402\)"),
    "404": (Fault("preupload", status=404), r"the Hub has no 'org/gan' that you may see \(404\)"),
    "500": (Fault("repos/create", status=500), r"the Hub can't be reached \(it answered 500\)"),
    "race": (Fault("commit", status=412), "others kept pushing to 'org/gan'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refusal_is_a_sentence_and_changes_nothing(hub: LoopbackHub, run: Path, fault: str) -> None:
    before = hub.add("org/gan", {"config.json": b"{}"})
    planted, words = FAULTS[fault]
    hub.faults.append(Fault(planted.route, status=planted.status))
    start = time.monotonic()
    with pytest.raises(PushError, match=words) as caught:
        push(run, "org/gan", history=True)
    assert time.monotonic() - start < 10
    assert str(caught.value).endswith(f"'{run}' is untouched; to push it: gan-hub push {run} org/gan --history")
    assert hub.repos["org/gan"].branches == {"main": before}


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("route", ["repos/create", "GET /api/models", "preupload", "batch", "PUT /lfs", "commit/main"])
def test_busy_once_then_well(hub: LoopbackHub, run: Path, status: int, route: str, monkeypatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    hub.faults.append(Fault(route, status=status, headers={"Retry-After": "1"}, count=1))
    push(run, "org/gan")
    assert hub.faults[0].count == 0
    assert sum(slept) <= 3
    assert "model.safetensors" in hub.repos["org/gan"].head


@pytest.mark.parametrize("route", ["PUT /lfs", "POST .*commit"])
def test_the_connection_breaks_in_the_middle(hub: LoopbackHub, run: Path, route: str, monkeypatch) -> None:
    """Once: the client sends it again. For good: nothing of it is there, and it is said."""
    monkeypatch.setattr(
        time, "sleep", lambda _: None
    )  # of the client's own five tries; tests/hub/test_http_client.py measures them
    hub.faults.append(Fault(route, cut=50))
    with pytest.raises(PushError, match=r"the Hub can't be reached .* nothing of 'org/gan' has changed"):
        push(run, "org/gan")
    assert set(hub.repos["org/gan"].head) == {".gitattributes"}
    hub.faults[0].count = 1
    push(run, "org/gan")
    assert "model.safetensors" in hub.repos["org/gan"].head


def test_two_commits_race_and_both_are_there(hub: LoopbackHub, run: Path) -> None:
    """What the other one changed of ours between our two looks at the branch is ours again, the rest is theirs."""
    push(run, "org/gan")
    ours = hub.repos["org/gan"].head["config.json"]

    def other() -> None:
        hub.repos["org/gan"].commit({"NOTES.md": b"by somebody else", "config.json": b"{}"})

    (run / "curves.png").write_bytes(b"\x89PNG other")
    hub.faults.append(Fault("POST .*/commit/", then=other, count=1))
    push(run, "org/gan")
    head = hub.repos["org/gan"].head
    assert (head["NOTES.md"], head["config.json"]) == (b"by somebody else", ours)
    assert head["curves.png"] == b"\x89PNG other"


def test_the_command(hub: LoopbackHub, run: Path, monkeypatch, capsys) -> None:
    main(["push", str(run), "org/gan", "--history", "--no-samples"])
    assert "pushed to http://" in (told := capsys.readouterr().out)
    assert "step-100, step-200" in told
    assert not any(name.startswith("samples/") for name in hub.repos["org/gan"].head)
    monkeypatch.setenv("HF_TOKEN", READ_TOKEN)
    with pytest.raises(SystemExit) as caught:
        main(["push", str(run), "org/gan"])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert "your token may not write to 'org/gan' (403)" in told
    assert f"gan-hub push {run} org/gan" in told
    with pytest.raises(SystemExit):
        main(["push", str(run), "../x"])
    assert "use org/name" in capsys.readouterr().err

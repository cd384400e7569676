"""Pushing during a training: before it, on its way, and at its end, to the Hub of tests/support/hub_server.py."""

import logging
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

from gan_hub import GanGenerator
from gan_hub.hub import push as push_module
from gan_hub.images import to_pil
from gan_hub.training.options.options import OptionError
from gan_hub.training.options.presets import preset
from gan_hub.training.run.push import Pusher
from gan_hub.training.train import main
from tests.loading.test_snippets import run_snippet
from tests.support.hub_server import READ_TOKEN, Fault, LoopbackHub
from tests.support.page_server import Caller, PageProcess

WORDS = ["--preset", "tiny", "--num_threads", "1", "--mixed_precision", "no", "--max_train_steps", "20"]
WORDS += ["--evaluation_steps", "-1", "--logging_steps", "10", "--checkpointing_steps", "10", "--sampling_steps", "10"]
PUSH = ["--push_to_hub", "--hub_model_id", "org/run"]


@pytest.mark.smoke
@pytest.mark.parametrize("uploads", ["mixed", "regular"])
def test_train_push_pull_in_a_fresh_process_and_sample(hub: LoopbackHub, tmp_path: Path, uploads: str) -> None:
    """From the command line to the pixels of a page elsewhere that was given the name, over LFS and without it."""
    hub.uploads = uploads  # type: ignore[assignment]
    assert main([*WORDS, *PUSH, "--hub_history", "--output_dir", str(tmp_path / "run")]) == 0
    assert bool(hub.asked_for("/lfs/", "PUT")) == (uploads == "mixed")
    with PageProcess(hub=hub.url) as page, Caller(page.url) as caller:
        answer = caller.call("sample", wish := ["org/run", "", 3, 4, 2, 1.0, ""])
        while "ask again in a moment" in (
            answer.error or ""
        ):  # a process that has never loaded anything, on a busy machine
            answer = caller.call("sample", wish)
        assert answer.error is None, answer.error
        shown = [Image.open(BytesIO(caller.fetch(item["image"]))) for item in answer.data[0]]
    expected = to_pil(GanGenerator.from_pretrained(tmp_path / "run").sample(4, seed=3))
    assert [picture.tobytes() for picture in shown] == [picture.tobytes() for picture in expected]
    repo = hub.repos["org/run"]
    assert set(repo.tags) == {"step-10", "step-20"}
    early = GanGenerator.from_pretrained("org/run", revision="step-10", cache_dir=tmp_path / "cache")
    kept = GanGenerator.from_pretrained(tmp_path / "run" / "checkpoint-10")
    assert torch.equal(early.sample(2, seed=0), kept.sample(2, seed=0))


def test_what_the_repository_holds(hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main([*WORDS, *PUSH, "--output_dir", str(tmp_path / "run")]) == 0
    head = hub.repos["org/run"].head
    assert set(head) == {
        ".gitattributes", "README.md", "config.json", "curves.png", "health.json", "metrics.jsonl", "model.safetensors",
        "samples/0000010.png", "samples/0000020.png", "training_config.json",
    }  # fmt: skip
    assert str(tmp_path) not in head["training_config.json"].decode()
    card = ModelCard(head["README.md"].decode())
    assert 'from_pretrained("org/run")' in card.text
    assert "](samples/0000020.png)" in card.text
    assert "](curves.png)" in card.text
    assert [item["output"]["url"] for item in card.data.widget] == ["samples/0000020.png", "samples/0000010.png"]
    assert not list((tmp_path / "run").glob(".tmp-*"))
    local = (tmp_path / "run" / "README.md").read_text()
    assert "](samples/0000020.png)" in local
    assert "](curves.png)" in local
    run_snippet(card.text, tmp_path, monkeypatch)  # by the repository's name
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "run").symlink_to(tmp_path / "run")
    run_snippet(local, tmp_path / "beside", monkeypatch)  # by the folder's


def test_sheets_stay_at_home_if_asked_to(hub: LoopbackHub, tmp_path: Path) -> None:
    words = [*WORDS, *PUSH, "--hub_history", "--no-hub_samples", "--output_dir", str(tmp_path / "run")]
    assert main(words) == 0
    assert (tmp_path / "run" / "samples" / "0000020.png").is_file()
    repo = hub.repos["org/run"]
    for files in repo.commits.values():
        assert not [name for name in files if name.startswith("samples/")]
    assert "samples/" not in repo.head["README.md"].decode()
    assert repo.tags


@pytest.mark.parametrize(
    ("fault", "token", "words"),
    [
        (
            Fault("whoami", status=401),
            None,
            "the Hub does not accept the token for 'org/run' (401); log in with `hf auth login`",
        ),
        (None, READ_TOKEN, "your token may not write to 'org/run'"),
        (Fault("repos/create", status=500), None, "the Hub can't be reached"),
    ],
    ids=["401", "403", "500"],
)
def test_it_is_known_before_the_training(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    fault: Fault | None, token: str | None, words: str,
) -> None:  # fmt: skip
    if fault:
        hub.faults.append(fault)
    if token:
        hub.add("org/run", {})
        monkeypatch.setenv("HF_TOKEN", token)
    assert main([*WORDS, *PUSH, "--output_dir", str(tmp_path / "run")]) == 2
    assert words in (told := capsys.readouterr().err)
    assert told.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_push_that_fails_at_the_end_loses_nothing_and_has_its_own_status(
    hub: LoopbackHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.faults.append(Fault("POST .*/commit/", status=403))
    folder = tmp_path / "run"
    assert main([*WORDS, *PUSH, "--output_dir", str(folder)]) == 3
    told = capsys.readouterr().err
    assert "trained and saved, but not pushed: your token may not write to 'org/run' (403)" in told
    assert f"gan-hub push {folder} org/run" in told
    assert set(hub.repos["org/run"].head) == {".gitattributes"}
    hub.faults.clear()
    push_module.push(folder, "org/run")
    pulled = GanGenerator.from_pretrained("org/run", cache_dir=tmp_path / "cache")
    assert torch.equal(pulled.sample(1, seed=0), GanGenerator.from_pretrained(folder).sample(1, seed=0))


def test_one_push_at_a_time_and_the_newest_waits(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While a slow push is on its way, three more checkpoints come: none of them waits for it, the last one follows."""
    caplog.set_level(logging.INFO)
    assert main([*WORDS, "--output_dir", str(tmp_path / "run")]) == 0
    pushed: list[str] = []
    busy, go = threading.Event(), threading.Event()

    def slow(folder: Path, *_: object, **__: object) -> object:
        pushed.append(folder.name)
        GanGenerator.from_pretrained(folder)  # whole, whatever has become of the checkpoint
        busy.set()
        assert go.wait(20)
        return push_module.Pushed("url", "commit")

    monkeypatch.setattr("gan_hub.training.run.push.push", slow)
    options = replace(preset("tiny"), output_dir=tmp_path / "run", push_to_hub=True, hub_model_id="org/run")
    pusher = Pusher(options)
    names = ["checkpoint-10", "checkpoint-20", "checkpoint-30", "checkpoint-40"]
    (tmp_path / "run" / "checkpoint-20").rename(tmp_path / "elsewhere")
    for name in names:
        folder = tmp_path / "run" / name
        GanGenerator.from_pretrained(tmp_path / "elsewhere").save_pretrained(folder)
        pusher.offer(folder, lambda path: path.write_text("---\n---\n"))
        assert busy.wait(20)
    for folder in (tmp_path / "run").glob("checkpoint-*"):
        folder.rename(tmp_path / f"gone-{folder.name}")  # rotated away meanwhile
    go.set()
    worker = pusher._worker
    assert worker is not None
    worker.join(20)
    assert pushed == ["checkpoint-10", "checkpoint-40"]
    assert not list((tmp_path / "run").glob(".tmp-*"))


def test_a_push_that_fails_on_the_way_is_told_and_the_training_goes_on(
    hub: LoopbackHub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hub.faults.append(Fault("POST .*/commit/", status=403, count=1))
    assert main([*WORDS, *PUSH, "--output_dir", str(tmp_path / "run")]) == 0
    told = [r.getMessage() for r in caplog.records if "is not pushed, the training goes on" in r.getMessage()]
    assert len(told) == 1
    assert "your token may not write to 'org/run'" in told[0]
    assert "model.safetensors" in hub.repos["org/run"].head


def test_hub_options_without_a_push_are_refused() -> None:
    with pytest.raises(OptionError, match="do nothing without --push_to_hub"):
        replace(preset("tiny"), hub_model_id="org/run")

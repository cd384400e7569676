"""Finding models of this library on the Hub, and the steps of their training."""

import time
from pathlib import Path

import pytest

from gan_hub import ModelError
from gan_hub.cli.main import main
from gan_hub.hub import search
from gan_hub.hub.push import push
from gan_hub.hub.search import at_step, find_models, steps_of
from tests.conftest import make_generator, make_stylizer
from tests.support.hub_server import Fault, LoopbackHub


@pytest.fixture
def filled(hub: LoopbackHub, tmp_path: Path) -> LoopbackHub:
    make_generator().save_pretrained(tmp_path / "gan")
    make_generator().save_pretrained(tmp_path / "gan" / "checkpoint-50")
    make_generator().save_pretrained(tmp_path / "gan" / "checkpoint-100")
    make_stylizer().save_pretrained(tmp_path / "style")
    push(tmp_path / "gan", "org/shapes", history=True)
    push(tmp_path / "style", "you/ink")
    push(tmp_path / "gan", "org/secret", private=True)
    hub.add("org/other", {"README.md": b"---\nlibrary_name: diffusers\ntags: [gan]\n---\n"})
    return hub


def test_models_are_found_by_library(filled: LoopbackHub) -> None:
    def names(**options) -> set[str]:
        return {found.model for found in find_models(**options)}

    assert names() == {"org/shapes", "you/ink", "org/secret"}
    assert names(token=False) == {"org/shapes", "you/ink"}
    assert names(kind="stylizer") == {"you/ink"}
    assert names(author="org", search="SHA") == {"org/shapes"}
    assert len(find_models(limit=1)) == 1


def test_the_command_lists_or_says_that_there_is_nothing(filled: LoopbackHub, capsys) -> None:
    main(["list", "--author", "you"])
    assert "you/ink" in (told := capsys.readouterr().out)
    assert "org/shapes" not in told
    main(["list", "--search", "nothing"])
    assert "gan-hub push RUN org/name" in capsys.readouterr().out


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"body": b"<html>"}, {"hang": 15.0}], ids=["500", "portal", "hangs"]
)
def test_a_hub_that_is_away_is_a_sentence_in_time(filled: LoopbackHub, fault: dict, monkeypatch) -> None:
    filled.faults.append(Fault("GET /api/models", **fault))
    monkeypatch.setattr(search, "WAIT_SECONDS", 3.0)
    start = time.monotonic()
    with pytest.raises(ModelError, match=r"the Hub can't be asked for models now .* or type org/name"):
        find_models()
    with pytest.raises(ModelError, match="the Hub can't be reached"):
        steps_of("org/shapes")
    assert time.monotonic() - start < 10


def test_steps_of_a_repository_and_of_a_run(filled: LoopbackHub, tmp_path: Path) -> None:
    assert steps_of("org/shapes") == steps_of(str(tmp_path / "gan")) == [50, 100]
    assert at_step("org/shapes", 50) == ("org/shapes", "step-50")
    assert at_step(str(tmp_path / "gan"), 50) == (str(tmp_path / "gan" / "checkpoint-50"), None)
    with pytest.raises(ModelError, match=r"'you/ink' has no steps .* gan-hub push RUN org/name --history"):
        steps_of("you/ink")
    with pytest.raises(ModelError, match="comes without its training's steps"):
        steps_of("mnist-gan")
    with pytest.raises(ModelError, match="that you may see"):
        steps_of("org/secret", token=False)
    with pytest.raises(ModelError, match="can't have a history"):
        steps_of(str(tmp_path / "gan"), allow_folders=False)

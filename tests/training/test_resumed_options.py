"""With which options a run is resumed: the checkpoint's, whatever a later version's presets and options are."""

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from gan_hub.training import train as gan
from gan_hub.training.checkpoints import resume
from gan_hub.training.checkpoints.resume import check_settings, settings
from gan_hub.training.options.options import EngineOptions, OptionError, TrainingOptions, learned_names, resumed_names
from gan_hub.training.options.presets import PRESETS, preset
from gan_hub.training.style.options import StyleOptions
from gan_hub.training.style.presets import STYLE_PRESETS
from gan_hub.training.style.presets import style_preset as preset_of_a_style

FIXTURES = Path(__file__).parents[1] / "fixtures" / "v0.1.0"
OPTIONS = {TrainingOptions: preset("tiny"), StyleOptions: preset_of_a_style("own")}


def options_of_0_1_0(run: str) -> dict[str, Any]:
    """The options that version 0.1.0 knew, by name, from a run of it."""
    return dict(json.loads((FIXTURES / run / "training_config.json").read_text(encoding="utf-8")))


@pytest.fixture
def run(tmp_path: Path) -> list[str]:
    """The command line of a run that was stopped in the middle."""
    arguments = ["--preset", "tiny", "--output_dir", str(tmp_path / "run"), "--evaluation_steps", "-1"]
    options = gan.parse([*arguments, "--max_train_steps", "6", "--checkpointing_steps", "3", "--mixed_precision", "no"])
    gan.train(options)
    return [*arguments, "--resume_from_checkpoint", "checkpoint-3"]


def test_a_preset_that_has_changed_changes_no_running_training(
    run: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (tmp_path / "run" / "model.safetensors").read_bytes()
    changed = {**PRESETS["tiny"], "learning_rate": 0.5, "widths": (64, 32), "max_train_steps": 9, "augment": "ada"}
    monkeypatch.setitem(PRESETS, "tiny", changed)
    assert gan.parse(run).learning_rate == 2e-3
    gan.train(gan.parse(run))
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == whole


def test_what_the_command_line_names_is_refused_if_it_differs(run: list[str]) -> None:
    for spelling in (["--learning_rate", "0.1"], ["--learning-rate=0.1"]):
        with pytest.raises(OptionError, match=r"learning_rate was 0\.002 and is 0\.1"):
            gan.train(gan.parse([*run, *spelling]))
    with pytest.raises(OptionError, match="random_flip was False and is True"):
        gan.train(gan.parse([*run, "--random_flip"]))
    gan.train(gan.parse([*run, "--learning_rate", "0.1", "--allow_changed_settings"]))


def test_an_option_that_the_checkpoint_does_not_know_counts_as_before(
    run: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if `num_discriminator_steps` had been added since, with another default."""
    whole = (tmp_path / "run" / "model.safetensors").read_bytes()
    monkeypatch.setattr(resume, "ADDED", {"num_discriminator_steps": 1})
    load = resume.checkpoint.load

    def without(path: Path) -> Any:
        found = load(path)
        for name in ("settings", "options"):
            found.record.get(name, {}).pop("num_discriminator_steps", None)
        return found

    monkeypatch.setattr(resume.checkpoint, "load", without)
    monkeypatch.setattr(resume, "_options_beside", lambda _: {})
    monkeypatch.setitem(PRESETS, "tiny", {**PRESETS["tiny"], "num_discriminator_steps": 2})
    gan.train(gan.parse(run))
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == whole


@pytest.mark.parametrize(("kind", "run_of_before"), [(TrainingOptions, "gan-run"), (StyleOptions, "style-run")])
def test_a_new_option_says_what_older_versions_did(kind: type[EngineOptions], run_of_before: str) -> None:
    new = learned_names(kind) - set(options_of_0_1_0(run_of_before)) - set(resume.ADDED)
    assert not new, f"{new} decide what is learned and are newer than 0.1.0: give each a row in resume.ADDED"
    assert set(resume.ADDED) <= learned_names(TrainingOptions) | learned_names(StyleOptions)


@pytest.mark.parametrize("kind", list(OPTIONS))
def test_what_is_compared_is_what_is_learned(kind: type[EngineOptions]) -> None:
    options = OPTIONS[kind]
    compared = set(settings(options, "aaa", 1)) - {"num_processes", "data_sha256"}
    assert compared == learned_names(kind)
    free = {option.name for option in fields(kind)} - compared
    assert {"hub_samples", "num_threads", "output_dir", "logging_steps"} <= free
    assert free <= {option.name for option in fields(kind)}
    before = settings(options, "aaa", 1)
    for name in sorted(compared):
        now = {**before, name: "something else"}
        with pytest.raises(OptionError, match=f"{name} was"):
            check_settings(before, now, options)
    for name in sorted(free):  # as a checkpoint of 0.1.0 holds some of them
        check_settings({**before, name: "something else"}, before, options)


def test_style_pictures_may_move(tmp_path: Path) -> None:
    """They are compared by their hash."""
    moved = replace(OPTIONS[StyleOptions], photos=(tmp_path / "moved",), style_image=tmp_path / "moved.png")
    check_settings(settings(OPTIONS[StyleOptions], "aaa", 1), settings(moved, "aaa", 1), moved)


def test_a_free_option_changes_no_bit(tmp_path: Path) -> None:
    base = replace(
        preset("tiny"),
        output_dir=tmp_path / "a",
        max_train_steps=6,
        mixed_precision="no",
        evaluation_steps=-1,
        num_threads=1,  # which would be measured anew by another run
    )
    changed = replace(
        base, output_dir=tmp_path / "b", logging_steps=1, sampling_steps=2, checkpointing_steps=2, health_steps=3,
        checkpoints_total_limit=1, dataloader_num_workers=1, data_memory_gb=1e-6, max_skipped_updates=3,
        evaluation_steps=4, extractor="random", keep_best=False, stop_on_collapse=False, tracker_project_name="x",
    )  # fmt: skip
    assert set(vars(changed)) - learned_names(TrainingOptions) >= {
        name for name, value in vars(changed).items() if value != getattr(base, name)
    }
    weights = []
    for options in (base, changed):
        gan.train(options)
        weights.append(load_file(options.output_dir / "model.safetensors"))
    assert all((weights[0][name] == weights[1][name]).all() for name in weights[0])


def test_options_of_one_command_are_not_resumed() -> None:
    kept = resumed_names(TrainingOptions)
    assert {"learning_rate", "dataset", "num_threads"} <= kept
    assert not {"resume_from_checkpoint", "overwrite_output_dir", "allow_changed_settings", "output_dir"} & kept


@pytest.mark.parametrize("presets", [PRESETS, STYLE_PRESETS], ids=["gan", "style"])
def test_presets_name_options_that_are_there(presets: dict[str, dict[str, Any]]) -> None:
    kind = TrainingOptions if presets is PRESETS else StyleOptions
    for name, values in presets.items():
        assert set(values) <= {option.name for option in fields(kind)}, name


@pytest.mark.parametrize("module", ["gan_hub.training", "gan_hub.training.style", "gan_hub.training.encoder"])
def test_each_module_is_launched_as_its_script(module: str) -> None:
    script = {"gan_hub.training": "train", "gan_hub.training.style": "stylize"}.get(module, "encoder")
    root = Path(__file__).parents[2]
    commands = [
        [sys.executable, "-m", module, "--help"],
        [sys.executable, str(root / "train" / f"{script}.py"), "--help"],
    ]
    helps = [subprocess.run(each, cwd=root, capture_output=True, text=True, check=True).stdout for each in commands]
    assert "--max_train_steps" in helps[0].replace("-", "_").replace("__", "--")
    lines = [[line for line in text.splitlines() if not line.startswith("usage")] for text in helps]
    assert lines[0] == lines[1]

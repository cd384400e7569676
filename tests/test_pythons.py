"""The command that tests on every Python says what the README says, and counts right."""

from pathlib import Path

import pytest

from tests import pythons

REPORT = '<testsuites><testsuite tests="9" failures="1" errors="2" skipped="3"/></testsuites>'


def test_it_runs_what_the_readme_says() -> None:
    lines = (pythons.ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert " && ".join(pythons.commands("python3", ".venv", "pinned")) in lines


def test_pins_are_for_the_pinned_versions_alone() -> None:
    installs = {name: " ".join(pythons.commands("python3", "x", name)) for name in pythons.VERSIONS}
    assert [name for name, line in installs.items() if "-c constraints.txt" in line] == ["pinned", "lowest"]
    assert [name for name, line in installs.items() if "constraints-lowest.txt" in line] == ["lowest"]


def test_a_report_is_counted(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert pythons.counted(report) is None
    report.write_text(REPORT)
    assert pythons.counted(report) == (3, 3, 3)


def test_a_python_that_is_not_there_is_told_apart_from_one_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = {"python3.10": pythons.Outcome("3.10.1", (5, 0, 1), 60.0)}
    missing = pythons.Outcome("?", problem="not at hand")
    monkeypatch.setattr(pythons, "tried", lambda python, *_: outcomes.get(python, missing))
    assert pythons.main([])
    assert "pythons: 1 passed / 1" in capsys.readouterr().out
    outcomes["python3.11"] = pythons.Outcome("3.11.1", (4, 1, 1), 60.0, "FAILED")
    assert not pythons.main([])
    assert not pythons.main(["--only", "3.12"])
    assert pythons.full_version("python3.999") is None


def test_a_failing_installation_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pythons, "full_version", lambda _: "3.12.1")
    monkeypatch.setattr(pythons, "commands", lambda *_: ["true", "exit 3", "never-run"])
    assert pythons.tried("python3.12", "pinned", True).problem == "FAILED: exit 3"

"""D1, D3: the README's test command on every Python that pyproject.toml allows and that is at hand.

    python3 -m tests.pythons [--smoke] [--versions {pinned,newest,pre,lowest}] [--only 3.10 3.13]

Looks for python3.10 to python3.14 on the PATH. Each gets a fresh environment (6 GB), one after the other, which is
deleted afterwards, and a line of the table. Needs nothing but Python itself.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
NEWEST = 14  # of Python 3, that is looked for
VERSIONS = ("pinned", "newest", "pre", "lowest")


@dataclass(frozen=True)
class Outcome:
    """What became of one Python.

    Attributes:
        python: its version.
        counts: of tests that passed, failed and were skipped; None where it did not come to that.
        seconds: with the installation.
        problem: why it failed; empty where all is well.
    """

    python: str
    counts: tuple[int, int, int] | None = None
    seconds: float = 0.0
    problem: str = ""

    def __str__(self) -> str:
        if self.counts is None:
            return f"{self.python:8} {self.problem}"
        passed, failed, skipped = self.counts
        return f"{self.python:8} {passed:6} {failed:6} {skipped:7} {self.seconds:7.0f} {self.problem}".rstrip()


def lowest_minor() -> int:
    """The lowest Python 3 of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return int(re.findall(r'^requires-python = ">=3\.(\d+)"$', text, re.MULTILINE)[0])


def commands(python: str, folder: str, versions: str) -> list[str]:
    """What sets an environment up and tests in it, a shell's line each; `pinned` is what the README says."""
    pip = f"{folder}/bin/pip install"
    install = {
        "pinned": f"{pip} -c constraints.txt -e '.[test]'",
        "newest": f"{pip} -e '.[test]'",
        "pre": f"{pip} --pre -e '.[test]'",
        "lowest": f"{pip} -c constraints.txt -e '.[test]'",
    }[versions]
    # Of the Hugging Face libraries alone; what else has to be as old is up to them.
    older = [f"{pip} --no-deps -r constraints-lowest.txt"] if versions == "lowest" else []
    return [f"{python} -m venv {folder}", install, *older, f"{folder}/bin/python -m pytest"]


def full_version(python: str) -> str | None:
    """Of a program on the PATH; None where there is none, or only a placeholder."""
    if shutil.which(python) is None:
        return None
    command = [python, "-c", "import platform; print(platform.python_version())"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else None


def counted(report: Path) -> tuple[int, int, int] | None:
    """Passed, failed, skipped of pytest's report; None where there is none."""
    if not report.is_file():
        return None
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    tests, failures, errors, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    return tests - failures - errors - skipped, failures + errors, skipped


def tried(python: str, versions: str, is_smoke: bool) -> Outcome:
    """Install and test with a Python."""
    started = time.monotonic()
    version = full_version(python)
    if version is None:
        return Outcome(python, problem="not at hand")
    with tempfile.TemporaryDirectory(prefix="gan-hub-python-") as folder:
        report = Path(folder) / "report.xml"
        *before, test = commands(python, f"{folder}/venv", versions)
        for command in [*before, f"{test}{' -m smoke' if is_smoke else ''} --junitxml {report}"]:
            print(f"$ {command}", flush=True)
            is_test = command.startswith(test)
            output = None if is_test else subprocess.DEVNULL  # pip's list of what it fetched is long
            result = subprocess.run(["bash", "-c", command], cwd=ROOT, stdout=output, check=False)
            if result.returncode:
                problem = "FAILED" if is_test else f"FAILED: {command}"
                return Outcome(version, counted(report), time.monotonic() - started, problem)
        return Outcome(version, counted(report), time.monotonic() - started)


def main(arguments: list[str] | None = None) -> bool:
    """Run it; returns whether at least one Python is at hand and all that are passed."""
    minors = [f"3.{minor}" for minor in range(lowest_minor(), NEWEST + 1)]
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--smoke", action="store_true", help="the short pass alone")
    parser.add_argument("--versions", choices=VERSIONS, default="pinned", help="of the libraries")
    parser.add_argument("--only", nargs="+", choices=minors, default=minors, metavar="3.N", help="these Pythons")
    options = parser.parse_args(arguments)
    outcomes = [tried(f"python{minor}", options.versions, options.smoke) for minor in options.only]
    print(f"{options.versions} versions, {'smoke pass' if options.smoke else 'all tests'}")
    print(f"{'python':8} passed failed skipped seconds")
    print("\n".join(map(str, outcomes)))
    at_hand = [outcome for outcome in outcomes if outcome.problem != "not at hand"]
    passed = sum(not outcome.problem for outcome in at_hand)
    print(f"pythons: {passed} passed / {len(at_hand)}")
    return passed == len(at_hand) > 0


if __name__ == "__main__":
    sys.exit(0 if main() else 1)

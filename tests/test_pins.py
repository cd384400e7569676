"""CI's lowest versions are those of pyproject.toml, and what it runs can not change under its name."""

import re
from pathlib import Path

from packaging.version import Version

from tests.pythons import VERSIONS, lowest_minor

ROOT = Path(__file__).parent.parent


def test_the_lowest_versions_are_the_floors():
    pinned = dict(re.findall(r"^([a-z-]+)==([\d.]+)$", (ROOT / "constraints-lowest.txt").read_text(), re.MULTILINE))
    floors = dict(re.findall(r'^    "([a-z-]+)>=([\d.]+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    assert pinned.pop("gradio-client")  # which gradio pins itself
    assert set(pinned) == {"accelerate", "gradio", "huggingface-hub", "safetensors"}
    for name, version in pinned.items():
        assert Version(version) == Version(floors[name]), name


def test_the_weekly_run_tries_the_lowest_python_and_all_versions():
    text = (ROOT / ".github" / "workflows" / "rot.yml").read_text()
    assert f'python: ["3.{lowest_minor()}", ' in text
    (matrix,) = re.findall(r"versions: \[(.*)\]", text)
    assert set(matrix.split(", ")) == set(VERSIONS)


def test_actions_are_pinned_by_commit():
    lines = [
        line
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
        for line in path.read_text().splitlines()
        if "uses:" in line
    ]
    assert lines
    for line in lines:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line

"""What CI calls the lowest versions is what pyproject.toml allows."""

import re
from pathlib import Path

from packaging.version import Version

ROOT = Path(__file__).parent.parent


def test_the_lowest_versions_are_the_floors():
    pinned = dict(re.findall(r"^([a-z-]+)==([\d.]+)$", (ROOT / "constraints-lowest.txt").read_text(), re.MULTILINE))
    floors = dict(re.findall(r'^    "([a-z-]+)>=([\d.]+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    assert pinned.pop("gradio-client")  # which gradio pins itself
    assert set(pinned) == {"accelerate", "gradio", "huggingface-hub", "safetensors"}
    for name, version in pinned.items():
        assert Version(version) == Version(floors[name]), name

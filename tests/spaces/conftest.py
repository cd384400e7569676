"""The scripts in spaces/, which are no package: on ZeroGPU that name is a library's."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spaces_server import SpacesHub

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "spaces"), str(ROOT / "spaces" / "static")]


@pytest.fixture
def spaces_hub() -> Iterator[SpacesHub]:
    with SpacesHub() as server:
        yield server
        server.shutdown()

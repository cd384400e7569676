"""D2: nothing of ours uses what is deprecated: in tests (`filterwarnings` in pyproject.toml), at import, at start."""

import os
import subprocess
import sys
import warnings

import pytest

from tests.test_architecture import ROOT, SOURCES, module_name

OURS = r"(gan_hub|train|benchmarks|app|tests)(\.|$)"
KINDS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
SPACES = [ROOT / "spaces", ROOT / "spaces" / "static"]  # programs, which import each other by their own names
MODULES = [path.stem if path.parent in SPACES else module_name(path) for path in SOURCES if path.stem != "__main__"]

# What other packages do at import is theirs; a warning is told of the module that causes it.
PROGRAM = """
import importlib, sys, warnings
for kind in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
    warnings.filterwarnings("error", category=kind, module=sys.argv[1])
{planted}
for name in sys.argv[2:]:
    importlib.import_module(name)
from gan_hub.page.launch import build_demo
build_demo()
print("started")
"""
PLANTED = "warnings.warn_explicit('old', FutureWarning, 'x.py', 1, module='gan_hub.page.server.blocks')"


def started(planted: str = "") -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(planted=planted)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, SPACES)),
        "HF_HUB_OFFLINE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    command = [sys.executable, "-c", program, OURS, *([] if planted else MODULES)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_every_module_and_the_page_start_without_a_warning() -> None:
    result = started()
    assert result.stdout.endswith("started\n"), result.stderr


def test_a_planted_warning_stops_the_start() -> None:
    assert "FutureWarning: old" in started(PLANTED).stderr


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "module",
    ["gan_hub", "gan_hub.page.server.blocks", "gan_hub.training.style.step", "tests.test_warnings", "app"],
)
def test_a_warning_of_our_own_fails_a_test(kind: type[Warning], module: str) -> None:
    with pytest.raises(kind):
        warnings.warn_explicit("old", kind, "x.py", 1, module=module)


@pytest.mark.parametrize("module", ["torch", "gan_hub_of_others", "application", "lib.gan_hub"])
def test_a_warning_of_others_does_not(module: str) -> None:
    with pytest.warns(DeprecationWarning, match="old"):
        warnings.warn_explicit("old", DeprecationWarning, "x.py", 1, module=module)

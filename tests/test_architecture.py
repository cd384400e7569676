"""The arrows between the rooms of the house, and that importing it touches no network, no GPU and no weights."""

import ast
import os
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("gan_hub", "train", "spaces", "benchmarks")
SOURCES = [*sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")), ROOT / "app.py"]

# Each room may import the rooms of the rows above its own, and itself; never one of its own row or of a row below.
FLOORS = (
    ("gan_hub.images", "gan_hub.losses", "gan_hub.models"),
    ("gan_hub.loading",),
    ("gan_hub.latents", "gan_hub.features"),
    ("gan_hub.editing", "gan_hub.painting"),
    ("gan_hub.generator", "gan_hub.stylizer"),
    ("gan_hub.data", "gan_hub.recipes"),
    ("gan_hub.sampling", "gan_hub.inversion", "gan_hub.evaluation"),
    ("gan_hub.hub",),
    ("gan_hub.deploy",),
    ("gan_hub.training.options", "gan_hub.page.server"),
    ("gan_hub.training.data", "gan_hub.training.checkpoints", "gan_hub.page.components"),
    ("gan_hub.training.loop", "gan_hub.training.health", "gan_hub.page.tabs"),
    ("gan_hub.training.run",),
    ("gan_hub.training.style",),
    ("gan_hub.training", "gan_hub.page"),
    ("gan_hub.cli",),
    ("train", "app", "spaces", "benchmarks"),
)
# Which rooms alone may import a library that is large or that not everyone has.
HEAVY = {
    "gradio": ("gan_hub.page", "benchmarks"),
    "torchvision": ("gan_hub.training", "benchmarks"),
    "accelerate": ("gan_hub.training", "benchmarks"),
}
MAX_FILES = 16  # in a folder, beside `__init__.py` and its subfolders; the folder of the networks may hold more


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def room_and_floor(name: str) -> tuple[str, int]:
    """The innermost room that a module is in, and the number of its row."""
    rooms = [(room, number) for number, row in enumerate(FLOORS) for room in row if within(name, room)]
    assert rooms, f"{name} is in no room of FLOORS"
    return max(rooms, key=lambda found: len(found[0]))


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function; `from gan_hub import x` is gan_hub.x."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in inside if (ROOT / name.replace(".", "/")).with_suffix(".py").is_file()}
            modules |= {name for name in inside if (ROOT / name.replace(".", "/") / "__init__.py").is_file()}
            names |= modules or {str(node.module)}
    return names


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_arrows_never_turn_back(path: Path) -> None:
    name = module_name(path)
    if name == "gan_hub":
        return  # the package's front door names what is on every floor
    room, floor = room_and_floor(name)
    for imported in imports(path) - {"gan_hub", "spaces"}:  # by that name alone, spaces is the library of ZeroGPU
        if not any(within(imported, top) for top in ("gan_hub", "train", "spaces", "app", "benchmarks")):
            continue
        other, other_floor = room_and_floor(imported)
        assert other == room or other_floor < floor, f"{name} imports {imported}, which is not below it"
        for mine, others in (("gan_hub.training", "gan_hub.page"), ("gan_hub.page", "gan_hub.training")):
            assert not (within(name, mine) and within(imported, others)), f"{name} imports {imported}"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_heavy_libraries_stay_in_their_rooms(path: Path) -> None:
    name = module_name(path)
    for imported in imports(path):
        for library, rooms in HEAVY.items():
            if within(imported, library):
                assert any(within(name, room) for room in rooms), f"{name} imports {imported}"


def test_no_folder_is_a_warehouse() -> None:
    counts: dict[Path, int] = {}
    for path in SOURCES:
        counts[path.parent] = counts.get(path.parent, 0) + (path.name != "__init__.py")
    full = {folder: count for folder, count in counts.items() if count > MAX_FILES and folder.name != "models"}
    assert not full, f"more than {MAX_FILES} files, perhaps several concepts: {full}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from gan_hub.loading import model_files", {"gan_hub.loading.model_files"}),
        ("import gan_hub.latents.seeds", {"gan_hub.latents.seeds"}),
        ("def f():\n    from gan_hub.models import conv", {"gan_hub.models.conv"}),
        ("from gan_hub.loading.model_files import locate", {"gan_hub.loading.model_files"}),
    ],
)
def test_imports_are_seen(source: str, expected: set[str], tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(source)
    assert imports(tmp_path / "x.py") == expected


PROGRAM = """
import os, socket, sys
sys.path.insert(0, os.getcwd())
OPENED = []

def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise AssertionError(f"{event} {args!r}")
    if event == "open" and str(args[0]).endswith((".safetensors", ".bin", ".pt", ".ckpt")):
        raise AssertionError(f"opened {args[0]}")

sys.addaudithook(watch)
import MODULE
import torch
assert not torch.cuda.is_initialized()
assert ".safetensors" not in open("/proc/self/maps").read()
for library in LIBRARIES:
    assert library not in sys.modules, library
"""


def importing(module: str, *, without: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.replace("MODULE", module).replace("LIBRARIES", repr(without))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "GRADIO_"))}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_importing_the_library_touches_nothing() -> None:
    public = "gan_hub; from gan_hub import GanGenerator, ModelError, PhotoStylizer"
    result = importing(public, without=("gradio", "torchvision", "accelerate", "tyro", "matplotlib"))
    assert result.returncode == 0, result.stderr


def test_the_page_and_the_command_import_no_trainer() -> None:
    result = importing("app", without=("torchvision", "accelerate"))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "offence", ["socket.create_connection(('127.0.0.1', 9))", "open('model.safetensors')", "import accelerate"]
)
def test_an_import_that_touches_something_is_seen(offence: str) -> None:
    result = importing(f"gan_hub; import socket; {offence}", without=("accelerate",))
    assert result.returncode != 0
    assert "AssertionError" in result.stderr


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))], ids=module_name)
def test_modules_state_their_purpose(path: Path) -> None:
    with tokenize.open(path) as file:
        text = file.read()
    assert ast.get_docstring(ast.parse(text)) or not text.strip(), f"{path} has no docstring"

"""The arrows of the house, and that importing it touches no network, no GPU and no weights."""

import ast
import os
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path
    for folder in ("gan_hub", "train", "spaces", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if path.is_file()
) + [path for path in (ROOT / "app.py",) if path.is_file()]

# Each room may import those before it, and its own. What is not named is a room on top of the core: see `room`.
FLOORS = [
    ["gan_hub.arcs", "gan_hub.paths", "gan_hub.latents", "gan_hub.losses", "gan_hub.images", "gan_hub.noise"],
    ["gan_hub.photos", "gan_hub.tiling", "gan_hub.painting"],
    ["gan_hub.models"],
    ["gan_hub.config", "gan_hub.stylizer_config"],
    [
        "gan_hub.weights",
        "gan_hub.budget",
        "gan_hub.card",
        "gan_hub.encoder_card",
        "gan_hub.labels",
        "gan_hub.interpolation",
    ],
    ["gan_hub.refusals"],
    ["gan_hub.hub", "gan_hub.chunks", "gan_hub.directions"],
    ["gan_hub.pretrained", "gan_hub.encoder", "gan_hub.companions"],
    ["gan_hub.generator", "gan_hub.stylizer"],
]
TOP, OUTSIDE = len(FLOORS), len(FLOORS) + 1
OUTER_ROOMS = ("train", "gan_hub.page", "gan_hub.cli", "app", "spaces", "benchmarks")
HEAVY = {"gradio": ("gan_hub.page", "app"), "torchvision": ("train",), "accelerate": ("train",)}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def floor(name: str) -> int:
    for number, rooms in enumerate(FLOORS):
        if any(within(name, room) for room in rooms):
            return number
    return OUTSIDE if any(within(name, room) for room in OUTER_ROOMS) else TOP


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
def test_arrows_never_turn_back(path):
    name = module_name(path)
    if name == "gan_hub":
        return  # the front door shows what is on every floor
    for imported in imports(path):
        if within(imported, "gan_hub") and imported != "gan_hub":
            assert floor(imported) <= floor(name), f"{name} imports {imported}, which is above it"
        for room in ("train", "gan_hub.page", "app", "spaces"):
            if within(imported, room) and imported != "spaces":  # by that name alone it is the library of ZeroGPU
                allowed = within(name, room) or (name == "app" and room == "gan_hub.page") or name == "gan_hub.cli"
                allowed = allowed or (within(name, "benchmarks") and room in ("train", "gan_hub.page"))
                assert allowed, f"{name} imports {imported}"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_heavy_libraries_stay_in_their_rooms(path):
    name = module_name(path)
    for imported in imports(path):
        for library, rooms in HEAVY.items():
            if within(imported, library) and not within(name, "benchmarks"):
                assert any(within(name, room) for room in rooms), f"{name} imports {imported}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [("from gan_hub import hub", {"gan_hub.hub"}), ("import gan_hub.latents", {"gan_hub.latents"}),
     ("def f():\n    from gan_hub.models import conv", {"gan_hub.models.conv"}),
     ("from gan_hub.hub import locate", {"gan_hub.hub"})],
)  # fmt: skip
def test_imports_are_seen(source, expected, tmp_path):
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


def importing(module: str, *, without: tuple[str, ...]) -> subprocess.CompletedProcess:
    program = PROGRAM.replace("MODULE", module).replace("LIBRARIES", repr(without))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "GRADIO_"))}
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_importing_the_library_touches_nothing():
    result = importing("gan_hub", without=("gradio", "torchvision", "accelerate", "tyro", "matplotlib"))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("module", [path.stem for path in (ROOT / "app.py",) if path.is_file()])
def test_importing_the_page_touches_nothing(module):
    result = importing(module, without=("torchvision", "accelerate"))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "offence", ["socket.create_connection(('127.0.0.1', 9))", "open('model.safetensors')", "import accelerate"]
)
def test_an_import_that_touches_something_is_seen(offence):
    result = importing(f"gan_hub; import socket; {offence}", without=("accelerate",))
    assert result.returncode != 0
    assert "AssertionError" in result.stderr


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))], ids=module_name)
def test_modules_fit_and_state_their_purpose(path):
    with tokenize.open(path) as file:
        text = file.read()
    assert ast.get_docstring(ast.parse(text)) or not text.strip(), f"{path} has no docstring"
    assert path.is_relative_to(ROOT / "tests") or text.count("\n") <= 350

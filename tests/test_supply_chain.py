"""Nothing is unpickled and nothing of a repository is run: a test greps for it, and one tries."""

import io
import json
import pickle
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parent.parent
SOURCES = [path for room in ("gan_hub", "train", "spaces") for path in sorted((ROOT / room).rglob("*.py"))]
SOURCES += [ROOT / "app.py"]
FORBIDDEN = re.compile(
    r"\b(?:pickle|cPickle|dill|joblib|cloudpickle|marshal|shelve)\b(?=[.\s]*(?:load|import|\())"
    r"|import (?:pickle|dill|joblib|cloudpickle|shelve)"
    r"|\btorch\.(?:load|hub|package)\b|\btorch\.jit\.load|\bnp\.load\(|allow_pickle=True|trust_remote_code"
    r"|(?<![.\w])(?:eval|exec)\(|\bos\.system\(|shell=True|yaml\.load\(|\bgr\.load\("
)

# Converting an old pickle is what its user asks for; it happens in a process of its own, which takes tensors alone.
ALLOWED = {"gan_hub/hub/convert.py": r"torch\.load\([^)]*weights_only=True\)"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_unpickles_or_runs_what_it_reads(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(ALLOWED.get(path.relative_to(ROOT).as_posix(), "(?!)"), "", text)
    found = FORBIDDEN.search(text)
    assert found is None, f"{path.name} says {found and found[0]!r}"


@pytest.mark.parametrize(
    "line", ["import pickle", "torch.load(x)", "eval(x)", "yaml.load(x)", "pickle.loads(x)", "gr.load(x)"]
)
def test_the_grep_finds_it(line: str) -> None:
    assert FORBIDDEN.search(line)


def test_no_pickle_is_in_the_tree() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib"))]


PROGRAM = """
import sys
import torch, gan_hub
from gan_hub import GanGenerator, ModelError

def watch(event, arguments):
    if event in ("pickle.find_class", "marshal.loads", "subprocess.Popen", "os.system", "exec"):
        if event != "exec" or not getattr(arguments[0], "co_filename", "").startswith(sys.prefix):
            print("HEARD", event, arguments)

for name in sys.argv[1:]:
    GanGenerator.from_pretrained("mnist-gan")  # what is imported late is imported
    sys.addaudithook(watch)
    try:
        GanGenerator.from_pretrained(name)
        print("LOADED", name)
    except ModelError as error:
        print("REFUSED", error)
"""


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        import os

        return os.system, ("echo HEARD a command",)


def test_a_repository_full_of_pickles_is_refused_unopened(tmp_path: Path) -> None:
    config = json.loads((ROOT / "gan_hub" / "bundled" / "mnist-gan" / "config.json").read_text())
    names = []
    for name in ("model.safetensors", "pytorch_model.bin", "model.pt", "directions.safetensors"):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "modeling.py").write_text("print('HEARD an import')")
        (folder / "__init__.py").write_text("print('HEARD an import')")
        buffer = io.BytesIO()
        torch.save({"x": Evil()}, buffer)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("archive/data.pkl", pickle.dumps(Evil()))
        (folder / name).write_bytes(buffer.getvalue())
        (folder / "archive.zip").write_bytes(archive.getvalue())
        names.append(str(folder))
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("REFUSED") == len(names), result.stdout
    assert "HEARD" not in result.stdout


def test_the_audit_hears_a_pickle(tmp_path: Path) -> None:
    program = PROGRAM.replace("GanGenerator.from_pretrained(name)", "__import__('pickle').load(open(name, 'rb'))")
    (tmp_path / "x").write_bytes(pickle.dumps(Evil()))
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "x")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "HEARD pickle.find_class" in result.stdout

"""What one more architecture, loss, style network and tab cost: their own file or functions, and one row each.

The test adds one of each to a copy of the package, and finds it in the options, in a training, and on the page.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ARCHITECTURE = '''
"""The networks of mlp under another name."""

from gan_hub.models.mlp import MLPDiscriminator, MLPGenerator


class OtherGenerator(MLPGenerator):
    """Another generator."""


class OtherDiscriminator(MLPDiscriminator):
    """Another discriminator."""
'''
STYLE_NETWORK = '''
"""The encoder-decoder under another name."""

from gan_hub.models.encoder_decoder import EncoderDecoder


class OtherStylizer(EncoderDecoder):
    """Another style network."""
'''
TAB = '''
"""Another tab."""

from typing import Any

import gradio as gr

NAME, ID = "Another tab", "another"


def build(model_cache: Any, tab: Any) -> None:
    """Lay it out."""
    gr.Markdown("here it is")
'''


def add_row(path: Path, table: str, row: str) -> None:
    """Put a row at the end of a table, which is a literal of a dictionary or a tuple in its module."""
    text = path.read_text(encoding="utf-8")
    start = re.search(rf"^{table}\b[^\n]* = [({{]", text, re.MULTILINE)
    assert start, f"no {table} in {path}"
    depth, end = 1, start.end()
    while depth:
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(text[end], 0)
        end += 1
    before = text[: end - 1].rstrip()
    path.write_text(before + ("" if before.endswith(",") else ",") + f" {row}" + text[end - 1 :], encoding="utf-8")


def add_import(path: Path, line: str) -> None:
    """What a row of a table needs to be imported."""
    text = path.read_text(encoding="utf-8")
    first = re.search(r"^(from|import) ", text, re.MULTILINE)
    assert first
    path.write_text(text[: first.start()] + line + "\n" + text[first.start() :], encoding="utf-8")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with one more of each thing."""
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "gan_hub", folder / "gan_hub", ignore=shutil.ignore_patterns("__pycache__", "bundled"))
    shutil.copytree(ROOT / "train", folder / "train")
    models, losses = folder / "gan_hub" / "models", folder / "gan_hub" / "losses.py"
    (models / "other.py").write_text(ARCHITECTURE)
    table = models / "__init__.py"
    add_import(table, "from gan_hub.models.other import OtherDiscriminator, OtherGenerator")
    add_row(table, "ARCHITECTURES", '"other": Architecture(OtherGenerator, OtherDiscriminator)')
    (models / "other_stylizer.py").write_text(STYLE_NETWORK)
    add_import(table, "from gan_hub.models.other_stylizer import OtherStylizer")
    row = re.search(r'"encoder-decoder": (.*),\n', table.read_text())
    assert row, "the row of the encoder-decoder has another form"
    add_row(table, "STYLIZERS", f'"other-stylizer": {row[1].replace("EncoderDecoder", "OtherStylizer")}')
    add_row(losses, "LOSSES", '"other": (least_squares_discriminator_loss, least_squares_generator_loss)')
    tab = folder / "gan_hub" / "page" / "tabs" / "another"
    tab.mkdir()
    (tab / "__init__.py").write_text('"""Another tab."""\n')
    (tab / "tab.py").write_text(TAB)
    add_import(tab.parent / "__init__.py", "from gan_hub.page.tabs.another import tab as another")
    add_row(tab.parent / "__init__.py", "TABS", "another")
    return folder


def run(tree: Path, *arguments: str) -> str:
    """What a program prints that runs in the copy."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def test_an_architecture_and_a_loss_are_options_and_train(tree: Path) -> None:
    output = run(
        tree, "train/train.py", "--preset", "tiny", "--architecture", "other", "--loss", "other", "--gamma", "0",
        "--final_gamma", "0", "--max_train_steps", "3", "--evaluation_steps", "-1", "--output_dir", "run",
    )  # fmt: skip
    assert "done at step 3" in output
    code = "from gan_hub import GanGenerator; g = GanGenerator.from_pretrained('run'); print(g.config.architecture)"
    assert run(tree, "-c", code).split()[-1] == "other"


def test_a_style_network_is_an_option_and_is_saved_and_loaded(tree: Path) -> None:
    assert "other-stylizer" in run(tree, "train/stylize.py", "--help")
    code = (
        "from gan_hub import PhotoStylizer\n"
        "s = PhotoStylizer(architecture='other-stylizer', widths=[4, 4, 4], num_blocks=0, noise_channels=0)\n"
        "s.save_pretrained('style')\n"
        "print(PhotoStylizer.from_pretrained('style').config.architecture)\n"
    )
    assert run(tree, "-c", code).split()[-1] == "other-stylizer"


def test_a_tab_is_on_the_page(tree: Path) -> None:
    shutil.copytree(ROOT / "gan_hub" / "bundled" / "mnist-gan", tree / "gan_hub" / "bundled" / "mnist-gan")
    code = (
        "from gan_hub.page.launch import build_demo\n"
        "config = build_demo().get_config_file()\n"
        "print([c['props'].get('id') for c in config['components'] if c['type'] == 'tabitem'])\n"
    )
    assert "'another'" in run(tree, "-c", code).splitlines()[-1]

"""The snippet in the card of every bundled model runs; those of other models run where these models are made."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gan_hub.loading.model_files import BUNDLED_FOLDER

CARDS = sorted(path for path in BUNDLED_FOLDER.glob("*/README.md") if (path.parent / "config.json").is_file())


def run_snippet(card: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the first Python of a card in a folder with a photo; returns it."""
    snippet = re.findall(r"```python\n(.*?)\n```", card, flags=re.DOTALL)[0]
    Image.effect_noise((40, 24), 64).convert("RGB").save(folder / "photo.jpg")
    monkeypatch.chdir(folder)
    before = set(folder.iterdir())
    exec(snippet, {})
    (made,) = set(folder.iterdir()) - before
    with Image.open(made) as picture:
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 2
    return snippet


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
def test_the_snippet_of_a_bundled_card_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, text = path.parent.name, path.read_text()
    room: dict[str, Any] = {}
    if name == "photo-features":
        exec(re.findall(r"```python\n(.*?)\n```", text, flags=re.DOTALL)[0], room)
        assert room["features"].shape == (16, 232)
        assert [maps.shape[1] for maps in room["maps"]] == [40, 112]
    elif json.loads((path.parent / "config.json").read_text())["architecture"] == "classifier":
        exec(re.findall(r"```python\n(.*?)\n```", text, flags=re.DOTALL)[0], room)
        assert room["features"].shape[0] == len(room["classes"]) == 16
    else:
        assert f'from_pretrained("{name}")' in run_snippet(text, tmp_path, monkeypatch)

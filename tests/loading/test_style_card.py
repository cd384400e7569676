"""The card of a stylizer: valid front matter, every painting named, and a snippet that runs."""

import re
from dataclasses import replace

import pytest
from huggingface_hub import ModelCard
from PIL import Image

from gan_hub import PhotoStylizer, __version__
from gan_hub.loading.card import StyleFacts
from tests.conftest import STYLIZER_VARIANTS, make_stylizer
from tests.painting.test_tiling import noisy_photo

FACTS = StyleFacts(
    paintings=["Claude Monet, Impression, Sunrise, 1872", "Claude Monet, Water Lilies, 1906"],
    photos="129 photographs from Wikimedia Commons, CC0.",
    data_sha256="cd" * 32,
    command="accelerate launch train/stylize.py --preset styles",
    num_images=96_000,
    minutes=42.4,
    hardware="2 cores of a processor",
    versions={"torch": "2.15.0", "gan-hub": __version__},
    measured={"style distance to held-out paintings": "0.31 (photos: 0.92)", "24 MP on one core": "40 s"},
    health=["Nothing was noticed."],
)


def card_of(stylizer: PhotoStylizer, facts: StyleFacts | None, tmp_path) -> ModelCard:
    stylizer.save_pretrained(tmp_path / "my-style", model_card_kwargs={"facts": facts})
    return ModelCard.load(tmp_path / "my-style" / "README.md")


@pytest.mark.parametrize("facts", [None, FACTS, replace(FACTS, paintings=(), measured={}, health=())], ids=str)
@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_front_matter_parses_and_nothing_is_left_to_fill_in(architecture, scale, facts, tmp_path):
    stylizer = make_stylizer(architecture, scale)
    card = card_of(stylizer, facts, tmp_path)
    data = card.data.to_dict()
    assert data["library_name"] == "gan-hub"
    assert data["pipeline_tag"] == "image-to-image"
    assert "license" not in data  # nobody said
    assert {"gan", architecture, "style-transfer" if scale == 1 else "super-resolution"} <= set(data["tags"])
    assert not re.search(r"\[More Information|\bTODO\b|\bNone\b|path/or|org/name|\{\w*\}|\bnan\b", card.content)
    assert ("## Training" in card.text) == (facts is not None)
    assert ("## Measured" in card.text) == ("## Health" in card.text) == bool(facts and facts.measured)
    assert f"{sum(parameter.numel() for parameter in stylizer.parameters()):,} parameters" in card.text
    assert "Nothing was said about the licence of the weights" in card.text
    assert __version__ in card.text


def test_what_the_run_knows_is_in_the_card(tmp_path):
    text = card_of(make_stylizer(), FACTS, tmp_path).text
    facts = (*FACTS.paintings, FACTS.photos, FACTS.data_sha256, FACTS.command, FACTS.hardware, *FACTS.health)
    for fact in (*facts, "2 paintings", "96,000 images", "42 minutes", "torch 2.15.0"):
        assert fact in text
    assert "| 24 MP on one core | 40 s |" in text


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_the_snippet_runs_beside_the_folder(architecture, scale, tmp_path, monkeypatch):
    stylizer = make_stylizer(architecture, scale)
    card = card_of(stylizer, FACTS, tmp_path)
    (snippet,) = re.findall(r"```python\n(.*?)\n```", card.text, flags=re.DOTALL)
    assert 'from_pretrained("my-style")' in snippet
    monkeypatch.chdir(tmp_path)
    noisy_photo(24, 13).save("photo.jpg")
    exec(snippet, {})
    (result,) = tmp_path.glob("*.png")
    assert Image.open(result).tobytes() == stylizer.stylize(Image.open("photo.jpg")).tobytes()


def test_a_pushed_card_names_the_repository(hub):
    make_stylizer().push_to_hub("org/tiny", model_card_kwargs={"facts": FACTS})
    readme = hub.repos["org/tiny"].commits[hub.repos["org/tiny"].branches["main"]]["README.md"].decode()
    assert 'PhotoStylizer.from_pretrained("org/tiny")' in readme
    assert FACTS.paintings[0] in readme

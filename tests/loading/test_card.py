"""The model card: valid front matter, nothing left to fill in, and a snippet that runs."""

import re
from dataclasses import replace

import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

from gan_hub import GanGenerator, __version__
from gan_hub.images import grid, to_pil
from gan_hub.loading.card import Metric, RunFacts
from gan_hub.models import ARCHITECTURES
from tests.conftest import make_generator

FACTS = RunFacts(
    dataset="MNIST, 60,000 grey pictures of 28x28 pixels, CC BY-SA 3.0.",
    dataset_sha256="ab" * 32,
    command="accelerate launch train/train.py --preset mnist",
    num_images=1_234_000,
    minutes=12.6,
    hardware="2 cores of a processor",
    versions={"torch": "2.15.0", "gan-hub": __version__},
    metrics=[
        Metric("Frechet distance", 3.14159, 1.5, "a classifier with 99.4 % test accuracy", 10_000, 7),
        Metric("Density", 0.987, None, "a classifier with 99.4 % test accuracy", 10_000, 7),
    ],
)
NAMES = ['a "quoted" one', "back`tick`", "été # 文字"]


def card_of(generator: GanGenerator, facts: RunFacts | None, tmp_path) -> ModelCard:
    generator.save_pretrained(tmp_path / "my-gan", model_card_kwargs={"facts": facts})
    return ModelCard.load(tmp_path / "my-gan" / "README.md")


@pytest.mark.parametrize("facts", [None, FACTS], ids=["untrained", "trained"])
@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_front_matter_parses_and_nothing_is_left_to_fill_in(architecture, num_classes, facts, tmp_path):
    card = card_of(make_generator(architecture, num_classes=num_classes), facts, tmp_path)
    data = card.data.to_dict()
    assert data["library_name"] == "gan-hub"
    assert data["pipeline_tag"] == "unconditional-image-generation"
    assert "license" not in data  # nobody said
    assert "Nothing was said about the licence of the weights" in card.text
    assert {"gan", architecture} <= set(data["tags"])
    assert not re.search(r"\[More Information|\bTODO\b|\bNone\b|path/or|org/name|\{\w*\}|\bnan\b", card.content)
    assert ("## Training" in card.text) == ("## Measured" in card.text) == (facts is not None)


def test_the_licence_is_the_one_that_was_given(tmp_path):
    facts = replace(FACTS, license="other", license_link="https://example.org/terms", features="photo-features")
    card = card_of(make_generator("mlp"), facts, tmp_path)
    assert (card.data.license, card.data.to_dict()["license_link"]) == ("other", "https://example.org/terms")
    assert "The licence of the weights is other (https://example.org/terms)." in card.text
    assert "looked through the pretrained photo-features" in card.text


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("num_classes", "class_names"), [(0, []), (2, []), (3, NAMES)], ids=["none", "numbers", "names"]
)
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_the_snippet_runs_beside_the_folder(architecture, num_classes, class_names, channels, tmp_path, monkeypatch):
    generator = make_generator(architecture, channels=channels, num_classes=num_classes, class_names=class_names)
    card = card_of(generator, None, tmp_path)
    (snippet,) = re.findall(r"```python\n(.*?)\n```", card.text, flags=re.DOTALL)
    assert max(map(len, snippet.splitlines())) <= 120
    assert 'from_pretrained("my-gan")' in snippet
    monkeypatch.chdir(tmp_path)
    room: dict[str, object] = {}
    exec(snippet, room)
    expected = generator.sample(16, seed=7, labels=0 if num_classes else None)
    assert torch.equal(room["images"], expected)
    sheet = Image.open(tmp_path / "samples.png")
    assert sheet.tobytes() == grid(to_pil(expected), columns=4).tobytes()
    shape = re.search(r"# \[(\d+), (\d+), (\d+), (\d+)\] in \[-1, 1\]", snippet)
    assert tuple(map(int, shape.groups())) == tuple(expected.shape)


def test_a_pushed_card_names_the_repository(hub, tiny_generator, tmp_path, monkeypatch):
    tiny_generator.push_to_hub("org/tiny", model_card_kwargs={"facts": FACTS})
    readme = hub.repos["org/tiny"].commits[hub.repos["org/tiny"].branches["main"]]["README.md"].decode()
    assert "accelerate launch" in readme
    (snippet,) = re.findall(r"```python\n(.*?)\n```", readme, flags=re.DOTALL)
    assert 'from_pretrained("org/tiny")' in snippet
    monkeypatch.chdir(tmp_path)
    exec(snippet, {})
    assert (tmp_path / "samples.png").is_file()


def test_saving_with_a_push_names_the_repository(hub, tiny_generator, tmp_path):
    tiny_generator.save_pretrained(tmp_path / "run", push_to_hub=True, repo_id="org/tiny")
    readme = hub.repos["org/tiny"].commits[hub.repos["org/tiny"].branches["main"]]["README.md"].decode()
    assert 'from_pretrained("org/tiny")' in readme


def test_a_quote_in_the_folders_name_stays_inside_the_string(tiny_generator, tmp_path, monkeypatch):
    name = 'my "best" gan'
    tiny_generator.save_pretrained(tmp_path / name)
    (snippet,) = re.findall(r"```python\n(.*?)\n```", (tmp_path / name / "README.md").read_text(), flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(snippet, {})


def test_what_a_run_measured_is_in_the_card(tmp_path):
    card = card_of(make_generator(), FACTS, tmp_path)
    for fact in (FACTS.dataset, FACTS.dataset_sha256, FACTS.command, "1,234,000 images", "13 minutes", FACTS.hardware):
        assert fact in card.text
    assert "| Frechet distance | 3.142 | 1.5 | 10,000 | 7 |" in card.text
    assert "| Density | 0.987 |  | 10,000 | 7 |" in card.text
    results = {result.metric_type: result for result in card.data.eval_results}
    assert results["frechet_distance"].metric_value == pytest.approx(3.14159)
    assert results["frechet_distance"].dataset_name == "MNIST"
    assert "n = 10000, seed 7" in results["density"].metric_name


def test_a_distance_in_a_classifiers_features_is_never_called_fid(tmp_path):
    assert not re.search(r"\bFID\b", card_of(make_generator(), FACTS, tmp_path).content)


def test_the_card_counts_the_parameters(tmp_path):
    generator = make_generator()
    count = sum(parameter.numel() for parameter in generator.parameters())
    assert f"{count:,} parameters" in card_of(generator, None, tmp_path).text

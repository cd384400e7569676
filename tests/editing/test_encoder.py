"""The encoder: its config, its files beside a generator, and the bundled encoders."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gan_hub import GanGenerator, ModelError
from gan_hub.editing.encoder import CONFIG_FILE, WEIGHTS_FILE, EncoderConfig, LatentEncoder
from gan_hub.features import FeatureExtractor
from gan_hub.loading.config import ConfigError
from gan_hub.loading.model_files import BUNDLED_FOLDER
from gan_hub.training.encoder_card import EncoderFacts, with_encoder
from tests.conftest import make_generator, perturb

FACTS = EncoderFacts(7, "launch", 64, 1.2, "a machine", 0.0123, 0.5, 10, 3)


def make_encoder(generator: GanGenerator) -> LatentEncoder:
    encoder = LatentEncoder(EncoderConfig.for_generator(generator.config, [8, 4]))
    perturb(encoder.network)
    return encoder


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_classes": 0},
        {"num_classes": 0, "num_categories": 2},
        {"num_classes": 0, "num_active": 2},
        {"architecture": "recurrent"},
        {"channels": 4, "image_size": [32, 8]},
    ],
    ids=str,
)
def test_latents_and_classes_of_pictures(changes: dict) -> None:
    generator = make_generator(**changes)
    encoder = make_encoder(generator)
    pictures = generator.sample(3, seed=0)
    z, logits = encoder.encode(pictures)
    config = generator.config
    assert z.shape == (3, config.latent_dim)
    assert logits.shape == (3, config.num_classes or config.num_categories)
    assert torch.equal(generator.structured(z), z), "z has the structure of the generator's latents"
    if logits.shape[1]:
        told, _ = encoder.encode(pictures, logits.argmax(1))
        other, _ = encoder.encode(pictures, (logits.argmax(1) + 1) % logits.shape[1])
        assert torch.allclose(told, z)
        assert not torch.allclose(other, z)
    generator.generate(z, logits.argmax(1) if config.num_classes else None)


def test_pictures_of_another_shape_are_refused(tiny_generator: GanGenerator) -> None:
    with pytest.raises(ValueError, match=r"\[2, 1, 8, 8\].*'N', 1, 8, 12"):
        make_encoder(tiny_generator).encode(torch.zeros(2, 1, 8, 8))


def test_the_encoder_travels_with_its_generator_and_is_no_part_of_it(
    hub, tiny_generator: GanGenerator, tmp_path: Path
) -> None:
    tensors = set(tiny_generator.state_dict())
    tiny_generator.encoder = make_encoder(tiny_generator)
    assert set(tiny_generator.state_dict()) == tensors
    pictures = tiny_generator.sample(2, seed=0)
    tiny_generator.push_to_hub("org/encoded")
    loaded = GanGenerator.from_pretrained("org/encoded", cache_dir=tmp_path)
    assert not hub.asked_for(WEIGHTS_FILE, "GET")
    assert loaded.encoder is not None
    assert loaded.encoder.config == tiny_generator.encoder.config
    assert torch.allclose(loaded.encoder.encode(pictures)[0], tiny_generator.encoder.encode(pictures)[0], atol=1e-4)
    loaded.save_pretrained(tmp_path / "copy")
    assert all(tensor.dtype == torch.float16 for tensor in load_file(tmp_path / "copy" / WEIGHTS_FILE).values())
    again = GanGenerator.from_pretrained(tmp_path / "copy")
    assert again.encoder is not None
    assert torch.equal(again.encoder.encode(pictures)[0], loaded.encoder.encode(pictures)[0])
    with pytest.raises(ConfigError, match="channels is 1 of the encoder and 3"):
        make_generator(channels=3).encoder = loaded.encoder


@pytest.fixture
def folder(tiny_generator: GanGenerator, tmp_path: Path) -> Path:
    tiny_generator.encoder = make_encoder(tiny_generator)
    tiny_generator.save_pretrained(tmp_path / "gan")
    return tmp_path / "gan"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"architecture": "conv"}, "architecture"),
        ({"latent_dim": 7}, "latent_dim is 7 of the encoder and 6"),
        ({"num_classes": 4}, "num_classes is 4"),
        ({"image_size": [8, 8]}, "image_size"),
        ({"widths": [4, 8]}, "expected F32"),
        ({"widths": [512, 512]}, "bytes"),
        ({"widths": [1024] * 8}, "use fewer"),
        ({"widths": []}, "widths"),
        ({"colour": 1}, "unknown keys"),
    ],
    ids=str,
)
def test_a_bad_config_is_a_sentence(changes: dict, words: str, folder: Path) -> None:
    config = json.loads((folder / CONFIG_FILE).read_text())
    (folder / CONFIG_FILE).write_text(json.dumps({**config, **changes}))
    generator = GanGenerator.from_pretrained(folder)
    with pytest.raises(ModelError, match=words):
        _ = generator.encoder


def test_bad_weights_are_a_sentence(folder: Path) -> None:
    path = folder / WEIGHTS_FILE
    state = load_file(path)
    for problem, words in (
        ({**state, "hidden.bias": state["hidden.bias"] * float("nan")}, "NaN"),
        ({f"x{name}": tensor for name, tensor in state.items()}, "missing embedding.weight"),
    ):
        save_file(problem, path, metadata={"format": "pt"})
        with pytest.raises(ModelError, match=words) as caught:
            _ = GanGenerator.from_pretrained(folder).encoder
        assert WEIGHTS_FILE in str(caught.value)
    save_file(state, path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ModelError, match=r"encoder\.safetensors"):
        _ = GanGenerator.from_pretrained(folder).encoder
    path.unlink()
    with pytest.raises(ModelError, match=r"has no encoder\.safetensors"):
        _ = GanGenerator.from_pretrained(folder).encoder


def test_the_card_has_one_section_on_the_encoder() -> None:
    card = "---\nx: 1\n---\n\n# A\n\n## Health\n\n- good\n\n## Limits\n\nmany\n"
    once = with_encoder(card, FACTS)
    assert once.index("## Health") < once.index("## Encoder") < once.index("## Limits")
    assert "1.23% of the range" in once
    assert with_encoder(once, FACTS) == once
    assert with_encoder("# A\n", FACTS).count("## Encoder") == 1


@pytest.mark.parametrize(("name", "features"), [("mnist-gan", "mnist-features")])
def test_bundled_encoders_lead_back(name: str, features: str) -> None:
    """200 seeds: the guess alone is at most 0.05 of the range away, and mostly of the same class to the classifier."""
    generator = GanGenerator.from_pretrained(name)
    assert generator.encoder is not None
    assert (BUNDLED_FOLDER / name / WEIGHTS_FILE).stat().st_size < 2_000_000
    assert "## Encoder" in (BUNDLED_FOLDER / name / "README.md").read_text()
    pictures = generator.sample(200, seed=0)
    z, logits = generator.encoder.encode(pictures)
    again = generator.generate(z, logits.argmax(1))
    assert (again - pictures).abs().mean() / 2 < 0.05
    extractor = FeatureExtractor.from_bundled(features)
    same = (extractor.classify(again) == extractor.classify(pictures)).double().mean()
    assert same >= (0.97 if name == "mnist-gan" else 0.8)

"""The models that come with the package: present, small, documented, and as good as their cards say."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

from gan_hub import GanGenerator, PhotoStylizer
from gan_hub.evaluation.diversity import thumbnails
from gan_hub.evaluation.metrics import all_metrics
from gan_hub.features import FeatureExtractor
from gan_hub.latents.seeds import labels_of_latents
from gan_hub.loading import model_files
from gan_hub.loading.model_files import BUNDLED_FOLDER, SHARED_WEIGHTS, ModelError, bundled_names
from gan_hub.page import launch
from gan_hub.training.run.sheets import save_grid
from gan_hub.training.style.health import gradient_correlation
from gan_hub.training.style.sheet import Sheet

EXTRACTORS = {"mnist-gan": ("mnist-features", 0.99), "fashion-gan": ("fashion-features", 0.90)}
DATASETS = {"mnist-gan": "mnist", "fashion-gan": "fashion-mnist"}
DRAWINGS = Path(launch.__file__).parent / "examples"
DATA = Path(os.environ.get("GAN_HUB_DATA", "data"))


WITH_ENCODER = ("fashion-gan", "mnist-gan")
STYLES = ("kandinsky", "monet", "old-masters", "pencil", "starry-night", "the-scream", "ukiyo-e", "van-gogh")
MAX_STYLES_BYTES = 8_000_000  # all of them together, with the trunk that they share


def test_what_is_bundled() -> None:
    assert bundled_names() == sorted([*EXTRACTORS, "emoji-gan", "mnist-infogan"])
    assert bundled_names("stylizer") == sorted(STYLES)
    assert bundled_names("upscaler") == ["upscale-2x"]


@pytest.mark.parametrize("folder", sorted(path.name for path in BUNDLED_FOLDER.iterdir()))
def test_a_bundled_model_is_small_and_has_a_card(folder: str) -> None:
    files = {path.name: path.stat().st_size for path in (BUNDLED_FOLDER / folder).iterdir() if path.is_file()}
    encoder = {name: files.pop(name) for name in list(files) if name.startswith("encoder.")}
    expected = {"config.json", "model.safetensors", "README.md"}
    if folder in STYLES:
        expected = {"config.json", "README.md", "thumbnail.jpg", "sheet.jpg"}
    elif folder == SHARED_WEIGHTS:
        expected -= {"config.json"}
    assert set(files) == expected
    assert sum(files.values()) < 6_000_000
    assert set(encoder) == ({"encoder.json", "encoder.safetensors"} if folder in WITH_ENCODER else set())
    assert sum(encoder.values()) < 2_000_000
    card = ModelCard.load(BUNDLED_FOLDER / folder / "README.md")
    assert card.data.library_name == "gan-hub"
    assert "[More Information Needed]" not in card.text
    assert "licence" in card.text
    for linked in re.findall(r"!\[[^]]*\]\(([^)]*)\)", card.text):
        assert (BUNDLED_FOLDER / folder / linked).is_file(), linked
    assert "- Photos: ." not in card.text
    if not folder.endswith("-features") and folder != SHARED_WEIGHTS:
        assert [heading for heading in ("Samples", "Health") if f"\n## {heading}\n" not in card.text] == []


def test_all_styles_together_are_small_and_one_network():
    folders = [BUNDLED_FOLDER / name for name in (*STYLES, SHARED_WEIGHTS)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MAX_STYLES_BYTES
    for name in STYLES:
        stylizer = PhotoStylizer.from_pretrained(name)
        assert sorted(stylizer.styles) == sorted(STYLES)
        assert stylizer.config.style == name


def test_a_saved_style_is_whole(tmp_path, monkeypatch):
    stylizer = PhotoStylizer.from_pretrained("monet")
    stylizer.save_pretrained(tmp_path / "mine")
    photo = Image.open(EXAMPLES[0]).convert("RGB").resize((96, 72))
    wanted = [
        stylizer.stylize(photo).tobytes(),
        stylizer.stylize(photo, style={"monet": 0.6, "ukiyo-e": 0.4}).tobytes(),
    ]
    monkeypatch.setattr(model_files, "BUNDLED_FOLDER", tmp_path / "nothing")
    again = PhotoStylizer.from_pretrained(tmp_path / "mine")
    assert [again.stylize(photo).tobytes(), again.stylize(photo, style={"ukiyo-e": 2, "monet": 3}).tobytes()] == wanted
    assert len(set(wanted)) == 2
    (tmp_path / "mine" / "model.safetensors").unlink()
    with pytest.raises(ModelError):  # only a bundled style may borrow its weights
        PhotoStylizer.from_pretrained(tmp_path / "mine")


@pytest.mark.parametrize("name", bundled_names())
def test_its_sheet_shows_what_it_makes(name: str, tmp_path: Path) -> None:
    (shown,) = (BUNDLED_FOLDER / name / "samples").iterdir()
    made = save_grid(GanGenerator.from_pretrained(name), tmp_path, int(shown.stem))
    bound = 1.0 if shown.suffix == ".png" else 6.0  # of 255; a WebP has lost something
    assert mean_difference(shown, made) < bound


@pytest.mark.parametrize("name", bundled_names("stylizer", "upscaler"))
def test_its_sheet_shows_what_it_paints(name: str, tmp_path: Path) -> None:
    (shown,) = (BUNDLED_FOLDER / name / "samples").iterdir()
    drawings = [Image.open(path).convert("RGB") for path in sorted(DRAWINGS.glob("*.jpg"))]
    made = Sheet(drawings, tile=(360, 270))(PhotoStylizer.from_pretrained(name), tmp_path, int(shown.stem))
    assert mean_difference(shown, made) < 1.0


def mean_difference(a: Path, b: Path) -> float:
    """Of two pictures' values, of 255; what is clear has no colour."""
    pixels = []
    for path in (a, b):
        with Image.open(path) as picture:
            clear = Image.new("RGBA", picture.size, "black")
            pixels.append(np.asarray(Image.alpha_composite(clear, picture.convert("RGBA")), dtype=float))
    return float(np.abs(pixels[0] - pixels[1]).mean())


@pytest.mark.parametrize("name", sorted(EXTRACTORS))
def test_the_class_asked_for_is_the_class_seen(name: str) -> None:
    """On 2,000 samples; the bound leaves three standard errors to the share that is asked of 10,000."""
    generator = GanGenerator.from_pretrained(name)
    extractor_name, share = EXTRACTORS[name]
    z = generator.latents(range(5_000, 7_000))
    labels = labels_of_latents(z, generator.num_classes)
    seen = FeatureExtractor.from_bundled(extractor_name).classify(generator.generate(z, labels))
    agreement = float((seen == labels).double().mean())
    assert agreement >= share - 3 * (share * (1 - share) / 2_000) ** 0.5


@pytest.mark.parametrize("name", sorted(EXTRACTORS))
def test_samples_of_one_class_differ(name: str) -> None:
    images = GanGenerator.from_pretrained(name).sample(64, seed=0, labels=3).flatten(1)
    distances = torch.pdist(images)
    assert distances.min() > 0.05 * distances.median()


def test_codes_without_labels_are_digits() -> None:
    """Purity, the share of samples whose digit is the commonest one of its code; 10,000 are measured in results.md."""
    generator = GanGenerator.from_pretrained("mnist-infogan")
    assert generator.num_classes == 0
    z = generator.latents(range(1_000_000, 1_002_000))
    codes = z[:, : generator.config.num_categories].argmax(1)
    seen = FeatureExtractor.from_bundled("mnist-features").classify(generator.generate(z))
    table = torch.zeros(10, 10).index_put_((codes, seen), torch.ones(2_000), accumulate=True)
    assert table.max(1).values.sum() / 2_000 >= 0.9
    assert sorted(table.argmax(1).tolist()) == list(range(10)), "a digit for each code, a code for each digit"


def test_emoji_have_an_outline_and_differ() -> None:
    images = GanGenerator.from_pretrained("emoji-gan").sample(64, seed=0)
    alpha = (images[:, 3] + 1) / 2
    assert ((alpha < 0.05) | (alpha > 0.95)).float().mean() > 0.85  # clear or opaque, with a thin edge
    assert 0.2 < alpha.mean() < 0.9
    assert (images[:, :3] <= images[:, 3:] + 0.1).float().mean() > 0.99  # no colour where there is nothing
    distances = torch.pdist(thumbnails(images))
    assert distances.min() > 0.1 * distances.median()


def test_an_extractor_is_no_generator_and_the_other_way_round() -> None:
    with pytest.raises(ModelError):
        GanGenerator.from_pretrained("mnist-features")
    with pytest.raises(ValueError, match="not a classifier"):
        FeatureExtractor.from_bundled("mnist-gan")
    with pytest.raises(ModelError, match="there are: fashion-features, mnist-features, photo-features"):
        FeatureExtractor.from_bundled("no-features")


EXAMPLES = sorted((Path(launch.__file__).parent / "examples").glob("*.jpg"))


def as_tensor(picture: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.asarray(picture.convert("RGB")).copy()).permute(2, 0, 1)[None].float() / 127.5 - 1


@pytest.mark.parametrize("name", STYLES)
def test_a_bundled_style_paints_and_keeps_what_there_is_to_see(name: str) -> None:
    stylizer = PhotoStylizer.from_pretrained(name)
    kept = []
    for path in EXAMPLES:
        photo = Image.open(path)
        painting = stylizer.stylize(photo)
        before, after = as_tensor(photo), as_tensor(painting)
        assert painting.size == photo.size
        assert (before - after).abs().mean() > 0.05
        kept.append(gradient_correlation(before, after).item())
    # Of held-out photos 0.65 and more is kept (benchmarks/stylize.py); these drawings are flatter than photos.
    assert sum(kept) / len(kept) >= 0.5


@pytest.mark.parametrize("name", STYLES)
def test_a_flat_sky_is_painted_in_strokes_that_follow_the_seed_and_in_no_grid(name: str) -> None:
    stylizer = PhotoStylizer.from_pretrained(name)
    sky = Image.new("RGB", (320, 192), (120, 160, 220))
    first, other = (as_tensor(stylizer.stylize(sky, seed=seed))[0] for seed in (0, 1))
    assert first.std() > 0.01
    assert (first - other).abs().mean() > 0.01
    # Nothing repeats with the network's cells of 4 and 8 pixels: the mean over all cells has no pattern of its own.
    phases = first.mean(0).unflatten(0, (24, 8)).unflatten(2, (40, 8)).mean((0, 2))
    assert (phases - phases.mean()).abs().max() < 0.03  # of a range of 2: less than 4 of 255


def test_the_upscaler_beats_bicubic_enlargement_on_edges() -> None:
    large = Image.open(EXAMPLES[0]).convert("RGB").reduce(2)
    large = large.crop((0, 0, large.width // 2 * 2, large.height // 2 * 2))
    small = large.resize((large.width // 2, large.height // 2), Image.Resampling.BICUBIC)
    upscaled = PhotoStylizer.from_pretrained("upscale-2x").stylize(small)
    bicubic = small.resize(large.size, Image.Resampling.BICUBIC)
    assert upscaled.size == large.size
    errors = [(as_tensor(picture) - as_tensor(large)).square().mean() for picture in (upscaled, bicubic)]
    assert errors[0] < errors[1] * 10**0.03  # no more than 0.3 dB behind
    shift = (as_tensor(upscaled) - as_tensor(bicubic)).mean((0, 2, 3))
    assert shift.abs().max() < 0.01


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("mnist-gan", 2.5),
        pytest.param("fashion-gan", 4.0, marks=pytest.mark.xfail(reason="5.7 measured: docs/log.md", strict=True)),
    ],
)
def test_bundled_generators_hold_their_figures_on_the_real_data(name: str, limit: float) -> None:
    """10,000 samples against the test pictures, relative to 10,000 training pictures against them."""
    from gan_hub.data.idx import load_idx_set
    from gan_hub.evaluation.evaluator import Evaluator

    if not (DATA / DATASETS[name]).is_dir():
        pytest.skip(
            f"needs the real {DATASETS[name]} files in {DATA}/{DATASETS[name]} (GAN_HUB_DATA names another folder)"
        )
    evaluator = Evaluator.for_dataset(load_idx_set(DATASETS[name], DATA), DATA)
    assert evaluator is not None
    scores, reference = evaluator.full(GanGenerator.from_pretrained(name))
    assert evaluator.train is not None
    assert all_metrics(evaluator.real, evaluator.train).items() <= reference.items()
    assert scores["frechet_distance"] <= limit * reference["frechet_distance"]
    if name == "mnist-gan":
        assert min(scores[share] / reference[share] for share in ("density", "coverage")) >= 0.93
        assert min(scores[share] / reference[share] for share in ("precision", "recall")) >= 0.9
        assert scores["rarest_class"] >= 0.9
        assert scores["commonest_class"] <= 1.1
    assert scores["class_agreement"] >= EXTRACTORS[name][1]

"""Projection: it finds what the generator painted, stops when told to, completes pictures, and says what is wrong."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from gan_hub import GanGenerator
from gan_hub.cli.main import main
from gan_hub.inversion.projection import Projection, composite, project
from gan_hub.latents.text import rounded
from tests.conftest import make_generator

STEPS = 60


def wide(**changes: object) -> GanGenerator:
    """A small generator whose latents matter, the same each time."""
    torch.manual_seed(0)
    generator = make_generator("mlp", widths=[32], latent_dim=4, **changes)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.mul_(4)
    return generator


@pytest.mark.parametrize(
    "changes",
    [{}, {"num_classes": 0}, {"num_classes": 0, "num_categories": 2}, {"num_classes": 0, "num_active": 2}],
    ids=str,
)
def test_what_the_generator_painted_is_found(changes: dict) -> None:
    generator = wide(**changes)
    errors, random_errors = [], []
    pictures = generator.sample(4, seed=100)
    for i, picture in enumerate(pictures):
        found = project(generator, picture, num_steps=STEPS)
        labels = None if found.label is None else [found.label]
        assert torch.equal(generator.generate(found.z[None], labels)[0], found.picture)
        assert torch.equal(generator.generate(found.key(generator).z(generator), labels)[0], found.picture)
        assert found.error == pytest.approx(float((found.picture - picture).abs().mean() / 2), abs=1e-6)
        assert torch.equal(
            generator.structured(found.z[None])[:, : generator.config.num_categories],
            found.z[None][:, : generator.config.num_categories],
        )
        errors.append(found.error)
        random_errors.append(float((pictures[i - 1] - picture).abs().mean() / 2))
    assert sorted(errors)[-2] < 0.03, "but for one that may end in a valley of its own"
    assert sum(errors) < 0.3 * sum(random_errors)


def test_the_result_is_the_same_each_time_and_leaves_the_generator_alone() -> None:
    generator = wide().train()
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    picture = generator.sample(1, seed=3)[0]
    first, second = (project(generator, picture, num_steps=5) for _ in range(2))
    assert torch.equal(first.z, second.z)
    assert first.label == second.label
    assert generator.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in generator.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in generator.parameters())


def test_stopping_returns_the_best_so_far() -> None:
    generator = wide()
    picture = generator.sample(1, seed=3)[0]
    seen: list[tuple[float, Projection]] = []

    def on_step(fraction: float, best: Projection) -> bool:
        seen.append((fraction, best))
        return fraction < 0.5

    stopped = project(generator, picture, num_steps=10, on_step=on_step)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 0.5
    assert torch.equal(stopped.z, rounded(seen[-1][1].z))
    whole = project(generator, picture, num_steps=10)
    assert whole.error <= stopped.error <= seen[0][1].error
    assert project(generator, picture, num_steps=0).error == pytest.approx(seen[0][1].error, abs=1e-3)


def test_the_end_is_told() -> None:
    generator = wide()
    told: list[float] = []
    project(generator, generator.sample(1, seed=3)[0], num_steps=4, on_step=lambda done, _: told.append(done))
    assert told == [0, 0.25, 0.5, 0.75, 1]


def test_a_label_is_kept_to() -> None:
    generator = wide()
    picture = generator.sample(1, seed=3, labels=0)[0]
    assert project(generator, picture, label=2, num_steps=3).label == 2
    with pytest.raises(ValueError, match="labels are 3"):
        project(generator, picture, label=3)
    with pytest.raises(ValueError, match="no classes"):
        project(wide(num_classes=0), picture, label=0)


def test_a_masked_picture_is_completed() -> None:
    generator = wide(num_classes=0)
    picture = generator.sample(1, seed=9)[0]
    mask = torch.ones(8, 12, dtype=torch.bool)
    mask[:, 8:] = False
    spoilt = torch.where(mask, picture, torch.tensor(1.0))
    found = project(generator, spoilt, mask=mask, num_steps=STEPS)
    whole = composite(spoilt, found.picture, mask)
    assert torch.equal(whole[:, mask], picture[:, mask]), "known pixels stay"
    assert torch.equal(whole[:, ~mask], found.picture[:, ~mask])
    unknown = (whole - picture)[:, ~mask].abs().mean()
    assert unknown < 0.5 * (spoilt - picture)[:, ~mask].abs().mean()
    blind = project(generator, torch.where(mask, picture, torch.tensor(-1.0)), mask=mask, num_steps=STEPS)
    assert torch.equal(blind.z, found.z), "what is unknown is not looked at"


@pytest.mark.parametrize(
    ("picture", "mask", "words"),
    [
        (torch.zeros(1, 8, 8), None, "shape"),
        (torch.zeros(3, 8, 12), None, "shape"),
        (torch.full((1, 8, 12), float("nan")), None, "NaN"),
        (torch.zeros(1, 8, 12), torch.ones(8, 8), "mask"),
        (torch.zeros(1, 8, 12), torch.zeros(8, 12), "no pixel"),
    ],
)
def test_impossible_projections(picture, mask, words: str, tiny_generator: GanGenerator) -> None:
    with pytest.raises(ValueError, match=words):
        project(tiny_generator, picture, mask=mask)
    with pytest.raises(ValueError, match="num_steps"):
        project(tiny_generator, torch.zeros(1, 8, 12), num_steps=-1)


def test_the_command_shows_picture_and_reconstruction(generator_folder: Path, tmp_path: Path, capsys) -> None:
    Image.effect_noise((48, 32), 80).save(tmp_path / "own.png")
    out = tmp_path / "new" / "out.png"
    main(["project", str(generator_folder), str(tmp_path / "own.png"), "--steps", "2", "--out", str(out)])
    assert "% of the range of pixels, class" in capsys.readouterr().out
    with Image.open(out) as sheet:
        assert sheet.size == ((2 * 14 + 2) * 10, 12 * 10)
    Image.new("L", (48, 32), 255).save(tmp_path / "mask.png")
    arguments = ["project", str(generator_folder), str(tmp_path / "own.png"), "--steps", "2", "--out", str(out)]
    main([*arguments, "--mask", str(tmp_path / "mask.png"), "--label", "dog"])
    assert "class dog" in capsys.readouterr().out
    with Image.open(out) as sheet:
        assert sheet.size == ((3 * 14 + 2) * 10, 12 * 10)
    (tmp_path / "own.png").write_bytes(b"no picture")
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "own.png': this is not a picture that can be read" in capsys.readouterr().err

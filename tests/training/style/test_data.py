"""Photos and paintings are found, named and sketched; batches are a function of their number."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from gan_hub.painting.noise import position_noise
from gan_hub.training.options.options import OptionError
from gan_hub.training.style.batches import StyleBatches
from gan_hub.training.style.data import load_style_data
from gan_hub.training.style.options import StyleOptions
from tests.training.style.conftest import drawn_photo

SMALL = StyleOptions(photo_sides=(64, 70), crop_size=32, painting_scale=(0.8, 1.2), train_batch_size=3)


@pytest.fixture
def options(photo_folder, painting_folder, tmp_path):
    return replace(SMALL, photos=(photo_folder,), paintings=(painting_folder,), output_dir=tmp_path / "run")


def batches(data, options, rank=0):
    return StyleBatches(data, options, accelerator=SimpleNamespace(device=torch.device("cpu"), process_index=rank))


def test_what_is_known_of_the_pictures_is_told(options, photo_folder):
    (photo_folder / "broken.png").write_bytes(b"no picture")
    data = load_style_data(replace(options, photos_exclude=("photo0*",)))
    assert len(data.sketches) == 3
    assert list(data.painting_names) == ["Nobody, Strokes, 1888", "painting1"]
    assert data.photo_description == "3 of photos, licence: that of your pictures."
    assert data.description() == "2 paintings and 3 photos"


def test_a_photo_that_is_too_small_is_left_out(options, photo_folder, caplog):
    drawn_photo(7, (80, 30)).save(photo_folder / "small.png")
    drawn_photo(8, (80, 34)).save(photo_folder / "just.png")
    data = load_style_data(options)
    assert sorted(sketch.photo.shape[1] for sketch in data.sketches) == [32, 64, 64, 64, 64]
    assert "small.png" in caplog.text
    for number in range(20):
        batches(data, options)(number)


def test_names_to_leave_out_are_those_of_photos_alone(options):
    data = load_style_data(replace(options, photos_exclude=("p*0.png",)))
    assert (len(data.sketches), len(data.paintings)) == (3, 2)


def test_sketches_are_kept_and_found_again(options, monkeypatch):
    first = load_style_data(options)
    monkeypatch.setattr("gan_hub.training.style.data.paint", None)  # calling it would fail
    again = load_style_data(options)
    assert again.sha256 == first.sha256
    for one, other in zip(first.sketches, again.sketches):
        assert torch.equal(one.colours, other.colours)
        assert torch.equal(one.relief, other.relief)


def test_other_strokes_are_sketched_anew(options):
    first, other = load_style_data(options), load_style_data(replace(options, stroke_length=4.0))
    assert not torch.equal(first.sketches[0].relief, other.sketches[0].relief)


def test_the_photo_and_its_noise_are_of_one_place(options):
    data = load_style_data(options)
    assert torch.equal(data.sketches[1].noise, position_noise(16, 16, cells=(1, 1, 16), seed=1))
    batch = batches(data, options)(5)
    places = [(top, left) for top in range(0, 33, 8) for left in range(0, 33, 8)]
    for photo, noise in zip(batch.photo, batch.noise):
        found = [
            (number, top, left, mirrored)
            for number, sketch in enumerate(data.sketches)
            for top, left in places
            for mirrored in (False, True)
            if torch.equal(
                noise,
                (lambda x: x.flip(2) if mirrored else x)(
                    sketch.noise[:, top // 4 : top // 4 + 8, left // 4 : left // 4 + 8]
                ),
            )
        ]
        assert len(found) == 1
        number, top, left, mirrored = found[0]
        cut = data.sketches[number].photo[:, top : top + 32, left : left + 32]
        cut = (cut.flip(2) if mirrored else cut).float() / 127.5 - 1
        assert torch.allclose(photo, cut)


def test_a_batch_depends_on_its_number_and_the_process_alone(options):
    data = load_style_data(options)
    make = batches(data, options)
    first, again, next_one, other = make(3), make(3), make(4), batches(data, options, rank=1)(3)
    for name in ("photo", "noise", "target", "real"):
        assert torch.equal(getattr(first, name), getattr(again, name))
        assert not torch.equal(getattr(first, name), getattr(next_one, name))
        assert not torch.equal(getattr(first, name), getattr(other, name))
    assert first.photo.shape == first.real.shape == first.target.shape == (3, 3, 32, 32)
    assert first.target.abs().max() <= 1


def test_the_target_has_the_palette_of_the_paintings(options):
    data = load_style_data(options)
    make = batches(data, options)
    red = lambda images: (images[:, 0] - images[:, 2]).mean()  # noqa: E731
    several = [make(number) for number in range(6)]
    photo, target, real = (torch.cat([getattr(b, name) for b in several]) for name in ("photo", "target", "real"))
    assert red(photo) < 0.2 < 0.5 * red(real) < red(target)


def test_an_upscaler_learns_from_pictures_made_small(options):
    options = replace(
        options, architecture="upscaler", widths=(8,), num_blocks=1, noise_channels=0, scale=2, paintings=()
    )
    batch = batches(load_style_data(options), options)(0)
    assert batch.photo.shape == (3, 3, 16, 16)
    assert batch.noise.shape == (3, 0, 16, 16)
    assert torch.equal(batch.target, batch.real)
    assert (torch.nn.functional.avg_pool2d(batch.target, 2) - batch.photo).abs().mean() < 0.05


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"photos": ()}, "--photos"),
        ({"paintings": ()}, "--paintings"),
        ({"photos": ("nowhere",)}, "there is no"),
        ({"style_image": "x.png"}, "--style_image is a style of one painting"),
    ],
)
def test_what_is_missing_is_said(options, changes, words):
    from pathlib import Path

    changes = {k: tuple(map(Path, v)) if isinstance(v, tuple) else Path(v) for k, v in changes.items()}
    with pytest.raises(OptionError, match=words):
        load_style_data(replace(options, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"crop_size": 30},
        {"photo_sides": (16, 64)},
        {"painting_scale": (0.0, 1.0)},
        {"target_weight": -1.0},
        {"scale": 2},
        {"noise_channels": 1},
    ],
)
def test_options_out_of_range_are_refused(changes):
    with pytest.raises(OptionError, match="--"):
        replace(SMALL, **changes)

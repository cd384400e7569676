"""Augmentation: what it leaves alone, what it changes, and the controller of its strength."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from gan_hub.training.data.augment import (
    MAX_STRENGTH,
    Augment,
    cut_out,
    jitter_colour,
    make_augment,
    random_geometry,
    transform_colour,
    transform_geometry,
    translate,
)
from gan_hub.training.options.options import TrainingOptions
from tests.training.test_loop import OPTIONS, batches, trainer

CPU = torch.device("cpu")


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(channels: int, count: int = 6, size: tuple[int, int] = (16, 24)) -> Tensor:
    images = torch.rand(count, channels, *size, generator=random(9)) * 2 - 1
    if channels == 4:
        images[:, :3] = torch.minimum(images[:, :3], images[:, 3:])
    return images


def augment(kind: str, channels: int, strength: float | None = None) -> Augment:
    made = make_augment(replace(TrainingOptions(), augment=kind), channels=channels, device=CPU)  # type: ignore[arg-type]
    assert made is not None
    if strength is not None:
        made.strength.fill_(strength)
    return made


@pytest.mark.parametrize("kind", ["diffaugment", "ada"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("num_frames", [1, 3])
def test_shape_determinism_and_gradient(kind: str, channels: int, num_frames: int) -> None:
    images = pictures(channels).repeat(1, num_frames, 1, 1).requires_grad_()
    chain = augment(kind, channels, 0.8)
    out = chain(images, random(1))
    assert out.shape == images.shape
    assert torch.equal(out, chain(images, random(1)))
    assert not torch.equal(out, chain(images, random(2)))
    assert not torch.allclose(out, images)
    frames = out.unflatten(1, (num_frames, channels))
    torch.testing.assert_close(frames, frames[:, :1].expand_as(frames))  # the frames of a clip share a draw
    (gradient,) = torch.autograd.grad(out.square().sum(), images)
    assert gradient.isfinite().all()
    assert (gradient != 0).float().mean() > 0.2


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_ada_without_strength_changes_nothing(channels: int) -> None:
    images = pictures(channels)
    torch.testing.assert_close(augment("ada", channels, 0.0)(images, random()), images, rtol=0, atol=2e-5)


def test_the_share_of_changed_pictures_grows_with_the_strength() -> None:
    images = pictures(1, count=400)
    shares = []
    for strength in (0.05, 0.2, 0.8):
        out = augment("ada", 1, strength)(images, random())
        shares.append(((out - images).abs().amax((1, 2, 3)) > 1e-3).float().mean().item())
    assert shares[0] < shares[1] < shares[2]
    assert shares[0] == pytest.approx(1 - 0.95**8 * 0.95, abs=0.12)  # about eight transforms of one twentieth each


def test_matrices_are_orthogonal_up_to_scale_without_anisotropy_and_identity_without_strength() -> None:
    images = pictures(1, count=50)
    eye = torch.eye(3).expand(50, 3, 3)
    torch.testing.assert_close(random_geometry(images, torch.tensor(0.0), random()), eye)
    assert not torch.allclose(random_geometry(images, torch.tensor(1.0), random()), eye)


def test_a_quarter_turn_of_a_wide_picture_is_a_quarter_turn() -> None:
    """In pixels, not in units of the sides: a shape that is turned keeps its shape."""
    images = torch.full((1, 4, 16, 32), -1.0)
    images[:, :, 7:9, 10:22] = 1.0  # a bar of 12 x 2
    turn = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    out = transform_geometry(images, turn, transparent=True)
    expected = torch.full_like(images, -1.0)
    expected[:, :, 2:14, 15:17] = 1.0
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("channels", [3, 4])
def test_what_is_invisible_has_no_colour_after_augmentation(channels: int) -> None:
    if channels == 3:
        pytest.skip("opaque pictures have nothing invisible")
    images = torch.full((40, 4, 16, 16), -1.0)
    for out in (
        augment("ada", 4, 0.8)(images, random()),
        jitter_colour(images, random(), 4),
        transform_colour(images, torch.tensor(1.0), random(), 4),
    ):
        torch.testing.assert_close(out, images, rtol=0, atol=1e-5)


def test_translation_moves_whole_pixels_at_most_an_eighth() -> None:
    images = torch.full((200, 1, 16, 32), -1.0)
    images[:, :, 8, 16] = 1.0
    out = translate(images, random(), -1.0)
    places = (out[:, 0] == 1).nonzero()
    assert len(places) == 200
    rows, columns = places[:, 1] - 8, places[:, 2] - 16
    assert set(rows.tolist()) == set(range(-2, 3))
    assert set(columns.tolist()) == set(range(-4, 5))


def test_cutout_takes_at_most_a_quarter() -> None:
    out = cut_out(torch.ones(300, 1, 16, 16), random(), 0.0)
    shares = (out == 0).float().mean((1, 2, 3))
    assert shares.max() == pytest.approx(0.25, abs=0.04)
    assert shares.min() > 0.03  # at a corner a quarter of it is inside


def test_the_mean_of_a_grey_picture_stays_put_on_average() -> None:
    """Brightness is as likely up as down: what is learned is not shifted."""
    images = torch.zeros(2000, 3, 8, 8)
    assert transform_colour(images, torch.tensor(0.8), random(), 3).mean().abs() < 0.02
    assert jitter_colour(images, random(), 3).mean().abs() < 0.02


@pytest.mark.parametrize(("sign", "expected"), [(1.0, 0.5), (0.0, 0.0), (0.6, 0.0)])
def test_the_controller_rises_when_the_discriminator_knows_its_pictures_by_heart(sign: float, expected: float) -> None:
    chain = augment("ada", 1)
    for _ in range(50):
        chain.update(torch.tensor(sign), 1000)  # half of the 100,000 images in which it would rise to 1
    assert float(chain.strength) == pytest.approx(expected, abs=0.011)


def test_the_strength_is_bounded_comes_down_again_and_survives_bad_values() -> None:
    chain = augment("ada", 1)
    for _ in range(200):
        chain.update(torch.tensor(1.0), 1000)
    assert float(chain.strength) == pytest.approx(MAX_STRENGTH)
    for _ in range(10):
        chain.update(torch.tensor(float("nan")), 1000)
    assert chain.strength.isfinite()
    for _ in range(200):
        chain.update(torch.tensor(0.0), 1000)
    assert float(chain.strength) == 0.0


def test_diffaugment_has_no_controller() -> None:
    chain = augment("diffaugment", 1)
    chain.update(torch.tensor(1.0), 10**6)
    assert float(chain.strength) == 1.0


@pytest.mark.parametrize("kind", ["diffaugment", "ada"])
def test_a_training_sees_augmented_pictures_and_paints_plain_ones(kind: str) -> None:
    options = replace(OPTIONS, augment=kind, ada_images=100.0, ada_target=0.0)  # type: ignore[arg-type]
    engine, feed = trainer(options), batches(options)
    for step in range(4):
        stats = engine.step(feed, step)
    assert all(value.isfinite() for value in stats.values())
    assert 0 <= float(stats["augment_strength"]) <= 1
    again, feed = trainer(options), batches(options)
    for step in range(4):
        repeated = again.step(feed, step)
    assert all(torch.equal(stats[name], repeated[name]) for name in stats)

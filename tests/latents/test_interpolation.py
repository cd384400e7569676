"""Walks of a generator: the ends equal samples, frames come in batches, and bad arguments are rejected first."""

from itertools import islice

import pytest
import torch

from gan_hub import GanGenerator
from gan_hub.latents.paths import MAX_FRAMES
from gan_hub.models import ARCHITECTURES
from tests.conftest import make_generator


@pytest.fixture(scope="module")
def mnist() -> GanGenerator:
    return GanGenerator.from_pretrained("mnist-gan")


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
@pytest.mark.parametrize(
    "structure", [{}, {"num_classes": 0}, {"num_classes": 0, "num_categories": 2, "num_active": 2}]
)
@pytest.mark.parametrize("num_frames", [2, 21])
def test_the_ends_are_the_pictures_of_sample(architecture, structure, num_frames):
    generator = make_generator(architecture, **structure)
    frames = list(generator.interpolate([3, 8], num_frames=num_frames, truncation=0.7))
    assert len(frames) == num_frames
    assert torch.equal(frames[0], generator.sample(1, seed=3, truncation=0.7)[0])
    assert torch.equal(frames[-1], generator.sample(1, seed=8, truncation=0.7)[0])
    assert all(frame.isfinite().all() and frame.abs().max() <= 1 for frame in frames)


@pytest.mark.parametrize("kind", ["lerp", "slerp", "cubic"])
@pytest.mark.parametrize("even_pace", [False, True])
def test_each_key_has_its_picture(mnist, kind, even_pace):
    frames = torch.stack(
        list(mnist.interpolate([1, 2, 3], num_frames=31, labels=[4, 4, 9], kind=kind, even_pace=even_pace))
    )
    keys = mnist.generate(mnist.latents([1, 2, 3]), [4, 4, 9])
    found = [int((frames == key).flatten(1).all(1).nonzero()[0]) for key in keys]
    assert found[0] == 0
    assert found[2] == 30
    assert found == sorted(found)
    assert even_pace or found[1] == 15


def test_latents_are_keys_too_and_stay_as_they_are(mnist):
    z = mnist.latents([5, 6])
    before = z.clone()
    from_latents = list(mnist.interpolate(z, num_frames=5))
    assert torch.equal(z, before)
    assert all(map(torch.equal, from_latents, mnist.interpolate([5, 6], num_frames=5)))


def test_one_latent_from_class_to_class(mnist):
    frames = list(mnist.interpolate([7, 7], labels=[3, 8], num_frames=9))
    assert torch.equal(frames[0], mnist.sample(1, seed=7, labels=3)[0])
    assert torch.equal(frames[-1], mnist.sample(1, seed=7, labels=8)[0])
    assert len({tuple(frame.flatten().tolist()) for frame in frames}) == 9


def test_a_loop_and_a_way_back_repeat_nothing(mnist):
    loop = torch.stack(list(mnist.interpolate([1, 2, 3], num_frames=30, loop=True, labels=4)))
    steps = torch.cat([loop, loop[:1]]).diff(dim=0).abs().flatten(1).mean(1)
    assert 0 < steps[-1] < steps.max()
    back = torch.stack(list(mnist.interpolate([1, 2], num_frames=20, ping_pong=True, labels=4)))
    assert torch.allclose(back[1:], back[1:].flip(0), atol=1e-4)


@pytest.mark.parametrize("easing", ["ease_in_out", "linger"])
def test_an_eased_loop_ends_on_a_small_step(mnist, easing):
    loop = torch.stack(list(mnist.interpolate([1, 2, 3], num_frames=60, loop=True, easing=easing)))
    steps = torch.cat([loop, loop[:1]]).diff(dim=0).abs().flatten(1).mean(1)
    assert 0 < steps[-1] <= steps.median()


@pytest.mark.parametrize("first", [0, 3, 6, 12])
def test_the_seam_of_an_even_loop_is_no_larger_than_most(mnist, first):
    seeds = range(first, first + 3)
    loop = torch.stack(list(mnist.interpolate(seeds, num_frames=60, loop=True, even_pace=True)))
    steps = torch.cat([loop, loop[:1]]).diff(dim=0).abs().flatten(1).mean(1)
    assert 0 < steps[-1] <= steps.median()


def test_an_even_pace_is_even(mnist):
    def variation(even_pace: bool) -> float:
        frames = list(mnist.interpolate([1, 2, 3], num_frames=61, even_pace=even_pace))
        steps = torch.stack(frames).diff(dim=0).abs().flatten(1).mean(1)
        return float(steps.std() / steps.mean())

    assert variation(True) < 0.1 < 0.3 < variation(False)


def test_ten_thousand_frames_are_made_when_asked_for(monkeypatch):
    generator = make_generator("mlp")
    batches = []
    generate = generator.generate
    monkeypatch.setattr(generator, "generate", lambda z, labels: batches.append(len(z)) or generate(z, labels))
    frames = generator.interpolate([1, 2, 3], num_frames=MAX_FRAMES, loop=True)
    assert batches == []
    assert len(list(islice(frames, 17))) == 17
    assert batches == [16, 16]
    assert sum(1 for _ in frames) == MAX_FRAMES - 17
    assert set(batches) == {16}


def test_a_single_frame_is_the_first_key():
    generator = make_generator()
    for shape in ({}, {"loop": True}, {"ping_pong": True}, {"even_pace": True}):
        (frame,) = generator.interpolate([4, 5], num_frames=1, **shape)
        assert torch.equal(frame, generator.sample(1, seed=4)[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"keys": [1]}, "at least two seeds"),
        ({"keys": []}, "at least two seeds"),
        ({"keys": torch.zeros(2, 5)}, r"the keys have the shape \[2, 5\]; .* latents \[K, 6\]"),
        ({"keys": [1, -1]}, "seed -1"),
        ({"keys": [1, 2, 3], "num_frames": 2}, "2 frames are too few"),
        ({"num_frames": 0}, "0 frames"),
        ({"num_frames": MAX_FRAMES + 1}, "10001 frames"),
        ({"num_frames": 3.0}, "3.0 frames"),
        ({"labels": [1, 2, 3]}, "labels are"),
        ({"truncation": 3}, "truncation 3"),
        ({"kind": "walk"}, "unknown path"),
        ({"easing": "walk"}, "unknown easing"),
        ({"loop": True, "ping_pong": True}, "not both"),
    ],
)
def test_refusals_come_before_the_first_frame(arguments, words):
    with pytest.raises(ValueError, match=words):
        make_generator().interpolate(**{"keys": [1, 2], "num_frames": 5, **arguments})

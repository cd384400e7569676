"""Pictures and clips that are made on the spot."""

import torch

from gan_hub.data.drawn import drawn_shapes, moving


def test_drawn_shapes_are_the_same_every_time_and_not_all_alike() -> None:
    data, again = drawn_shapes(60, seed=0), drawn_shapes(60, seed=0)
    assert data.sha256() == again.sha256() != drawn_shapes(60, seed=1).sha256()
    assert len({image.numpy().tobytes() for image in data.images}) == 60
    assert set(data.labels.tolist()) == {0, 1, 2}


def test_a_clip_shows_its_picture_whole_and_moving() -> None:
    data = drawn_shapes(40, seed=0)
    data.images[:, :, :4] = data.images[:, :, -4:] = 0  # so that no shape is cut off at a border
    data.images[:, :, :, :4] = data.images[:, :, :, -4:] = 0
    clips = moving(data, num_frames=6, seed=1)
    assert clips.images.shape == (40, 6, 20, 20)
    assert (clips.channels, clips.num_frames, clips.image_size) == (1, 6, (20, 20))
    mass = clips.images.flatten(2).long().sum(2)
    assert (mass == mass[:, :1]).all()  # nothing is lost on the way
    assert sorted(mass[:, 0].tolist()) == sorted(data.images.flatten(1).long().sum(1).tolist())
    changes = (clips.images[:, 1:] != clips.images[:, :-1]).flatten(2).any(2)
    assert changes.float().mean() > 0.6


def test_neighbouring_frames_are_nearer_than_distant_ones() -> None:
    frames = moving(drawn_shapes(200, seed=0), num_frames=8, seed=0).images.float()
    near = (frames[:, 1:] - frames[:, :-1]).abs().mean()
    far = (frames[:, 4:] - frames[:, :-4]).abs().mean()
    assert near < 0.7 * far


def test_clips_are_the_same_every_time() -> None:
    data = drawn_shapes(10, seed=0)
    assert torch.equal(moving(data, num_frames=4, seed=3).images, moving(data, num_frames=4, seed=3).images)
    assert not torch.equal(moving(data, num_frames=4, seed=3).images, moving(data, num_frames=4, seed=4).images)

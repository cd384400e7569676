"""Contents kept, colours met, no speckles."""

import pytest
import torch

from gan_hub.training.style.losses import PatchNCE, colour_distance, multi_scale_distance, total_variation


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def test_patches_that_stay_in_place_are_told_apart_and_shuffled_ones_are_not():
    torch.manual_seed(0)
    nce = PatchNCE([16, 8])
    features = [torch.randn(2, 16, 12, 12), torch.randn(2, 8, 6, 6)]
    shuffled = [tensor.flip(2) for tensor in features]
    kept, lost = nce(features, features, random()), nce(features, shuffled, random())
    assert kept.shape == (2,)
    assert (kept < 0.5 * lost).all()


def test_the_photo_is_not_learned_from():
    nce = PatchNCE([4])
    photo, result = torch.randn(1, 4, 6, 6, requires_grad=True), torch.randn(1, 4, 6, 6, requires_grad=True)
    nce([photo], [result], random()).sum().backward()
    assert photo.grad is None
    assert result.grad.abs().sum() > 0


def test_colours_are_compared_wherever_they_stand():
    images = torch.rand(3, 3, 16, 16)
    turned = images.flip(0).rot90(2, (2, 3))
    assert colour_distance(images, turned, random()) < 1e-6
    darker = colour_distance(images, images - 0.2, random())
    assert 0.05 < darker < 0.4
    assert float(colour_distance(images, images - 0.4, random())) == pytest.approx(2 * float(darker), rel=1e-4)


def test_total_variation_by_hand():
    image = torch.zeros(1, 1, 2, 3)
    image[0, 0, 0, 1] = 1.0
    # Down: |1| once of 3; across: two steps of 1 among 4.
    assert float(total_variation(image)) == pytest.approx(1 / 3 + 2 / 4)
    assert total_variation(torch.ones(1, 3, 4, 4)) == 0


def test_small_scales_weigh_tone_before_grain():
    target = torch.zeros(1, 3, 16, 16)
    grain = 0.1 * (torch.arange(16)[:, None] + torch.arange(16)[None]).remainder(2).mul(2).sub(1).expand(1, 3, 16, 16)
    assert float(multi_scale_distance(grain, target)) == pytest.approx(0.1, abs=1e-6)
    assert float(multi_scale_distance(target + 0.1, target)) == pytest.approx(0.3, abs=1e-6)

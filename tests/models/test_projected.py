"""Projected discriminators: the frozen network, its gradient, the maps and the heads."""

import pytest
import torch
from torch.nn.functional import conv2d

from gan_hub.features import PhotoFeatures, photo_network
from gan_hub.models import efficientnet
from gan_hub.models.efficientnet import EfficientNet
from gan_hub.models.projected import MapHead, PixelHead, ProjectedDiscriminator, ProjectedFeatures, deviation_of_groups


@pytest.fixture(scope="module")
def network() -> EfficientNet:
    return photo_network()


@pytest.fixture(scope="module")
def features(network: EfficientNet) -> ProjectedFeatures:
    found = ProjectedFeatures(network, size=64)
    found.standardise(torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1)
    return found


@pytest.mark.parametrize("size", [(64, 64), (45, 37), (33, 90)], ids=str)
def test_its_own_gradient_is_autograds(
    network: EfficientNet, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = EfficientNet(num_blocks=11).double()
    exact.load_state_dict(network.state_dict())
    images = torch.rand(2, 3, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()

    def gradient() -> torch.Tensor:
        return torch.autograd.grad(sum(x.square().sum() for x in exact(images, (1, 4, 10))), images)[0]

    own = gradient()
    plain = staticmethod(lambda x, w, b, stride, margin: conv2d(x, w, b, stride, margin, groups=len(w)))
    monkeypatch.setattr(efficientnet._Depthwise, "apply", plain)
    assert torch.allclose(own, gradient(), rtol=1e-9, atol=1e-12)


def test_photo_features_tell_kinds_of_pictures_apart() -> None:
    """Stripes in two directions, in random colours: nearer to their own kind than a random network would have them."""
    random = torch.Generator().manual_seed(0)
    waves = torch.linspace(0, 40, 64).sin()
    colours = torch.rand(20, 3, 1, 1, generator=random)
    pictures = [(waves.view(shape) * colours).expand(-1, -1, 64, 64) for shape in ((1, 1, 64, 1), (1, 1, 1, 64))]
    found = PhotoFeatures()(torch.cat(pictures))
    assert found.shape == (40, 232)
    distances = torch.cdist(found, found).fill_diagonal_(torch.inf)
    assert ((distances.argmin(1) < 20) == (torch.arange(40) < 20)).all()


def test_the_maps_are_standardised_and_have_the_sizes_that_are_told(features: ProjectedFeatures) -> None:
    images = torch.rand(16, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    maps = features(images, torch.Generator())
    assert [tuple(x.shape[2:]) for x in maps] == features.sizes((64, 64)) == [(16, 16), (8, 8), (4, 4), (4, 4)]
    assert all(0.3 < x.std() < 3 for x in maps)
    assert features.sizes((32, 96)) == [(16, 48), (8, 24), (4, 12), (4, 12)]


def test_transparency_is_laid_on_changing_grounds(features: ProjectedFeatures) -> None:
    """Else, white and nothing would look alike."""
    clear = torch.full((1, 4, 64, 64), -1.0)
    one, other = (features(clear, torch.Generator().manual_seed(seed))[0] for seed in (0, 1))
    assert not torch.allclose(one, other)
    opaque = torch.cat([torch.rand(1, 3, 64, 64), torch.ones(1, 1, 64, 64)], 1)
    one, other = (features(opaque, torch.Generator().manual_seed(seed))[0] for seed in (0, 1))
    assert torch.equal(one, other)


@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize("size", [(64, 64), (28, 28), (32, 96)], ids=str)
def test_every_part_of_the_heads_learns(features: ProjectedFeatures, size: tuple[int, int], num_classes: int) -> None:
    torch.manual_seed(0)
    images = torch.rand(12, 3, *size) * 2 - 1
    labels = torch.arange(12) % 3 if num_classes else None
    pixels = PixelHead(3, size, num_classes=num_classes, group=4)
    judges = ProjectedDiscriminator(pixels, features.sizes(size), num_classes=num_classes, group=4)
    verdicts = judges([images, *features(images, torch.Generator())], labels)
    assert len(verdicts) == 5
    assert all(logits.shape[0] == 12 and logits.ndim == 2 for logits in verdicts)
    torch.cat(verdicts, 1).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in judges.parameters())
    if labels is not None:
        others = judges([images, *features(images, torch.Generator())], (labels + 1) % 3)
        assert not torch.allclose(torch.cat(verdicts, 1), torch.cat(others, 1))


def test_a_head_sees_whether_the_pictures_of_a_group_differ() -> None:
    x = torch.randn(8, 4, 6, 6)
    x[4:] = x[4:5]  # the second group is one picture four times
    deviation = deviation_of_groups(x, 4)
    assert deviation.shape == (8, 1, 6, 6)
    assert deviation[:4].min() > 0.5 > 0.1 > deviation[4:].max()
    head = MapHead(4, (6, 6), num_classes=0, group=4)
    assert not torch.allclose(head(x)[4], head(x[[4, 0, 1, 2]])[0])

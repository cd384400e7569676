"""The networks: shapes, ranges, gradients, and equal pixels after saving and loading."""

from pathlib import Path

import pytest
import torch

from gan_hub import GanGenerator
from gan_hub.models import ARCHITECTURES
from gan_hub.models.layers import SelfAttention
from tests.conftest import make_generator, options_of, perturb

SIZES = [(28, 28), (8, 8), (12, 8), (96, 64), (100, 36)]


def labels_for(num_classes: int, batch: int) -> torch.Tensor | None:
    return torch.arange(batch) % num_classes if num_classes else None


def make_discriminator(architecture: str, size: tuple[int, int], channels: int, num_classes: int) -> torch.nn.Module:
    network = ARCHITECTURES[architecture].discriminator(
        image_size=size, channels=channels, num_classes=num_classes, **options_of(architecture)
    )
    return perturb(network)


@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_shape_range_and_gradients(architecture, channels, size, num_classes):
    torch.manual_seed(0)
    generator = make_generator(architecture, image_size=size, channels=channels, num_classes=num_classes)
    discriminator = make_discriminator(architecture, size, channels, num_classes)
    batch = 24
    labels = labels_for(num_classes, batch)
    fake = generator(torch.randn(batch, generator.latent_dim), labels)
    assert fake.shape == (batch, generator.num_frames * channels, *size)
    assert fake.isfinite().all()
    assert fake.abs().max() <= 1
    assert (fake[0] != fake[1]).any()

    logits = discriminator(fake, labels)
    assert logits.shape == (batch,)
    assert logits.isfinite().all()
    logits.square().sum().backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            rows = parameter.grad.flatten(1) if parameter.ndim > 1 else parameter.grad[:, None]
            # Of hundreds of ReLUs one may be off for the whole batch.
            assert (rows.abs().sum(1) > 0).float().mean() > 0.99, f"no gradient reaches a part of {name}"


@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_saved_and_loaded_paints_equal_pixels(architecture, size, num_classes, tmp_path: Path):
    generator = make_generator(architecture, image_size=size, channels=3, num_classes=num_classes)
    generator.save_pretrained(tmp_path / "gan")
    loaded = GanGenerator.from_pretrained(tmp_path / "gan")
    assert loaded.config == generator.config
    assert not loaded.training
    assert torch.equal(loaded.sample(4, seed=1), generator.sample(4, seed=1))


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_the_class_changes_the_picture_and_the_logit(architecture):
    generator = make_generator(architecture)
    discriminator = make_discriminator(architecture, (8, 12), 1, 3)
    z = torch.randn(1, 6, generator=torch.Generator().manual_seed(0)).expand(3, -1)
    fake = generator(z, torch.arange(3))
    assert all((fake[i] != fake[j]).any() for i, j in ((0, 1), (0, 2), (1, 2)))
    logits = discriminator(fake[:1].expand(3, -1, -1, -1), torch.arange(3))
    assert len(set(logits.tolist())) == 3


@pytest.mark.parametrize("size", [(512, 8), (8, 512), (512, 512)], ids=str)
@pytest.mark.parametrize("patch_size", [1, 2, 4])
def test_conv_reaches_its_largest_sizes(size, patch_size):
    widths = [4] * (min(size) // patch_size).bit_length()
    generator = make_generator(image_size=size, widths=widths[-8:], patch_size=patch_size, num_classes=0)
    with torch.no_grad():
        fake = generator(torch.zeros(1, 6))
        assert fake.shape == (1, 1, *size)
        network = ARCHITECTURES["conv"].discriminator(
            image_size=size, channels=1, num_classes=0, widths=widths[-8:], num_blocks=1, patch_size=patch_size
        )
        assert network(fake).shape == (1,)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_a_new_network_starts_in_a_useful_range(architecture):
    """Neither grey nor saturated, and its pictures already differ: what an initialisation is for."""
    torch.manual_seed(0)
    generator = GanGenerator(
        architecture=architecture,
        image_size=(28, 28),
        channels=1,
        latent_dim=64,
        num_classes=10,
        **{**options_of(architecture), "widths": [64, 64]},  # type: ignore[arg-type]
    )
    images = generator.sample(64, seed=0)
    assert 0.01 < images.std(0).mean() < 0.9
    assert images.abs().mean() < 0.9


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_with_categories_the_discriminator_guesses_the_code_too(architecture):
    network = ARCHITECTURES[architecture].discriminator(
        image_size=(8, 12), channels=1, num_classes=0, num_categories=7, **options_of(architecture)
    )
    generator = make_generator(architecture, num_classes=0, num_categories=4)
    logits, codes = network(generator(generator.latents(range(5))))
    assert logits.shape == (5,)
    assert codes.shape == (5, 7)


def test_attention_sees_the_whole_picture_and_starts_from_no_effect():
    layer = SelfAttention(16)
    x = torch.randn(2, 16, 5, 6, requires_grad=True)
    assert torch.equal(layer(x), x)
    with torch.no_grad():
        layer.gamma.fill_(1.0)
    (gradient,) = torch.autograd.grad(layer(x)[0, :, 0, 0].sum(), x)
    said = torch.nn.functional.max_pool2d(gradient[0].abs().sum(0)[None], 2, ceil_mode=True)
    assert (said > 0).all()  # in the first cell each pooled one has a say
    assert not gradient[1].any()


def test_frames_of_a_clip_differ_and_a_clip_begins_with_its_picture():
    generator = make_generator("recurrent")
    z = generator.latents(range(4))
    clips = generator.clips(z)
    assert clips.shape == (4, 3, 1, 8, 12)
    assert torch.equal(clips[:, 0], generator.generate(z))
    assert (clips[:, 1:] != clips[:, :-1]).flatten(2).any(2).all()


def test_a_generator_of_pictures_gives_clips_of_one_frame():
    generator = make_generator()
    z = generator.latents(range(4))
    assert torch.equal(generator.clips(z), generator.generate(z)[:, None])

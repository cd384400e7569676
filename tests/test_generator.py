"""The contract of GanGenerator: the meaning of seeds, labels and truncation, and the errors."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_hub import GanGenerator
from gan_hub.cli.main import main
from gan_hub.latents.seeds import labels_of_latents
from gan_hub.loading.weights import ModelError, halve
from gan_hub.models import ARCHITECTURES
from tests.conftest import make_generator


@pytest.fixture(params=sorted(ARCHITECTURES))
def generator(request) -> GanGenerator:
    return make_generator(request.param)


def test_attributes(generator):
    assert generator.image_size == (8, 12)
    assert generator.channels == 1
    assert generator.latent_dim == 6
    assert generator.num_classes == 3
    assert generator.class_names == ("cat", "dog", "été")
    assert generator.device.type == "cpu"


def test_sample_is_what_the_contract_says(generator):
    images = generator.sample(5, seed=7)
    assert images.shape == (5, 1, 8, 12)
    assert images.dtype == torch.float32
    assert not images.requires_grad
    assert -1 <= images.min() <= images.max() <= 1
    assert not torch.equal(images[0], images[1])


@pytest.mark.parametrize("size", [(8, 12), (28, 28), (64, 64), (128, 128)], ids=str)
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_a_picture_is_the_same_bits_in_every_batch(architecture, size):
    generator = make_generator(architecture, image_size=size, widths=[24, 16])
    whole = generator.sample(40, seed=100)
    for split in range(1, 41) if size[0] < 64 else (1, 3, 7, 16, 17, 39):
        parts = [generator.sample(min(split, 40 - at), seed=100 + at) for at in range(0, 40, split)]
        assert torch.equal(torch.cat(parts), whole), f"batches of {split}"


@pytest.mark.parametrize("width", range(1, 18))
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_a_picture_is_the_same_bits_at_every_place_of_narrow_networks(architecture, width):
    """MKL's sums depend on a row's place in memory when there are less than a dozen outputs; see layers.Linear."""
    generator = make_generator(architecture, latent_dim=width + 6, num_classes=0, widths=[width, width])
    z = generator.latents([5]).expand(16, -1)
    images = generator.generate(z)
    assert torch.equal(images, images[:1].expand_as(images))


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_a_picture_is_the_same_bits_with_one_thread_and_with_two(architecture, tmp_path: Path):
    generator = make_generator(architecture, image_size=(28, 28), widths=[64, 32])
    generator.save_pretrained(tmp_path / "gan")
    program = (
        "import sys, torch; torch.set_num_threads(2); assert torch.get_num_threads() == 2;"
        "from gan_hub import GanGenerator; g = GanGenerator.from_pretrained(sys.argv[1]);"
        "torch.save(g.sample(20, seed=3), sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "gan", tmp_path / "two.pt"], check=True)
    torch.set_num_threads(1)
    assert torch.equal(torch.load(tmp_path / "two.pt", weights_only=True), generator.sample(20, seed=3))


def test_generate_from_latents_is_sample(generator):
    z = generator.latents([7, 8, 9])
    assert z.shape == (3, 6)
    assert torch.equal(generator.generate(z), generator.sample(3, seed=7))
    assert torch.equal(generator.generate(z, labels=1), generator.sample(3, seed=7, labels=1))


@pytest.mark.parametrize(
    "labels",
    [[0, 2, 1], (0, 2, 1), torch.tensor([0, 2, 1]), np.array([0, 2, 1]), torch.tensor([0, 2, 1], dtype=torch.uint8)],
    ids=["list", "tuple", "tensor", "array", "bytes"],
)
def test_labels_one_a_picture(generator, labels):
    together = generator.sample(3, seed=0, labels=labels)
    one_by_one = [generator.sample(1, seed=i, labels=label) for i, label in enumerate([0, 2, 1])]
    assert torch.equal(together, torch.cat(one_by_one))


def test_without_labels_each_seed_has_its_own_class(generator):
    own = labels_of_latents(generator.latents(range(20)), 3)
    assert len(set(own.tolist())) > 1
    assert torch.equal(generator.sample(20, seed=0), generator.sample(20, seed=0, labels=own))


def test_truncation_moves_towards_the_average_and_keeps_the_class(generator):
    full, none = generator.sample(12, seed=0), generator.sample(12, seed=0, truncation=0.0)
    own = labels_of_latents(generator.latents(range(12)), 3)
    assert len(own.unique()) > 1
    for label in own.unique():
        same_class = none[own == label]
        assert torch.equal(same_class, same_class[:1].expand_as(same_class))
    assert len(np.unique(none.numpy(), axis=0)) == len(own.unique())
    small = generator.sample(12, seed=0, truncation=0.1)
    assert (small - none).abs().mean() < (full - none).abs().mean()


def test_unconditional():
    generator = make_generator(num_classes=0)
    assert generator.class_names == ()
    assert generator.sample(2, seed=0).shape == (2, 1, 8, 12)
    with pytest.raises(ValueError, match="labels are 1, but this generator has no classes; leave them out"):
        generator.sample(2, seed=0, labels=1)


def test_generate_leaves_the_mode_alone(generator):
    generator.train()
    generator.sample(1, seed=0)
    assert generator.training


def test_generate_is_the_plain_forward_pass(generator):
    z, labels = generator.latents(range(16)), torch.arange(16) % 3
    with torch.no_grad():
        assert torch.allclose(generator(z, labels), generator.clips(z, labels).flatten(1, 2), atol=1e-5)


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "4", None])
def test_refused_number_of_pictures(tiny_generator, n):
    with pytest.raises(ValueError, match="pictures are not possible; ask for a whole number of at least 1"):
        tiny_generator.sample(n, seed=0)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, "7", None])
def test_refused_seed(tiny_generator, seed):
    with pytest.raises(ValueError, match=r"seed .* is not possible; use a whole number from 0 to 4294967295"):
        tiny_generator.sample(1, seed=seed)


def test_the_last_seed_counts():
    generator = make_generator()
    assert generator.sample(2, seed=2**32 - 2).shape[0] == 2
    with pytest.raises(ValueError, match="seed 4294967296 is not possible"):
        generator.sample(3, seed=2**32 - 2)
    with pytest.raises(ValueError, match="is not possible; use a whole number"):
        generator.sample(10**12, seed=0)  # at once, not after a terabyte of latents


@pytest.mark.parametrize("truncation", [-0.1, 2.1, float("nan"), float("inf")])
def test_refused_truncation(tiny_generator, truncation):
    with pytest.raises(ValueError, match=r"truncation .* is not possible; use a number from 0 to 2"):
        tiny_generator.sample(1, seed=0, truncation=truncation)


@pytest.mark.parametrize(
    "labels",
    [
        -1,
        3,
        2**70,
        1.0,
        True,
        "cat",
        [0],
        [0, 1, 2],
        [0, 3],
        [0, 1.0],
        [[0, 1]],
        [[0], [0, 1]],
        ["a", "b"],
        [None, 1],
        [],
    ],
    ids=str,
)
def test_refused_labels(tiny_generator, labels):
    with pytest.raises(ValueError, match="use one whole number from 0 to 2, or 2 of them"):
        tiny_generator.sample(2, seed=0, labels=labels)


@pytest.mark.parametrize("shape", [(6,), (2, 5), (2, 6, 1)], ids=str)
def test_refused_latents(tiny_generator, shape):
    with pytest.raises(ValueError, match=r"z has the shape \[.*\]; this generator takes \[N, 6\]"):
        tiny_generator.generate(torch.zeros(shape))


def test_refused_empty_batch(tiny_generator):
    with pytest.raises(ValueError, match="z has no rows; give at least one latent"):
        tiny_generator.generate(torch.zeros(0, 6))


def test_saving_twice_gives_the_same_bytes(generator, tmp_path: Path):
    generator.save_pretrained(tmp_path / "a" / "gan")
    GanGenerator.from_pretrained(tmp_path / "a" / "gan").save_pretrained(tmp_path / "b" / "gan")
    files = sorted(path.name for path in (tmp_path / "a" / "gan").iterdir())
    assert files == ["README.md", "config.json", "model.safetensors"]
    for name in files:
        assert (tmp_path / "a" / "gan" / name).read_bytes() == (tmp_path / "b" / "gan" / name).read_bytes(), name


def test_halved_weights_load_and_paint_the_same_to_the_eye(
    generator_folder: Path, tiny_generator: GanGenerator, tmp_path: Path
) -> None:
    whole = (generator_folder / "model.safetensors").stat().st_size
    main(["halve", str(generator_folder)])
    assert (generator_folder / "model.safetensors").stat().st_size < 0.7 * whole
    loaded = GanGenerator.from_pretrained(generator_folder)
    assert {tensor.dtype for tensor in loaded.state_dict().values()} == {torch.float32}
    difference = (loaded.sample(8, seed=0) - tiny_generator.sample(8, seed=0)).abs().max()
    assert 0 < difference < 2 / 255
    loaded.save_pretrained(tmp_path / "again")
    assert GanGenerator.from_pretrained(tmp_path / "again").config == tiny_generator.config
    with torch.no_grad():
        tiny_generator.network.base.weight[0, 0] = 1e6
    tiny_generator.save_pretrained(generator_folder)
    with pytest.raises(ModelError, match="too large"):
        halve(generator_folder)
    assert GanGenerator.from_pretrained(generator_folder).network.base.weight[0, 0].item() == 1e6

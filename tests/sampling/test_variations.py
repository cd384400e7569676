"""What lies around a latent: as near as asked, of its length, its category and its sparsity."""

import numpy as np
import pytest
import torch

from gan_hub import images
from gan_hub.sampling.variations import class_matrix, neighbours
from tests.conftest import make_generator


def test_neighbours_are_as_near_as_asked_and_depend_on_their_seed_alone():
    generator = make_generator(latent_dim=32)
    z = generator.latents([5])
    near, far = neighbours(generator, z, 8, 0.1, 3), neighbours(generator, z[0], 8, 0.6, 3)
    assert near.shape == (8, 32)
    assert ((near - z).norm(dim=1) < (far - z).norm(dim=1)).all()
    assert torch.allclose(near.norm(dim=1), z.norm().expand(8))
    assert torch.equal(neighbours(generator, z, 3, 0.1, 6), near[3:6])
    assert torch.equal(neighbours(generator, z, 2, 0, 3), z.expand(2, -1))
    assert len(near.unique(dim=0)) == 8


def test_neighbours_of_the_average_picture_and_of_a_truncated_one():
    generator = make_generator()
    average = neighbours(generator, torch.zeros(6), 4, 0.25, 0)
    assert torch.allclose(average, generator.latents(range(4)) / 4)
    z = generator.truncate(generator.latents([1]), 0.5)
    assert torch.allclose(neighbours(generator, z, 4, 1, 0).norm(dim=1), z.norm().expand(4))


def test_neighbours_keep_a_code_and_sparsity():
    generator = make_generator(num_classes=0, num_categories=2, num_active=2)
    z = generator.latents([4])
    around = neighbours(generator, z, 16, 0.3, 0)
    assert (around[:, :2] == z[:, :2]).all()
    assert ((around[:, 2:] != 0).sum(1) == 2).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"z": torch.zeros(5)}, r"z has the shape \[5\]"),
        ({"count": 0}, "0 neighbours"),
        ({"radius": 1.5}, "radius 1.5"),
        ({"radius": float("nan")}, "radius nan"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 2**32 - 2}, "seed"),
    ],
)
def test_refused_neighbours(arguments, words):
    with pytest.raises(ValueError, match=words):
        neighbours(make_generator(), **{"z": torch.zeros(6), "count": 4, "radius": 0.1, "seed": 0, **arguments})


def test_a_class_matrix_has_a_row_a_seed_and_a_column_a_class():
    generator = make_generator()
    sheet = class_matrix(generator, [4, 9], truncation=0.7)
    assert sheet.size == (3 * 14 + 2, 2 * 10 + 2)
    cell = sheet.crop((2 + 2 * 14, 2 + 10, 2 * 14 + 14, 2 + 10 + 8))
    assert np.array_equal(cell, images.to_pil(generator.sample(1, seed=9, labels=2, truncation=0.7))[0])


def test_a_matrix_of_categories():
    generator = make_generator(num_classes=0, num_categories=2)
    z = generator.latents([4])
    sheet = class_matrix(generator, [4, 5, 6])
    assert sheet.size == (2 * 14 + 2, 3 * 10 + 2)
    own = int(z[0, 1] == 1)
    cell = sheet.crop((2 + own * 14, 2, own * 14 + 14, 2 + 8))
    assert np.array_equal(cell, images.to_pil(generator.generate(z))[0])


def test_refused_matrices():
    with pytest.raises(ValueError, match="neither classes nor categories"):
        class_matrix(make_generator(num_classes=0), [1])
    with pytest.raises(ValueError, match="no seeds"):
        class_matrix(make_generator(), [])

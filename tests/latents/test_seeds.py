"""The stream of latents, which must never change, and the functions that use it."""

import numpy as np
import pytest
import torch

from gan_hub.latents.seeds import MAX_SEED, check_seed, labels_of_latents, latents_from_seeds, structured, truncate

# If these change, every seed that was ever shared means another picture.
KNOWN = {
    0: [1.764052391052246, 0.40015721321105957, 0.978738009929657, 2.2408931255340576],
    1: [1.6243454217910767, -0.6117563843727112, -0.5281717777252197, -1.072968602180481],
    2: [-0.41675785183906555, -0.05626682564616203, -2.1361961364746094, 1.6402708292007446],
}


@pytest.mark.parametrize("seed", KNOWN)
def test_the_stream_is_what_it_always_was(seed):
    assert torch.equal(latents_from_seeds([seed], 4), torch.tensor([KNOWN[seed]]))


def test_the_last_seed_is_pinned_too():
    expected = np.random.RandomState(MAX_SEED).randn(3).astype(np.float32)
    assert np.array_equal(latents_from_seeds([MAX_SEED], 3)[0].numpy(), expected)


def test_a_row_depends_on_its_own_seed_alone():
    together = latents_from_seeds([5, 3, 5, 9], 16)
    alone = torch.cat([latents_from_seeds([seed], 16) for seed in (5, 3, 5, 9)])
    assert torch.equal(together, alone)
    assert torch.equal(together[0], together[2])
    assert not torch.equal(together[0], together[1])


def test_neither_global_generator_matters_nor_is_touched():
    np.random.seed(1)
    torch.manual_seed(1)
    before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()
    first = latents_from_seeds([3], 8)
    assert np.array_equal(np.random.get_state()[1], before)
    assert torch.equal(torch.get_rng_state(), torch_before)
    np.random.seed(2)
    assert torch.equal(latents_from_seeds([3], 8), first)


def test_standard_normal_and_independent():
    z = latents_from_seeds(range(4000), 8).double()
    assert z.mean().abs() < 4 / (4000 * 8) ** 0.5
    assert (z.var() - 1).abs() < 4 * (2 / (4000 * 8)) ** 0.5
    correlation = torch.corrcoef(z.T) - torch.eye(8)
    assert correlation.abs().max() < 4.5 / 4000**0.5
    neighbours = (z[:-1] * z[1:]).mean()  # of two seeds that follow each other
    assert neighbours.abs() < 4 / (4000 * 8) ** 0.5


def test_shape_and_type():
    z = latents_from_seeds(np.array([1, 2, 3]), 7)
    assert z.shape == (3, 7)
    assert z.dtype == torch.float32
    assert latents_from_seeds([], 7).shape == (0, 7)


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 0.0, True, "1", None])
def test_refused_seeds(seed):
    with pytest.raises(ValueError, match=r"seed .* is not possible; use a whole number from 0 to 4294967295"):
        latents_from_seeds([0, seed], 4)


@pytest.mark.parametrize("seed", [0, MAX_SEED, np.int64(7), np.uint32(7)])
def test_allowed_seeds(seed):
    assert check_seed(seed) == int(seed)
    assert type(check_seed(seed)) is int


@pytest.mark.parametrize("psi", [0, 0.5, 1, 2])
def test_truncation_scales(psi):
    z = latents_from_seeds(range(3), 5)
    assert torch.equal(truncate(z, psi), z * psi)


@pytest.mark.parametrize("psi", [-0.001, 2.001, float("nan"), float("inf")])
def test_refused_truncation(psi):
    with pytest.raises(ValueError, match=r"truncation .* is not possible; use a number from 0 to 2"):
        truncate(torch.zeros(1, 1), psi)


@pytest.mark.parametrize(("latent_dim", "num_classes"), [(1, 10), (64, 2), (64, 10), (100, 7)])
def test_classes_are_uniform(latent_dim, num_classes):
    labels = labels_of_latents(latents_from_seeds(range(10_000), latent_dim), num_classes)
    assert labels.dtype == torch.int64
    counts = torch.bincount(labels, minlength=num_classes).double()
    assert len(counts) == num_classes
    expected = 10_000 / num_classes
    chi_square = ((counts - expected) ** 2 / expected).sum()
    degrees = num_classes - 1
    assert chi_square < degrees + 5 * (2 * degrees) ** 0.5  # five deviations above its mean


def test_the_class_is_a_function_of_z_alone():
    z = latents_from_seeds(range(50), 16)
    before = z.clone()
    labels = labels_of_latents(z, 10)
    assert torch.equal(labels, torch.cat([labels_of_latents(row[None], 10) for row in z]))
    assert torch.equal(z, before)
    assert labels[:12].tolist() == [9, 2, 1, 5, 2, 3, 7, 3, 6, 5, 7, 0]  # pinned as the stream is


def test_classes_of_extreme_latents_are_classes():
    z = torch.tensor([[1e30, 1e30], [-1e30, -1e30], [0.0, 0.0]])
    assert labels_of_latents(z, 10).tolist() == [9, 0, 5]


def test_without_structure_latents_are_left_alone():
    z = latents_from_seeds(range(5), 8)
    assert torch.equal(structured(z), z)


def test_a_code_is_one_hot_uniform_and_leaves_the_rest_alone():
    normals = latents_from_seeds(range(6000), 9)
    z = structured(normals, num_categories=3)
    assert torch.equal(z[:, 3:], normals[:, 3:])
    assert (z[:, :3].sum(1) == 1).all()
    assert z[:, :3].unique().tolist() == [0, 1]
    counts = z[:, :3].sum(0)
    assert (counts - 2000).abs().max() < 4 * (6000 * 2 / 9) ** 0.5


@pytest.mark.parametrize("num_categories", [0, 3])
def test_sparse_latents_keep_their_largest_entries(num_categories):
    normals = latents_from_seeds(range(50), 12)
    rest = structured(normals, num_categories=num_categories, num_active=4)[:, num_categories:]
    assert ((rest != 0).sum(1) == 4).all()
    for row, full in zip(rest, normals[:, num_categories:]):
        assert torch.equal(row[row != 0], full[row != 0])
        assert row[row != 0].abs().min() > full[row == 0].abs().max()


def test_structure_is_a_function_of_the_row():
    normals = latents_from_seeds(range(9), 12)
    together = structured(normals, num_categories=3, num_active=2)
    alone = torch.cat([structured(row[None], num_categories=3, num_active=2) for row in normals])
    assert torch.equal(together, alone)


def test_truncation_leaves_a_code_alone():
    z = structured(latents_from_seeds(range(4), 8), num_categories=3)
    assert torch.equal(truncate(z, 0.5, num_categories=3), torch.cat([z[:, :3], z[:, 3:] / 2], dim=1))

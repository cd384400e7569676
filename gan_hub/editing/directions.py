"""Directions in the latent space along which pictures change most: found without labels, in seconds, for any network.

There are two methods. SeFa (Shen & Zhou, 2020, arXiv:2007.06600, section 3.2): a step n along z changes the output of
the first layer by A n, so the unit vectors n that change it most are the eigenvectors of A^T A, in closed form and
without samples. GANSpace (Harkonen et al., 2020, arXiv:2004.02546, section 2.1): the principal components of early
activations over many z, mapped back to z by least squares (equation 2), find what varies most among real latents,
non-linear layers included.

Small steps mean nothing in a categorical code at the front of z, so directions have zeros there.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save_file
from torch import Tensor, nn

from gan_hub.latents.seeds import with_scaled_code
from gan_hub.loading.config import GeneratorConfig, shorten
from gan_hub.loading.model_files import ModelFiles
from gan_hub.loading.weights import ModelError, read_header

DIRECTIONS_FILE = "directions.safetensors"
MAX_DIRECTIONS = 64
MAX_BYTES = 2 * 2**20  # twice what 64 directions of the longest latents take
MAX_NAME_LENGTH = 64
NUM_LATENTS = 1024  # that GANSpace samples
NUM_ACTIVATIONS = 4096  # of the early activations, at most

Method = Literal["sefa", "ganspace"]
METHODS: tuple[Method, ...] = get_args(Method)


class DirectionsError(ValueError):
    """Directions that can't be used; the message says what they are and what is accepted."""


class LatentNetwork(Protocol):
    """The part of a generator that `find_directions` needs."""

    config: GeneratorConfig
    network: nn.Module

    @property
    def device(self) -> torch.device:
        """The device that holds the weights."""

    def latents(self, seeds: Sequence[int]) -> Tensor:
        """The latents of the seeds."""


@dataclass(frozen=True, eq=False)
class Directions:
    """Named directions in a latent space.

    Attributes:
        names: one for each direction, all different.
        vectors: [K, latent_dim], float32, each of unit length, on the CPU.
        scales: [K], float32: the length of the step along each vector for an amount of 1, one standard deviation.
        method: the method that found the directions.

    Raises:
        DirectionsError: the parts do not fit together, there are none or too many, or numbers are out of bounds.
    """

    names: tuple[str, ...]
    vectors: Tensor
    scales: Tensor
    method: Method

    def __post_init__(self) -> None:
        """Check every field."""
        count = len(self.names)
        if not 1 <= count <= MAX_DIRECTIONS:
            raise DirectionsError(f"there are {count} directions; from 1 to {MAX_DIRECTIONS} are possible")
        if self.method not in METHODS:
            raise DirectionsError(f"unknown method {shorten(repr(self.method))}; choose from: {', '.join(METHODS)}")
        for name in self.names:
            if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
                raise DirectionsError(
                    f"the name {shorten(repr(name))} is not possible; use 1 to {MAX_NAME_LENGTH} printable characters"
                )
        if len(set(self.names)) != count:
            raise DirectionsError("two directions have the same name; give each its own name")
        if self.vectors.ndim != 2 or len(self.vectors) != count or self.scales.shape != (count,):
            raise DirectionsError(
                f"{count} names, vectors {list(self.vectors.shape)} and scales {list(self.scales.shape)} do not fit; "
                f"the shapes must be [{count}, latent_dim] and [{count}]"
            )
        if not (torch.isfinite(self.vectors).all() and torch.isfinite(self.scales).all()):
            raise DirectionsError("the directions hold NaN or infinite values")
        if ((self.vectors.norm(dim=1) - 1).abs() > 1e-3).any() or not ((self.scales > 0) & (self.scales < 1e3)).all():
            raise DirectionsError("each vector must have length 1, and each scale must lie between 0 and 1000")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def latent_dim(self) -> int:
        """Length of the latents that the directions are for."""
        return self.vectors.shape[1]

    def renamed(self, index: int, name: str) -> "Directions":
        """The same directions with one of them renamed.

        Raises:
            DirectionsError: the name is not possible, or another direction has it.
            IndexError: there is no such direction.
        """
        names = list(self.names)
        names[index] = name
        return replace(self, names=tuple(names))

    def save(self, folder: Path) -> Path:
        """Write directions.safetensors to a folder; equal directions give equal bytes."""
        path = folder / DIRECTIONS_FILE
        tensors = {"scales": self.scales.contiguous(), "vectors": self.vectors.contiguous()}
        # One key, because safetensors writes several in a different order each time.
        save_file(tensors, path, metadata={"directions": json.dumps({"method": self.method, "names": self.names})})
        return path

    @classmethod
    def beside(cls, files: ModelFiles, config: GeneratorConfig) -> "Directions | None":
        """Load the directions beside a generator, from the same folder or commit; None if there are none.

        Raises:
            ModelError: as in `load`, or the file can't be fetched.
        """
        path = files.optional_path(DIRECTIONS_FILE, MAX_BYTES)
        return None if path is None else cls.load(path, config, name=files.name)

    @classmethod
    def load(cls, path: Path, config: GeneratorConfig, *, name: str) -> "Directions":
        """Read directions.safetensors strictly.

        Args:
            path: of the file.
            config: of the generator that the directions are for.
            name: of the model, for errors.

        Raises:
            ModelError: the file is too large, damaged, for another latent space, or holds something else.
        """
        if (size := path.stat().st_size) > MAX_BYTES:
            raise ModelError(f"{DIRECTIONS_FILE} of '{name}' has {size:,} bytes; at most {MAX_BYTES:,} are read")
        data = path.read_bytes()
        found, metadata = read_header(data, name, DIRECTIONS_FILE)
        count = found.get("scales", ("", [0]))[1]
        if len(count) != 1 or found != {"vectors": ("F32", [*count, config.latent_dim]), "scales": ("F32", count)}:
            raise ModelError(
                f"{DIRECTIONS_FILE} of '{name}' holds {shorten(repr(found))}; expected are vectors F32 "
                f"[K, {config.latent_dim}] and scales F32 [K]"
            )
        try:
            words = json.loads(metadata.get("directions", ""))
            tensors = load_tensors(data)
            found_directions = cls(tuple(words["names"]), tensors["vectors"], tensors["scales"], words["method"])
            return check_fit(found_directions, config)
        except DirectionsError as error:
            raise ModelError(f"{DIRECTIONS_FILE} of '{name}' can't be used: {error}") from error
        except (ValueError, RecursionError, TypeError, KeyError, SafetensorError) as error:
            raise ModelError(
                f"{DIRECTIONS_FILE} of '{name}' is damaged; find them again with `gan-hub directions`"
            ) from error


def check_fit(directions: Directions, config: GeneratorConfig) -> Directions:
    """Return the directions, or raise DirectionsError if the latents have another length or the code would move."""
    if directions.latent_dim != config.latent_dim:
        raise DirectionsError(
            f"the directions are for latents of length {directions.latent_dim}; the latents of this generator have "
            f"length {config.latent_dim}"
        )
    if directions.vectors[:, : config.num_categories].any():
        raise DirectionsError(
            f"the directions move the first {config.num_categories} entries of z, which hold this generator's code"
        )
    return directions


def move(z: Tensor, directions: Directions, amounts: Sequence[float] | Tensor) -> Tensor:
    """Move latents along directions; a categorical code stays as it is.

    Args:
        z: [N, latent_dim].
        directions: K of them.
        amounts: [K], or [N, K] with separate amounts for each latent. 0 leaves z as it is, 1 is a standard deviation,
            2 to 3 is far.

    Returns:
        [N, latent_dim].

    Raises:
        DirectionsError: the shapes do not fit, or an amount is not finite.
    """
    if z.ndim != 2 or z.shape[1] != directions.latent_dim:
        raise DirectionsError(f"z has the shape {list(z.shape)}; these directions take [N, {directions.latent_dim}]")
    steps = torch.as_tensor(amounts, dtype=torch.float32)
    if steps.shape not in ((len(directions),), (len(z), len(directions))):
        raise DirectionsError(f"the amounts have the shape {list(steps.shape)}; give one for each of {len(directions)}")
    if not torch.isfinite(steps).all():
        raise DirectionsError("an amount is NaN or infinite; use numbers such as from -3 to 3")
    return z + ((steps * directions.scales) @ directions.vectors).to(z)


@torch.no_grad()
def find_directions(generator: LatentNetwork, method: Method = "sefa", count: int = 10, seed: int = 0) -> Directions:
    """Find the directions along which pictures change most, in decreasing order.

    Args:
        generator: of any architecture.
        method: "sefa" or "ganspace"; see the module.
        count: at most `MAX_DIRECTIONS`; fewer are returned where z has fewer entries outside its code.
        seed: the first of the latents that GANSpace samples; SeFa samples none.

    Returns:
        directions named "1", "2" and so on; those of SeFa are orthogonal to one another.

    Raises:
        DirectionsError: the method is unknown or the count out of bounds.
    """
    if method not in METHODS:
        raise DirectionsError(f"unknown method {shorten(repr(method))}; choose from: {', '.join(METHODS)}")
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MAX_DIRECTIONS:
        raise DirectionsError(f"{shorten(repr(count))} directions are not possible; use 1 to {MAX_DIRECTIONS}")
    num_categories = generator.config.num_categories
    if method == "sefa":
        weight = generator.network.latent_weight
        assert isinstance(weight, Tensor)
        found = _sefa(weight[:, num_categories:].double().cpu())[:count]
    else:
        found = _ganspace(generator, count, seed)
    lengths = found.norm(dim=1, keepdim=True)
    found = (found / lengths).float()
    # The sign of an eigenvector is arbitrary: let its largest entry be positive.
    found = found * found.gather(1, found.abs().argmax(1, keepdim=True)).sign()
    vectors = nn.functional.pad(found, (num_categories, 0))
    return Directions(tuple(str(i + 1) for i in range(len(vectors))), vectors, lengths[:, 0].float(), method)


def _sefa(weight: Tensor) -> Tensor:
    """Eigenvectors of A^T A as rows, the largest eigenvalue first (equation 6); z has a deviation of 1 along each."""
    return torch.linalg.eigh(weight.T @ weight).eigenvectors.flip(1).T


def _ganspace(generator: LatentNetwork, count: int, seed: int) -> Tensor:
    """Principal directions [count, entries of z outside the code], each as long as its component's deviation."""
    num_categories, num_classes = generator.config.num_categories, generator.config.num_classes
    z = generator.latents(range(seed, seed + NUM_LATENTS))
    labels = torch.arange(NUM_LATENTS) % num_classes if num_classes else None
    features = _early_features(generator, z, labels)
    # Classes and categories differ more than anything else, but the directions should show what z changes within each.
    groups = labels if labels is not None else z[:, :num_categories].argmax(1) if num_categories else None
    features, free = _without_means(features, groups), _without_means(z[:, num_categories:].double(), groups)
    # The columns are many, so the components come from the N x N products of the rows.
    variances, components = torch.linalg.eigh((features @ features.T).double())
    kept = min(count, free.shape[1], int((variances > variances[-1] * 1e-9).sum()))
    scores = components.flip(1)[:, :kept] * math.sqrt(NUM_LATENTS)
    return scores.T @ free / NUM_LATENTS


def _early_features(generator: LatentNetwork, z: Tensor, labels: Tensor | None) -> Tensor:
    """Early activations [N, about `NUM_ACTIVATIONS` or fewer], float32, on the CPU.

    Evenly spread columns stand for all of them, because the components of a coarse grid are smooth over it.
    """
    early = generator.network.early
    assert callable(early)
    was_training = generator.network.training
    generator.network.eval()
    chunks = []
    for rows in torch.arange(len(z)).split(128):
        taken = with_scaled_code(z[rows], generator.config.num_categories).to(generator.device)
        features = early(taken, None if labels is None else labels[rows].to(generator.device))
        chunks.append(features[:, :: -(-features.shape[1] // NUM_ACTIVATIONS)].float().cpu())
    generator.network.train(was_training)
    return torch.cat(chunks)


def _without_means(x: Tensor, groups: Tensor | None) -> Tensor:
    """Subtract from each row of x the mean of its group."""
    if groups is None:
        return x - x.mean(0)
    weights = nn.functional.one_hot(groups).to(x.dtype)
    means = (weights.T @ x) / weights.sum(0).clamp(min=1)[:, None]
    return x - means[groups]

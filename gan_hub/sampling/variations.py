"""Variations of a picture: its neighbours, steps along directions, and the same latent in every class or category.

The average picture needs no function: it is any seed at truncation 0.
"""

from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor

from gan_hub import images
from gan_hub.editing.directions import Directions, move
from gan_hub.generator import GanGenerator
from gan_hub.latents.arcs import slerp
from gan_hub.latents.labels import Labels, label_tensor
from gan_hub.latents.seeds import check_seed, structured

STRIP = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


def neighbours(generator: GanGenerator, z: Tensor, count: int, radius: float, seed: int) -> Tensor:
    """Latents like this one: each on the arc from z to a latent of its own seed, `radius` of the way.

    They have the length, the category and the sparsity of z. Where the generator has classes, paint them with the class
    of z: `labels=None` would be the class that each neighbour stands for.

    Args:
        generator: that z is for.
        z: [latent_dim] or [1, latent_dim].
        count: at least 1.
        radius: from 0, which is z, to 1, which is any other.
        seed: of the first neighbour; neighbour i depends on (seed + i) alone.

    Returns:
        [count, latent_dim], on the CPU.

    Raises:
        ValueError: an argument is out of its range.
    """
    if z.numel() != generator.latent_dim:
        raise ValueError(f"z has the shape {list(z.shape)}; this generator takes [{generator.latent_dim}]")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"{count!r} neighbours are not possible; ask for a whole number of at least 1")
    if not 0 <= radius <= 1:
        raise ValueError(f"radius {radius!r} is not possible; use a number from 0 to 1")
    num_categories = generator.config.num_categories
    others = generator.latents(range(check_seed(seed), check_seed(seed + count - 1) + 1))
    middle = z.detach().cpu().float().reshape(1, -1)
    code, rest, other = middle[:, :num_categories], middle[:, num_categories:], others[:, num_categories:]
    if length := float(rest.norm()):
        other = other * (length / other.norm(dim=1, keepdim=True))
    walked = slerp(rest.expand(count, -1), other, torch.tensor([float(radius)]))[0]
    walked = structured(walked, num_active=generator.config.num_active)  # between sparse latents lie less sparse ones
    return torch.cat([code.expand(count, -1), walked], dim=1)


def class_matrix(generator: GanGenerator, seeds: Sequence[int], *, truncation: float = 1.0) -> Image.Image:
    """A sheet of the same latents in every class: a row for each seed, a column for each class, or category of a code.

    Raises:
        ValueError: no seeds, one out of range, or a generator with neither classes nor categories.
    """
    num_columns = generator.num_classes or generator.config.num_categories
    if not num_columns:
        raise ValueError("this model has neither classes nor categories, so there is nothing to show side by side")
    if not len(seeds):
        raise ValueError("there are no seeds; give at least one")
    z = generator.truncate(generator.latents(seeds), truncation).repeat_interleave(num_columns, 0)
    if generator.num_classes:
        pictures = generator.generate(z, torch.arange(num_columns).repeat(len(seeds)))
    else:
        codes = torch.eye(num_columns).repeat(len(seeds), 1)
        pictures = generator.generate(torch.cat([codes, z[:, num_columns:]], dim=1))
    return images.grid(images.to_pil(pictures), num_columns)


def sweep(generator: GanGenerator, z: Tensor) -> Tensor:
    """The same latents in each category of the code, category by category.

    Args:
        generator: whose latents have a categorical code.
        z: [M, latent_dim], such as those of seeds, or steps along a direction; their own categories do not matter.

    Returns:
        [num_categories * M, latent_dim].

    Raises:
        ValueError: there is no code, or z has another shape.
    """
    num_categories = generator.config.num_categories
    if not num_categories:
        raise ValueError("this model's latents have no categorical code, so there is nothing to sweep")
    if z.ndim != 2 or z.shape[1] != generator.latent_dim:
        raise ValueError(f"z has the shape {list(z.shape)}; this generator takes [M, {generator.latent_dim}]")
    codes = torch.eye(num_categories).to(z).repeat_interleave(len(z), dim=0)
    return torch.cat([codes, z[:, num_categories:].repeat(num_categories, 1)], dim=1)


def sweep_grid(generator: GanGenerator, z: Tensor) -> Image.Image:
    """The pictures of `sweep`: a row for each category of the code, a column for each of z; errors as there."""
    return images.grid(images.to_pil(generator.generate(sweep(generator, z))), len(z))


def strip(
    generator: GanGenerator,
    z: Tensor,
    directions: Directions,
    index: int,
    *,
    labels: Labels = None,
    amounts: Sequence[float] = STRIP,
) -> Image.Image:
    """A sheet of what one direction does: a row for each latent, a column for each amount along the direction.

    Args:
        generator: that the directions are for.
        z: [M, latent_dim].
        directions: one of which is shown.
        index: of the direction to show.
        labels: as in `GanGenerator.generate`, for z: None = the class that each latent stands for before it is moved.
        amounts: at least one.

    Raises:
        ValueError: the shapes do not fit, or a label is not a class.
        IndexError: there is no such direction.
    """
    checked = label_tensor(labels, z, generator.num_classes)
    steps = torch.zeros(len(amounts), len(directions))
    steps[:, index] = torch.tensor(amounts, dtype=torch.float32)
    moved = move(z.repeat_interleave(len(amounts), 0), directions, steps.repeat(len(z), 1))
    spread = None if checked is None else checked.repeat_interleave(len(amounts), 0)
    return images.grid(images.to_pil(generator.generate(moved, spread)), len(amounts))

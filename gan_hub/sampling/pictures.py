"""From seeds and keys to pictures with their recipes.

The page and the command both end here, so that the same recipe gives the same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from gan_hub import __version__, images
from gan_hub.generator import GanGenerator
from gan_hub.latents.labels import class_index
from gan_hub.latents.seeds import labels_of_latents
from gan_hub.recipes.keys import Key
from gan_hub.recipes.names import public_name
from gan_hub.recipes.picture import Picture
from gan_hub.recipes.recipe import Recipe, check_truncation


def sample_chunks(
    generator: GanGenerator, seeds: Sequence[int], *, label: str | None = None, truncation: float = 1.0
) -> Iterator[list[Picture]]:
    """Make pictures in chunks, each when it is asked for; stop asking to stop.

    Args:
        generator: on any device.
        seeds: one a picture, each in [0, 2**32 - 1].
        label: name of a class for all of them; None = each seed's own.
        truncation: in [0, 2].

    Raises:
        ValueError: an argument is out of its range. Raised before the first chunk is made.
    """
    check_truncation(truncation)
    index = class_index(generator.class_names, label)
    latents = generator.latents(seeds)
    recipe = Recipe(public_name(generator), generator.revision, (0,), label, float(truncation), __version__)
    size = generator.chunk_size

    def chunks() -> Iterator[list[Picture]]:
        for start in range(0, len(seeds), size):
            z = latents[start : start + size]
            labels = None
            if generator.num_classes:
                labels = [index] * len(z) if index is not None else labels_of_latents(z, generator.num_classes).tolist()
            pictures = images.to_pil(generator.generate(generator.truncate(z, truncation), labels))
            names = [None] * len(z) if labels is None else [generator.class_names[i] for i in labels]
            yield [
                Picture(replace(recipe, seeds=(int(seed),)), name, picture)
                for seed, name, picture in zip(seeds[start : start + size], names, pictures)
            ]

    return chunks()


def sample(
    generator: GanGenerator, seeds: Sequence[int], *, label: str | None = None, truncation: float = 1.0
) -> list[Picture]:
    """All pictures at once; arguments and errors as in `sample_chunks`."""
    chunks = sample_chunks(generator, seeds, label=label, truncation=truncation)
    return [picture for chunk in chunks for picture in chunk]


def pictures_of(generator: GanGenerator, keys: Sequence[Key]) -> list[Picture]:
    """The pictures of keys, each with its recipe; of seeds, the bytes are those of `sample`.

    Args:
        generator: on any device.
        keys: at least one.

    Raises:
        ValueError: the generator has no class of that name, or a latent is another one's.
    """
    classes = [key.class_of(generator) for key in keys]
    labels = [index for index in classes if index is not None] or None
    made = images.to_pil(generator.generate(torch.cat([key.z(generator) for key in keys]), labels))
    name, commit = public_name(generator), generator.revision
    return [
        Picture(
            Recipe(
                name,
                commit,
                () if key.seed is None else (key.seed,),
                key.label,
                key.truncation,
                __version__,
                latent=key.latent,
            ),
            None if index is None else generator.class_names[index],
            image,
        )
        for key, index, image in zip(keys, classes, made)
    ]

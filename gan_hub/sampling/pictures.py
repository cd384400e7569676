"""From keys to pictures with their recipes; a seed is a key without a latent.

The page and the command both end here, so that the same recipe gives the same bytes.
"""

from collections.abc import Iterator, Sequence

from gan_hub import __version__, images
from gan_hub.generator import GanGenerator
from gan_hub.latents.seeds import check_seed
from gan_hub.recipes.keys import Key, latents_of
from gan_hub.recipes.names import public_name
from gan_hub.recipes.picture import Picture


def picture_chunks(generator: GanGenerator, keys: Sequence[Key]) -> Iterator[list[Picture]]:
    """Make the pictures of keys in chunks, each when it is asked for; stop asking to stop.

    Args:
        generator: on any device.
        keys: at least one.

    Raises:
        ValueError: the generator has no class of that name, or a latent is another one's. Raised before the first chunk
            is made.
    """
    z, labels = latents_of(generator, keys)
    name, size = public_name(generator), generator.chunk_size

    def chunks() -> Iterator[list[Picture]]:
        for start in range(0, len(keys), size):
            part = slice(start, start + size)
            classes = None if labels is None else labels[part]
            made = images.to_pil(generator.generate(z[part], classes))
            names = [None] * len(made) if classes is None else [generator.class_names[index] for index in classes]
            yield [
                Picture(key.recipe(name, generator.revision, __version__), class_name, picture)
                for key, class_name, picture in zip(keys[part], names, made)
            ]

    return chunks()


def pictures_of(generator: GanGenerator, keys: Sequence[Key]) -> list[Picture]:
    """The pictures of keys, all at once; arguments and errors are those of `picture_chunks`."""
    return [picture for chunk in picture_chunks(generator, keys) for picture in chunk]


def sample_chunks(
    generator: GanGenerator, seeds: Sequence[int], *, label: str | None = None, truncation: float = 1.0
) -> Iterator[list[Picture]]:
    """The pictures of seeds in chunks, as `picture_chunks` makes them.

    Args:
        generator: on any device.
        seeds: at least one, each in [0, 2**32 - 1].
        label: name of a class for all of them; None = each seed's own.
        truncation: in [0, 2].

    Raises:
        ValueError: an argument is out of its range. Raised before the first chunk is made.
    """
    return picture_chunks(generator, [Key(check_seed(seed), label, truncation) for seed in seeds])


def sample(
    generator: GanGenerator, seeds: Sequence[int], *, label: str | None = None, truncation: float = 1.0
) -> list[Picture]:
    """The pictures of seeds, all at once; arguments and errors are those of `sample_chunks`."""
    return pictures_of(generator, [Key(check_seed(seed), label, truncation) for seed in seeds])

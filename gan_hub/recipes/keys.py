"""Keys: single pictures, of a seed or of a latent without one, as recipes and links name them."""

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from gan_hub.generator import GanGenerator
from gan_hub.latents.labels import class_index
from gan_hub.latents.seeds import MAX_SEED, labels_of_latents
from gan_hub.latents.text import check_latent, read_latent
from gan_hub.recipes.recipe import Recipe, check_label, check_truncation, whole_number


@dataclass(frozen=True)
class Key:
    """A picture: of a seed, or of a latent that has none.

    Attributes:
        seed: of its latent; None = there is a latent instead.
        label: name of the class; None = the one that the latent stands for.
        truncation: in [0, 2].
        latent: as `latent_text` writes it; None = the seed's.
    """

    seed: int | None
    label: str | None = None
    truncation: float = 1.0
    latent: str | None = None

    def __post_init__(self) -> None:
        """Check every field; raises ValueError."""
        if (self.seed is None) == (self.latent is None):
            raise ValueError("a key has either a seed or a latent; give one of them")
        if self.seed is not None:
            object.__setattr__(self, "seed", whole_number("seed", self.seed, 0, MAX_SEED))
        object.__setattr__(self, "label", check_label(self.label))
        object.__setattr__(self, "truncation", check_truncation(self.truncation))
        check_latent(self.latent)

    def with_seed(self, seed: int) -> "Key":
        """Of another seed, the class and truncation kept."""
        return replace(self, seed=seed, latent=None)

    def z(self, generator: GanGenerator) -> Tensor:
        """Its latent [1, latent_dim], truncated, on the CPU.

        Raises:
            ValueError: the latent is one of another generator.
        """
        return generator.truncate(self._z(generator), self.truncation)

    def class_of(self, generator: GanGenerator) -> int | None:
        """The number of its class; None without classes.

        Raises:
            ValueError: the generator has no such class.
        """
        index = class_index(generator.class_names, self.label)
        if index is None and generator.num_classes:
            index = int(labels_of_latents(self._z(generator), generator.num_classes)[0])
        return index

    def _z(self, generator: GanGenerator) -> Tensor:
        if self.latent is None:
            assert self.seed is not None
            return generator.latents([self.seed])
        z = read_latent(self.latent)[None]
        if z.shape[1] != generator.latent_dim:
            raise ValueError(
                f"the latent has {z.shape[1]} numbers, those of this model have {generator.latent_dim}; it is for "
                "another one"
            )
        return z

    def fitted(self, generator: GanGenerator) -> "Key":
        """The same without what that generator can't show: another one's class, or latent, in whose place is seed 0."""
        key = self if self.label in (None, *generator.class_names) else replace(self, label=None)
        try:
            self._z(generator)
        except ValueError:
            return key.with_seed(0)
        return key

    def to_dict(self) -> dict[str, Any]:
        """What a recipe says of it."""
        place = {"seed": self.seed} if self.latent is None else {"latent": self.latent}
        return {**place, "label": self.label, "truncation": self.truncation}

    @classmethod
    def of_recipe(cls, recipe: Recipe) -> "Key":
        """The first picture of a recipe."""
        return cls(None if recipe.latent else recipe.seed, recipe.label, recipe.truncation, recipe.latent)

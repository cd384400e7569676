"""A picture together with its recipe, alone or in a grid, as a PNG that carries the recipe."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from gan_hub import images
from gan_hub.recipes.names import file_stem
from gan_hub.recipes.recipe import PNG_KEY, Recipe


@dataclass(frozen=True)
class Picture:
    """One picture and its recipe.

    Attributes:
        recipe: with one seed, or a latent.
        class_name: the class it shows; None when the generator has none.
        image: the pixels.
    """

    recipe: Recipe
    class_name: str | None
    image: Image.Image

    @property
    def file_name(self) -> str:
        """Such as mnist-gan-seed-00007.png; with the start of a digest in place of the seed where there is a latent."""
        if self.recipe.latent is not None:
            digest = hashlib.sha256(self.recipe.to_json().encode()).hexdigest()
            return f"{file_stem(self.recipe.model)}-latent-{digest[:8]}.png"
        return f"{file_stem(self.recipe.model)}-seed-{self.recipe.seed:05d}.png"

    def png(self) -> bytes:
        """The lossless PNG with the recipe in a text chunk."""
        return images.png_bytes(self.image, {PNG_KEY: self.recipe.to_json()})


def grid_png(pictures: Sequence[Picture], columns: int) -> bytes:
    """The pictures of one sampling in rows, as a PNG that carries the recipe of them all.

    Raises:
        ValueError: no pictures, or fewer than one column.
    """
    sheet = images.grid([picture.image for picture in pictures], columns)
    recipe = replace(pictures[0].recipe, seeds=tuple(picture.recipe.seed for picture in pictures), columns=columns)
    return images.png_bytes(sheet, {PNG_KEY: recipe.to_json()})

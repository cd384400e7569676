"""PhotoStylizer: turns any photo into a painting of the same size, with any image-to-image network."""

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import torch
from huggingface_hub import ModelCard
from PIL import Image
from torch import Tensor, nn

from gan_hub import __version__
from gan_hub.latents.seeds import check_seed
from gan_hub.loading import card, weights
from gan_hub.loading.budget import check_budget
from gan_hub.loading.config import FORMAT_VERSION
from gan_hub.loading.pretrained import PretrainedModel
from gan_hub.loading.stylizer_config import StylizerConfig
from gan_hub.models import STYLIZERS
from gan_hub.painting.blending import Painting, reduced_size, resized
from gan_hub.painting.noise import position_noise
from gan_hub.painting.photos import PhotoError, Upright, upright
from gan_hub.painting.tiling import TiledPass

MAX_PAINTED_PIXELS = 200_000_000  # of the result: a photo of 50 MP at twice its width and height
MAX_TILE_SIZE = 4096

Style: TypeAlias = str | Mapping[str, float] | None  # a name, names and how much of each, or the model's own


class PhotoStylizer(
    PretrainedModel,
    library_name="gan-hub",
    pipeline_tag="image-to-image",
    tags=["gan", "style-transfer"],
):
    """A painter of photos, or an upscaler of pictures.

    Args:
        architecture: a key of `gan_hub.models.STYLIZERS`.
        widths: channels; how many depends on the architecture.
        num_blocks: residual blocks.
        noise_channels: of the noise that strokes grow from; 0 = no noise.
        scale: how many times as large the output is; more than 1 for an upscaler.
        styles: the names of the styles that it holds, if the architecture holds several.
        style: the one of them that it paints in unless another is asked for; None = the first.
        format_version: of config.json.

    Raises:
        ConfigError: an argument is out of bounds, or the network would have more than `MAX_PARAMETERS`.
    """

    config: StylizerConfig
    config_class = StylizerConfig
    kinds = ("stylizer", "upscaler")

    def __init__(
        self,
        *,
        architecture: str,
        widths: Sequence[int],
        num_blocks: int = 0,
        noise_channels: int = 0,
        scale: int = 1,
        styles: Sequence[str] | None = None,
        style: str | None = None,
        format_version: int = FORMAT_VERSION,
    ) -> None:
        super().__init__(
            StylizerConfig(
                architecture=architecture,
                widths=widths,  # type: ignore[arg-type]  # the config checks and converts the sequence
                num_blocks=num_blocks,
                noise_channels=noise_channels,
                scale=scale,
                styles=styles,  # type: ignore[arg-type]  # as above
                style=style,
                format_version=format_version,
            )
        )

    def _build_network(self) -> nn.Module:
        return STYLIZERS[self.config.architecture].network(**self.config.network_options())

    @property
    def scale(self) -> int:
        """How many times as large the output is."""
        return self.config.scale

    @property
    def grid(self) -> int:
        """The height and width of the photos that `forward` takes are multiples of it."""
        return int(self.network.grid)  # type: ignore[arg-type]

    @property
    def noise_grid(self) -> int:
        """The side of one cell of noise, in pixels."""
        return int(self.network.noise_grid)  # type: ignore[arg-type]

    @property
    def noise_cells(self) -> tuple[int, ...]:
        """The cell of each channel of the noise that the network takes; see `gan_hub.painting.noise`."""
        return tuple(self.network.noise_cells)  # type: ignore[arg-type]

    @property
    def styles(self) -> tuple[str, ...]:
        """The names of the styles in it; none if it holds a single style without a name."""
        return self.config.styles or ()

    def style_weights(self, style: Style = None) -> Tensor | None:
        """The weights [1, number of styles] of a style or a mixture, which sum to 1.

        Args:
            style: the name of one of `styles`, or names and how much of each, in any unit; None = the model's own.

        Returns:
            None if the model holds no named styles.

        Raises:
            ValueError: there is no such style, or a weight is negative or not a number, or all are 0.
        """
        if not self.styles:
            if style is not None:
                raise ValueError("this model holds a single style; leave style out")
            return None
        weights = {self.config.style if style is None else style: 1.0} if not isinstance(style, Mapping) else style
        if unknown := [name for name in weights if name not in self.styles]:
            raise ValueError(f"there is no style {unknown[0]!r} in this model; there are: {', '.join(self.styles)}")
        if bad := [weight for weight in weights.values() if not (_is_number(weight) and weight >= 0)]:
            raise ValueError(f"a style's weight is {bad[0]!r}; use numbers from 0 on")
        row = [float(weights.get(name, 0)) for name in self.styles]
        total = sum(row)
        if not 0 < total < math.inf:
            raise ValueError("all weights of the styles are 0, or too large; give at least one of them some weight")
        return torch.tensor([[weight / total for weight in row]])

    def features(self, photo: Tensor, noise: Tensor) -> list[Tensor]:
        """The activations of the first part of the network; see the networks in `gan_hub.models`."""
        return self.network.features(photo, noise)  # type: ignore[operator]

    def forward(self, photo: Tensor, noise: Tensor | None = None, style: Tensor | None = None) -> Tensor:
        """Paint photos at once, without tiles.

        Args:
            photo: [B, 3, H, W] in [-1, 1], H and W multiples of `grid`.
            noise: [B, noise_channels, H / noise_grid, W / noise_grid] of variance 1; None = the noise of seed 0.
            style: weights of the styles [B, number of styles]; None = the model's own style.

        Returns:
            [B, 3, scale * H, scale * W], about in [-1, 1].

        Raises:
            ValueError: the photo has another shape.
        """
        if photo.ndim != 4 or photo.shape[1] != 3 or photo.shape[2] % self.grid or photo.shape[3] % self.grid:
            raise ValueError(
                f"the photo has the shape {list(photo.shape)}; this network takes [B, 3, H, W] with H and W multiples "
                f"of {self.grid}"
            )
        if noise is None:
            rows, columns = (side // self.noise_grid for side in photo.shape[2:])
            noise = position_noise(rows, columns, cells=self.noise_cells, seed=0)
            noise = noise.to(photo.device).expand(len(photo), -1, -1, -1)
        if not self.styles:
            return self.network(photo, noise)
        own = self.style_weights()
        assert own is not None
        style = own.to(photo.device).expand(photo.shape[0], -1) if style is None else style
        return self.network(photo, noise, style=style)

    def stylize(
        self,
        photo: Image.Image,
        *,
        style: Style = None,
        strength: float = 1.0,
        keep_colors: bool = False,
        detail: float = 1.0,
        seed: int = 0,
        max_side: int | None = None,
        tile_size: int | None = None,
        keep_metadata: bool = False,
        on_progress: Callable[[float], None] | None = None,
    ) -> Image.Image:
        """Paint a photo of any size in bounded memory; the photo itself is not changed.

        Args:
            photo: of any mode and up to 50 million pixels; its EXIF rotation is applied. Of an animation, the current
                frame is painted.
            style: of a model with named styles, one of them, or a mixture as {"monet": 0.6, "ukiyo-e": 0.4}; None = the
                model's own.
            strength: from 0 (the photo, pixel by pixel) to 1 (the painting).
            keep_colors: take only the lightness from the painting, and the colours from the photo.
            detail: in (0, 1]: the fraction of the photo's size at which it is painted; less gives larger strokes.
            seed: of the noise.
            max_side: reduce the photo first so that its longer side is at most this.
            tile_size: the side of the tiles that are painted one at a time, in pixels; changes memory and speed, not
                the result. None = the network's own: 24 megapixels in less than 1.5 GiB.
            keep_metadata: keep the photo's EXIF, including place and time.
            on_progress: called with the finished share of the work, up to 1; may raise to stop.

        Returns:
            RGB, or RGBA with the photo's alpha if it has one; the size of the upright photo times `scale`. An RGB
            colour profile is kept in `info["icc_profile"]`.

        Raises:
            PhotoError: the photo or its result is too large, or the photo is damaged.
            ValueError: an argument is out of its range.
        """
        check_options(strength=strength, detail=detail, seed=seed, max_side=max_side, tile_size=tile_size)
        self.style_weights(style)  # refuses what there is not
        if strength > 0:
            painting = self.paint(  # by its name, which a page on ZeroGPU lends to another process
                photo,
                style=style,
                detail=detail,
                seed=seed,
                max_side=max_side,
                tile_size=tile_size,
                on_progress=on_progress,
            )
        else:
            parts, size = self._prepared(photo, max_side)
            painting = Painting(parts, resized(parts.colours, size, Image.Resampling.BICUBIC))
            if on_progress is not None:
                on_progress(1.0)
        return painting.blended(strength=strength, keep_colors=keep_colors, keep_metadata=keep_metadata)

    def paint(
        self,
        photo: Image.Image,
        *,
        style: Style = None,
        detail: float = 1.0,
        seed: int = 0,
        max_side: int | None = None,
        tile_size: int | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Painting:
        """The slow part of `stylize`; the result's `blended` does the rest, any number of times.

        The arguments and errors are those of `stylize`.
        """
        check_options(strength=1.0, detail=detail, seed=seed, max_side=max_side, tile_size=tile_size)
        weights = self.style_weights(style)
        parts, size = self._prepared(photo, max_side)
        seen = resized(parts.colours, [max(1, round(side * detail)) for side in parts.colours.size])
        tile_size = int(self.network.tile_size) if tile_size is None else tile_size  # type: ignore[arg-type]
        colours = TiledPass(self.network, seen, seed=seed, tile_size=tile_size, style=weights).paint(on_progress)
        return Painting(parts, resized(colours, size))

    def _prepared(self, photo: Image.Image, max_side: int | None) -> tuple[Upright, tuple[int, int]]:
        """Turn the photo upright and reduce it; returns it with the size of its painting."""
        parts = _reduced(upright(photo), max_side)
        size = parts.colours.width * self.scale, parts.colours.height * self.scale
        if size[0] * size[1] > MAX_PAINTED_PIXELS:
            raise PhotoError(
                f"the result would have {size[0]}x{size[1]} pixels; at most {MAX_PAINTED_PIXELS // 10**6} million are "
                "possible: set max_side"
            )
        return parts, size

    def _check_pass(self) -> None:
        tile = int(self.network.tile_size)  # type: ignore[arg-type]
        side = -(-min(tile, 256) // self.grid) * self.grid
        cells = side // self.noise_grid
        noise = torch.empty(1, self.config.noise_channels, cells, cells)
        check_budget(
            lambda: self.network(torch.empty(1, 3, side, side), noise),
            self.config.architecture,
            times=(tile / side) ** 2,
        )

    def generate_model_card(self, *, name: str, facts: card.StyleFacts | None = None) -> ModelCard:
        """Write the model's README: what it is, how to load it by `name` and, given `facts`, how it was trained."""
        return card.stylizer_card(self.config, weights.count_parameters(self), facts, name=name, version=__version__)


def check_options(
    *, strength: float, detail: float, seed: int, max_side: int | None, tile_size: int | None = None
) -> None:
    """Raise ValueError unless these arguments of `PhotoStylizer.stylize` are in their ranges."""
    if not (_is_number(strength) and 0 <= strength <= 1):
        raise ValueError(f"strength {strength!r} is not possible; use a number from 0 (the photo) to 1 (the painting)")
    if not (_is_number(detail) and 0 < detail <= 1):
        raise ValueError(f"detail {detail!r} is not possible; use a number above 0 and up to 1 (the finest strokes)")
    check_seed(seed)
    if max_side is not None and (type(max_side) is not int or max_side < 1):
        raise ValueError(f"max_side {max_side!r} is not possible; use a whole number of at least 1, or leave it out")
    if tile_size is not None and (type(tile_size) is not int or not 1 <= tile_size <= MAX_TILE_SIZE):
        raise ValueError(
            f"tile_size {tile_size!r} is not possible; use a whole number from 1 to {MAX_TILE_SIZE}, or leave it out"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _reduced(parts: Upright, max_side: int | None) -> Upright:
    """The photo with its longer side at most `max_side`."""
    size = reduced_size(parts.colours.size, max_side)
    if size == parts.colours.size:
        return parts
    if parts.alpha is None:
        return Upright(resized(parts.colours, size), None, parts.icc_profile, parts.exif)
    layer = parts.colours.copy()
    layer.putalpha(parts.alpha)
    layer = resized(layer, size)  # as RGBA, so that Pillow weighs the colours by alpha
    return Upright(layer.convert("RGB"), layer.getchannel("A"), parts.icc_profile, parts.exif)

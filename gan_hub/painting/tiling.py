"""Paints a picture of any size tile by tile in bounded memory, with the same result as painting it at once.

The network sees each tile with `halo` pixels around it. At the edge of the picture the tile ends too, so that the zeros
of a convolution's padding lie where they lie for the whole picture. A network that normalises over the picture uses the
statistics of the whole picture: of the picture itself or, where it is large, of a smaller copy; the network of the
tutorials, which says nothing of a smaller copy, gathers them over all tiles.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from gan_hub.images import from_uint8, to_uint8
from gan_hub.models.multi_style import Statistics
from gan_hub.painting.noise import position_noise

# The statistics are state of the network, so only one picture at a time may set them.
_STATISTICS = threading.Lock()


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels in PIL's order: left and top are inside, right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.right - self.left, self.bottom - self.top

    def scaled(self, factor: int) -> tuple[int, int, int, int]:
        """The same rectangle as PIL takes it, in a picture `factor` times as large."""
        return self.left * factor, self.top * factor, self.right * factor, self.bottom * factor


@dataclass(frozen=True)
class Tile:
    """The rectangle to paint, `core`, and the larger one that the network sees, `seen`; both in the padded picture."""

    core: Box
    seen: Box

    def crop(self, x: Tensor, pixels_per_cell: float) -> Tensor:
        """Cut the core out of x [..., h, w], an activation or output for `seen` at any resolution."""
        left, top, width, height = (
            round(pixels / pixels_per_cell)
            for pixels in (self.core.left - self.seen.left, self.core.top - self.seen.top, *self.core.size)
        )
        return x[..., top : top + height, left : left + width]


def tiles(width: int, height: int, *, tile_size: int, grid: int = 1, halo: int = 0) -> list[Tile]:
    """Cut a picture into tiles, row by row.

    Args:
        width: of the picture, a multiple of `grid`.
        height: of the picture, a multiple of `grid`.
        tile_size: the longest side of a tile without its halo; a tile has at least one cell of the grid.
        grid: all edges are multiples of it.
        halo: the number of pixels seen around a tile, rounded up to the grid; fewer where the picture ends.
    """
    halo = -(-halo // grid) * grid
    spans = [_spans(length, tile_size, grid) for length in (width, height)]

    def with_halo(start: int, end: int, length: int) -> tuple[int, int]:
        return max(0, start - halo), min(length, end + halo)

    found = []
    for top, bottom in spans[1]:
        seen_top, seen_bottom = with_halo(top, bottom, height)
        for left, right in spans[0]:
            seen_left, seen_right = with_halo(left, right, width)
            seen = Box(seen_left, seen_top, seen_right, seen_bottom)
            found.append(Tile(Box(left, top, right, bottom), seen))
    return found


def _spans(length: int, tile_size: int, grid: int) -> list[tuple[int, int]]:
    """Cut [0, length) into parts of about the same length, at most `tile_size` as far as the grid allows."""
    longest = max(grid, tile_size // grid * grid)
    count = -(-length // longest)
    step = -(-length // (count * grid)) * grid
    return [(start, min(start + step, length)) for start in range(0, length, step)]


class TiledPass:
    """A pass of an image-to-image network over a whole picture, a tile at a time.

    Args:
        network: one of `gan_hub.models.STYLIZERS`.
        picture: RGB, of any size; its right and bottom edges are repeated up to a multiple of the network's grid.
        seed: of the noise.
        tile_size: see `tiles`.
        halo: the number of pixels seen around a tile; None = the network's own.
        style: weights of the styles [1, num_styles], of a network that holds several.
    """

    def __init__(
        self,
        network: nn.Module,
        picture: Image.Image,
        *,
        seed: int,
        tile_size: int,
        halo: int | None = None,
        style: Tensor | None = None,
    ) -> None:
        self.network, self.picture, self.seed = network, picture, seed
        self.grid, self.scale = int(network.grid), int(network.scale)  # type: ignore[arg-type]
        self.norms: list[nn.Module] = list(getattr(network, "norms", ()))
        self.device = next(network.parameters()).device
        self.style = None if style is None else style.to(self.device)
        self.known: list[Tensor] | None = None  # statistics of the whole picture, taken before the first tile
        width, height = self._padded(picture)
        halo = int(network.halo) if halo is None else halo  # type: ignore[arg-type]
        self.tiles = tiles(width, height, tile_size=tile_size, grid=self.grid, halo=halo)
        # A picture of one tile that needs no smaller copy is normalised by its own statistics as it is painted.
        self.side = getattr(network, "statistics_side", None)
        self.is_measured = self.side is not None and (len(self.tiles) > 1 or max(picture.size) > self.side)

    def _padded(self, picture: Image.Image) -> tuple[int, int]:
        width, height = (-(-side // self.grid) * self.grid for side in picture.size)
        return width, height

    @torch.inference_mode()
    def run(self, write: Callable[[Tile, Tensor], None], on_progress: Callable[[float], None] | None = None) -> None:
        """Paint every tile.

        Args:
            write: called with each tile and its painting: [3, scale * h, scale * w], float32, on the network's device.
            on_progress: called with the finished share of the work after each pass over a tile; may raise to stop.
        """
        done, total = 0, len(self.tiles) * (len(self.norms) + 1) + self.is_measured

        def tick() -> None:
            nonlocal done
            done += 1
            if on_progress is not None:
                on_progress(done / total)

        if self.is_measured:
            self.known = self._measured()
            tick()
        with self._statistics(tick):
            for tile in self.tiles:
                inner = Tile(tile.core, self._inner(tile))
                write(tile, inner.crop(self._forward(tile)[0].float(), 1 / self.scale))
                tick()

    def paint(self, on_progress: Callable[[float], None] | None = None) -> Image.Image:
        """Paint the whole picture: RGB, of the picture's size times `scale`; the argument is that of `run`."""
        width, height = self.picture.size
        painting = Image.new("RGB", (width * self.scale, height * self.scale))

        def write(tile: Tile, painted: Tensor) -> None:
            array = to_uint8(painted).permute(1, 2, 0).contiguous().cpu().numpy()
            painting.paste(Image.fromarray(array), tile.core.scaled(self.scale)[:2])  # PIL crops it

        self.run(write, on_progress)
        return painting

    def _measured(self) -> list[Tensor]:
        """The statistics of the picture, or of a copy whose longer side is the network's `statistics_side`.

        What normalises depends on the size of the picture alone, not on that of the tiles.
        """
        assert self.side is not None
        width, height = self.picture.size
        factor = min(1.0, self.side / max(width, height))
        small = self.picture.resize(
            (max(1, round(width * factor)), max(1, round(height * factor))), Image.Resampling.BOX
        )
        whole = Box(0, 0, *self._padded(small))
        statistics = Statistics()
        self._seen(small, Tile(whole, whole), statistics)
        return statistics.found

    def _forward(self, tile: Tile) -> Tensor:
        return self._seen(self.picture, tile, None if self.known is None else Statistics(self.known))

    def _seen(self, picture: Image.Image, tile: Tile, statistics: Statistics | None) -> Tensor:
        photo = from_uint8(_pixels(picture, tile.seen))[None]
        cell = int(self.network.noise_grid)  # type: ignore[arg-type]
        width, height = tile.seen.size
        noise = position_noise(
            height // cell,
            width // cell,
            top=tile.seen.top // cell,
            left=tile.seen.left // cell,
            cells=self.network.noise_cells,  # type: ignore[arg-type]
            seed=self.seed,
        )
        photo, noise = photo.to(self.device), noise[None].to(self.device)
        inner = self._inner(tile)
        options: dict[str, Any] = {} if self.style is None else {"style": self.style}
        if statistics is not None:
            options["statistics"] = statistics
        if inner != tile.seen:
            options["inside"] = inner.left - tile.seen.left, inner.top - tile.seen.top, *inner.size
        return self.network(photo, noise, **options)

    def _inner(self, tile: Tile) -> Box:
        """The rectangle that most of the network needs to see, if only its first part looks further than that."""
        halo = getattr(self.network, "inner_halo", None)
        if halo is None:
            return tile.seen
        core, seen = tile.core, tile.seen
        return Box(
            max(seen.left, core.left - halo),
            max(seen.top, core.top - halo),
            min(seen.right, core.right + halo),
            min(seen.bottom, core.bottom + halo),
        )

    @contextmanager
    def _statistics(self, tick: Callable[[], None]) -> Iterator[None]:
        """Let each norm of the network use the mean and variance of the whole picture inside this context."""
        if not self.norms:
            yield
            return
        with _STATISTICS:
            try:
                for norm in self.norms:
                    norm.statistics = self._gather(norm, tick)
                yield
            finally:
                for norm in self.norms:
                    norm.statistics = None  # type: ignore[assignment]

    def _gather(self, norm: nn.Module, tick: Callable[[], None]) -> Tensor:
        """Mean and variance [2, width], float32, of a norm's input, with each cell counted once, summed in float64."""
        sums: list[Tensor] = []
        cells = 0

        def reached(_: nn.Module, inputs: tuple[Tensor]) -> None:
            nonlocal cells
            x = tile.crop(inputs[0][0], tile.seen.size[0] / inputs[0].shape[-1]).double()
            sums.append(torch.stack([x.sum((1, 2)), x.square().sum((1, 2))]))
            cells += x[0].numel()
            raise _ReachedError

        handle = norm.register_forward_pre_hook(reached)
        try:
            for tile in self.tiles:
                with suppress(_ReachedError):
                    self._forward(tile)
                tick()
        finally:
            handle.remove()
        mean, square = torch.stack(sums).sum(0) / cells
        return torch.stack([mean, (square - mean.square()).clamp_(min=0)]).float()


def _pixels(picture: Image.Image, box: Box) -> Tensor:
    """The pixels of a rectangle: [3, h, w], uint8; beyond the right and bottom of the picture its edge repeats."""
    width, height = picture.size
    inside = Box(box.left, box.top, min(box.right, width), min(box.bottom, height))
    array = np.asarray(picture.crop(inside.scaled(1)))
    padding = ((0, box.bottom - inside.bottom), (0, box.right - inside.right), (0, 0))
    return torch.from_numpy(np.pad(array, padding, mode="edge")).permute(2, 0, 1)


class _ReachedError(Exception):
    """Ends a pass once it has reached the norm whose input is measured."""

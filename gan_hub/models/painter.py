"""A fast network from photo to painting whose receptive field is bounded, so that tiles fit together exactly.

Pixels are unshuffled to a quarter of the resolution, where all layers work; half of the depth lies at an eighth.
Without normalisation nothing depends on the rest of the picture, and nothing is bound by memory bandwidth
(benchmarks/stylize.py measures it beside the networks that it replaces).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, pad, pixel_shuffle, pixel_unshuffle

from gan_hub.models.layers import SLOPE, he_init, in_float32
from gan_hub.models.strokes import LONG_STEPS, REACH, SHORT_STEPS, blurred, directions, smear

PATCH = 4  # side of the square of pixels that one cell of the finer grid reads and paints
SMOOTH_CELL = 16  # of the smooth channel of noise, in cells of the finer grid
COARSE = 2  # cells of the finer grid along the side of one of the coarser


class PaintBlock(nn.Module):
    """x + conv(act(conv(x))), without normalisation; the branch starts at zero (Fix-up, arXiv:1901.09321)."""

    def __init__(self, width: int, *, depth: int) -> None:
        super().__init__()
        self.conv1 = he_init(nn.Conv2d(width, width, 3, padding=1), depth**-0.25)
        self.conv2 = he_init(nn.Conv2d(width, width, 3, padding=1), 0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Map x [B, width, h, w] to the same shape."""
        # The results of convolutions are changed in place, here and below: no gradient needs them, and it saves large
        # buffers.
        return self.conv2(leaky_relu(self.conv1(x), SLOPE, inplace=True)).add_(x)


def without_a_grid(x: Tensor) -> Tensor:
    """Remove from shuffled pixels [B, C, H, W] the grid that the shuffle leaves in them.

    A grid is the cheapest answer to the discriminators, so training would bring it out. A binomial blur (1, 2, 1) / 4
    removes every period of 2 pixels. A second blur removes periods of 2 and 4 and keeps slopes; whatever neighbouring
    cells have in common in the detail finer than this blur is the grid, and is subtracted.
    """
    # One colour at a time: buffers a third as large fit the caches better, and matter for a camera's photo.
    return torch.cat([_less_its_grid(colour) for colour in x.split(1, dim=1)], dim=1)


def _less_its_grid(x: Tensor) -> Tensor:
    x = _filtered(x, (0.25, 0.5, 0.25))
    fine = pixel_unshuffle(x - _filtered(x, (0.125, 0.25, 0.25, 0.25, 0.125)), PATCH)
    return x - pixel_shuffle(blurred(fine, 1), PATCH)


def _filtered(x: Tensor, taps: tuple[float, ...]) -> Tensor:
    """Filter x [B, C, H, W] along both axes, with its edge pixels repeated beyond the edge."""
    reach = len(taps) // 2
    for axis in (2, 3):
        edges = (0, 0, reach, reach) if axis == 2 else (reach, reach, 0, 0)
        wide, length = pad(x, edges, mode="replicate"), x.shape[axis]
        x = taps[0] * wide.narrow(axis, 0, length)
        for i, tap in enumerate(taps[1:], 1):
            x = x.add_(wide.narrow(axis, i, length), alpha=tap)
    return x


def _cut(x: Tensor, left: int, top: int, width: int, height: int) -> Tensor:
    return x[:, :, top : top + height, left : left + width]


class Painter(nn.Module):
    """Maps a photo and noise to a painting.

    The photo enters the output only as its means over 4 x 4 pixels, smeared along its lines, so that all finer detail
    has to be painted. Where the photo is flat, strokes grow from the noise: a network that sees the same everywhere
    would paint the same everywhere, apart from the grid of its shuffle. The noise is smeared along the photo's lines
    before the network sees it (`gan_hub.models.strokes`), which a small network would take long to learn.

    Args:
        widths: channels at a quarter and at an eighth of the resolution.
        num_blocks: residual blocks at an eighth; one more lies before and one after them.
        noise_channels: of the noise, at a quarter of the resolution: at least 2, of which the last one is smooth.
    """

    grid = PATCH * COARSE  # height and width of the photo are multiples of it
    noise_grid = PATCH  # pixels along the side of one cell of noise
    scale = 1  # of the output
    tile_size = 1536  # smaller tiles process more pixels twice, and larger ones are slowed down by their memory
    halo: int  # pixels around a pixel that it depends on, rounded up to the grid
    inner_halo: int  # the same, once the directions of strokes are known

    def __init__(self, *, widths: tuple[int, ...], num_blocks: int, noise_channels: int) -> None:
        super().__init__()
        fine, coarse = widths
        depth = num_blocks + 2
        pixels = 3 * PATCH**2
        # White noise for strokes to grow from, and a smooth last channel for their directions where the photo is flat.
        self.noise_cells = (1,) * (noise_channels - 1) + (SMOOTH_CELL,)
        # The pixels, the noise smeared to three lengths, the smeared colours, and twice the angle of the lines.
        self.read = he_init(nn.Conv2d(pixels + 3 * (noise_channels - 1) + 3 + 2, fine, 3, padding=1))
        self.before = PaintBlock(fine, depth=depth)
        self.down = he_init(nn.Conv2d(fine, coarse, COARSE, stride=COARSE))
        self.blocks = nn.ModuleList([PaintBlock(coarse, depth=depth) for _ in range(num_blocks)])
        self.up = he_init(nn.ConvTranspose2d(coarse, fine, COARSE, stride=COARSE), 0.5)
        self.after = PaintBlock(fine, depth=depth)
        self.paint = he_init(nn.Conv2d(fine, pixels, 3, padding=1), 0.1)
        self._start_without_a_grid()
        # 3x3 convolutions at a quarter: read, two in each of two blocks, and paint; at an eighth, two in each block,
        # whose cells may start up to a cell earlier; and 1 + 1 + 2 cells for the blurs at the end.
        cells = 6 + COARSE * (2 * num_blocks + 1) + 4
        self.inner_halo = self._in_pixels(cells)
        self.halo = self._in_pixels(cells + REACH)

    def _in_pixels(self, cells: int) -> int:
        return self.grid * -(-PATCH * cells // self.grid)

    def _start_without_a_grid(self) -> None:
        """Start with all pixels of a cell alike, as in nearest-neighbour upsampling (ICNR, arXiv:1707.02937)."""
        with torch.no_grad():
            weight = self.paint.weight.unflatten(0, (3, PATCH**2))
            self.paint.weight.copy_(weight[:, :1].expand_as(weight).flatten(0, 1))
            self.up.weight.copy_(self.up.weight[:, :, :1, :1].expand_as(self.up.weight))

    @torch.no_grad()
    def strokes(self, photo: Tensor, noise: Tensor) -> Tensor:
        """The photo's colours smeared along its lines, the lines' angle, and the noise smeared: [B, C, H / 4, W / 4].

        Always in float32. Nothing is learned here, and no gradient passes through.
        """
        with in_float32(photo):
            colours, noise = avg_pool2d(photo.float(), PATCH), noise.float()
            flow = directions(colours, noise[:, -1:])
            x, y = flow.unbind(1)
            short = smear(torch.cat([colours, noise[:, :-1]], dim=1), flow, SHORT_STEPS)
            colours, short = short[:, :3], short[:, 3:]
            long = smear(short, flow, LONG_STEPS)
            # Smearing lowers the scale of the noise, so it is restored.
            angle = torch.stack([x * x - y * y, 2 * x * y], dim=1)
            return torch.cat([colours, angle, noise[:, :-1], 1.7 * short, 3.0 * long], dim=1)

    def features(self, photo: Tensor, noise: Tensor) -> list[Tensor]:
        """The activations of the first half of the network, shallow to deep; for losses that compare contents.

        Args:
            photo: [B, 3, H, W] in [-1, 1], H and W multiples of `grid`.
            noise: [B, noise_channels, H / 4, W / 4].

        Returns:
            four tensors: two [B, widths[0], H / 4, W / 4], two [B, widths[1], H / 8, W / 8].
        """
        return self._features(photo, self.strokes(photo, noise))

    def _features(self, photo: Tensor, strokes: Tensor) -> list[Tensor]:
        seen = torch.cat([pixel_unshuffle(photo, PATCH), strokes], dim=1)
        read = self.read(seen.to(self.read.weight.dtype, memory_format=torch.channels_last))
        fine = self.before(leaky_relu(read, SLOPE))
        coarse = leaky_relu(self.down(fine), SLOPE, inplace=True)
        middle = coarse
        for block in self.blocks[: len(self.blocks) // 2]:
            middle = block(middle)
        return [read, fine, coarse, middle]

    def forward(self, photo: Tensor, noise: Tensor, inside: tuple[int, int, int, int] | None = None) -> Tensor:
        """Map a photo and noise, shaped as in `features`, to a painting [B, 3, H, W], about in [-1, 1].

        With `inside`, a rectangle (left, top, width, height) on the grid, only the rectangle is painted, and the pixels
        around it only decide the directions of strokes. The result is exact `inner_halo` pixels inside its edges.
        """
        strokes = self.strokes(photo, noise)
        if inside is not None:
            photo = _cut(photo, *inside)
            strokes = _cut(strokes, *(length // PATCH for length in inside))
        fine, x = self._features(photo, strokes)[1::2]  # which frees the memory of the others
        for block in self.blocks[len(self.blocks) // 2 :]:
            x = block(x)
        x = self.after(leaky_relu(self.up(x).add_(fine), SLOPE, inplace=True))
        details = without_a_grid(pixel_shuffle(self.paint(leaky_relu(x, SLOPE, inplace=True)), PATCH))
        # In the photo's precision, even if the weights have 16 bits.
        washed = interpolate(strokes[:, :3], scale_factor=PATCH, mode="bilinear", align_corners=False)
        return washed.add_(details)

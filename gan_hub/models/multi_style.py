"""A network that holds many styles of painting: one trunk, and a scale and a shift per style after each normalisation.

Conditional instance normalisation (Dumoulin et al., 2017, "A learned representation for artistic style",
arXiv:1610.07629, section 2.2): everything but these few numbers is shared, so that a new style is learned in minutes,
and styles mix, as their numbers do. Trunk and losses follow Johnson et al., 2016, arXiv:1603.08155. The directions of
strokes and the noise smeared along them (`gan_hub.models.strokes`) enter halfway down, so that strokes follow forms
where a plain network hatches everything at one angle.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pixel_unshuffle, relu

from gan_hub.models.layers import he_init, in_float32
from gan_hub.models.strokes import REACH, drawn

PATCH = 2  # side of the square of pixels that one cell of the finest grid reads
CELL = 4  # pixels along the side of one cell of noise and directions
COARSE = 8  # pixels along the side of one cell of the coarsest grid
SMOOTH_CELL = 16  # of the smooth channel of noise, in cells


class Statistics:
    """Means and variances of a whole picture for each normalisation in turn: taken from it, or known before.

    Args:
        known: [2, B, width] each, in the order of the normalisations; None = those of the input itself.
    """

    def __init__(self, known: Sequence[Tensor] | None = None) -> None:
        self.found: list[Tensor] = []
        self._known: Iterator[Tensor] | None = None if known is None else iter(known)

    def of(self, x: Tensor) -> Tensor:
        """The mean and variance [2, B, width] by which x [B, width, h, w] is to be normalised."""
        if self._known is not None:
            return next(self._known).to(x.device)
        variance, mean = torch.var_mean(x.float(), dim=(2, 3), correction=0)
        self.found.append(torch.stack([mean, variance]))
        return self.found[-1]


class StyleNorm(nn.Module):
    """Instance normalisation (Ulyanov et al., 2016, arXiv:1607.08022) with a scale and a shift for each style."""

    eps = 1e-5

    def __init__(self, width: int, *, num_styles: int, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((num_styles, width), scale))
        self.shift = nn.Parameter(torch.zeros(num_styles, width))

    def forward(self, x: Tensor, style: Tensor, statistics: Statistics) -> Tensor:
        """Map x [B, width, h, w] to the same shape; `style` [B, num_styles] weighs the styles of each picture."""
        mean, variance = statistics.of(x)
        scale = (style @ self.scale.float()) * torch.rsqrt(variance + self.eps)
        shift = style @ self.shift.float() - mean * scale
        # One multiplication and one addition in the activations' own precision.
        return x * scale[:, :, None, None].to(x.dtype) + shift[:, :, None, None].to(x.dtype)


def conv(in_width: int, width: int, kernel: int, *, stride: int = 1) -> nn.Conv2d:
    """A convolution that repeats the picture's edge beyond it: zeros would leave a frame around every painting."""
    margin = kernel // 2
    return nn.Conv2d(in_width, width, kernel, stride=stride, padding=margin, padding_mode="replicate", bias=False)


class StyledConv(nn.Module):
    """A convolution, normalisation and ReLU."""

    def __init__(self, in_width: int, width: int, *, num_styles: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = he_init(conv(in_width, width, 3, stride=stride))
        self.norm = StyleNorm(width, num_styles=num_styles)

    def forward(self, x: Tensor, style: Tensor, statistics: Statistics) -> Tensor:
        """Map x [B, in_width, h, w] to [B, width, h / stride, w / stride]."""
        return relu(self.norm(self.conv(x), style, statistics), inplace=True)


class StyledBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))) (He et al., 2016, arXiv:1512.03385)."""

    def __init__(self, width: int, *, num_styles: int) -> None:
        super().__init__()
        self.first = StyledConv(width, width, num_styles=num_styles)
        self.conv = he_init(conv(width, width, 3))
        self.norm = StyleNorm(width, num_styles=num_styles, scale=0.5)

    def forward(self, x: Tensor, style: Tensor, statistics: Statistics) -> Tensor:
        """Map x [B, width, h, w] to the same shape."""
        return x + self.norm(self.conv(self.first(x, style, statistics)), style, statistics)


class StyledSkip(nn.Module):
    """norm(conv(x)) by 1x1: what the finer grids saw and the coarse ones forgot, as much of it as a style wants."""

    def __init__(self, in_width: int, width: int, *, num_styles: int) -> None:
        super().__init__()
        self.conv = he_init(nn.Conv2d(in_width, width, 1, bias=False))
        self.norm = StyleNorm(width, num_styles=num_styles, scale=0.2)

    def forward(self, x: Tensor, style: Tensor, statistics: Statistics) -> Tensor:
        """Map x [B, in_width, h, w] to [B, width, h, w]."""
        return self.norm(self.conv(x), style, statistics)


class MultiStylePainter(nn.Module):
    """Maps a photo, noise and a style to a painting.

    Args:
        widths: channels at a half, a quarter and an eighth of the resolution.
        num_blocks: residual blocks at an eighth; one more lies before and one after them, at a quarter.
        noise_channels: of the noise, at a quarter of the resolution: at least 2, of which the last one is smooth.
        num_styles: how many styles it holds.
    """

    grid = COARSE  # height and width of the photo are multiples of it
    noise_grid = CELL  # pixels along the side of one cell of noise
    scale = 1  # of the output
    tile_size = 896  # smaller tiles process more pixels twice, and larger ones take too much memory
    statistics_side = 1024  # the longer side of the picture that the statistics are those of
    halo: int  # pixels around a pixel that it depends on, once the statistics are known, rounded up to the grid
    inner_halo: int  # the same, once the directions of strokes are known

    def __init__(self, *, widths: tuple[int, ...], num_blocks: int, noise_channels: int, num_styles: int) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.num_styles, last = num_styles, max(1, fine // 2)
        # White noise for strokes to grow from, and a smooth last channel for their directions where the photo is flat.
        self.noise_cells = (1,) * (noise_channels - 1) + (SMOOTH_CELL,)
        self.read = StyledConv(3 * PATCH**2, fine, num_styles=num_styles)
        self.down = StyledConv(fine, middle, num_styles=num_styles, stride=2)
        # Of the cosine and sine of twice the angle of the lines, and the noise smeared to three lengths.
        self.draw = he_init(nn.Conv2d(2 + 3 * (noise_channels - 1), middle, 1))
        self.before = StyledBlock(middle, num_styles=num_styles)
        self.down_again = StyledConv(middle, coarse, num_styles=num_styles, stride=2)
        self.blocks = nn.ModuleList([StyledBlock(coarse, num_styles=num_styles) for _ in range(num_blocks)])
        self.up = StyledConv(coarse, middle, num_styles=num_styles)
        self.across = StyledSkip(middle, middle, num_styles=num_styles)
        self.after = StyledBlock(middle, num_styles=num_styles)
        self.up_again = StyledConv(middle, last, num_styles=num_styles)
        self.across_again = StyledSkip(fine, last, num_styles=num_styles)
        self.paint = he_init(conv(last, 3, 5), 0.3)
        self.tint = nn.Parameter(torch.zeros(num_styles, 3))
        # 3x3 convolutions at a half: two, and the cell that enlarging reads; at a quarter: down, two in each of two
        # blocks, up, and enlarging; at an eighth: down and two in each block, and enlarging; 5x5 at the pixels. A
        # strided convolution and enlarging may each start up to a cell earlier.
        pixels = PATCH * 4 + CELL * 8 + COARSE * (2 * num_blocks + 3) + 2
        self.inner_halo = self._on_the_grid(pixels)
        self.halo = self._on_the_grid(pixels + CELL * (REACH + 2))  # as the noise is blurred first

    def _on_the_grid(self, pixels: int) -> int:
        return self.grid * -(-pixels // self.grid)

    @torch.no_grad()
    def strokes(self, photo: Tensor, noise: Tensor) -> Tensor:
        """Twice the angle of the photo's lines, and the noise smeared along them: [B, C, H / 4, W / 4], float32."""
        with in_float32(photo):
            return drawn(avg_pool2d(photo.float(), CELL), noise.float())

    def features(self, photo: Tensor, noise: Tensor) -> list[Tensor]:
        """The activations of the first half of the network, shallow to deep, in the first style.

        Args:
            photo: [B, 3, H, W] in [-1, 1], H and W multiples of `grid`.
            noise: [B, noise_channels, H / 4, W / 4].

        Returns:
            four tensors: [B, widths[0], H / 2, W / 2], [B, widths[1], H / 4, W / 4], two [B, widths[2], H / 8, W / 8].
        """
        style = self._style(None, photo)
        return self._features(photo, self.strokes(photo, noise), style, Statistics())

    def _features(self, photo: Tensor, strokes: Tensor, style: Tensor, statistics: Statistics) -> list[Tensor]:
        pixels = pixel_unshuffle(photo, PATCH).to(self.paint.weight.dtype, memory_format=torch.channels_last)
        read = self.read(pixels, style, statistics)
        down = self.down(read, style, statistics)
        down = down + self.draw(strokes.to(self.paint.weight.dtype, memory_format=torch.channels_last))
        middle = self.before(down, style, statistics)
        coarse = self.down_again(middle, style, statistics)
        x = coarse
        for block in self.blocks[: len(self.blocks) // 2]:
            x = block(x, style, statistics)
        return [read, middle, coarse, x]

    def forward(
        self,
        photo: Tensor,
        noise: Tensor,
        inside: tuple[int, int, int, int] | None = None,
        *,
        style: Tensor | None = None,
        statistics: Statistics | None = None,
    ) -> Tensor:
        """Map a photo and noise, shaped as in `features`, to a painting [B, 3, H, W] in [-1, 1].

        With `inside`, a rectangle (left, top, width, height) on the grid, only the rectangle is painted, and the pixels
        around it only decide the directions of strokes. Given the statistics of the whole picture, the result is exact
        `inner_halo` pixels inside its edges.

        Args:
            photo: as in `features`.
            noise: as in `features`.
            inside: see above.
            style: the weights of the styles [B, num_styles], which should sum to 1; None = the first style.
            statistics: those to normalise by; they are also where those of the picture are noted down.
        """
        strokes = self.strokes(photo, noise)
        if inside is not None:
            left, top, width, height = inside
            photo = photo[:, :, top : top + height, left : left + width]
            left, top, width, height = (length // CELL for length in inside)
            strokes = strokes[:, :, top : top + height, left : left + width]
        style = self._style(style, photo)
        statistics = Statistics() if statistics is None else statistics
        read, middle, _, x = self._features(photo, strokes, style, statistics)
        for block in self.blocks[len(self.blocks) // 2 :]:
            x = block(x, style, statistics)
        x = self.up(_doubled(x), style, statistics) + self.across(middle, style, statistics)
        x = self.after(x, style, statistics)
        x = self.up_again(_doubled(x), style, statistics) + self.across_again(read, style, statistics)
        with in_float32(photo):  # 8 bits of a bfloat16 are too few for smooth skies
            x = self.paint(_doubled(x).to(self.paint.weight.dtype))
            x = x.float() + (style @ self.tint.float())[:, :, None, None]
            return torch.tanh(x).to(photo.dtype)

    def _style(self, style: Tensor | None, photo: Tensor) -> Tensor:
        if style is None:
            style = torch.eye(1, self.num_styles, device=photo.device).expand(photo.shape[0], -1)
        return style.float()


def _doubled(x: Tensor) -> Tensor:
    """Twice as large; bilinear, as repeated cells leave a woven grid."""
    return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)

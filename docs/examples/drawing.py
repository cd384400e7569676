"""What draw_examples.py is made of: fields of floats over a picture, and a scene to lay them on.

Clouds and textures are fractal noise, light comes from the upper left, and what is far away is paler. Everything is
drawn twice as large and reduced, so that edges are smooth.
"""

import numpy as np
from PIL import Image, ImageFilter

SIZE = (1024, 768)
OVERSAMPLING = 2
WIDTH, HEIGHT = (side * OVERSAMPLING for side in SIZE)

Field = np.ndarray  # [HEIGHT, WIDTH], or [HEIGHT, WIDTH, 3] of colours in [0, 1]


def noise(rng: np.random.Generator, cells: tuple[int, int], octaves: int = 5, fade: float = 0.5) -> Field:
    """Fractal noise in about [-1, 1]; `cells` across and down of the coarsest octave."""
    total, weight = np.zeros((HEIGHT, WIDTH)), 1.0
    for octave in range(octaves):
        shape = tuple(min(cell * 2**octave + 1, side) for cell, side in zip(cells[::-1], (HEIGHT, WIDTH)))
        values = Image.fromarray(rng.normal(size=shape).astype(np.float32))
        total += weight * np.asarray(values.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
        weight *= fade
    return total / np.abs(total).max()


def profile(rng: np.random.Generator, bumps: int, octaves: int = 6, fade: float = 0.5) -> np.ndarray:
    """A line of hills [WIDTH] in about [-1, 1]."""
    x, total = np.linspace(0, 1, WIDTH), np.zeros(WIDTH)
    for octave in range(octaves):
        count = bumps * 2**octave + 1
        total += fade**octave * np.interp(x, np.linspace(0, 1, count), rng.normal(size=count))
    return total / np.abs(total).max()


def smooth(values: Field, low: float | Field, high: float | Field) -> Field:
    """0 below `low`, 1 above `high`, without a corner between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def slope(values: Field, pixels: int, axis: int) -> Field:
    """By how much the values rise over so many pixels of the reduced picture; 0 along the first of them."""
    pixels *= OVERSAMPLING
    shape = [(0, 0), (0, 0)]
    shape[axis] = (pixels, 0)
    before = np.pad(values, shape, mode="edge")
    return values - (before[:, :-pixels] if axis else before[:-pixels])


def blurred(mask: Field, radius: float) -> Field:
    """The mask [HEIGHT, WIDTH] in [0, 1] with soft edges."""
    image = Image.fromarray((np.clip(mask, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius * OVERSAMPLING)), dtype=np.float64) / 255


def rgb(text: str) -> np.ndarray:
    """The colour of six hexadecimal digits."""
    return np.array([int(text[i : i + 2], 16) / 255 for i in (0, 2, 4)])


def ramp(t: Field, *colours: str) -> Field:
    """Colours that follow one another as t goes from 0 to 1."""
    stops = np.linspace(0, 1, len(colours))
    table = np.stack([rgb(colour) for colour in colours])
    return np.stack([np.interp(t, stops, table[:, channel]) for channel in range(3)], axis=-1)


class Scene:
    """A picture that things are laid onto, the far ones first; lengths are in parts of its height."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.y, self.x = np.mgrid[0:HEIGHT, 0:WIDTH] / HEIGHT
        self.colours = np.zeros((HEIGHT, WIDTH, 3))

    def lay(self, colour: Field, mask: Field) -> None:
        """Lay a colour over the picture where the mask is 1."""
        self.colours += (colour - self.colours) * np.clip(mask, 0, 1)[..., None]

    def darken(self, mask: Field, share: float, tint: str = "2a2140") -> None:
        """Let a shadow fall where the mask is 1."""
        self.lay(self.colours * (0.35 + 0.65 * rgb(tint)), mask * share)

    def edge(self, distance: Field) -> Field:
        """1 where the distance is negative, with an edge of two pixels."""
        return np.clip(0.5 - distance * HEIGHT / 2, 0, 1)

    def polygon(self, points: list[tuple[float, float]]) -> Field:
        """The mask of a convex polygon; its corners run clockwise."""
        inside = np.full((HEIGHT, WIDTH), -9.0)
        for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1]):
            length = np.hypot(x1 - x0, y1 - y0)
            inside = np.maximum(inside, ((y1 - y0) * (self.x - x0) - (x1 - x0) * (self.y - y0)) / length)
        return self.edge(inside)

    def sky(self, *colours: str, sun: tuple[float, float], horizon: float, cover: float = 0.1) -> None:
        """A sky down to the horizon, brighter around the sun, with clouds lit from there."""
        t = np.clip(self.y / horizon, 0, 1)
        glow = np.exp(-(((self.x - sun[0]) / 0.42) ** 2) - ((self.y - sun[1]) / 0.26) ** 2)
        self.colours = ramp(t, *colours)
        self.lay(ramp(glow, "f8c98a", "fff1cf"), 0.75 * glow)
        depth = np.clip(1 - t, 0, 1)
        clouds = noise(self.rng, (5, 14), 6, 0.55)
        mask = smooth(clouds, cover, cover + 0.45) * smooth(t, 0.02, 0.25) * (0.35 + 0.65 * depth)
        light = smooth(slope(clouds, 14, 0), -0.12, 0.16)
        self.lay(ramp(light, "fff6e6", "c9b4c4"), 0.9 * mask)

    def tree(self, x: float, foot: float, height: float, leaves: tuple[str, str, str], spread: float = 0.34) -> None:
        """A trunk and a crown of many clumps of leaves, those in front lit more."""
        sway = 0.012 * np.sin((self.y - foot) * 14)
        width = height * (
            0.03
            + 0.012 * smooth(self.y, foot - 0.5 * height, foot)
            + 0.05 * smooth(self.y, foot - 0.1 * height, foot + 0.03 * height) ** 2
        )
        trunk = self.edge(
            np.maximum(
                np.abs(self.x - x - sway) - width,
                np.maximum(self.y - foot - 0.02 * height * np.sin(60 * (self.x - x)), foot - 0.72 * height - self.y),
            )
        )
        bark = ramp(
            smooth((self.x - x - sway) / width, -1, 1) + 0.12 * noise(self.rng, (60, 12), 3), "8a6a4c", "3d2a22"
        )
        self.darken(
            blurred(self.edge(np.hypot((self.x - x - 0.5 * height) / 2.6, (self.y - foot) / 0.3) - 0.24 * height), 9),
            0.6,
        )
        self.lay(bark, trunk)
        texture = noise(self.rng, (70, 50), 3, 0.7)
        for step in np.linspace(0, 1, 64):
            angle, reach = self.rng.uniform(0, 2 * np.pi), spread * height * np.sqrt(self.rng.uniform())
            cx = x + 1.1 * reach * np.cos(angle) - 0.05 * height * step
            cy = foot - 0.72 * height + 0.85 * reach * np.sin(angle) - 0.08 * height * (step - 0.5)
            size = height * self.rng.uniform(0.075, 0.13)
            distance = np.hypot(self.x - cx, (self.y - cy) * 1.15) - size * (1 + 0.55 * texture)
            light = 0.5 + 0.5 * (-(self.x - cx) * 0.6 - (self.y - cy)) / (1.4 * size) + 0.35 * texture
            self.lay(ramp(np.clip(light * (0.55 + 0.5 * step), 0, 1), *leaves), self.edge(distance))

    def ball(
        self, x: float, y: float, r: float, colours: tuple[str, ...], *, texture: Field, gloss: float = 0.6
    ) -> None:
        """A lit sphere and the shadow it casts."""
        shadow = self.edge(np.hypot((self.x - x - 0.75 * r) / 1.5, (self.y - y - 0.86 * r) / 0.36) - r)
        self.darken(blurred(shadow, 9), 0.85)
        nx, ny = (self.x - x) / r, (self.y - y) / r
        nz = np.sqrt(np.clip(1 - nx**2 - ny**2, 0, 1))
        light = np.clip(-0.52 * nx - 0.6 * ny + 0.61 * nz, 0, 1) + 0.16 * np.clip(nx + ny, 0, 1) * (1 - nz)
        tone = np.clip(0.06 + 0.94 * light + 0.13 * texture, 0, 1)
        self.lay(ramp(tone, *colours), self.edge((np.hypot(nx, ny) - 1) * r))
        shine = np.exp(-((nx + 0.36) ** 2 + (ny + 0.42) ** 2) / 0.018)
        self.lay(np.ones_like(self.colours), gloss * shine)

    def image(self) -> Image.Image:
        """The picture, reduced to `SIZE`."""
        values = np.clip(self.colours, 0, 1)
        vignette = 1 - 0.16 * ((self.x / self.x.max() - 0.5) ** 2 + (self.y - 0.5) ** 2) / 0.5
        grain = self.rng.normal(scale=0.012, size=(HEIGHT, WIDTH, 1))
        array = (np.clip(values * vignette[..., None] + grain, 0, 1) * 255).round().astype(np.uint8)
        return Image.fromarray(array).resize(SIZE, Image.Resampling.LANCZOS)

"""Draws the photos to try of the tab "Stylize": a lake, fruit on a table, a house. No photo and no painting is in them.

`python docs/examples/draw_examples.py` writes gan_hub/page/examples/*.jpg, the same bytes each time.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from drawing import HEIGHT, WIDTH, Field, Scene, blurred, noise, profile, ramp, rgb, slope, smooth
from PIL import Image

FOLDER = Path(__file__).parents[2] / "gan_hub" / "page" / "examples"
MAX_BYTES = 60_000

LAYERS = [  # top, height, bumps, peaks (where, how high), colours of shadow and light
    (
        0.40,
        0.17,
        6,
        ([0, 0.16, 0.36, 0.52, 0.72, 0.95, 1.34], [0.9, 0.35, 0.1, 0.75, 1.25, 0.5, 0.8]),
        ("5f76a3", "b9bfd3"),
    ),
    (0.49, 0.10, 5, ([0, 0.2, 0.5, 0.9, 1.34], [1.3, 0.7, 0.0, 0.3, 1.0]), ("38566f", "7f9bab")),
    (0.53, 0.05, 7, ([0, 0.4, 0.8, 1.34], [0.7, 0.1, 0.6, 0.9]), ("27463f", "678a63")),
]


def lake() -> Image.Image:
    """Mountains behind a lake that mirrors them, a meadow and a tree in front."""
    scene, horizon = Scene(3), 0.56
    scene.sky("3f6fae", "7ea8d4", "f0d9b8", sun=(0.42, 0.36), horizon=horizon)
    scene.lay(
        np.ones_like(scene.colours) * rgb("fffbe8"),
        blurred(scene.edge(np.hypot(scene.x - 0.42, scene.y - 0.34) - 0.036), 1.5),
    )
    for top, height, bumps, peaks, tones in LAYERS:
        ridge = top - height * (0.4 * profile(scene.rng, bumps, 7, 0.5) + np.interp(np.arange(WIDTH) / HEIGHT, *peaks))
        ridge = ridge[None, :]
        relief = noise(scene.rng, (22, 9), 7, 0.62)
        across = scene.x + 0.55 * (scene.y - ridge) + 0.05 * relief  # spurs run down to the right
        light = (
            slope(noise(scene.rng, (14, 3), 5, 0.6), 10, 1) * 5 + slope(relief, 3, 1) * 4 + 0.5 * np.sin(34 * across)
        )
        mask = scene.edge(np.maximum(ridge - scene.y, scene.y - horizon))
        scene.lay(ramp(smooth(light, -1.1, 1.1), *tones), mask)
        if top < 0.4:
            snow = smooth(ridge + 0.10 + 0.07 * relief - scene.y, 0, 0.03)
            scene.lay(ramp(smooth(light, -0.9, 0.7), "8e9cc0", "fdf6ec"), mask * snow)
        scene.lay(np.ones_like(scene.colours) * rgb("e9dccb"), 0.45 * mask * smooth(scene.y, ridge, horizon))
    ripples = noise(scene.rng, (5, 110), 3, 0.7) * smooth(scene.y, horizon, 0.9)
    rows = np.clip(2 * horizon - scene.y + 0.012 * ripples, 0, 0.999) * HEIGHT
    columns = np.clip(scene.x + 0.02 * ripples, 0, scene.x.max()) * HEIGHT
    mirror = scene.colours[rows.astype(int), np.minimum(columns.astype(int), WIDTH - 1)]
    water = mirror * 0.72 + 0.28 * rgb("3c6a86") + 0.05 * ripples[..., None]
    scene.lay(water, smooth(scene.y, horizon - 0.001, horizon + 0.001))
    shore = 0.8 + 0.05 * profile(scene.rng, 3)[None, :] - 0.1 * smooth(scene.x, 0.7, 1.3)
    grass = noise(scene.rng, (150, 26), 4, 0.75)
    meadow = ramp(np.clip(0.5 + 0.5 * grass + 0.25 * noise(scene.rng, (6, 4), 3), 0, 1), "2f4a22", "5f8035", "a7b356")
    scene.lay(meadow, scene.edge(shore + 0.008 * grass - scene.y))
    flowers = smooth(noise(scene.rng, (120, 90), 1), 0.52, 0.6) * smooth(scene.y, shore + 0.04, shore + 0.1)
    scene.lay(ramp(smooth(noise(scene.rng, (30, 20), 2), -0.2, 0.2), "f2c84b", "d8566a"), flowers)
    scene.tree(1.08, 0.86, 0.66, ("1f3a1d", "4d7a2c", "c2c95a"))
    return scene.image()


def fruit() -> Image.Image:
    """Apples, an orange and a plum on a cloth, a jug behind them, light from a window on the left."""
    scene, table = Scene(11), 0.55
    wall = np.clip(0.75 - 0.45 * scene.x + 0.12 * noise(scene.rng, (7, 5), 5), 0, 1)
    scene.colours = ramp(wall, "3b3a3f", "6f6a60", "b3a584")
    wood = noise(scene.rng, (3, 60), 5, 0.6)
    scene.lay(
        ramp(np.clip(0.55 + 0.5 * wood - 0.25 * scene.x, 0, 1), "4a2c1c", "8a5a34", "b98552"),
        scene.edge(table - scene.y),
    )
    scene.darken(smooth(table + 0.05 - scene.y, 0, 0.05) * scene.edge(table - scene.y), 0.35)
    folds = 0.35 * noise(scene.rng, (4, 2), 2) + 0.4 * np.sin(7 * scene.x + 5 * scene.y + 2 * np.sin(3 * scene.x))
    rim = 0.70 + 0.05 * np.sin(4.2 * scene.x + 0.6) + 0.03 * folds
    cloth = smooth(slope(folds, 10, 1), -0.05, 0.05)
    weave = 0.05 * noise(scene.rng, (240, 180), 2)
    scene.darken(blurred(scene.edge(rim - 0.012 - scene.y), 8), 0.4)
    scene.lay(ramp(np.clip(0.15 + 0.75 * cloth + weave, 0, 1), "a3a8bb", "dcdadb", "fbf4e6"), scene.edge(rim - scene.y))
    jug(scene, 0.93, 0.18, 0.66)
    speckle, streaks = noise(scene.rng, (90, 70), 3), noise(scene.rng, (26, 3), 5)
    red, green = ("3a0d12", "8e1f1f", "d2492c", "f0a15a"), ("24330f", "58752a", "a3b548", "e7e08a")
    orange, plum = ("5a2206", "b8560f", "ee9228", "ffc76b"), ("170f26", "36244f", "5d4379", "9c86b4")
    scene.ball(0.42, 0.62, 0.125, green, texture=streaks)
    scene.ball(0.66, 0.655, 0.13, orange, texture=speckle, gloss=0.35)
    scene.ball(0.26, 0.74, 0.135, red, texture=streaks)
    scene.ball(0.52, 0.80, 0.085, plum, texture=0.6 * speckle, gloss=0.25)
    scene.ball(0.83, 0.79, 0.12, red, texture=streaks)
    for x, y in ((0.42, 0.515), (0.26, 0.628), (0.83, 0.692)):
        stalk = np.abs(scene.x - x - 0.9 * (y - scene.y) ** 2 * 14 - 0.004) - 0.0045
        scene.lay(
            np.ones_like(scene.colours) * rgb("3a2a18"),
            scene.edge(np.maximum(stalk, np.abs(scene.y - y + 0.012) - 0.03)),
        )
    return scene.image()


def jug(scene: Scene, x: float, top: float, foot: float) -> None:
    """A glazed jug that stands on the table."""
    t = np.clip((scene.y - top) / (foot - top), 0, 1.05)
    radius = 0.085 + 0.105 * np.sin(np.pi * np.clip((t - 0.22) / 0.86, 0, 1)) ** 1.3 + 0.02 * (1 - smooth(t, 0, 0.14))
    across = (scene.x - x) / radius
    shadow = scene.edge(np.hypot((scene.x - x - 0.16) / 1.9, (scene.y - foot + 0.01) / 0.36) - 0.17)
    scene.darken(blurred(shadow, 12), 0.85)
    handle = np.abs(np.hypot((scene.x - x - 0.13) / 0.8, scene.y - top - 0.15) - 0.105) - 0.017
    scene.lay(ramp(smooth(scene.y, top, top + 0.3), "7fa3ad", "25424f"), scene.edge(handle))
    light = np.clip(0.75 - 0.62 * (across + 0.25) ** 2 - 0.22 * across + 0.05 * noise(scene.rng, (9, 9), 4), 0, 1)
    body = scene.edge(
        np.maximum(
            (np.abs(across) - 1) * radius,
            np.maximum(top - scene.y, scene.y - foot - 0.014 * np.sqrt(np.clip(1 - across**2, 0, 1))),
        )
    )
    scene.lay(ramp(light, "152a36", "3c6a7c", "86b0b8", "e4eef0"), body)
    band = smooth(np.abs(t - 0.55), 0.075, 0.06) * body
    scene.lay(ramp(light, "3a2a1c", "b98f4a", "f1dfa6"), 0.85 * band)
    mouth = scene.edge((np.hypot((scene.x - x) / 0.104, (scene.y - top) / 0.022) - 1) * 0.05)
    scene.lay(ramp(smooth(scene.x, x - 0.1, x + 0.1), "0e1b22", "3a5a66"), mouth)
    scene.lay(
        np.ones_like(scene.colours), 0.7 * np.exp(-(((across + 0.45) / 0.09) ** 2) - ((t - 0.45) / 0.16) ** 2) * body
    )


def house() -> Image.Image:
    """A house with a red roof among trees, a path leading to its door."""
    scene, ground = Scene(23), 0.62
    scene.sky("4d86c6", "9cc3e6", "e8eee6", sun=(0.1, 0.05), horizon=0.66, cover=-0.02)
    far = 0.52 - 0.05 * profile(scene.rng, 3)[None, :]
    leaves = noise(scene.rng, (80, 60), 4, 0.7)
    scene.lay(ramp(np.clip(0.5 + 0.5 * leaves, 0, 1), "3f6350", "7b9c78"), scene.edge(far + 0.02 * leaves - scene.y))
    lawn = noise(scene.rng, (160, 40), 4, 0.75) + 0.5 * noise(scene.rng, (5, 4), 3)
    scene.lay(
        ramp(np.clip(0.5 + 0.45 * lawn, 0, 1), "35571f", "6c9236", "b5bf5c"),
        scene.edge(ground - scene.y + 0.004 * leaves),
    )
    scene.tree(0.16, 0.66, 0.5, ("1d3a22", "3f6f31", "9fb64f"))
    walls(scene, ground)
    depth = smooth(scene.y, ground + 0.06, 1.0)
    middle, half = 0.70 - 0.18 * depth**1.4 + 0.03 * np.sin(7 * depth), 0.03 + 0.17 * depth
    gravel = noise(scene.rng, (170, 120), 2, 0.8)
    path = scene.edge(np.maximum(np.abs(scene.x - middle) - half - 0.01 * leaves, ground + 0.055 - scene.y))
    scene.lay(ramp(np.clip(0.6 + 0.3 * gravel, 0, 1), "8f7a5c", "cdb78f", "efe2c2"), path)
    for x, size in ((0.36, 0.055), (0.44, 0.045), (0.86, 0.05), (0.95, 0.06), (1.03, 0.05)):
        bush(scene, x, ground + 0.06, size, leaves)
    scene.tree(1.24, 0.80, 0.62, ("1c371f", "44742d", "b6c055"), 0.3)
    return scene.image()


def walls(scene: Scene, ground: float) -> None:
    """The house: a gable to the front, a side in the light, windows, a door, a chimney."""
    left, corner, right, base, eaves, top = 0.34, 0.60, 1.02, ground + 0.06, 0.42, 0.2
    plaster = 0.5 + 0.18 * noise(scene.rng, (50, 40), 4)
    gable = scene.polygon(
        [(left, eaves), ((left + corner) / 2, top), (corner, eaves), (corner, base - 0.012), (left, base)]
    )
    side = scene.polygon([(corner, eaves), (right, eaves), (right, base), (corner, base)])
    scene.lay(ramp(plaster, "d9c39a", "f6e8c6", "fffaf0"), gable)
    scene.lay(ramp(plaster, "a8937a", "c4ae92", "d6c4a8"), side)
    chimney = scene.polygon([(0.84, 0.12), (0.9, 0.12), (0.9, 0.26), (0.84, 0.26)])
    scene.lay(ramp(plaster, "6d3a2c", "9a5540", "b87258"), chimney)
    rows = 0.5 + 0.5 * np.sin(scene.y * 260 + 0.8 * np.sin(scene.x * 330))
    tiles = np.clip(0.35 + 0.3 * rows + 0.4 * noise(scene.rng, (120, 60), 3), 0, 1)
    roof = scene.polygon(
        [
            ((left + corner) / 2, top - 0.015),
            (right - 0.1, top - 0.015),
            (right + 0.035, eaves + 0.02),
            (corner + 0.02, eaves + 0.02),
        ]
    )
    scene.darken(scene.edge(np.abs(scene.y - eaves - 0.035) - 0.02) * side, 0.6)
    scene.lay(ramp(tiles, "6e2418", "a8432c", "d0714a"), roof)
    verge = np.abs(
        scene.y
        - top
        + 0.01
        - (eaves - top + 0.04) * np.abs(scene.x - (left + corner) / 2) / ((corner - left) / 2 + 0.02)
    )
    verge = np.maximum(
        verge - 0.014,
        np.maximum(np.abs(scene.x - (left + corner) / 2) - (corner - left) / 2 - 0.02, scene.y - eaves - 0.03),
    )
    scene.lay(ramp(tiles, "7a3020", "94422e"), scene.edge(verge))
    for x, y, width, height in (
        (0.41, 0.48, 0.045, 0.085),
        (0.50, 0.48, 0.045, 0.085),
        (0.452, 0.335, 0.04, 0.065),
        (0.79, 0.48, 0.055, 0.085),
        (0.92, 0.48, 0.055, 0.085),
    ):
        window(scene, x, y, width, height)
    door = scene.polygon([(0.66, 0.48), (0.735, 0.48), (0.735, base), (0.66, base)])
    scene.lay(ramp(0.5 + 0.5 * noise(scene.rng, (120, 6), 3), "27483f", "3f6f60"), door)
    scene.darken(
        blurred(
            scene.polygon([(corner, base), (right, base), (right + 0.14, base + 0.05), (corner + 0.1, base + 0.05)]), 4
        ),
        0.5,
    )


def window(scene: Scene, x: float, y: float, width: float, height: float) -> None:
    """A window with its frame, bars and shutters."""

    def box(x0: float, y0: float, x1: float, y1: float) -> Field:
        return scene.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    plain = np.ones_like(scene.colours)
    for x0 in (x - 0.5 * width - 0.002, x + width + 0.002):
        scene.lay(plain * rgb("3f6b74"), box(x0, y - 0.004, x0 + 0.5 * width, y + height + 0.004))
    scene.lay(plain * rgb("f7f2e6"), box(x - 0.005, y - 0.005, x + width + 0.005, y + height + 0.005))
    scene.lay(
        ramp(smooth(scene.y + 0.7 * scene.x, y + 0.7 * x, y + height + 0.7 * x + 0.03), "9cc0d8", "2c3f52"),
        box(x, y, x + width, y + height),
    )
    scene.lay(plain * rgb("f7f2e6"), box(x + 0.47 * width, y, x + 0.53 * width, y + height))
    scene.lay(plain * rgb("f7f2e6"), box(x, y + 0.45 * height, x + width, y + 0.49 * height))


def bush(scene: Scene, x: float, foot: float, size: float, leaves: Field) -> None:
    """A round bush with flowers."""
    distance = np.hypot(scene.x - x, (scene.y - foot + 0.6 * size) * 1.1) - size * (1 + 0.3 * leaves)
    light = np.clip(0.45 - 6 * (scene.x - x) - 7 * (scene.y - foot + 0.6 * size) + 0.4 * leaves, 0, 1)
    scene.lay(ramp(light, "1f3d22", "48752f", "9fb552"), scene.edge(distance))
    flowers = smooth(noise(scene.rng, (100, 75), 1), 0.42, 0.5) * scene.edge(distance)
    scene.lay(ramp(smooth(leaves, -0.4, 0.4), "e9a3b8", "fff0f0"), flowers)


EXAMPLES: dict[str, Callable[[], Image.Image]] = {"1-lake": lake, "2-fruit": fruit, "3-house": house}


def jpeg(picture: Image.Image) -> bytes:
    """The best JPEG that has at most `MAX_BYTES`."""
    for quality in range(92, 40, -2):
        buffer = io.BytesIO()
        picture.save(buffer, "jpeg", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= MAX_BYTES:
            break
    return buffer.getvalue()


def main() -> None:
    """Draw them all."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in EXAMPLES.items():
        (FOLDER / f"{name}.jpg").write_bytes(jpeg(draw()))


if __name__ == "__main__":
    main()

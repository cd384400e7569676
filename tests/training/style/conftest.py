"""Drawn photos and paintings to learn a style from in seconds."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw


def drawn_photo(seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """A sky, a hill and a sun, smooth as a photo."""
    random = np.random.default_rng(seed)
    width, height = size
    rows = np.linspace(0, 1, height)[:, None, None]
    sky = np.array([90, 140, 220]) * (1 - rows) + np.array([220, 210, 190]) * rows
    image = Image.fromarray(np.broadcast_to(sky, (height, width, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    x, y, r = (int(random.integers(*bounds)) for bounds in ((10, width - 10), (5, height // 2), (5, 12)))
    draw.ellipse((x - r, y - r, x + r, y + r), fill=(250, 230, 120))
    top = int(random.integers(height // 2, height - 10))
    draw.polygon([(0, height), (0, top), (width // 2, top - 15), (width, top), (width, height)], fill=(60, 110, 50))
    return image


def drawn_painting(seed: int, size: tuple[int, int] = (120, 100)) -> Image.Image:
    """Short thick strokes of red and black."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", size, (120, 30, 20))
    draw = ImageDraw.Draw(image)
    for _ in range(150):
        x, y = random.integers(0, size[0]), random.integers(0, size[1])
        colour = tuple(int(c) for c in random.integers((120, 0, 0), (255, 90, 60)))
        draw.line((x, y, x + random.integers(-12, 12), y + 4), fill=colour, width=3)
    return image


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(4):
        drawn_photo(seed).save(folder / f"photo{seed}.png")
    return folder


@pytest.fixture
def painting_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "paintings"
    folder.mkdir()
    for seed in range(2):
        drawn_painting(seed).save(folder / f"painting{seed}.png")
    (folder / "MANIFEST.csv").write_text("file,artist,title,year\npaintings/painting0.png,Nobody,Strokes,1888\n")
    return folder

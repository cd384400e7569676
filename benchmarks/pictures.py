"""Draws docs/samples.png: `python -m benchmarks.pictures`. Seeds from 0 on, a row a class, nothing picked."""

from PIL import Image

from benchmarks.measuring import DOCS
from gan_hub import GanGenerator
from gan_hub.images import enlarge, grid, to_pil

PICTURE = DOCS / "samples.png"
PER_CLASS = 12


def main() -> None:
    """Put the grids of the two bundled generators side by side."""
    sheets = [sheet(name) for name in ("mnist-gan", "fashion-gan")]
    gap = 24
    canvas = Image.new("L", (sum(s.width for s in sheets) + gap, sheets[0].height), 255)
    canvas.paste(sheets[0], (0, 0))
    canvas.paste(sheets[1], (sheets[0].width + gap, 0))
    canvas.save(PICTURE, optimize=True)


def sheet(name: str) -> Image.Image:
    """Seeds 0 to 11 of each class, a row a class."""
    generator = GanGenerator.from_pretrained(name)
    labels = [c for c in range(generator.num_classes) for _ in range(PER_CLASS)]
    z = generator.latents(list(range(PER_CLASS)) * generator.num_classes)
    return enlarge(grid(to_pil(generator.generate(z, labels)), PER_CLASS), 2)


if __name__ == "__main__":
    main()

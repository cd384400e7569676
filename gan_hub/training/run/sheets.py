"""The sheet of samples that a run writes on its way: the same seeds each time."""

from pathlib import Path

from gan_hub.generator import GanGenerator
from gan_hub.images import enlarge, grid, save_animation, to_pil
from gan_hub.sampling.variations import sweep

COLUMNS = 10
ROWS = 8
SEED = 0


def save_grid(generator: GanGenerator, folder: Path, num_steps: int) -> Path:
    """Write {num_steps}.png to the folder, or an animated .webp of clips.

    One column a class if there are few; with a categorical code, one column a category and one row a z besides it.
    """
    columns = generator.num_classes if 2 <= generator.num_classes <= COLUMNS else COLUMNS
    z, labels = generator.latents(range(SEED, SEED + ROWS * columns)), None
    if generator.num_classes:
        labels = [i % generator.num_classes for i in range(len(z))]
    elif generator.config.num_categories:
        columns = min(generator.config.num_categories, COLUMNS)
        by_category = sweep(generator, generator.latents(range(SEED, SEED + ROWS))).unflatten(0, (-1, ROWS))
        z = by_category[:columns].transpose(0, 1).flatten(0, 1)
    clips = generator.clips(z, labels).cpu()
    factor = max(1, 64 // max(generator.image_size))
    frames = [enlarge(grid(to_pil(clips[:, t]), columns), factor) for t in range(generator.num_frames)]
    path = folder / f"{num_steps:07d}.png"
    if len(frames) == 1:
        frames[0].save(path)
    else:
        path = path.with_suffix(".webp")
        save_animation(frames, path)
    return path

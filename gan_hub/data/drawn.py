"""Pictures and clips that are made on the spot."""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageDraw

from gan_hub.data.dataset import Dataset

MAX_CLIPS = 20_000  # 160 MB of 8 frames of 32 x 32 pixels


def moving(data: Dataset, *, num_frames: int, seed: int) -> Dataset:
    """Clips in which the pictures of a set move straight on and bounce off the borders.

    Each picture is laid on a black canvas two pixels larger on every side, at a random place up to a fifth of it off
    the centre, and moves up to a twelfth of the canvas a frame in a random direction. After the moving digits of
    Srivastava et al., 2015, arXiv:1502.04681, section 4.1.

    Args:
        data: pictures [N, C, H, W]; at most MAX_CLIPS of them are used.
        num_frames: of each clip.
        seed: of the choice, the places and the directions.

    Returns:
        [N, num_frames * C, H + 4, W + 4], the frames one after the other along the channels.
    """
    stream = np.random.RandomState(seed)
    chosen = stream.permutation(len(data))[:MAX_CLIPS]
    pictures = data.images[torch.from_numpy(chosen)]
    count, _, height, width = pictures.shape
    canvas = np.array([height + 4, width + 4])
    reach = canvas // 5
    start = stream.uniform(-1, 1, size=(count, 1, 2)) * reach
    angle = stream.uniform(0, 2 * np.pi, size=count)
    speed = stream.uniform(0.5, 1, size=count)[:, None] * canvas / 12
    velocity = (np.stack([np.sin(angle), np.cos(angle)], axis=1) * speed)[:, None]
    unfolded = start + velocity * np.arange(num_frames)[None, :, None] + reach
    offsets = np.rint(np.abs((unfolded - 2 * reach) % (4 * reach) - 2 * reach) - reach).astype(int)
    margin = int(reach.max()) + 2
    padded = torch.nn.functional.pad(pictures, [margin] * 4)
    rows = torch.from_numpy(margin - 2 - offsets[:, :, 0, None] + np.arange(canvas[0]))  # [N, T, canvas height]
    columns = torch.from_numpy(margin - 2 - offsets[:, :, 1, None] + np.arange(canvas[1]))
    which = torch.arange(count)[:, None, None]
    frames = [padded[which, :, rows[:, t, :, None], columns[:, t, None, :]] for t in range(num_frames)]
    images = torch.stack(frames, dim=1).permute(0, 1, 4, 2, 3).flatten(1, 2).contiguous()
    labels = data.labels[torch.from_numpy(chosen)]
    return Dataset(images, labels, data.class_names, f"moving {data.name}", data.licence, num_frames)


SHAPES: dict[str, Callable[[ImageDraw.ImageDraw, tuple[float, float, float, float]], None]] = {
    "disc": lambda draw, box: draw.ellipse(box, fill=255),
    "square": lambda draw, box: draw.rectangle(box, fill=255),
    "triangle": lambda draw, box: draw.polygon(
        [(box[0], box[3]), (box[2], box[3]), ((box[0] + box[2]) / 2, box[1])], fill=255
    ),
}


def drawn_shapes(count: int, *, seed: int, size: int = 16) -> Dataset:
    """White shapes of random size and place on black, one class a shape: data for a first try and for tests."""
    stream = np.random.RandomState(seed)
    labels = stream.randint(len(SHAPES), size=count)
    arrays = []
    for label in labels:
        picture = Image.new("L", (4 * size, 4 * size))  # drawn four times as large, for smooth edges
        radius = stream.uniform(0.18, 0.32) * 4 * size
        x, y = stream.uniform(radius, 4 * size - radius, size=2)
        list(SHAPES.values())[label](ImageDraw.Draw(picture), (x - radius, y - radius, x + radius, y + radius))
        arrays.append(np.asarray(picture.resize((size, size), Image.Resampling.BOX)))
    images = torch.from_numpy(np.stack(arrays))[:, None]
    return Dataset(images, torch.from_numpy(labels).long(), tuple(SHAPES), "drawn shapes", "none needed")

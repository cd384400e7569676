"""What a stylizer may suffer from: nothing painted, the photo lost, every photo painted alike."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gan_hub.evaluation.diversity import diversity, thumbnails
from gan_hub.images import from_uint8
from gan_hub.stylizer import PhotoStylizer
from gan_hub.training.health.monitor import Monitor
from gan_hub.training.style.options import StyleOptions

NUM_PHOTOS = 8
SIDE = 256
MIN_KEPT = 0.4  # correlation of lightness gradients at a quarter of the size
MIN_CHANGE = 0.02  # mean absolute difference, of a range of 2
WARM_UP = 100  # steps before which nothing need be painted yet
MIN_DIVERSITY = 0.3  # of the photos'


class StyleMonitor(Monitor):
    """Watches a stylizer on a few of the photos it learns from.

    Args:
        options: of the run.
        photos: [3, H, W], uint8.
        device: that `observe` is given tensors on.
    """

    options: StyleOptions
    collapse = "diversity"

    def __init__(self, options: StyleOptions, photos: Sequence[Tensor], device: torch.device) -> None:
        super().__init__(options, device, "content", "change", "diversity")
        chosen = photos[:: max(1, len(photos) // NUM_PHOTOS)][:NUM_PHOTOS]
        side = min(SIDE, *(min(photo.shape[1:]) // 16 * 16 for photo in chosen))
        self.photos = torch.stack([from_uint8(_centre(photo, side)) for photo in chosen])

    def observe(self, stats: dict[str, Tensor]) -> None:  # type: ignore[override]
        """See `Monitor.observe`; before the discriminators join in there is nothing to observe."""
        if "discriminator_loss" in stats:
            super().observe(stats)

    @torch.no_grad()
    def look_at_samples(self, num_steps: int, generator: PhotoStylizer) -> None:
        """See `Monitor.look`."""
        painted = torch.cat([generator(photo[None].to(generator.device)).cpu() for photo in self.photos])
        seen = self.photos
        if generator.scale > 1:
            painted = avg_pool2d(painted, generator.scale)
        kept, change = float(gradient_correlation(seen, painted).mean()), float((seen - painted).abs().mean())
        # An upscaler is to change nothing but what bicubic enlargement lacks.
        unchanged = change < MIN_CHANGE and generator.scale == 1 and num_steps >= WARM_UP
        value = diversity(thumbnails(seen), thumbnails(painted))
        self._note(
            num_steps,
            "content",
            kept < MIN_KEPT,
            kept,
            f"Lines of the photo and of the painting agree at {kept:.2f} (correlation of lightness gradients at a "
            "quarter of the size)" + advice(kept < MIN_KEPT, "raise --target_weight or --nce_weight"),
        )
        self._note(
            num_steps,
            "change",
            unchanged,
            change,
            f"A pixel changes by {change / 2:.1%} of its range on average"
            + advice(unchanged, "raise --target_weight or --adversarial_weight"),
        )
        self._note(
            num_steps,
            "diversity",
            value < MIN_DIVERSITY,
            value,
            f"Paintings of different photos differ {value:.2f} times as much as the photos do"
            + advice(value < MIN_DIVERSITY, "go back to an earlier checkpoint with a lower --adversarial_weight"),
        )


def advice(failing: bool, what: str) -> str:
    """How a sentence ends: with what to do if a check fails."""
    return f", which is too little: {what}." if failing else "."


def gradient_correlation(first: Tensor, second: Tensor, reduction: int = 4) -> Tensor:
    """Correlation of the lightness gradients of two batches [B, 3, H, W] at a fraction of the size: [B], in [-1, 1]."""
    found = []
    for images in (first, second):
        light = avg_pool2d(images, reduction).mean(1)
        down, across = light[:, 1:, :-1] - light[:, :-1, :-1], light[:, :-1, 1:] - light[:, :-1, :-1]
        found.append(torch.stack([down, across], dim=1).flatten(1))
    return torch.cosine_similarity(found[0], found[1], dim=1)


def _centre(photo: Tensor, side: int) -> Tensor:
    top, left = ((length - side) // 2 for length in photo.shape[1:])
    return photo[:, top : top + side, left : left + side]

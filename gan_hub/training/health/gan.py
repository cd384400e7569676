"""The checks of the samples of a GAN: collapse and copies."""

import torch
from torch import Tensor

from gan_hub.data.dataset import Dataset
from gan_hub.evaluation.diversity import copied_share, diversity, thumbnails
from gan_hub.evaluation.evaluator import measured
from gan_hub.generator import GanGenerator
from gan_hub.training.health.monitor import Monitor
from gan_hub.training.options.options import TrainingOptions

NUM_SAMPLES = 128
SEED = 2_000_000  # of the samples; neither those that are looked at nor those that are measured
NUM_REAL = 5_000  # training pictures at most that samples are compared with
NUM_HELD_OUT = 1000  # of them measured against the others, for reference
MIN_REAL = 8  # pictures, below which nothing can be said about copies
MIN_DIVERSITY = 0.3  # of the real pictures', at any time; a healthy run has 0.4 after 50 steps, 0.6 after 100
FIRST_STEP = 50  # before which a new network has nothing to differ by
MIN_LATER_DIVERSITY = 0.6  # from step WARM_UP on: a healthy run stays near 1, and ones among digits score 0.53
WARM_UP = 1000  # steps
MAX_COPIED = 0.1  # share of samples; held-out digits score 0.001


class HealthMonitor(Monitor):
    """Watches a generator from noise. What it compares with is drawn once from the training pictures.

    Args:
        options: of the run.
        data: that it trains on.
        device: that `observe` is given tensors on.
    """

    options: TrainingOptions
    collapse = "diversity"

    def __init__(self, options: TrainingOptions, data: Dataset, device: torch.device) -> None:
        super().__init__(options, device, "diversity", "copies")
        generator = torch.Generator().manual_seed(0)
        chosen = torch.randperm(len(data), generator=generator)[:NUM_REAL].sort().values
        self._real = measured(thumbnails, data.images, chosen)
        self._some_real = self._real[:: -(-len(self._real) // NUM_HELD_OUT)]
        self._held_out_share = copied_share(self._some_real) if len(self._real) >= MIN_REAL else 0.0
        self._labels = data.labels[chosen] if options.conditional and data.class_names else None

    def look_at_samples(self, num_steps: int, generator: GanGenerator) -> None:
        """See `Monitor.look`: whether samples are all alike, or copies of training pictures."""
        images = self._sample(generator)
        fake = thumbnails(images)
        # Where mirror images are trained on, a mirrored copy is a copy.
        mirrored = thumbnails(images.flip(3)) if self.options.random_flip else None
        self._note(num_steps, "diversity", *self._diversity(num_steps, fake))
        self._note(num_steps, "copies", *self._copies(fake, mirrored))

    def _diversity(self, num_steps: int, fake: Tensor) -> tuple[bool, float, str]:
        value = diversity(self._some_real, fake)
        least = 0.0 if num_steps < FIRST_STEP else MIN_DIVERSITY if num_steps < WARM_UP else MIN_LATER_DIVERSITY
        if value >= least:
            return False, value, f"Samples differ from one another {value:.2f} times as much as real pictures do."
        return (
            True,
            value,
            f"The generator has collapsed: samples differ from one another only {value:.2f} times as much as real "
            "pictures do. Go back to an earlier checkpoint with a higher --gamma or a lower --learning_rate.",
        )

    def _copies(self, fake: Tensor, mirrored: Tensor | None) -> tuple[bool, float | None, str]:
        if len(self._real) < MIN_REAL:
            return False, None, f"With {len(self._real)} pictures nothing can be said about copies."
        value = copied_share(self._real, fake)
        if mirrored is not None:
            value += copied_share(self._real, mirrored)
        share = (
            f"{value:.1%} of samples are as near to a training picture as copies are, of real pictures that were held "
            f"out {self._held_out_share:.1%}"
        )
        if value <= MAX_COPIED + self._held_out_share:
            return False, value, f"Nothing is learned by heart: {share} (by thumbnails)."
        return (
            True,
            value,
            f"The generator has learned pictures by heart: {share} (by thumbnails). Use more pictures, --augment ada, "
            "or an earlier checkpoint.",
        )

    def _sample(self, generator: GanGenerator) -> Tensor:
        """Images [NUM_SAMPLES, T * C, H, W], with classes as often as in the data."""
        z = generator.latents(range(SEED, SEED + NUM_SAMPLES))
        labels = None
        if self._labels is not None:
            spread = torch.linspace(0, len(self._labels) - 1, NUM_SAMPLES).long()
            labels = self._labels[spread]
        return generator.clips(z, labels).flatten(1, 2).cpu()

"""The recurrent preset makes clips, not heaps of pictures: what follows is near, what is further away is not."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gan_hub import GanGenerator
from gan_hub.data.drawn import drawn_shapes, moving
from gan_hub.images import from_uint8
from gan_hub.training.options.presets import preset
from gan_hub.training.train import train

NUM_FRAMES = 6


def steps_and_jumps(clips: Tensor) -> tuple[float, float]:
    """The mean distance of consecutive frames, and of frames in an order drawn at random, of clips [N, T, C, H, W]."""
    frames = clips.flatten(2)
    generator = torch.Generator().manual_seed(0)
    shuffled = torch.stack([clip[torch.randperm(len(clip), generator=generator)] for clip in frames])
    return tuple(float(x.diff(dim=1).norm(dim=2).mean()) for x in (frames, shuffled))  # type: ignore[return-value]


def test_consecutive_frames_are_nearer_than_shuffled_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = moving(drawn_shapes(512, seed=0), num_frames=NUM_FRAMES, seed=0)
    real = from_uint8(data.images).unflatten(1, (NUM_FRAMES, 1))
    real_step, real_jump = steps_and_jumps(real)
    assert real_step < 0.8 * real_jump
    options = replace(
        preset("tiny"),
        architecture="recurrent",
        num_frames=NUM_FRAMES,
        output_dir=tmp_path,
        mixed_precision="no",
        num_threads=1,
        gamma=10.0,  # as in the preset moving-digits; with 1 every 16 steps, rounding decides whether clips collapse
        final_gamma=1.0,
        penalty_interval=4,
        max_train_steps=300,
        evaluation_steps=-1,
    )
    train(options)
    generator = GanGenerator.from_pretrained(tmp_path)
    step, jump = steps_and_jumps(generator.clips(generator.latents(range(64)), [i % 3 for i in range(64)]))
    assert step < 0.85 * jump
    assert step > 0.3 * real_step, "the clip stands still"

"""One launch of the test of exact resuming: trains without a stop, then from each stop on, and writes down the hashes.

Launched by test_resume.py, with torchrun for two processes: python resume_matrix.py FOLDER NUM_WORKERS STOPS...
"""

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch

from gan_hub.data.drawn import drawn_shapes
from gan_hub.training.checkpoints import checkpoint
from gan_hub.training.data.batches import Batches
from gan_hub.training.loop.build import build_trainer
from gan_hub.training.loop.step import Trainer
from gan_hub.training.options.presets import preset
from gan_hub.training.run.launch import make_accelerator

NUM_STEPS = 24
DATA = drawn_shapes(50, seed=0)  # with batches of 8 for each of up to two processes, no epoch ends with a step


def options(num_workers: int = 0):
    return replace(
        preset("tiny"),
        train_batch_size=8,
        max_train_steps=NUM_STEPS,
        penalty_interval=5,
        num_discriminator_steps=2,
        gradient_accumulation_steps=2,
        augment="ada",
        ada_target=0.1,
        ada_images=2000.0,
        random_flip=True,
        dataloader_num_workers=num_workers,
        mixed_precision="no",
        widths=(16, 8),
        discriminator_widths=(16, 8),
    )


def new_trainer(num_workers: int) -> tuple[Trainer, Batches]:
    chosen = options(num_workers)
    accelerator = make_accelerator(chosen)
    trainer = build_trainer(chosen, DATA, accelerator)
    return trainer, Batches(DATA, chosen, accelerator=accelerator)


def run(trainer: Trainer, batches: Batches, first: int, last: int, stops: dict[int, Path]) -> None:
    """Step from `first` to `last`, leaving a checkpoint at each of the stops."""
    passes = trainer.options.num_discriminator_steps * trainer.options.gradient_accumulation_steps
    take = batches.numbered(first * passes, (last - first) * passes)
    for step in range(first, last):
        trainer.step(take, step)
        if step + 1 in stops:
            if trainer.accelerator.is_main_process:
                folder = stops[step + 1]
                checkpoint.save(folder, step + 1, trainer.state_dict(), {}, trainer.average.save_pretrained)
            trainer.accelerator.wait_for_everyone()


def hashes(trainer: Trainer) -> dict[str, str]:
    """Of generator, discriminator, average, both optimizers, augmentation and samples."""
    groups: dict[str, list[tuple[str, torch.Tensor]]] = {}
    for name, tensor in trainer.state_dict().items():
        groups.setdefault(name.split(".")[0], []).append((name, tensor))
    groups["samples"] = [("samples", trainer.average.sample(8, seed=0))]
    return {
        group: hashlib.sha256(
            b"".join(name.encode() + tensor.detach().contiguous().numpy().tobytes() for name, tensor in sorted(tensors))
        ).hexdigest()
        for group, tensors in groups.items()
    }


def main(folder: Path, num_workers: int, stops: list[int]) -> None:
    torch.set_num_threads(1)
    trainer, batches = new_trainer(num_workers)
    run(trainer, batches, 0, NUM_STEPS, dict.fromkeys(stops, folder))
    result = {"whole": hashes(trainer), "num_processes": trainer.accelerator.num_processes, "resumed": {}}
    result["strength"] = float(trainer.augment.strength) if trainer.augment else 0.0
    for stop in stops:
        trainer, batches = new_trainer(num_workers)
        trainer.load_state_dict(checkpoint.load(folder / f"checkpoint-{stop}").tensors)
        run(trainer, batches, stop, NUM_STEPS, {})
        result["resumed"][str(stop)] = hashes(trainer)
    if trainer.accelerator.is_main_process:
        (folder / "result.json").write_text(json.dumps(result))
    trainer.accelerator.wait_for_everyone()
    trainer.accelerator.end_training()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [int(stop) for stop in sys.argv[3:]])

"""A few steps on the processes that torchrun started; the first one writes the weights.

torchrun --nproc_per_node 2 tests/training/two_processes.py FOLDER
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch
from accelerate import Accelerator
from safetensors.torch import save_file
from torch import Tensor

from gan_hub.training.data.batches import Batches
from gan_hub.training.loop.build import build_trainer
from gan_hub.training.loop.step import Trainer
from tests.training.test_loop import DATA, OPTIONS

NUM_STEPS = 3
# With a beta of 0, Adam would follow the sign of each gradient alone, and near zero that is a matter of rounding.
OPTIONS = replace(
    OPTIONS, adam_beta1=0.5, adam_beta2=0.9, penalty_interval=2, num_discriminator_steps=2, lr_warmup_steps=0
)


def weights(trainer: Trainer) -> dict[str, Tensor]:
    """Of both networks and the average."""
    networks = {
        "generator": trainer.accelerator.unwrap_model(trainer.generator),
        "discriminator": trainer.accelerator.unwrap_model(trainer.discriminator),
        "average": trainer.average,
    }
    return {
        f"{kind}.{name}": tensor.detach().clone().contiguous()
        for kind, network in networks.items()
        for name, tensor in network.state_dict().items()
    }


def main(folder: Path) -> None:
    """Train, and write what the first process has, and whether the second has the same."""
    torch.set_num_threads(1)
    accelerator = Accelerator(cpu=True)
    trainer = build_trainer(OPTIONS, DATA, accelerator)
    batches = Batches(DATA, OPTIONS, accelerator=accelerator)
    for step in range(NUM_STEPS):
        trainer.step(batches, step)
    mine = torch.cat([tensor.flatten() for tensor in weights(trainer).values()])
    everyone = accelerator.gather(mine[None])
    z = accelerator.gather(batches(0).z[None])
    if accelerator.is_main_process:
        save_file(weights(trainer), folder / "weights.safetensors")
        facts = {
            "num_processes": accelerator.num_processes,
            "equal": bool((everyone == everyone[0]).all()),
            "same_z": bool((z[0] == z[-1]).any()),
        }
        (folder / "facts.json").write_text(json.dumps(facts))
    accelerator.wait_for_everyone()  # a process that leaves while the other one still talks to it aborts
    accelerator.end_training()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

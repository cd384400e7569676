"""Trains a GAN and writes a generator that `GanGenerator.from_pretrained` loads.

accelerate launch train/train.py --preset mnist
accelerate launch train/train.py --preset folder --train_data_dir my_pictures
accelerate launch train/train.py --preset tiny          # seconds, needs no data
torchrun --nproc_per_node 2 train/train.py --preset tiny  # two processes, on CPUs too
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # the library of this checkout

    from gan_hub.training.loop.environment import tune_process

    tune_process()  # before torch is imported, which reads the settings

    from gan_hub.training.train import main

    sys.exit(main())

"""Trains a stylizer of photos and writes what `PhotoStylizer.from_pretrained` loads.

accelerate launch train/stylize.py --style_image one_painting.jpg
accelerate launch train/stylize.py --paintings my_paintings --photos my_photos
accelerate launch train/stylize.py --preset styles
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # the library of this checkout

    from gan_hub.training.loop.environment import tune_process

    tune_process()  # before torch is imported, which reads the settings

    from gan_hub.training.style.train import main

    sys.exit(main())

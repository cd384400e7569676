"""Trains a stylizer of photos and writes what `PhotoStylizer.from_pretrained` loads.

accelerate launch train/stylize.py --preset monet
accelerate launch train/stylize.py --photos my_photos --paintings my_paintings
accelerate launch train/stylize.py --photos my_photos --style_image one_painting.jpg
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # the library of this checkout

    from gan_hub.training.loop.environment import tune_process

    tune_process()  # before torch is imported, which reads the settings

    from gan_hub.training.style.train import main

    sys.exit(main())

"""Trains a feature extractor: `python train/classifier.py --dataset mnist --output_dir gan_hub/bundled/mnist-features`.

The classifier measures generators (gan_hub.evaluation.metrics); its test accuracy goes into its card and config.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # the library of this checkout

    from gan_hub.training.loop.environment import tune_process

    tune_process()  # before torch is imported, which reads the settings

    from gan_hub.training.classifier import main

    sys.exit(main())

"""Trains the encoder of a generator, from pictures back to latents, and writes it beside a copy of the generator.

accelerate launch train/encoder.py --model mnist-gan
accelerate launch train/encoder.py --model you/your-gan --push_to_hub --hub_model_id you/your-gan

It needs no data: the generator paints endless pairs of a latent and its picture. The loss compares latents, classes,
and what the frozen generator paints from the prediction with the picture.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # the library of this checkout

    from gan_hub.training.loop.environment import tune_process

    tune_process()  # before torch is imported, which reads the settings

    from gan_hub.training.encoder import main

    sys.exit(main())

"""`accelerate launch -m gan_hub.training` trains a GAN: the same as `train/train.py`."""

from gan_hub.training.loop.environment import tune_process

if __name__ == "__main__":
    tune_process()  # before torch is imported, which reads the settings

    import sys

    from gan_hub.training.train import main

    sys.exit(main())

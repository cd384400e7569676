"""`accelerate launch -m gan_hub.training.style` trains a stylizer: the same as `train/stylize.py`."""

from gan_hub.training.loop.environment import tune_process

if __name__ == "__main__":
    tune_process()  # before torch is imported, which reads the settings

    import sys

    from gan_hub.training.style.train import main

    sys.exit(main())

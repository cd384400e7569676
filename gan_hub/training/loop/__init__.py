"""The training step, and what it runs on: networks, optimizers, precision, the machine."""

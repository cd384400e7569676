"""What is launched: `accelerate launch train/train.py --preset mnist`."""

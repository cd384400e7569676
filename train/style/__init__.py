"""Training of photo stylizers: what `train/stylize.py` launches."""

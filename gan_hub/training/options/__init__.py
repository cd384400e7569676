"""The options of a training and the presets that set them."""

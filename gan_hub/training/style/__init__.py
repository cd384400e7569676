"""Training a stylizer of photos: `accelerate launch -m gan_hub.training.style`."""

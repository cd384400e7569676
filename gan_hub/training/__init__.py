"""The trainer: `accelerate launch -m gan_hub.training` trains a GAN; style, encoder and classifier are beside it."""

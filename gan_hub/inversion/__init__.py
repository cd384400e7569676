"""Your own picture as a latent: preparing it, finding its latent, completing it."""

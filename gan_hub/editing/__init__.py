"""What may lie beside a generator: directions to move latents along, and the encoder."""

"""Everything between a model's name and a checked model: its files, config, weights and card."""

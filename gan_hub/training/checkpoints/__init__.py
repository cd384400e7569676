"""Checkpoints: writing them whole, choosing one to resume from, the best one, interrupts."""

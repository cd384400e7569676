"""Latents: z from seeds, truncation, labels, text forms, and the arcs and paths between latents."""

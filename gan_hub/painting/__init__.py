"""Painting a photo: reading and writing it, tiles, noise, and blending it with its painting."""

"""The tab Your picture: a drawing or photo found by the generator, and completed."""

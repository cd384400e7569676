"""The tab Sample: pictures from seeds, their variations, and the favourites."""

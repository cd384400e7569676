"""What made a picture or a walk: recipes, keys, links, and the files that carry them."""

"""The tab Explore: a picture moved along directions."""

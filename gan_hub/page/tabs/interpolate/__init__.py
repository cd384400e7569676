"""The tab Interpolate: walks from picture to picture as videos."""

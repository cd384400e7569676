"""The tab Compare: the same seeds from two models or two steps of a training."""

"""The data of a training: the data set, its batches, and their augmentation."""

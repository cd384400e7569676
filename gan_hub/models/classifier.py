"""A small classifier whose penultimate features are the space in which generators are measured."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pixel_unshuffle, relu

WIDTHS = (64, 128)


class Classifier(nn.Module):
    """Convolutions with batch normalisation to a feature vector, then one linear layer to the classes.

    Features are standardised with the mean and deviation of the training set, which are saved with the weights, so that
    every feature weighs the same in a Frechet distance and figures from two machines can be compared.

    Args:
        image_size: (H, W), even numbers of at least 8.
        channels: of the images.
        num_classes: of the labels.
        feature_dim: length of the feature vector.
    """

    feature_mean: Tensor
    feature_std: Tensor

    def __init__(self, *, image_size: tuple[int, int], channels: int, num_classes: int, feature_dim: int = 64) -> None:
        super().__init__()
        self.image_size, self.channels = image_size, channels
        self.num_classes, self.feature_dim = num_classes, feature_dim
        first, second = WIDTHS
        self.convolutions = nn.ModuleList(
            [_conv(4 * channels, first), _conv(first, first), _conv(first, second), _conv(second, second)]
        )
        self.to_features = nn.Linear(second, feature_dim)
        self.to_logits = nn.Linear(feature_dim, num_classes)
        self.register_buffer("feature_mean", torch.zeros(feature_dim))
        self.register_buffer("feature_std", torch.ones(feature_dim))

    def penultimate(self, images: Tensor) -> Tensor:
        """Map images [B, C, H, W] in [-1, 1] to raw features [B, feature_dim], before the last activation."""
        x = pixel_unshuffle(images, 2)
        for i, convolution in enumerate(self.convolutions):
            x = relu(convolution(x))
            if i == 1:
                x = max_pool2d(x, 2)
        return self.to_features(x.amax((2, 3)) + x.mean((2, 3)))

    def forward(self, images: Tensor) -> Tensor:
        """Map images [B, C, H, W] in [-1, 1] to class logits [B, num_classes]."""
        return self.to_logits(relu(self.penultimate(images)))

    def features(self, images: Tensor) -> Tensor:
        """Map images [B, C, H, W] in [-1, 1] to standardised features [B, feature_dim] in float64."""
        return (self.penultimate(images).double() - self.feature_mean) / self.feature_std


def _conv(in_channels: int, out_channels: int) -> nn.Sequential:
    convolution = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels))

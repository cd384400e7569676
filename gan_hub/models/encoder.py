"""From a picture back to the latent and the class that a generator would paint it from."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from gan_hub.models.layers import SLOPE, ResidualBlock, embedded, he_init, resolutions


class Encoder(nn.Module):
    """The discriminator's residual convolutions, and two heads: first the class, then the latent given the class.

    One picture is another latent in another class; asked with each of the likely ones, the encoder has a start for all.
    The features enter the head beside the embedding of the class.

    Args:
        image_size: (H, W), even numbers.
        channels: of the pictures.
        latent_dim: of the latents that are predicted.
        num_classes: 0 = there are none to tell.
        widths: channels of each stage, coarse to fine; the grid of the last one is half the image size.
    """

    def __init__(
        self, *, image_size: tuple[int, int], channels: int, latent_dim: int, num_classes: int, widths: Sequence[int]
    ) -> None:
        super().__init__()
        sizes = resolutions((image_size[0] // 2, image_size[1] // 2), len(widths))
        layers: list[nn.Module] = [nn.PixelUnshuffle(2), he_init(nn.Conv2d(4 * channels, widths[-1], 3, padding=1))]
        for stage in reversed(range(len(widths))):
            layers.append(ResidualBlock(widths[stage], depth=len(widths)))
            if stage:
                layers += [
                    nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False),
                    he_init(nn.Conv2d(widths[stage], widths[stage - 1], 1)),
                ]
        self.trunk = nn.Sequential(*layers, nn.LeakyReLU(SLOPE), nn.Flatten())
        hidden = 2 * widths[0]
        self.features = he_init(nn.Linear(widths[0] * sizes[0][0] * sizes[0][1], hidden))
        self.to_logits = he_init(nn.Linear(hidden, num_classes)) if num_classes else None
        self.embedding = nn.Embedding(num_classes, hidden) if num_classes else None
        self.hidden = he_init(nn.Linear(hidden, hidden))
        self.to_latent = he_init(nn.Linear(hidden, latent_dim))

    def forward(self, images: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map images [B, C, H, W] in [-1, 1] to latents [B, latent_dim] and logits of the class [B, num_classes].

        Labels are [B], weights [B, num_classes], or None: the likeliest class of each picture.
        """
        features = self.features(self.trunk(images))
        if self.to_logits is None or self.embedding is None:
            logits = features.new_zeros(len(images), 0)
        else:
            logits = self.to_logits(leaky_relu(features, SLOPE))
            features = features + embedded(self.embedding, logits.argmax(1) if labels is None else labels)
        hidden = leaky_relu(self.hidden(leaky_relu(features, SLOPE)), SLOPE)
        return self.to_latent(hidden).float(), logits.float()

"""The network that predicts the latent and the class that a generator would paint a picture from."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from gan_hub.models.layers import SLOPE, embedded, he_init, picture_trunk, resolutions


class Encoder(nn.Module):
    """The discriminator's residual convolutions and two heads: one for the class, one for the latent given the class.

    The same picture has a different latent in each class; called once for each likely class, the encoder gives a
    starting point for all of them. The second head sees the sum of the features and the embedding of the class.

    Args:
        image_size: (H, W), even numbers.
        channels: of the pictures.
        latent_dim: of the predicted latents.
        num_classes: 0 = no class is predicted.
        widths: channels of each stage, coarse to fine; the grid of the last one is half the image size.
    """

    def __init__(
        self, *, image_size: tuple[int, int], channels: int, latent_dim: int, num_classes: int, widths: Sequence[int]
    ) -> None:
        super().__init__()
        sizes = resolutions((image_size[0] // 2, image_size[1] // 2), len(widths))
        self.trunk = picture_trunk(channels, widths, patch_size=2, num_blocks=1)
        hidden = 2 * widths[0]
        self.features = he_init(nn.Linear(widths[0] * sizes[0][0] * sizes[0][1], hidden))
        self.to_logits = he_init(nn.Linear(hidden, num_classes)) if num_classes else None
        self.embedding = nn.Embedding(num_classes, hidden) if num_classes else None
        self.hidden = he_init(nn.Linear(hidden, hidden))
        self.to_latent = he_init(nn.Linear(hidden, latent_dim))

    def forward(self, images: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map images [B, C, H, W] in [-1, 1] to latents [B, latent_dim] and logits of the class [B, num_classes].

        Labels are [B], weights [B, num_classes], or None for the likeliest class of each picture.
        """
        features = self.features(self.trunk(images))
        if self.to_logits is None or self.embedding is None:
            logits = features.new_zeros(len(images), 0)
        else:
            logits = self.to_logits(leaky_relu(features, SLOPE))
            features = features + embedded(self.embedding, logits.argmax(1) if labels is None else labels)
        hidden = leaky_relu(self.hidden(leaky_relu(features, SLOPE)), SLOPE)
        return self.to_latent(hidden).float(), logits.float()

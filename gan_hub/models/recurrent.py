"""A generator of clips: a GRU unrolls z into one code for each frame, and the convolutional generator paints each.

Tulyakov et al., 2017 (MoCoGAN), arXiv:1707.04993, section 3.1: the content part of z is the same in every frame, and
the rest unfolds into a path through the space of motions. There the recurrent network gets new noise at each step; here
it starts from z and gets z, so that a clip, like every picture in this project, is a function of z alone. Frames are
stacked along the channels, so that the rest of the project can treat a clip as a picture with more channels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan_hub.models.conv import ConvDiscriminator, ConvGenerator
from gan_hub.models.layers import Linear, Logits, in_float32


class GRU(nn.Module):
    """A gated recurrent unit that gets the same input at every step.

    Cho et al., 2014, arXiv:1406.1078, section 2.3, in the form of `torch.nn.GRU`, which itself gives a row different
    bits at different positions in a batch.
    """

    def __init__(self, input_dim: int, state_dim: int) -> None:
        super().__init__()
        self.from_input = Linear(input_dim, 3 * state_dim)
        self.from_state = Linear(state_dim, 3 * state_dim)

    def forward(self, x: Tensor, state: Tensor, num_steps: int) -> Tensor:
        """Map x [B, input_dim] and a first state [B, state_dim] to the next states [B, num_steps, state_dim]."""
        states = []
        reset_x, update_x, new_x = self.from_input(x).chunk(3, dim=1)
        for _ in range(num_steps):
            reset_state, update_state, new_state = self.from_state(state).chunk(3, dim=1)
            reset, update = _sigmoid(reset_x + reset_state), _sigmoid(update_x + update_state)
            state = torch.lerp((new_x + reset * new_state).tanh(), state, update)
            states.append(state)
        return torch.stack(states, dim=1)


def _sigmoid(x: Tensor) -> Tensor:
    """A sigmoid made from tanh, which, unlike torch.sigmoid, has the same bits in vectorised and in scalar code."""
    return (x / 2).tanh() / 2 + 0.5


class RecurrentGenerator(nn.Module):
    """Maps z with a GRU to a code for each frame, and z with each code through a `ConvGenerator` to the frame.

    Args:
        channels: of one frame.
        num_frames: T, the length of a clip.
        widths, num_blocks, patch_size: of the `ConvGenerator`.
    """

    def __init__(
        self,
        *,
        image_size: tuple[int, int],
        channels: int,
        latent_dim: int,
        num_classes: int,
        num_frames: int,
        widths: Sequence[int],
        num_blocks: int,
        patch_size: int,
    ) -> None:
        super().__init__()
        self.num_frames, self.latent_dim = num_frames, latent_dim
        self.start = Linear(latent_dim, latent_dim)
        self.motion = GRU(latent_dim, latent_dim)
        self.frame = ConvGenerator(
            image_size=image_size,
            channels=channels,
            latent_dim=2 * latent_dim,
            num_classes=num_classes,
            widths=widths,
            num_blocks=num_blocks,
            patch_size=patch_size,
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z [B, latent_dim] and labels to clips [B, T * C, H, W] in [-1, 1]; labels as in `ConvGenerator`."""
        # In float32, because rounding to bfloat16 would add up along the path, and a GRU of this size costs nothing.
        with in_float32(z):
            motion = self.motion(z, self.start(z).tanh(), self.num_frames)
        # One frame of all clips at a time, because matrix products sum in an order that depends on the number of rows.
        frames = [self.frame(torch.cat([z, state], dim=1), labels) for state in motion.unbind(1)]
        return torch.cat(frames, dim=1)

    @property
    def latent_weight(self) -> Tensor:
        """The first weights that z is multiplied by, in all three places: [units, latent_dim]."""
        frame = self.frame.latent_weight[:, : self.latent_dim]
        return torch.cat([self.start.weight, self.motion.from_input.weight, frame])

    def early(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """The activations of the first frame after its first, coarsest stage: [B, D]."""
        state = self.motion(z, self.start(z).tanh(), 1)[:, 0]
        return self.frame.early(torch.cat([z, state], dim=1), labels)


class RecurrentDiscriminator(nn.Module):
    """A `ConvDiscriminator` that sees all frames of a clip at once, as channels, so that it can tell what moves.

    Args:
        channels: of one frame.
        num_frames: T, the length of a clip.
        widths, num_blocks, patch_size: of the `ConvDiscriminator`.
    """

    def __init__(
        self,
        *,
        image_size: tuple[int, int],
        channels: int,
        num_classes: int,
        num_categories: int = 0,
        num_frames: int,
        widths: Sequence[int],
        num_blocks: int,
        patch_size: int,
    ) -> None:
        super().__init__()
        self.clip = ConvDiscriminator(
            image_size=image_size,
            channels=channels * num_frames,
            num_classes=num_classes,
            num_categories=num_categories,
            widths=widths,
            num_blocks=num_blocks,
            patch_size=patch_size,
        )

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Logits:
        """Map clips [B, T * C, H, W] in [-1, 1] and labels [B] (None without classes) to the output of `Head`."""
        return self.clip(images, labels)

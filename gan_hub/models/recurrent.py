"""A generator of clips: a GRU unrolls z into one code a frame, and the convolutional generator paints each.

Tulyakov et al., 2017 (MoCoGAN), arXiv:1707.04993, section 3.1: one part of z, the content, is the same in every frame;
the other unfolds into a path through the space of motions. There the recurrent network is fed new noise at each step;
here it starts from z and is fed z, so that a clip, as a picture elsewhere in this project, is a function of z alone.
Frames are stacked along the channels, which makes a clip a picture of more channels to everything else.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan_hub.models.conv import ConvDiscriminator, ConvGenerator
from gan_hub.models.layers import Linear, Logits, in_float32


class GRU(nn.Module):
    """A gated recurrent unit that is fed the same input at every step.

    Cho et al., 2014, arXiv:1406.1078, section 2.3, in the form of `torch.nn.GRU`, which gives a row other bits at
    other places in a batch.
    """

    def __init__(self, input_dim: int, state_dim: int) -> None:
        super().__init__()
        self.from_input = Linear(input_dim, 3 * state_dim)
        self.from_state = Linear(state_dim, 3 * state_dim)

    def forward(self, x: Tensor, state: Tensor, num_steps: int) -> Tensor:
        """Map x [B, input_dim] and the first state [B, state_dim] to the states after it [B, num_steps, state_dim]."""
        states = []
        reset_x, update_x, new_x = self.from_input(x).chunk(3, dim=1)
        for _ in range(num_steps):
            reset_state, update_state, new_state = self.from_state(state).chunk(3, dim=1)
            reset, update = _sigmoid(reset_x + reset_state), _sigmoid(update_x + update_state)
            state = torch.lerp((new_x + reset * new_state).tanh(), state, update)
            states.append(state)
        return torch.stack(states, dim=1)


def _sigmoid(x: Tensor) -> Tensor:
    """By way of tanh, which has the same bits in vectorised and in scalar code, as torch.sigmoid has not."""
    return (x / 2).tanh() / 2 + 0.5


class RecurrentGenerator(nn.Module):
    """z through a GRU to a code for each frame; z and the code through a `ConvGenerator` to the frame.

    Args:
        channels: of one frame.
        num_frames: T, of a clip.
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
        # In float32: rounding to bfloat16 would add up along the path, and a GRU of this size costs nothing.
        with in_float32(z):
            motion = self.motion(z, self.start(z).tanh(), self.num_frames)
        # One frame of every clip at a time: matrix products sum in another order for other numbers of rows.
        frames = [self.frame(torch.cat([z, state], dim=1), labels) for state in motion.unbind(1)]
        return torch.cat(frames, dim=1)

    @property
    def latent_weight(self) -> Tensor:
        """What z is multiplied by first, on its three ways in: [units, latent_dim]."""
        frame = self.frame.latent_weight[:, : self.latent_dim]
        return torch.cat([self.start.weight, self.motion.from_input.weight, frame])

    def early(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """What z has become in the first frame after its first, coarsest stage: [B, D]."""
        state = self.motion(z, self.start(z).tanh(), 1)[:, 0]
        return self.frame.early(torch.cat([z, state], dim=1), labels)


class RecurrentDiscriminator(nn.Module):
    """A `ConvDiscriminator` that sees all frames of a clip at once, as channels: what moves is what differs in them.

    Args:
        channels: of one frame.
        num_frames: T, of a clip.
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
        """Map clips [B, T * C, H, W] in [-1, 1] and labels [B] (None without classes) to what `Head` gives."""
        return self.clip(images, labels)

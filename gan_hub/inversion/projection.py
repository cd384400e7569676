"""From a picture to the latent that a generator paints it from: an encoder's guess, refined by gradient descent.

The search minimises the squared difference of pixels plus the squared length of z,
which is the negative logarithm of its normal prior up to a factor: a picture that the generator finds unlikely is
approached only so far. A class that the encoder thinks unlikely has to paint the picture so much better. With a mask
only the known pixels count, and what the generator paints in the others completes the picture (Yeh et al., 2016,
"Semantic image inpainting with deep generative models", arXiv:1607.07539, section 3, with this prior in place of the
discriminator's).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_hub.editing.encoder import LatentEncoder
from gan_hub.generator import GanGenerator
from gan_hub.inversion.preparation import prepare as prepare
from gan_hub.inversion.preparation import prepare_mask as prepare_mask
from gan_hub.latents.labels import label_tensor
from gan_hub.latents.text import latent_text, rounded
from gan_hub.recipes.keys import Key

NUM_STEPS = 40
NUM_STARTS = 3  # of the encoder, one in each of the likeliest classes, refined side by side
NUM_RANDOM_STARTS = 6  # the best of the random latents, where they are needed
NUM_CANDIDATES = 96  # random latents that compete to be starts
LEARNING_RATE = 0.1
PRIOR = 0.02  # weight of the mean square of z beside the mean square of pixels' differences in [-1, 1]
CLASS_PRIOR = 0.005  # weight of the negative logarithm of what the encoder gives a class


@dataclass(frozen=True, eq=False)
class Projection:
    """The latent that was found for a picture.

    Attributes:
        z: [latent_dim], on the CPU; of a result, rounded to the 16 bits of its key.
        label: the class; None without classes.
        picture: [C, H, W] in [-1, 1], painted by the generator from latent and class, on the CPU.
        error: mean absolute difference of the known pixels, as a share of the range: 0 to 1.
    """

    z: Tensor
    label: int | None
    picture: Tensor
    error: float

    def key(self, generator: GanGenerator) -> Key:
        """The key of the result in recipes and links; `generate` of its latent and class is `picture` bit for bit."""
        label = None if self.label is None else generator.class_names[self.label]
        return Key(None, label, latent=latent_text(self.z))


OnStep = Callable[[float, Projection], bool | None]


def composite(picture: Tensor, projected: Tensor, mask: Tensor) -> Tensor:
    """The known pixels of a picture and, in the others, those of its projection.

    Args:
        picture: [C, H, W].
        projected: [C, H, W].
        mask: [H, W], True where the picture is known.
    """
    return torch.where(mask.bool(), picture, projected.to(picture))


def project(
    generator: GanGenerator,
    picture: Tensor,
    *,
    encoder: LatentEncoder | None = None,
    label: int | None = None,
    num_steps: int = NUM_STEPS,
    mask: Tensor | None = None,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> Projection:
    """Find the latent, and the class, from which the generator paints a picture. Deterministic.

    Args:
        generator: on any device.
        picture: [C, H, W] in [-1, 1]; `prepare` makes one from any image.
        encoder: makes the first guess; None = the generator's own. Without any, the best random latents are refined.
        label: the class to look in; None = the likeliest ones.
        num_steps: of the refinement; 0 = the first guess.
        mask: [H, W], True where the picture is known; all of it if None.
        seed: of the random latents.
        on_step: called with the share that is done, from 0 to 1, and the best so far; if it returns False, that is the
            result.

    Returns:
        the best that was found; with a mask, `composite` pastes the known pixels into its picture.

    Raises:
        ValueError: the picture or the mask has another shape, holds NaN, nothing is known, or the label is no class.
    """
    target, known = _checked(generator, picture, mask)
    if num_steps < 0:
        raise ValueError(f"num_steps is {num_steps}; it must be at least 0")
    labels = None if label is None else label_tensor(label, torch.zeros(1, 1), generator.num_classes)
    was_training = generator.training
    generator.eval()
    search = _Search(generator, target, known)
    try:
        search.start(*_starts(search, encoder or generator.encoder, labels, seed))
        for step in range(num_steps):
            if on_step is not None and on_step(step / num_steps, search.best) is False:
                return search.result()
            search.step(1 - step / num_steps)
        search.look()
        if on_step is not None:
            on_step(1.0, search.best)
    finally:
        generator.train(was_training)
    return search.result()


def _checked(generator: GanGenerator, picture: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """The picture [1, C, H, W] and which of its pixels count [1, H, W], on the generator's device."""
    expected = (generator.channels, *generator.image_size)
    if tuple(picture.shape) != expected:
        raise ValueError(f"the picture has the shape {list(picture.shape)}; this generator's have {list(expected)}")
    if not torch.isfinite(picture).all():
        raise ValueError("the picture holds NaN or infinite values")
    known = torch.ones(expected[1:]) if mask is None else mask.float()
    if tuple(known.shape) != expected[1:]:
        raise ValueError(f"the mask has the shape {list(known.shape)}; this generator's pictures are {expected[1:]}")
    known = (known > 0.5).float()
    if not known.any():
        raise ValueError("the mask says that no pixel is known; leave some")
    return picture[None].to(generator.device, torch.float32), known[None].to(generator.device)


class _Search:
    """Latents that are refined side by side, each by itself, and the best so far."""

    def __init__(self, generator: GanGenerator, target: Tensor, known: Tensor) -> None:
        self.generator, self.target, self.known = generator, target, known
        self.num_categories = generator.config.num_categories
        self.best: Projection
        self.best_loss = float("inf")

    def losses(self, pictures: Tensor, z: Tensor) -> Tensor:
        """The losses [N] of pictures [N, C, H, W] painted from z [N, latent_dim]."""
        squares = (pictures - self.target).square().mean(1) * self.known
        rest = z[:, self.num_categories :]
        return squares.sum((1, 2)) / self.known.sum() + PRIOR * rest.square().mean(1)

    def start(self, z: Tensor, labels: Tensor | None, surprise: Tensor) -> None:
        """Begin with latents [N, latent_dim], their classes [N], and how unlikely these are [N]."""
        self.code, self.labels, self.surprise = z[:, : self.num_categories], labels, CLASS_PRIOR * surprise
        self.rest = z[:, self.num_categories :].clone().requires_grad_(True)
        self.support = self.rest.detach() != 0  # of sparse latents, what is zero stays zero
        self.optimizer = torch.optim.Adam([self.rest], lr=LEARNING_RATE, betas=(0.9, 0.95))
        self.look()

    def step(self, left: float) -> None:
        """Judge the latents, then take one step of Adam; `left`, from 1 to 0, scales its length."""
        self.optimizer.param_groups[0]["lr"] = LEARNING_RATE * left
        with torch.enable_grad():
            z = torch.cat([self.code, self.rest], dim=1)
            pictures = self.generator(z, self.labels)[:, : self.generator.channels]
            losses = self.losses(pictures, z)
            # Each row's loss depends on its own row alone, so their sum serves all of them.
            (gradient,) = torch.autograd.grad(losses.sum(), self.rest)
        self._judge(pictures.detach(), losses.detach())
        self.rest.grad = gradient * self.support
        self.optimizer.step()

    @torch.no_grad()
    def look(self) -> None:
        """Judge the latents without a step."""
        z = torch.cat([self.code, self.rest], dim=1)
        pictures = self.generator(z, self.labels)[:, : self.generator.channels]
        self._judge(pictures, self.losses(pictures, z))

    def result(self) -> Projection:
        """The best so far, with the picture that `generate` paints, bit for bit."""
        z, label = rounded(self.best.z), self.best.label
        return self._projection(z, label, self.generator.generate(z[None], None if label is None else [label])[0])

    def _judge(self, pictures: Tensor, losses: Tensor) -> None:
        losses = losses + self.surprise
        row = int(losses.argmin())
        if float(losses[row]) < self.best_loss:
            self.best_loss = float(losses[row])
            z = torch.cat([self.code[row], self.rest.detach()[row]]).cpu()
            self.best = self._projection(z, None if self.labels is None else int(self.labels[row]), pictures[row])

    def _projection(self, z: Tensor, label: int | None, picture: Tensor) -> Projection:
        differences = (picture - self.target[0]).abs().mean(0) * self.known[0]
        return Projection(z, label, picture.cpu(), float(differences.sum() / self.known.sum()) / 2)


@torch.no_grad()
def _starts(
    search: _Search, encoder: LatentEncoder | None, label: Tensor | None, seed: int
) -> tuple[Tensor, Tensor | None, Tensor]:
    """The latents to refine, their classes, and how unlikely the encoder thinks these.

    A whole picture goes to the encoder, which gives its likeliest classes and a latent for each. Without an encoder, or
    where pixels are unknown, random latents of all classes compete; the encoder then sees the picture with its unknown
    pixels painted by the best of them, and the classes that the encoder thinks likely do not count.

    Args:
        search: that judges them.
        encoder: of the generator, or None.
        label: [1], the only class to look in; None = all.
        seed: of the random latents.
    """
    generator, target = search.generator, search.target
    if encoder is not None and bool(search.known.all()):
        return _encoded(generator, encoder, target, label)
    z = generator.latents(range(seed, seed + NUM_CANDIDATES)).to(generator.device)
    labels = None
    if generator.num_classes:
        every = torch.arange(NUM_CANDIDATES) % generator.num_classes
        labels = (every if label is None else label.expand(NUM_CANDIDATES)).to(generator.device)
    pictures = generator.generate(z, labels)
    order = search.losses(pictures, z).argsort(stable=True)[:NUM_RANDOM_STARTS]
    z, labels = z[order], None if labels is None else labels[order]
    if encoder is not None:
        filled = torch.where(search.known[0] > 0.5, target, pictures[order[:1]])
        more, more_labels, _ = _encoded(generator, encoder, filled, label)
        z = torch.cat([z, more])
        labels = None if labels is None or more_labels is None else torch.cat([labels, more_labels])
    return z, labels, z.new_zeros(len(z))


def _encoded(
    generator: GanGenerator, encoder: LatentEncoder, picture: Tensor, label: Tensor | None
) -> tuple[Tensor, Tensor | None, Tensor]:
    """The encoder's latents of a picture [1, C, H, W] in each of the likeliest classes, as `_starts` returns them."""
    z, logits = encoder.to(generator.device).encode(picture, label)
    surprise = z.new_zeros(1)
    if label is None and logits.shape[1]:
        found = logits[0].log_softmax(0).topk(min(NUM_STARTS, logits.shape[1]))
        label, surprise = found.indices, -found.values
        z, _ = encoder.encode(picture.expand(len(label), -1, -1, -1), label)
    return z, label.to(generator.device) if label is not None and generator.num_classes else None, surprise

"""Augmentation of everything the discriminator sees, for small sets: DiffAugment, and ADA with its controller.

Real and fake pictures are augmented alike, each by its own draw, and the generator learns through the augmentation, so
its own pictures do not show it. Pictures are [B, T * C, H, W] in [-1, 1]; the frames of a clip share a
draw. The colours of RGBA are multiplied by alpha; what is moved in from outside is transparent.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from gan_hub.training.options.options import TrainingOptions

MAX_STRENGTH = 0.8  # beyond it augmentations begin to leak into what is painted (ADA, arXiv:2006.06676, section 3.1)
SMOOTHING = 0.25  # weight of a step in the controller's running mean; ADA looks at four steps at a time
Transform = Callable[[Tensor, Tensor, torch.Generator], Tensor]


class Augment:
    """A chain of random transforms and, for ADA, the controller of their strength.

    Args:
        transforms: each maps pictures, the strength and a source of randomness to pictures.
        strength: p, of each transform of ADA being applied to a picture.
        target: of r_t, the mean sign of the real logits; None leaves the strength alone.
        num_images: in which the strength would rise from 0 to 1.
        device: where the strength lives.
    """

    def __init__(
        self,
        transforms: Sequence[Transform],
        *,
        strength: float,
        target: float | None,
        num_images: float,
        device: torch.device,
    ) -> None:
        self.transforms, self.target, self.num_images = transforms, target, num_images
        self.strength = torch.tensor(strength, device=device)
        self.sign = torch.tensor(target or 0.0, device=device)  # r_t, as if it were on target before the start

    def __call__(self, images: Tensor, random: torch.Generator) -> Tensor:
        """Augment images [B, T * C, H, W]; differentiable once."""
        for transform in self.transforms:
            images = transform(images, self.strength, random)
        return images

    def update(self, sign: Tensor, num_images: int) -> None:
        """Move the strength towards where the mean sign of the real logits is the target; nothing waits.

        ADA, arXiv:2006.06676, section 3.1: r_t = E[sign(D(x))] is 0 where D has no opinion and 1 where it knows all of
        its pictures by heart. Of relativistic logits only differences mean something, so there it is
        E[sign(D(x) - D(G(z)))].

        Args:
            sign: of the last step, in [-1, 1]; one that is not finite is passed over.
            num_images: that the step saw.
        """
        if self.target is None:
            return
        self.sign.copy_(torch.where(sign.isfinite(), torch.lerp(self.sign, sign, SMOOTHING), self.sign))
        change = (self.sign - self.target).sign() * (num_images / self.num_images)
        self.strength.add_(change).clamp_(0, MAX_STRENGTH)

    def state_dict(self) -> dict[str, Tensor]:
        """What a resumed run needs."""
        return {"strength": self.strength, "sign": self.sign}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take up a state that `state_dict` gave."""
        self.strength.copy_(state["strength"])
        self.sign.copy_(state["sign"])


def make_augment(options: TrainingOptions, *, channels: int, device: torch.device) -> Augment | None:
    """The augmentation that `--augment` names; None for none. `channels` are those of a frame."""
    if options.augment == "none":
        return None
    adaptive = options.augment == "ada"
    fill = -1.0 if channels == 4 else 0.0

    def moved(images: Tensor, strength: Tensor, random: torch.Generator) -> Tensor:
        return transform_geometry(images, random_geometry(images, strength, random), transparent=channels == 4)

    def coloured(images: Tensor, strength: Tensor, random: torch.Generator) -> Tensor:
        return transform_colour(images, strength, random, channels)

    of_policy: dict[str, Transform] = {
        "color": lambda images, _, random: jitter_colour(images, random, channels),
        "translation": lambda images, _, random: translate(images, random, fill),
        "cutout": lambda images, _, random: cut_out(images, random, fill),
    }
    return Augment(
        [moved, coloured] if adaptive else [of_policy[name] for name in options.augment_policy],
        strength=0.0 if adaptive else 1.0,
        target=options.ada_target if adaptive else None,
        num_images=options.ada_images,
        device=device,
    )


def jitter_colour(images: Tensor, random: torch.Generator, channels: int) -> Tensor:
    """DiffAugment's brightness, saturation and contrast.

    Zhao et al., 2020, arXiv:2006.10738, and its published code: brightness in [-0.5, 0.5], saturation times [0, 2],
    contrast times [0.5, 1.5] around the picture's mean.
    """
    colour, alpha = _colour_and_alpha(images, channels)
    brightness, saturation, contrast = _uniform(images, 3, random)
    colour = colour + (brightness - 0.5) * alpha / 2
    if colour.shape[2] == 3:
        grey = colour.mean(2, keepdim=True)
        colour = grey + 2 * saturation * (colour - grey)
    everywhere = (1, 2, 3, 4)
    mean = colour.mean(2, keepdim=True).sum(everywhere, keepdim=True) / alpha.sum(everywhere, keepdim=True).clamp(min=1)
    colour = mean * alpha + (contrast + 0.5) * (colour - mean * alpha)
    return _joined(images, colour, channels)


def translate(images: Tensor, random: torch.Generator, fill: float) -> Tensor:
    """DiffAugment's translation: by whole pixels, up to an eighth of the side, `fill` moving in."""
    count, _, height, width = images.shape
    drawn = _uniform(images, 2, random)[:, :, 0, 0, 0, 0]
    reach = torch.tensor([[height // 8], [width // 8]], device=images.device)
    shift = (drawn * (2 * reach + 1)).long().clamp(max=2 * reach) - reach
    rows = torch.arange(height, device=images.device) - shift[0][:, None]
    columns = torch.arange(width, device=images.device) - shift[1][:, None]
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[:, None, None]
    picture = torch.arange(count, device=images.device)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[
        picture, rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None]
    ]
    return torch.where(inside, moved.permute(0, 3, 1, 2), fill)


def cut_out(images: Tensor, random: torch.Generator, fill: float) -> Tensor:
    """DiffAugment's cutout: a rectangle of half the height and width at a random place becomes `fill`."""
    _, _, height, width = images.shape
    drawn = _uniform(images, 2, random)[:, :, 0, 0, 0, 0]
    row, column = drawn[0] * height, drawn[1] * width  # of its middle
    rows, columns = (torch.arange(size, device=images.device) + 0.5 for size in (height, width))
    hit_rows = (rows - row[:, None]).abs() < height / 4
    hit_columns = (columns - column[:, None]).abs() < width / 4
    return torch.where(hit_rows[:, None, :, None] & hit_columns[:, None, None], fill, images)


def random_geometry(images: Tensor, strength: Tensor, random: torch.Generator) -> Tensor:
    """ADA's geometric transforms, as a matrix a picture, [B, 3, 3], from places in the output to the input, in pixels.

    ADA, arXiv:2006.06676, appendix B: translation by up to an eighth, isotropic scaling, rotation, anisotropic scaling,
    rotation, fractional translation; each is applied with the probability `strength`. Its turns by 90 degrees are left
    to the rotations.
    """
    count, _, height, width = images.shape
    device = images.device
    size = torch.tensor([width, height], device=device)

    def drawn(kind: Callable[..., Tensor], *shape: int, probability: Tensor = strength) -> Tensor:
        """Numbers for each picture, zero where the transform is not applied."""
        values = kind(count, *shape, generator=random).to(device)
        applied = torch.rand(count, *[1] * len(shape), generator=random).to(device) < probability
        return torch.where(applied, values, 0.0)

    def centred(*shape: int, generator: torch.Generator) -> Tensor:
        return 2 * torch.rand(*shape, generator=generator) - 1

    turn = 1 - (1 - strength).sqrt()  # twice: once before and once after the anisotropic scaling
    isotropic = (0.2 * drawn(torch.randn)).exp2()
    anisotropic = (0.2 * drawn(torch.randn)).exp2()
    matrix = (
        _translation((drawn(centred, 2) * size / 8).round())
        @ _scaling(isotropic, isotropic)
        @ _rotation(math.pi * drawn(centred, probability=turn))
        @ _scaling(anisotropic, 1 / anisotropic)
        @ _rotation(math.pi * drawn(centred, probability=turn))
    )
    return matrix @ _translation(drawn(torch.randn, 2) * size / 8)


def random_view(images: Tensor, random: torch.Generator) -> Tensor:
    """Images [B, C, H, W] turned, slanted, scaled, stretched and shifted a little at random, each by its own draw.

    What stays in view is what a picture is of: up to 23 degrees, a slant of 0.4, a fifth larger or smaller, a fifth
    longer or shorter, a sixteenth of the side away.
    """
    _, _, height, width = images.shape
    turn, slant, size, stretch, down, right = (2 * torch.rand(6, len(images), generator=random) - 1).to(images.device)
    size, stretch = (0.2 * size).exp(), (0.2 * stretch).exp()
    shear = torch.eye(3, device=images.device).repeat(len(images), 1, 1)
    shear[:, 0, 1] = 0.4 * slant
    matrices = (
        _translation(torch.stack([right * width / 16, down * height / 16], dim=1))
        @ _rotation(0.4 * turn)
        @ _scaling(size * stretch, size / stretch)
        @ shear
    )
    return transform_geometry(images, matrices, transparent=True)


def transform_geometry(images: Tensor, matrices: Tensor, *, transparent: bool) -> Tensor:
    """Sample images [B, C, H, W] at places moved by matrices [B, 3, 3], in pixels from the middle, bilinearly.

    Outside lies the mirror image, as in ADA, or nothing if `transparent`.
    """
    height, width = images.shape[2:]
    to_pixels = torch.tensor([width / 2, height / 2, 1.0], device=images.device)
    normalised = matrices * to_pixels / to_pixels[:, None]
    grid = affine_grid(normalised[:, :2], list(images.shape), align_corners=False)
    # What lies outside counts as 0, which has to be the -1 of transparency.
    padding = "zeros" if transparent else "reflection"
    return grid_sample(images + 1, grid, mode="bilinear", padding_mode=padding, align_corners=False) - 1


def transform_colour(images: Tensor, strength: Tensor, random: torch.Generator, channels: int) -> Tensor:
    """ADA's colour transforms: brightness, contrast, hue and saturation, each with the probability `strength`.

    ADA, arXiv:2006.06676, appendix B; its flips of luma are left out: dark and light are what pictures are made of.
    """
    colour, alpha = _colour_and_alpha(images, channels)
    normal = torch.randn(3, len(images), generator=random).to(images.device)
    uniform, *gates = torch.rand(5, len(images), generator=random).to(images.device)
    applied = [gate < strength for gate in gates]
    brightness = torch.where(applied[0], 0.2 * normal[0], 0.0)[:, None, None, None, None]
    contrast = torch.where(applied[1], 0.5 * normal[1], 0.0).exp2()[:, None, None, None, None]
    if colour.shape[2] == 3:
        angle = torch.where(applied[2], (2 * uniform - 1) * math.pi, 0.0)
        saturation = torch.where(applied[3], normal[2], 0.0).exp2()
        colour = torch.einsum("bij,btjhw->btihw", _hue_and_saturation(angle, saturation), colour)
    # Around the middle grey, which is half of what alpha has room for.
    colour = contrast * (colour + (brightness - 1) * alpha / 2) + alpha / 2
    return _joined(images, colour, channels)


def _hue_and_saturation(angle: Tensor, saturation: Tensor) -> Tensor:
    """Rotation by angle [B] about the axis of greys, and scaling [B] across it, as matrices [B, 3, 3] (Rodrigues)."""
    axis = torch.full((3,), 3**-0.5, device=angle.device)
    along = torch.outer(axis, axis)
    across = torch.eye(3, device=angle.device) - along
    cross = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]], device=angle.device) * 3**-0.5
    turned = angle.cos()[:, None, None] * across + angle.sin()[:, None, None] * cross
    return along + saturation[:, None, None] * turned


def _colour_and_alpha(images: Tensor, channels: int) -> tuple[Tensor, Tensor]:
    """Colour [B, T, 1 or 3, H, W] and alpha [B, T, 1, H, W], both from 0 to 2; opaque pictures have alpha 2."""
    frames = images.unflatten(1, (-1, channels)) + 1
    if channels == 4:
        return frames[:, :, :3], frames[:, :, 3:]
    return frames, torch.full_like(frames[:, :, :1], 2.0)


def _joined(images: Tensor, colour: Tensor, channels: int) -> Tensor:
    frames = colour - 1
    if channels == 4:
        frames = torch.cat([frames, images.unflatten(1, (-1, channels))[:, :, 3:]], dim=2)
    return frames.flatten(1, 2)


def _uniform(images: Tensor, count: int, random: torch.Generator) -> Tensor:
    """`count` numbers in [0, 1) for each picture, [count, B, 1, 1, 1, 1]."""
    return torch.rand(count, len(images), 1, 1, 1, 1, generator=random).to(images.device)


def _translation(offset: Tensor) -> Tensor:
    """Matrices [B, 3, 3] from offsets [B, 2]."""
    matrix = torch.eye(3, device=offset.device).repeat(len(offset), 1, 1)
    matrix[:, :2, 2] = offset
    return matrix


def _scaling(x: Tensor, y: Tensor) -> Tensor:
    return torch.diag_embed(torch.stack([x, y, torch.ones_like(x)], dim=1))


def _rotation(angle: Tensor) -> Tensor:
    zero, one, cos, sin = torch.zeros_like(angle), torch.ones_like(angle), angle.cos(), angle.sin()
    rows = [torch.stack(row, dim=1) for row in ((cos, -sin, zero), (sin, cos, zero), (zero, zero, one))]
    return torch.stack(rows, dim=1)

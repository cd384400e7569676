"""The options of `train/stylize.py`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import tyro

from gan_hub.loading.stylizer_config import MAX_STYLE_CHARACTERS, is_style_name
from gan_hub.models import STYLIZERS
from gan_hub.training.options.options import EngineOptions, LossName, OptionError, free, per_command

if TYPE_CHECKING:
    StylizerName: TypeAlias = str
else:
    StylizerName = tyro.extras.literal_type_from_choices(tuple(STYLIZERS))

MIN_CROP = 32


@dataclass(frozen=True)
class StyleOptions(EngineOptions):
    """Train a stylizer of photos. Every option has a default from the preset; name one to change it."""

    script = "train/stylize.py"

    # Other defaults than training from noise has
    loss: LossName = "least_squares"
    """Of all networks; see gan_hub/losses.py."""
    gamma: float = 0.05
    """Weight of R1 and R2 at the start; 0 = none."""
    final_gamma: float = 0.05
    """Weight at the end, reached along a cosine."""
    penalty_interval: int = 8
    """Compute the penalties every so many steps, that many times as strong (StyleGAN2, arXiv:1912.04958, app. B)."""
    train_batch_size: int = 4
    """On each process."""
    max_train_steps: int = 2500
    """Updates of each network."""
    learning_rate: float = 8e-4
    """Of all networks, after the warm-up."""
    final_learning_rate: float = 4e-5
    """Reached at the end along a cosine."""
    adam_beta1: float = 0.5
    """Between what suits the discriminators (0) and what suits learning from sketches (0.9)."""
    ema_half_life: float = 1000
    """Of the averaged stylizer, in images seen; shorter at the start."""
    output_dir: Path = per_command(Path("runs/my-style"))
    """The run folder."""
    checkpointing_steps: int = free(500)
    """A checkpoint-{step}/ every so many steps, to resume from; 0 = only when interrupted."""

    # Data
    photos: tuple[Path, ...] = free(())
    """Folders, ZIPs or files of the photos to learn on; they are looked for in --data_dir too."""
    photos_exclude: tuple[str, ...] = free(())
    """Patterns of file names to leave out of --photos, such as those that the result will be judged by."""
    paintings: tuple[Path, ...] = free(())
    """Folders, ZIPs or files of paintings."""
    style_image: Path | None = free(None)
    """A single painting to learn from, in place of --paintings."""
    styles: tuple[str, ...] = free(())
    """Several styles at once in place of --paintings, as NAME=FILE,FILE or NAME=FILE,FILE:WEIGHT, where the weight is
    used in place of --style_weight."""
    data_dir: Path = free(Path("data"))
    """Where the presets' pictures are; see docs/stylizing.md."""
    data_cache_dir: Path | None = free(None)
    """Where photos that have been decoded and sketched are kept; cache/ in the run folder if left out."""
    photo_sides: tuple[int, int] = (448, 704)
    """Shorter side that a photo is reduced to, drawn between these."""
    painting_scale: tuple[float, float] = (0.6, 1.1)
    """Side of the square cut out of a painting, over --crop_size, drawn between these; less makes strokes larger."""
    painting_side: int = 1100
    """Shorter side that larger paintings are reduced to first."""
    crop_size: int = 128
    """Side of the squares that are trained on; a multiple of 16."""

    # Networks
    architecture: StylizerName = "painter"
    """See gan_hub/models/__init__.py."""
    widths: tuple[int, ...] = (32, 96)
    """Channels; painter: at a quarter and an eighth of the resolution."""
    num_blocks: int = 2
    """Residual blocks; encoder-decoder has none: 0."""
    noise_channels: int = 3
    """Of the noise that strokes grow from; 3 are needed to learn from sketched strokes."""
    scale: int = 1
    """Of an upscaler: 2 or 4."""
    init: str | None = None
    """A stylizer to start from, of the same architecture: a bundled name, a folder, or org/name on the Hub."""
    discriminator_widths: tuple[int, ...] = (32, 64, 128)
    """Channels of the strided convolutions."""
    num_scales: int = 2
    """Sizes at which discriminators look."""
    instance_norm: bool = False
    """In the discriminators, as in pix2pix; it hides the palette from them."""

    # Objective
    target_weight: float = 1.0
    """Of the distance to a sketch of the photo in strokes and in the paintings' palette (strokes.py); of an upscaler,
    to the large picture."""
    adversarial_weight: float = 0.05
    """Of the discriminators' opinion, once --adversarial_start steps are done."""
    adversarial_start: int = 1000
    """Step from which the discriminators join in."""
    nce_weight: float = 0.02
    """Of PatchNCE: what a patch shows stays what it was (CUT, arXiv:2007.15651)."""
    style_weight: float = 0.0
    """Of the distance between Gram matrices of pretrained features of the result and of the paintings: touch, texture,
    forms of strokes (perceptual.py). More is more of the painter and less of the photo."""
    features_weight: float = 0.0
    """Of the distance between pretrained features of the result and of the photo, each channel standardised: lines and
    objects stay where they are. More keeps faces and small things; too much leaves a tinted photo."""
    objects_weight: float = 0.0
    """Of the distance between deep features of both, not standardised: what things are. More keeps the photo
    recognisable to whoever knows it."""
    luminance_weight: float = 0.0
    """Of the distance between the standardised luminance of both over squares of 8 pixels: light stays light, so that
    faces keep their form and do not go dark."""
    palette_weight: float = 0.0
    """Of the squared distance, over squares of 16 pixels, to the photo in the paintings' palette (a linear map of
    colours). More gives sensible, even colours; less lets patches of any colour of the painting fall anywhere."""
    flow_weight: float = 0.0
    """Of the share of contrast along the lines of the photo: strokes follow forms in place of one hatching for all."""
    grid_weight: float = 0.0
    """Of the detail that all cells of 8 x 8 pixels have in common: no waffle."""
    identity_weight: float = 0.0
    """Of the distance between a painting and what becomes of it (CycleGAN, arXiv:1703.10593, section 5.2)."""
    colour_weight: float = 0.1
    """Of the distance between the colours of a batch of results and of paintings, sorted along random directions."""
    tv_weight: float = 0.0
    """Of the total variation of results."""
    content_weight: float = 0.0
    """Of the distance between the result and the photo, pixel by pixel, as the tutorials have it."""

    # Strokes of the sketch
    palette_amount: float = 0.9
    """How far the photo's colours move to the paintings'; 1 = all the way."""
    contrast: float = 0.85
    """Of paint, over a photo's: there is no paint as black or as bright."""
    stroke_lightness: float = 0.07
    """Difference in lightness between a stroke and what it lies on, of a range of 2."""
    stroke_colour: float = 0.08
    """The same from warm to cool."""
    broken_colour: float = 0.08
    """Difference in colour between short dabs side by side, of a range of 2."""
    impasto: float = 0.04
    """Standard deviation of the light on the paint's relief, of a range of 2."""
    stroke_width: float = 1.0
    """Sigma of a stroke across, in pixels, above the noise's own 4."""
    stroke_length: float = 20.0
    """To either side, in pixels."""
    flattening: int = 5
    """Radius of the discs over which the photo's colours become one, edges aside, in pixels; 0 = they do not."""
    smoothing: float = 6.0
    """Of the photo's colours along the strokes, in pixels to either side."""
    raggedness: float = 3.0
    """Pixels by which strokes push edges about."""
    outline: float = 0.0
    """Strength of dark lines where light and dark meet: from 0 to 1."""

    def __post_init__(self) -> None:
        """Check what a type can't say.

        Raises:
            OptionError: with the option's name, what came and what is allowed.
        """
        super().__post_init__()
        if self.crop_size < MIN_CROP or self.crop_size % 16:
            raise OptionError(f"--crop_size is {self.crop_size}; it must be a multiple of 16 from {MIN_CROP} on")
        if min(self.photo_sides) < self.crop_size or self.photo_sides[0] > self.photo_sides[1]:
            raise OptionError(
                f"--photo_sides are {self.photo_sides}; the first must be at least --crop_size ({self.crop_size}) and "
                "at most the second"
            )
        if not 0 < self.painting_scale[0] <= self.painting_scale[1]:
            raise OptionError(f"--painting_scale is {self.painting_scale}; give two numbers above 0, the smaller first")
        weights = {name: value for name, value in vars(self).items() if name.endswith("_weight")}
        if negative := [name for name, value in weights.items() if value < 0]:
            raise OptionError(f"--{negative[0]} is {weights[negative[0]]}; a weight is at least 0")
        if self.scale not in STYLIZERS[self.architecture].scales:
            allowed = ", ".join(map(str, STYLIZERS[self.architecture].scales))
            raise OptionError(f"--scale is {self.scale}; --architecture {self.architecture} takes {allowed}")
        if self.styles and (self.paintings or self.style_image is not None):
            raise OptionError("--styles name their own paintings; leave --paintings and --style_image out")
        if self.is_perceptual and self.scale > 1:
            raise OptionError("--style_weight has no meaning for an upscaler; leave it at 0")
        for style in self.styles:
            parsed_style(style)
        if self.is_sketched and STYLIZERS[self.architecture].noise[1] and self.noise_channels != 3:
            raise OptionError(
                f"--noise_channels is {self.noise_channels}; sketches are drawn from 3, so use 3 or --target_weight 0"
            )

    def check_data(self) -> None:
        """Raise OptionError if there is nothing to learn from; a preset may leave that to the command line."""
        if not self.photos:
            raise OptionError("no photos to learn on; name a folder with --photos, or choose a --preset")
        if self.scale == 1 and not self.paintings and self.style_image is None and not self.styles:
            raise OptionError(
                "no paintings to learn from; name a folder with --paintings, one picture with --style_image, or choose "
                "a --preset"
            )
        if self.paintings and self.style_image is not None:
            raise OptionError("--paintings and --style_image are both given; --style_image is a style of one painting")

    @property
    def is_perceptual(self) -> bool:
        """Whether it learns from pretrained features."""
        return self.style_weight > 0 or self.features_weight > 0

    def painting_groups(self) -> dict[str, tuple[tuple[Path, ...], float]]:
        """The styles by name, each with the sources of its paintings and its weight; one style if only one is named."""
        if self.styles:
            return {
                name: (paths, weight or self.style_weight) for name, paths, weight in map(parsed_style, self.styles)
            }
        sources = self.paintings if self.style_image is None else (self.style_image,)
        return {style_name(self.output_dir.name): (sources, self.style_weight)}

    @property
    def is_sketched(self) -> bool:
        """Whether it learns from sketches."""
        return self.target_weight > 0 and self.scale == 1


def parsed_style(text: str) -> tuple[str, tuple[Path, ...], float | None]:
    """The name, the sources of paintings and the weight, if one is given, of an element of `--styles`.

    Raises:
        OptionError: it is of another form.
    """
    name, equals, rest = text.partition("=")
    sources, colon, weight = rest.rpartition(":") if re.search(r":[0-9.]+$", rest) else (rest, "", "")
    if not equals or not is_style_name(name) or not all(sources.split(",")):
        raise OptionError(f"--styles has '{text}'; write NAME=FILE,FILE or NAME=FILE,FILE:WEIGHT")
    return name, tuple(Path(source) for source in sources.split(",")), float(weight) if colon else None


def style_name(text: str) -> str:
    """A name for a style, as near to a text as a config may hold it."""
    text = re.sub(r"[^\w .-]+", "-", text).strip(" .-_")[:MAX_STYLE_CHARACTERS].strip(" .-_")
    return text if is_style_name(text) else "style"

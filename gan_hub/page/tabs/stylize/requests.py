"""What a visitor asks for: the controls of the tab Stylize checked, the photo read, and the file that comes of them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from gan_hub.loading.config import shorten
from gan_hub.page.components.files import FileData, path_of, read_photo
from gan_hub.page.components.model_facts import model_name
from gan_hub.page.server.jobs import Report
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.stylize import styles
from gan_hub.page.tabs.stylize.painting_cache import Painted, PaintingKey
from gan_hub.painting.photos import Format, encode_photo
from gan_hub.recipes.fields import Field, Seed, Switch, choice, whole, whole_number
from gan_hub.recipes.links import Detail, StylizeState
from gan_hub.recipes.names import file_stem, public_name
from gan_hub.stylizer import PhotoStylizer

MAX_MAX_SIDE = 16_384
SUFFIXES: dict[str, str] = {"jpeg": "jpg", "png": "png", "webp": "webp"}
NO_STYLE = "no style comes with this installation; type a repository on the Hub as org/name"


def _check_per_cent(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        raise ValueError(f"{name} {shorten(repr(value), 40)} is not possible; use per cent, from 0 to 100")
    return value


@dataclass(frozen=True)
class PaintingControls:
    """The controls of a painting.

    Attributes:
        style: a bundled name, as /styles lists them, or org/name on the Hub; checked when it is loaded.
        strength: per cent, from 0 (the photo) to 100 (the painting).
        keep_colors: take only light and dark from the painting, and the colours from the photo.
        detail: per cent of the photo's side at which it is painted (25, 35, 50, 75, 100); less gives larger strokes;
            auto paints at 1024 pixels.
        seed: of the strokes, from 0 to 4294967295.
        max_side: reduce the photo first to so many pixels along its longer side; 0 = don't.
    """

    style: Annotated[str, Field(lambda _, value: value)]
    strength: Annotated[float, Field(_check_per_cent)] = 100
    keep_colors: Switch = False
    detail: Detail = "auto"
    seed: Seed = 0
    max_side: Annotated[int, Field(lambda name, value: whole_number(name, value or 0, 0, MAX_MAX_SIDE))] = 0


@dataclass(frozen=True)
class SavingControls(PaintingControls):
    """The controls of a painting and of its file.

    Attributes:
        format: jpeg (what is transparent becomes white), png or webp.
        quality: of JPEG and WebP, from 1 to 100.
        upscale: enlarge the painting, if an upscaler comes with the page.
    """

    format: Annotated[str, choice(SUFFIXES)] = "jpeg"
    quality: Annotated[int, whole(1, 100)] = 92
    upscale: Switch = False


@dataclass(frozen=True)
class StylizeRequest:
    """Controls, and the style that they name, loaded."""

    stylizer: PhotoStylizer
    controls: PaintingControls

    def painting_key(self, digest: str) -> PaintingKey:
        """What has to be painted for it."""
        controls = self.controls
        return PaintingKey(digest, self.stylizer, controls.detail, controls.seed, controls.max_side or None)

    @property
    def look(self) -> dict[str, Any]:
        """How the painting and the photo are blended."""
        return {"strength": self.controls.strength / 100, "keep_colors": self.controls.keep_colors}

    @property
    def name(self) -> str:
        """Of the style, as the part of a file's name."""
        return file_stem(public_name(self.stylizer))

    def link(self) -> str:
        """The query string that brings these controls."""
        controls, style = self.controls, public_name(self.stylizer)
        strength = round(controls.strength)
        return StylizeState(style, strength, controls.keep_colors, controls.detail, controls.seed).to_query()


@dataclass(frozen=True)
class Output:
    """How a painting is saved; checked.

    Attributes:
        format: of the file.
        quality: of JPEG and WebP.
        upscaler: to enlarge the painting with.
    """

    format: Format
    quality: int
    upscaler: PhotoStylizer | None

    @property
    def suffix(self) -> str:
        """Of the file's name."""
        return SUFFIXES[self.format]


def read_request(model_cache: ModelCache, controls: PaintingControls) -> StylizeRequest:
    """Load the style of controls; raises ValueError."""
    return StylizeRequest(stylizer_of(model_cache, controls.style), controls)


def read_output(model_cache: ModelCache, controls: SavingControls) -> Output:
    """How to save; loads the upscaler if it is wanted; raises ValueError."""
    upscaler = None
    if controls.upscale:
        if (name := styles.upscaler_name()) is None:
            raise ValueError("no upscaler comes with this installation; leave upscale out")
        upscaler = model_cache.stylizer(name)
    return Output(controls.format, controls.quality, upscaler)  # type: ignore[arg-type]


def stylizer_of(model_cache: ModelCache, style: object) -> PhotoStylizer:
    """The style a visitor chose; raises ValueError."""
    if not style:
        raise ValueError("choose a style first" if styles.style_names() else NO_STYLE)
    stylizer = model_cache.stylizer(model_name(style))
    if stylizer.scale != 1:
        raise ValueError(f"{shorten(repr(style), 40)} enlarges and does not paint; choose a style")
    return stylizer


def read_upload(photo: FileData | None) -> tuple[bytes, str, str]:
    """A photo that has come: the bytes, their digest, and the start of a file name for what is made of it."""
    if not isinstance(path := path_of(photo), str):
        raise ValueError("choose a photo first")
    stem = Path(str((photo or {}).get("orig_name") or path)).stem
    try:
        data, digest = read_photo(path)
    except FileNotFoundError as error:  # the sweep took it
        raise ValueError("the photo was here too long ago and is deleted; choose it again") from error
    return data, digest, re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-")[:64] or "photo"


def encode_result(painted: Painted, request: StylizeRequest, output: Output, report: Report) -> tuple[bytes, str]:
    """The file of a painting, and its size in words."""
    picture = painted.painting.blended(**request.look)
    if output.upscaler is not None:
        picture = output.upscaler.stylize(picture, on_progress=report)
    report(1.0)
    return encode_photo(picture, output.format, output.quality), f"{picture.width}×{picture.height}"  # noqa: RUF001

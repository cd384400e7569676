"""What a visitor asks for: the controls of the tab Stylize checked, the photo read, and the file that comes of them."""

import re
from dataclasses import dataclass
from pathlib import Path

from gan_hub.latents.seeds import MAX_SEED
from gan_hub.page.components.files import FileData, path_of, read_photo
from gan_hub.page.components.model_facts import model_name
from gan_hub.page.server.jobs import Report
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.page.tabs.stylize import styles
from gan_hub.page.tabs.stylize.painting_cache import Painted, PaintingKey
from gan_hub.painting.photos import Format, check_encoding, encode_photo
from gan_hub.recipes.fields import whole_number
from gan_hub.recipes.links import StylizeState, check_detail
from gan_hub.recipes.names import file_stem, public_name
from gan_hub.stylizer import PhotoStylizer

MAX_MAX_SIDE = 16_384
SUFFIXES: dict[str, str] = {"jpeg": "jpg", "png": "png", "webp": "webp"}
NO_STYLE = "no style comes with this installation; type a repository on the Hub as org/name"


@dataclass(frozen=True)
class StylizeRequest:
    """The checked controls.

    Attributes:
        stylizer: loaded.
        strength: from 0 to 1.
        keep_colors: whether the photo's colours stay.
        detail: one of `gan_hub.recipes.links.DETAILS`.
        seed: of the strokes.
        max_side: None = as large as the photo.
    """

    stylizer: PhotoStylizer
    strength: float
    keep_colors: bool
    detail: str
    seed: int
    max_side: int | None

    def painting_key(self, digest: str) -> PaintingKey:
        """What has to be painted for it."""
        return PaintingKey(digest, self.stylizer, self.detail, self.seed, self.max_side)

    @property
    def name(self) -> str:
        """Of the style, as the part of a file's name."""
        return file_stem(public_name(self.stylizer))

    def link(self) -> str:
        """The query string that brings these controls."""
        state = StylizeState(
            public_name(self.stylizer), round(100 * self.strength), self.keep_colors, self.detail, self.seed
        )
        return state.to_query()


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


def read_request(
    model_cache: ModelCache,
    style: object,
    strength: object,
    keep_colors: object,
    detail: object,
    seed: object,
    max_side: object,
) -> StylizeRequest:
    """Check every control before a model is looked for; raises ValueError."""
    if isinstance(strength, bool) or not isinstance(strength, (int, float)) or not 0 <= strength <= 100:
        raise ValueError(f"strength {_shown(strength)} is not possible; use per cent, from 0 to 100")
    side = whole_number("max_side", max_side or 0, 0, MAX_MAX_SIDE)
    return StylizeRequest(
        strength=strength / 100,
        keep_colors=_switch("keep_colors", keep_colors),
        detail=check_detail(detail),
        seed=whole_number("seed", seed, 0, MAX_SEED),
        max_side=side or None,
        stylizer=stylizer_of(model_cache, style),
    )


def read_output(model_cache: ModelCache, format: object, quality: object, upscale: object) -> Output:  # noqa: A002
    """Check how to save; raises ValueError."""
    quality = whole_number("quality", quality, 1, 100)
    check_encoding(format if isinstance(format, str) else _shown(format), quality)
    upscaler = None
    if _switch("upscale", upscale):
        if (name := styles.upscaler_name()) is None:
            raise ValueError("no upscaler comes with this installation; leave upscale out")
        upscaler = model_cache.stylizer(name)
    return Output(format, quality, upscaler)  # type: ignore[arg-type]


def stylizer_of(model_cache: ModelCache, style: object) -> PhotoStylizer:
    """The style a visitor chose; raises ValueError."""
    if not style:
        raise ValueError("choose a style first" if styles.style_names() else NO_STYLE)
    stylizer = model_cache.stylizer(model_name(style))
    if stylizer.scale != 1:
        raise ValueError(f"{_shown(style)} enlarges and does not paint; choose a style")
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
    picture = painted.painting.blended(strength=request.strength, keep_colors=request.keep_colors)
    if output.upscaler is not None:
        picture = output.upscaler.stylize(picture, on_progress=report)
    report(1.0)
    return encode_photo(picture, output.format, output.quality), f"{picture.width}×{picture.height}"  # noqa: RUF001


def _switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} {_shown(value)} is not possible; use true or false")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."

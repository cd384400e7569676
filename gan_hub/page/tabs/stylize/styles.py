"""The styles that come with the page: their names, and a thumbnail of each."""

import re
import threading
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from gan_hub.hub import playground
from gan_hub.loading import model_files
from gan_hub.page.components.files import FileData, write_files
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.painting.photos import encode_photo, open_photo
from gan_hub.stylizer import PhotoStylizer

EXAMPLES_FOLDER = Path(__file__).parents[2] / "examples"
THUMBNAIL_FILE = "thumbnail.jpg"  # in a bundled model's folder, if it has one
THUMBNAIL_SIZE = (240, 180)

_painting = threading.Lock()


def style_names() -> tuple[str, ...]:
    """The stylizers that the page offers, the default first."""
    return tuple(playground.stylizers())


def upscaler_name() -> str | None:
    """The upscaler that comes with the page, if one does."""
    return next(iter(model_files.bundled_names("upscaler")), None)


def default_style() -> str | None:
    """The style the page opens with; None if none is bundled."""
    return next(iter(style_names()), None)


def title(name: str) -> str:
    """What a thumbnail is called: "van-gogh" is Van Gogh."""
    words = re.split(r"-(?=\w\w)", name.rsplit("/", 1)[-1])  # a single letter stays with its word, as in ukiyo-e
    return " ".join(word[:1].upper() + word[1:] for word in words)


def style_gallery(model_cache: ModelCache) -> list[dict[str, Any]]:
    """The bundled styles as a gallery's value."""
    files = [write_files({f"{name}.jpg": _thumbnail(model_cache, name)})[0] for name in style_names()]
    return [{"image": file, "caption": title(name)} for file, name in zip(files, style_names())]


def examples() -> list[Path]:
    """The photos to try, in order: drawings of this project."""
    return sorted(EXAMPLES_FOLDER.glob("*.jpg"))


def example_gallery() -> list[dict[str, Any]]:
    """The photos to try as a gallery's value."""
    return [
        {"image": example(number), "caption": title(path.stem.partition("-")[2])}
        for number, path in enumerate(examples())
    ]


def example(number: int) -> FileData:
    """One of the photos to try, as a photo that a visitor sent."""
    path = examples()[number]
    return write_files({path.name: path.read_bytes()})[0]


_thumbnails: dict[str, bytes] = {}


def _thumbnail(model_cache: ModelCache, name: str) -> bytes:
    """The model's own, else a painted example, made once."""
    with _painting:
        if name not in _thumbnails:
            path = model_files.BUNDLED_FOLDER / name / THUMBNAIL_FILE
            _thumbnails[name] = path.read_bytes() if path.is_file() else _painted_example(model_cache.stylizer(name))
        return _thumbnails[name]


def _painted_example(stylizer: PhotoStylizer) -> bytes:
    photo = Image.new("RGB", THUMBNAIL_SIZE, "gray")
    if examples():
        photo = open_photo(examples()[0])
    photo = ImageOps.fit(photo, (2 * THUMBNAIL_SIZE[0], 2 * THUMBNAIL_SIZE[1]))
    return encode_photo(ImageOps.fit(stylizer.stylize(photo), THUMBNAIL_SIZE), "jpeg", 85)

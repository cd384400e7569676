"""What `--preset` of `train/stylize.py` stands for: the options that differ from the defaults of StyleOptions."""

from pathlib import Path
from typing import Any

from train.config import OptionError
from train.style.config import StyleOptions

# Photos without restrictions of use; those that results are judged by are left out, and a painting among them.
PHOTOS = {
    "photos": (Path("photos/kodak"), Path("photos/budgie-cc0"), Path("photos/pexels-coast")),
    "photos_exclude": (
        *("4.jpg", "8.jpg", "12.jpg", "15.jpg", "21.jpg", "22.jpg", "23.jpg", "pexels-157398.jpg"),
        *("kitten-on-lawn.jpg", "lake-sherburne.jpg", "san-francisco-skyline.jpg", "serene.jpg", "ocean-waves.jpg"),
    ),
}


def _paintings(folder: str, *names: str) -> tuple[Path, ...]:
    return tuple(Path(f"paintings/{folder}/{name}.jpg") for name in names)


STYLE_PRESETS: dict[str, dict[str, Any]] = {
    # Your own pictures: `--photos FOLDER --paintings FOLDER`, or `--style_image FILE`.
    "own": {"output_dir": Path("runs/my-style")},
    # A single painting.
    "starry-night": {
        **PHOTOS,
        "style_image": Path("paintings/style-singles/starry_night.jpg"),
        "output_dir": Path("runs/starry-night"),
    },
}


def style_preset(name: str) -> StyleOptions:
    """The options of a preset.

    Raises:
        OptionError: there is no such preset.
    """
    if name not in STYLE_PRESETS:
        raise OptionError(f"unknown preset '{name}'; choose from: {', '.join(sorted(STYLE_PRESETS))}")
    return StyleOptions(**STYLE_PRESETS[name])

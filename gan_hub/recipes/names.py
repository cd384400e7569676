"""The public name of a model, as recipes, links and file names give it."""

import re
from pathlib import Path

from gan_hub.loading.model_files import BUNDLED_FOLDER, CONFIG_FILE
from gan_hub.loading.pretrained import PretrainedModel

FOLDER_PREFIX = "folder:"  # a colon is in no bundled name and in no repository id
BUNDLED_NAME = re.compile(r"[a-z0-9-]{1,64}")
FOLDER_NAME = re.compile(r"[^/\\\x00-\x1f]{1,100}")


def file_stem(model: str) -> str:
    """A model's public name as the start of a file name: letters, digits, dots, dashes and underscores only."""
    name = model.removeprefix(FOLDER_PREFIX).rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:64] or "picture"


def public_name(model: PretrainedModel) -> str:
    """The name of a model for others: a bundled name, "org/name", or "folder:name" without the path to it."""
    source = model.source
    if source is None:
        return f"{FOLDER_PREFIX}unsaved"
    is_bundled = BUNDLED_NAME.fullmatch(source) and (BUNDLED_FOLDER / source / CONFIG_FILE).is_file()
    if is_bundled or model.revision is not None:
        return source
    return FOLDER_PREFIX + (re.sub(r"[\x00-\x1f\\]", "-", Path(source).resolve().name)[:100] or "root")

"""ZIP files of pictures with their recipes."""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gan_hub import __version__
from gan_hub.recipes.containers import MANIFEST
from gan_hub.recipes.picture import Picture

ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can say: the same pictures give the same bytes at any time


def stored_zip(files: Iterable[tuple[str, bytes]], manifest: Mapping[str, Any]) -> bytes:
    """A ZIP of files, taken one at a time, and a manifest; the same content gives the same bytes.

    Args:
        files: name and content; stored as they are, since PNGs don't shrink a second time.
        manifest: what manifest.json says beside the version; written last, so that the files may fill its lists.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), content)
        text = json.dumps({"made_with": f"gan-hub {__version__}", **manifest}, indent=2, ensure_ascii=False)
        archive.writestr(zipfile.ZipInfo(MANIFEST, ZIP_DATE), text + "\n")
    return buffer.getvalue()


def zip_bytes(pictures: Iterable[Picture]) -> bytes:
    """A ZIP of the PNGs, with a manifest that says what each of them shows."""
    rows: list[dict[str, Any]] = []

    def files() -> Iterator[tuple[str, bytes]]:
        for picture in pictures:
            recipe = json.loads(picture.recipe.to_json())
            rows.append({"file": picture.file_name, "class": picture.class_name, "recipe": recipe})
            yield picture.file_name, picture.png()

    return stored_zip(files(), {"pictures": rows})

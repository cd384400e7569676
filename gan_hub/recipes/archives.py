"""ZIP files of pictures with their recipes."""

import io
import json
import zipfile
from collections.abc import Iterable

from gan_hub import __version__
from gan_hub.recipes.picture import Picture

ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can say: the same pictures give the same bytes at any time


def zip_bytes(pictures: Iterable[Picture]) -> bytes:
    """A ZIP of the PNGs and of manifest.json, which says what each file is; the same pictures give the same bytes."""
    buffer = io.BytesIO()
    rows = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNGs don't shrink a second time
        for picture in pictures:
            archive.writestr(zipfile.ZipInfo(picture.file_name, ZIP_DATE), picture.png())
            recipe = json.loads(picture.recipe.to_json())
            rows.append({"file": picture.file_name, "class": picture.class_name, "recipe": recipe})
        manifest = json.dumps({"made_with": f"gan-hub {__version__}", "pictures": rows}, indent=2, ensure_ascii=False)
        archive.writestr(zipfile.ZipInfo("manifest.json", ZIP_DATE), manifest + "\n")
    return buffer.getvalue()

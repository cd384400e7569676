"""Files for visitors, written once into the folder that Gradio serves, so that it neither copies nor hashes them."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_hub.page.server.gradio_internals import upload_folder
from gan_hub.painting.photos import MAX_BYTES
from gan_hub.recipes.picture import Picture

FileData = dict[str, Any]
META = {"_type": "gradio.FileData"}


def write_files(contents: Mapping[str, bytes]) -> list[FileData]:
    """Write files into one new folder of Gradio's cache, which is named by a hash of their contents.

    Args:
        contents: bytes by name; the names are ours, never a visitor's.

    Returns:
        one dictionary per file, in order, as Gradio's components take it.
    """
    digest = hashlib.sha256(b"".join(name.encode() + b"\0" + data for name, data in contents.items())).hexdigest()
    folder = upload_folder() / digest
    if not _touch(folder, contents):
        _write_folder(folder, contents)
    return [
        {"path": f"{folder}/{name}", "orig_name": name, "size": len(data), "meta": META}
        for name, data in contents.items()
    ]


def path_of(file: object) -> str | None:
    """The path of a file that a visitor sent and that Gradio found in its cache; None if there is no such file.

    Gradio checks only values that are marked as files; endpoints without components pass anything else unchecked.
    """
    if not isinstance(file, dict) or file.get("meta") != META:
        return None
    path = file.get("path")
    return path if isinstance(path, str) else None


def dropped(file: object, what: str) -> Path:
    """The path of a file that a visitor dropped so that its recipe is read; raises ValueError if there is none."""
    if (path := path_of(file)) is None:
        raise ValueError(f"no file has arrived; choose {what} that was made here")
    return Path(path)


def new_file(name: str) -> Path:
    """A path for a file that is too large for memory; if writing fails, the caller removes its folder."""
    folder = upload_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder)) / name


def file_data(path: Path) -> FileData:
    """A file in Gradio's cache, as its components take it."""
    return {"path": str(path), "orig_name": path.name, "size": path.stat().st_size, "meta": META}


def _touch(folder: Path, names: Iterable[str]) -> bool:
    """Renew the times of the files, so that the sweep of the cache spares them; False if one is missing."""
    try:
        for name in names:
            os.utime(f"{folder}/{name}")
    except FileNotFoundError:
        return False
    return True


def _write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files into a temporary folder and move it into place, so that a reader sees all files or none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = tempfile.mkdtemp(dir=folder.parent)
    for name, data in contents.items():
        with open(f"{aside}/{name}", "wb", buffering=0) as file:  # noqa: PTH123  # 64 of them a click: keep it lean
            file.write(data)
    try:
        os.rename(aside, folder)  # noqa: PTH104
    except OSError:  # it is there: another call was faster, or the sweep took some of its files
        for name in contents:
            os.replace(f"{aside}/{name}", folder / name)  # noqa: PTH105
        os.rmdir(aside)  # noqa: PTH106


def gallery_items(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """Pictures as the value of a gallery: lossless PNGs of their own size, with seed and class as captions."""
    if len({picture.file_name for picture in pictures}) == len(pictures):
        files = write_files({picture.file_name: picture.png() for picture in pictures})
    else:  # one seed in several classes, or one picture twice
        files = [write_files({picture.file_name: picture.png()})[0] for picture in pictures]
    return [{"image": file, "caption": caption(picture)} for file, picture in zip(files, pictures)]


def caption(picture: Picture) -> str:
    """Such as "7 · seed 12"; the seed alone if the model has no classes, "own" for a latent without a seed."""
    seed = "own" if picture.recipe.latent else f"seed {picture.recipe.seed}"
    return f"{picture.class_name} · {seed}" if picture.class_name else seed


def read_photo(path: str) -> tuple[bytes, str]:
    """The content of a visitor's file and its digest; a file that is too large is cut, and `open_photo` refuses it."""
    with Path(path).open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    return data, hashlib.sha256(data).hexdigest()

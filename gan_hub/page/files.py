"""Files for the visitor: written once, where Gradio serves from, so that Gradio neither copies nor hashes them again."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from gan_hub.sampling import Picture

FileData = dict[str, Any]


def write_files(contents: Mapping[str, bytes]) -> list[FileData]:
    """Write files into one new folder of Gradio's cache, which is named by what they hold.

    Args:
        contents: name -> bytes; the names are ours, never a visitor's.

    Returns:
        one dictionary a file, in order, as Gradio's components take it.
    """
    digest = hashlib.sha256(b"\0".join(name.encode() + b"\0" + data for name, data in contents.items())).hexdigest()
    folder = Path(get_upload_folder()) / digest
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, data in contents.items():
        path = folder / name
        temporary = f"{path}.{os.getpid()}.{id(contents)}"
        with open(temporary, "wb") as file:  # noqa: PTH123  # twice as fast as Path.write_bytes, 64 times a click
            file.write(data)
        os.replace(temporary, path)  # noqa: PTH105  # whole or not at all, for whoever reads the same picture now
        meta = {"_type": "gradio.FileData"}
        files.append({"path": str(path), "orig_name": name, "size": len(data), "meta": meta})
    return files


def gallery_items(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """Pictures as a gallery's value: each a lossless PNG of its own size, its seed and class below it."""
    files = write_files({picture.file_name: picture.png() for picture in pictures})
    return [{"image": file, "caption": caption(picture)} for file, picture in zip(files, pictures)]


def caption(picture: Picture) -> str:
    """Such as "7 · seed 12"; the seed alone if the model has no classes."""
    seed = f"seed {picture.recipe.seed}"
    return f"{picture.class_name} · {seed}" if picture.class_name else seed

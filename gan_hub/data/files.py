"""Where picture files lie and which class each belongs to: a folder or a ZIP, which is never unpacked to disk."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
METADATA = "metadata.csv"  # columns file_name and label, as in the imagefolder sets of Hugging Face
MAX_FILE_BYTES = 512 * 2**20


class DataError(ValueError):
    """Pictures that can't be used; the message says what was found and what to do."""


@dataclass(frozen=True)
class PictureFiles:
    """The pictures of a folder or ZIP.

    Attributes:
        root: the folder, or the ZIP.
        names: of the files, with slashes, relative to the root.
        labels: one a name; all zero without classes.
        class_names: one a class; empty without classes.
        ignored: pictures that belong to no class where the others do.
    """

    root: Path
    names: list[str]
    labels: list[int]
    class_names: tuple[str, ...]
    ignored: list[str]

    @contextmanager
    def reader(self) -> Iterator[Callable[[str], bytes]]:
        """A function from a name to the file's bytes, which raises whatever reading and unpacking raise."""
        if self.root.is_dir():
            yield lambda name: (self.root / name).read_bytes()
            return
        with zipfile.ZipFile(self.root) as archive:

            def read(name: str) -> bytes:
                if (size := archive.getinfo(name).file_size) > MAX_FILE_BYTES:
                    raise OSError(f"unpacks to {size:,} bytes")
                return archive.read(name)

            yield read

    def fingerprint(self) -> list[tuple[str, int, int]]:
        """Name, size and time of change of each file: what a cache of their contents is good for."""
        if self.root.is_dir():
            stats = [(name, (self.root / name)) for name in self.names]
            return [(name, *_size_and_time(path)) for name, path in stats]
        return [(name, *_size_and_time(self.root)) for name in self.names]


def find_pictures(root: Path, exclude: Sequence[str] = ()) -> PictureFiles:
    """List the pictures of a folder or ZIP, with their classes.

    Classes come from `metadata.csv` if there is one with a column `label`, else from the folders in the root, if there
    are any; a picture deeper down belongs to the folder in the root. A single folder that holds all the rest is passed
    over, as ZIPs often have one.

    Args:
        root: the folder or ZIP.
        exclude: patterns of names to leave out, such as `*draft*`; see `fnmatch`.

    Raises:
        FileNotFoundError: there is no such folder or ZIP.
        DataError: it holds no picture, is no ZIP, or its metadata.csv can't be used.
    """
    files, metadata = _list(root)
    prefix = _common_folder(files)
    pictures = [
        name
        for name in sorted(files)
        if PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES
        and not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
        and not any(fnmatchcase(name, pattern) for pattern in exclude)
    ]
    if not pictures:
        raise DataError(
            f"'{root}' holds no picture{' that is not excluded' if exclude else ''}; give a folder or a ZIP of "
            f"{', '.join(sorted(PICTURE_SUFFIXES))} files, or of one folder of them a class"
        )
    of_names = _labels_of_metadata(metadata, root) if metadata is not None else _labels_of_folders(pictures, prefix)
    known = {name: label for name in pictures if (label := of_names.get(name[len(prefix) :])) is not None}
    if not of_names:
        return PictureFiles(root, pictures, [0] * len(pictures), (), [])
    if not known:
        raise DataError(f"no picture in '{root}' is named in its {METADATA}; file_name must be relative to it")
    class_names = tuple(sorted(set(known.values())))
    labels = [class_names.index(label) for label in known.values()]
    return PictureFiles(root, list(known), labels, class_names, [name for name in pictures if name not in known])


def _list(root: Path) -> tuple[list[str], str | None]:
    """The names of all files, and the text of metadata.csv."""
    if root.is_dir():
        # Without is_file(): links that lead nowhere and folders named like pictures are to be found and reported.
        files = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.suffix or path.is_file()]
        path = root / METADATA
        return files, path.read_text(encoding="utf-8-sig") if path.is_file() else None
    if not root.is_file():
        raise FileNotFoundError(f"there is no folder or ZIP '{root}'")
    try:
        with zipfile.ZipFile(root) as archive:
            files = [info.filename for info in archive.infolist() if not info.is_dir()]
            name = _common_folder(files) + METADATA
            return files, archive.read(name).decode("utf-8-sig") if name in files else None
    except zipfile.BadZipFile as error:
        raise DataError(f"'{root}' is neither a folder nor a ZIP ({error})") from error


def _common_folder(names: Sequence[str]) -> str:
    """The folder that holds everything, with its slash, or nothing; of a ZIP of one folder, that folder."""
    tops = {name.split("/")[0] for name in names}
    if len(tops) != 1 or any("/" not in name for name in names):
        return ""
    top = f"{tops.pop()}/"
    # One folder of pictures alone could be a class as well; it is passed over either way, since one class is none.
    return top + _common_folder([name[len(top) :] for name in names])


def _labels_of_folders(pictures: Sequence[str], prefix: str) -> dict[str, str]:
    short = [name[len(prefix) :] for name in pictures]
    return {name: name.split("/")[0] for name in short if "/" in name}


def _labels_of_metadata(text: str, root: Path) -> dict[str, str]:
    rows = list(csv.DictReader(io.StringIO(text)))
    columns = set(rows[0]) if rows else set()
    if "file_name" not in columns:
        raise DataError(
            f"{METADATA} in '{root}' has the columns {', '.join(map(str, sorted(columns, key=str))) or 'none'}; "
            "it needs file_name, and label if there are classes"
        )
    return {row["file_name"]: row["label"] for row in rows if row.get("label")}


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns

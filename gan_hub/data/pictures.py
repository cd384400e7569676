"""Pictures from a folder or ZIP to a data set: in memory, or in a mapped file if they are too many."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from gan_hub.data.dataset import Dataset
from gan_hub.data.decode import Decoded, UnreadableError, decode, upright_size
from gan_hub.data.doctor import Report
from gan_hub.data.files import DataError, PictureFiles, find_pictures

LICENCE = "that of your pictures"


def load_pictures(
    path: Path,
    *,
    resolution: tuple[int, int],
    channels: int,
    exclude: Sequence[str] = (),
    memory_bytes: int = 4 * 2**30,
    cache_dir: Path | None = None,
) -> tuple[Dataset, Report]:
    """All pictures of a folder or ZIP, cropped to the resolution's shape around their centre.

    Args:
        path: the folder or ZIP; see `find_pictures` for its classes.
        resolution: (H, W).
        channels: 1 grey, 3 RGB, 4 RGBA with the colours multiplied by alpha.
        exclude: patterns of names to leave out.
        memory_bytes: what the pictures may take; if they take more, they are decoded once into a file that is mapped
            into memory, and found there the next time.
        cache_dir: where that file is; None = it is a temporary one.

    Raises:
        FileNotFoundError: there is no such folder or ZIP.
        DataError: it holds no picture that can be read.
    """
    files = find_pictures(path, exclude)
    report = Report(ignored=files.ignored)
    shape = (len(files.names), channels, *resolution)
    is_mapped = int(np.prod(shape, dtype=np.int64)) > memory_bytes
    if is_mapped and cache_dir is not None:
        array, labels = _mapped(files, report, shape, cache_dir)
    else:
        array, _ = unfilled(shape, memory_bytes, Path(tempfile.gettempdir()))
        labels = _decode_into(array, files, report)
        array = array[: len(labels)]
    if not len(labels):
        reasons = ", ".join(f"{name} ({why})" for name, why in list(report.unreadable.items())[:5])
        raise DataError(f"'{path}' holds no picture that can be read: {reasons}")
    name = path.resolve().stem if path.is_file() else path.resolve().name
    images = torch.from_numpy(array)
    return Dataset(images, torch.tensor(labels), files.class_names, name, LICENCE, is_mapped=is_mapped), report


def unfilled(shape: tuple[int, ...], memory_bytes: int, cache_dir: Path) -> tuple[np.ndarray, bool]:
    """Room for pictures uint8 [N, C, H, W]: in memory, or where they take more than that, in a file that is mapped.

    The file has no name and is gone with the array.

    Returns:
        the array, and whether it is mapped.

    Raises:
        DataError: the disk is full.
    """
    num_bytes = int(np.prod(shape, dtype=np.int64))
    if num_bytes <= memory_bytes:
        return np.empty(shape, dtype=np.uint8), False
    cache_dir.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=cache_dir) as file:
            os.posix_fallocate(file.fileno(), 0, num_bytes)
            return np.memmap(file, np.uint8, "r+", shape=shape), True
    except OSError as error:
        raise DataError(_no_room(num_bytes, cache_dir, error)) from error


def _no_room(num_bytes: int, folder: Path, error: OSError) -> str:
    return (
        f"the decoded pictures take {num_bytes / 2**30:.1f} GB and can't be written to '{folder}' ({error.strerror}); "
        "make room, or name another place with --data_cache_dir, or use a smaller --resolution"
    )


def decoded_pictures(
    files: PictureFiles, report: Report, resolution: tuple[int, int], channels: int
) -> Iterator[tuple[Decoded, int]]:
    """Each picture that can be read, with its label; what is noticed goes into the report."""
    pairs = list(zip(files.names, files.labels))
    progress = tqdm(pairs, desc="reading pictures", unit="img", disable=len(pairs) < 5000, mininterval=1.0)
    with files.reader() as read:
        for name, label in progress:
            try:
                decoded = decode(read(name), resolution=resolution, channels=channels)
            except UnreadableError as error:
                report.unreadable[name] = str(error)
            except IsADirectoryError:
                report.unreadable[name] = "a folder"
            except Exception as error:  # zipfile raises what its decompressors do; one bad file must not end a training
                report.unreadable[name] = f"can't be opened ({type(error).__name__})"
            else:
                report.add(name, decoded, files.class_names[label] if files.class_names else None)
                yield decoded, label


def upright_sizes(files: PictureFiles) -> list[tuple[int, int]]:
    """(H, W) of each picture whose header can be read."""
    with files.reader() as read:
        found = []
        for name in files.names:
            try:
                size = upright_size(read(name))
            except Exception:  # zipfile raises what its decompressors do; `decoded_pictures` tells of it
                continue
            found += [size] if size is not None else []
        return found


def _decode_into(array: np.ndarray, files: PictureFiles, report: Report) -> list[int]:
    """Fill the array [N, C, H, W] from its start; returns the labels of those that could be read."""
    labels: list[int] = []
    _, channels, height, width = array.shape
    for decoded, label in decoded_pictures(files, report, (height, width), channels):
        array[len(labels)] = decoded.array.transpose(2, 0, 1)
        labels.append(label)
    return labels


def _mapped(
    files: PictureFiles, report: Report, shape: tuple[int, ...], cache_dir: Path
) -> tuple[np.ndarray, list[int]]:
    """The pictures as a file mapped into memory, made now or found from an earlier time.

    It is written under another name and renamed when it is whole, so that a run that was cut off leaves no half one.

    Raises:
        DataError: the disk is full.
    """
    key = hashlib.sha256(json.dumps([files.fingerprint(), files.labels, shape, 2]).encode()).hexdigest()[:16]
    pixels, notes = cache_dir / f"{key}.pixels", cache_dir / f"{key}.json"
    if not notes.is_file():
        cache_dir.mkdir(parents=True, exist_ok=True)
        temporary = pixels.with_suffix(f".{os.getpid()}")
        try:
            with temporary.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, int(np.prod(shape, dtype=np.int64)))
            array = np.memmap(temporary, np.uint8, "r+", shape=shape)
            labels = _decode_into(array, files, report)
            array.flush()
            temporary.rename(pixels)
            temporary.write_text(json.dumps({"labels": labels, "report": report.to_dict()}))
            temporary.rename(notes)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise DataError(_no_room(int(np.prod(shape, dtype=np.int64)), cache_dir, error)) from error
    saved = json.loads(notes.read_text())
    report.load_dict(saved["report"])  # what is wrong with the pictures is told again
    labels = saved["labels"]
    # Copy on write: torch wants memory it may write to, and nothing ever does.
    return np.memmap(pixels, np.uint8, "c", shape=shape)[: len(labels)], labels

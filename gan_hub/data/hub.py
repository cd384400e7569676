"""Pictures of a data set on the Hugging Face Hub, through the optional library `datasets`."""

import tempfile
from pathlib import Path

import numpy as np
import torch

from gan_hub.data.dataset import Dataset
from gan_hub.data.decode import UnreadableError, fitted
from gan_hub.data.doctor import Report
from gan_hub.data.files import DataError
from gan_hub.data.pictures import unfilled


def load_hub_dataset(
    name: str,
    *,
    split: str,
    image_column: str,
    label_column: str,
    resolution: tuple[int, int],
    channels: int,
    memory_bytes: int = 4 * 2**30,
    cache_dir: Path | None = None,
) -> tuple[Dataset, Report]:
    """A data set's pictures, cropped to shape around their centre; its licence is the one that it states.

    Args:
        name: org/name, or a local folder that `datasets.load_dataset` takes.
        split: such as train.
        image_column: holds the pictures.
        label_column: holds the classes, if it is there and of the type ClassLabel.
        resolution: (H, W).
        channels: 1 grey, 3 RGB, 4 RGBA with the colours multiplied by alpha.
        memory_bytes: what the pictures may take; more of them are kept in a file that is mapped into memory.
        cache_dir: where that file is; None = where temporary files are.

    Raises:
        DataError: `datasets` is not installed, or the set, the split or the column is not there.
    """
    try:
        import datasets
    except ImportError as error:
        raise DataError("--dataset_name needs the library datasets; run: pip install datasets") from error
    try:
        rows = datasets.load_dataset(name, split=split)
    except (OSError, ValueError) as error:  # not found, not reachable, no such split
        raise DataError(f"the data set '{name}' can't be loaded: {str(error).splitlines()[0]}") from error
    if not isinstance(rows.features.get(image_column), datasets.Image):
        raise DataError(
            f"'{name}' has no pictures in a column '{image_column}'; its columns are {', '.join(rows.features)}; name "
            "one with --dataset_image_column"
        )
    classes = rows.features.get(label_column)
    class_names = tuple(classes.names) if isinstance(classes, datasets.ClassLabel) else ()
    shape = (len(rows), channels, *resolution)
    array, is_mapped = unfilled(shape, memory_bytes, cache_dir or Path(tempfile.gettempdir()))
    report = Report()
    labels = _decode_into(array, rows, report, image_column, label_column if class_names else None, class_names)
    if not labels:
        raise DataError(f"'{name}' holds no picture that can be read")
    licence = getattr(getattr(rows, "info", None), "license", "") or "see the data set's page"
    images = torch.from_numpy(array[: len(labels)])
    return Dataset(images, torch.tensor(labels), class_names, name, licence, is_mapped=is_mapped), report


def _decode_into(
    array: np.ndarray,
    rows: object,
    report: Report,
    image_column: str,
    label_column: str | None,
    class_names: tuple[str, ...],
) -> list[int]:
    """Fill the array [N, C, H, W] from its start; returns the labels of those that could be read."""
    labels: list[int] = []
    _, channels, height, width = array.shape
    for number in range(len(array)):
        try:
            row = rows[number]  # type: ignore[index]  # datasets has no types; decodes the picture, or fails to
            label = row[label_column] if label_column else 0
            if row[image_column] is None or label is None or label < 0:
                raise UnreadableError("no picture" if row[image_column] is None else "no class")
            decoded = fitted(row[image_column], resolution=(height, width), channels=channels)
        except (UnreadableError, OSError, ValueError, SyntaxError) as error:
            report.unreadable[f"row {number}"] = str(error)
            continue
        report.add(f"row {number}", decoded, class_names[label] if class_names else None)
        array[len(labels)] = decoded.array.transpose(2, 0, 1)
        labels.append(label)
    return labels

"""Pictures of a data set on the Hugging Face Hub, through the optional library `datasets`."""

import numpy as np
import torch

from gan_hub.data.dataset import Dataset
from gan_hub.data.decode import UnreadableError, fitted
from gan_hub.data.doctor import Report
from gan_hub.data.files import DataError


def load_hub_dataset(
    name: str, *, split: str, image_column: str, label_column: str, resolution: tuple[int, int], channels: int
) -> tuple[Dataset, Report]:
    """A data set's pictures, cropped to shape around their centre; its licence is the one that it states.

    Args:
        name: org/name, or a local folder that `datasets.load_dataset` takes.
        split: such as train.
        image_column: holds the pictures.
        label_column: holds the classes, if it is there and of the type ClassLabel.
        resolution: (H, W).
        channels: 1 grey, 3 RGB, 4 RGBA with the colours multiplied by alpha.

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
    return _gather(rows, name, image_column, label_column if class_names else None, class_names, resolution, channels)


def _gather(
    rows: object,
    name: str,
    image_column: str,
    label_column: str | None,
    class_names: tuple[str, ...],
    resolution: tuple[int, int],
    channels: int,
) -> tuple[Dataset, Report]:
    report = Report()
    arrays, labels = [], []
    for number in range(len(rows)):  # type: ignore[arg-type]  # datasets has no types
        try:
            row = rows[number]  # type: ignore[index]  # decodes the picture, or fails to
            label = row[label_column] if label_column else 0
            if row[image_column] is None or label is None or label < 0:
                raise UnreadableError("no picture" if row[image_column] is None else "no class")
            decoded = fitted(row[image_column], resolution=resolution, channels=channels)
        except (UnreadableError, OSError, ValueError, SyntaxError) as error:
            report.unreadable[f"row {number}"] = str(error)
            continue
        report.add(f"row {number}", decoded, class_names[label] if class_names else None)
        arrays.append(decoded.array.transpose(2, 0, 1))
        labels.append(label)
    if not arrays:
        raise DataError(f"'{name}' holds no picture that can be read")
    licence = getattr(getattr(rows, "info", None), "license", "") or "see the data set's page"
    return Dataset(torch.from_numpy(np.stack(arrays)), torch.tensor(labels), class_names, name, licence), report

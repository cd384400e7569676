"""From options to the pictures that are trained on."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gan_hub.data.dataset import Dataset
from gan_hub.data.doctor import Report
from gan_hub.data.drawn import drawn_shapes, moving
from gan_hub.data.files import DataError
from gan_hub.data.hub import load_hub_dataset
from gan_hub.data.idx import IDX_SETS, load_idx_set
from gan_hub.data.pictures import load_pictures
from gan_hub.training.options.options import OptionError, TrainingOptions

logger = logging.getLogger(__name__)


def load_dataset(options: TrainingOptions) -> Dataset:
    """The pictures, or clips of them, that the options ask for.

    Raises:
        FileNotFoundError: they are not there.
        OptionError: there is no usable picture, or one that can't be used with --strict_data.
    """
    data = _load_pictures(options)
    return moving(data, num_frames=options.num_frames, seed=options.seed) if options.num_frames > 1 else data


def _load_pictures(options: TrainingOptions) -> Dataset:
    if options.train_data_dir is None and options.dataset_name is None:
        return drawn_shapes(1024, seed=options.seed) if options.dataset == "shapes" else load_named_set(options)
    memory_bytes, cache_dir = (
        int(options.data_memory_gb * 2**30),
        options.data_cache_dir or options.output_dir / "cache",
    )
    try:
        if options.dataset_name is not None:
            data, report = load_hub_dataset(
                options.dataset_name,
                split=options.dataset_split,
                image_column=options.dataset_image_column,
                label_column=options.dataset_label_column,
                resolution=options.resolution,
                channels=options.channels,
                memory_bytes=memory_bytes,
                cache_dir=cache_dir,
            )
        else:
            assert options.train_data_dir is not None
            data, report = load_pictures(
                options.train_data_dir,
                resolution=options.resolution,
                channels=options.channels,
                exclude=options.data_exclude,
                memory_bytes=memory_bytes,
                cache_dir=cache_dir,
            )
    except DataError as error:
        raise OptionError(str(error)) from error
    _tell(report, strict=options.strict_data)
    return data if options.dataset_license is None else replace(data, licence=options.dataset_license)


def _tell(report: Report, *, strict: bool) -> None:
    for line in report.lines():
        logger.info("%s", line)
    if strict and report.faults:
        raise OptionError(
            f"{len(report.unreadable)} files can't be read and {len(report.duplicates)} are there twice, with "
            "--strict_data; see `gan-hub check-data`, mend them or leave --strict_data out"
        )


def load_named_set(options: TrainingOptions) -> Dataset:
    """MNIST or Fashion-MNIST, downloaded by torchvision if the files are not there.

    Raises:
        FileNotFoundError: the files are not there and can't be downloaded; says the three ways to get them.
    """
    try:
        return load_idx_set(options.dataset, options.data_dir)
    except FileNotFoundError:
        _download(options.dataset, options.data_dir)
        return load_idx_set(options.dataset, options.data_dir)


def _download(name: str, data_dir: Path) -> None:
    import torchvision.datasets

    download: Callable[..., object] = getattr(torchvision.datasets, IDX_SETS[name][0])
    try:
        download(str(data_dir), train=True, download=True)
    except (OSError, RuntimeError) as error:
        raise FileNotFoundError(
            f"the {name} files are not under '{data_dir}' and could not be downloaded ({type(error).__name__}). "
            "Three ways to get pictures: connect to the network and start again; copy the four *-ubyte.gz files into a "
            "folder and pass --data_dir FOLDER; or train on your own pictures with --train_data_dir FOLDER. "
            "(--preset tiny needs no pictures at all.)"
        ) from error

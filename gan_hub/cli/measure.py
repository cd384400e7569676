"""The commands that measure: check-data before a training, evaluate and curves after it."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro

from gan_hub.cli.arguments import Device, Model, Revision, load_generator
from gan_hub.data.doctor import Report, suggested_resolution
from gan_hub.data.drawn import moving
from gan_hub.data.files import DataError, find_pictures
from gan_hub.data.idx import IDX_SETS, load_idx_set
from gan_hub.data.pictures import decoded_pictures, load_pictures, upright_sizes
from gan_hub.evaluation.evaluator import MIN_PICTURES, NUM_SAMPLES, Evaluator
from gan_hub.loading.device import AUTO, usable_device


def check_data(
    path: Annotated[Path, tyro.conf.Positional],
    resolution: tuple[int, int] | None = None,
    channels: Literal[1, 3, 4] | None = None,
    exclude: tuple[str, ...] = (),
) -> None:
    """Check pictures before training on them: name the unreadable, double, small and cropped ones, suggest a command.

    Args:
        path: a folder or ZIP of pictures.
        resolution: height and width to train at; what suits the pictures and this machine if left out.
        channels: 1 grey, 3 RGB, 4 RGBA; what suits most pictures if left out.
        exclude: patterns of file names to leave out.
    """
    files = find_pictures(path, exclude)
    report = Report(ignored=files.ignored)
    resolution = resolution or suggested_resolution(upright_sizes(files), usable_device(AUTO).type)
    for _ in decoded_pictures(files, report, resolution, channels or 4):
        pass
    print("\n".join(report.lines()))
    print(f"to train on them: {report.suggestion(str(path), resolution, channels or report.suggested_channels())}")
    if report.faults:
        sys.exit(1)


def evaluate(
    model: Model,
    data: Annotated[str, tyro.conf.arg(help=f"{', '.join(IDX_SETS)}, or a folder or ZIP of pictures.")],
    data_dir: Path = Path("data"),
    exclude: tuple[str, ...] = (),
    extractor: str = "auto",
    num_samples: int = NUM_SAMPLES,
    json: Path | None = None,
    revision: Revision = None,
    device: Device = AUTO,
) -> None:
    """Measure a generator against real pictures: distances, precision and recall, diversity, copies.

    Args:
        data_dir: where the named data sets are.
        exclude: patterns of file names in a folder or ZIP to leave out.
        extractor: auto (the bundled classifier of a named data set, else photo-features for colour and random for
            grey), photo-features, random, inception, a folder with a classifier, or a .pth file with the weights of
            Inception. It runs on the CPU.
        num_samples: pictures to generate; if the data has fewer pictures, as many as it has.
        json: a file to write the figures to.
    """
    generator = load_generator(model, revision, device)
    if data in IDX_SETS:
        pictures = load_idx_set(data, data_dir)
    else:
        size, channels = generator.image_size, generator.channels
        pictures, _ = load_pictures(Path(data), resolution=size, channels=channels, exclude=exclude)
    if generator.num_frames > 1:
        pictures = moving(pictures, num_frames=generator.num_frames, seed=0)
    evaluator = Evaluator.for_dataset(pictures, data_dir, extractor=extractor, num_samples=num_samples)
    if evaluator is None:
        raise DataError(f"'{data}' holds {len(pictures)} pictures; a measure needs {MIN_PICTURES}")
    scores, reference = evaluator.full(generator)
    print(evaluator.table(scores, reference))
    if json is not None:
        json.write_text(evaluator.to_json(scores, reference), encoding="utf-8")


def curves(run: Annotated[Path, tyro.conf.Positional], out: Path | None = None) -> None:
    """Draw what a training logged: losses, divergence, quality and speed.

    Args:
        run: the folder of the run.
        out: a PNG; curves.png in the folder if left out.
    """
    from gan_hub.evaluation.curves import draw_curves  # importing matplotlib takes a second

    print(draw_curves(run, out or run / "curves.png"))

"""The `gan-hub` command: pictures and paintings from the terminal, a look at data, and the page."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from gan_hub.cli.export import export
from gan_hub.cli.hub import convert, halve, list_models, push
from gan_hub.cli.latents import directions, interpolate, project
from gan_hub.cli.photo_files import paint_files
from gan_hub.data.doctor import Report
from gan_hub.data.drawn import moving
from gan_hub.data.files import DataError, find_pictures
from gan_hub.data.idx import IDX_SETS, load_idx_set
from gan_hub.data.pictures import decoded_pictures, load_pictures
from gan_hub.evaluation.evaluator import MIN_PICTURES, Evaluator
from gan_hub.generator import GanGenerator
from gan_hub.hub import http_client
from gan_hub.loading.device import usable_device
from gan_hub.loading.model_files import bundled_names
from gan_hub.painting.photos import check_encoding
from gan_hub.recipes.archives import zip_bytes
from gan_hub.recipes.picture import grid_png
from gan_hub.recipes.recipe import parse_seeds
from gan_hub.sampling.pictures import sample as sample_pictures
from gan_hub.sampling.pictures import sample_chunks
from gan_hub.stylizer import PhotoStylizer, check_options


def sample(
    model: Annotated[str, tyro.conf.Positional],
    out: Path,
    seeds: str = "0-15",
    label: str | None = None,
    truncation: float = 1.0,
    columns: int = 4,
    revision: str | None = None,
    device: str = "cpu",
) -> None:
    """Make pictures: a grid, single files, or a ZIP. The same recipe gives the same bytes here and on the page.

    Args:
        model: a bundled name such as mnist-gan, a folder, or org/name on the Hub.
        out: a name that ends in .png for a grid, in .zip for a ZIP with a manifest; any other is a folder of PNGs.
        seeds: such as 7, 0-15 or 3,7,20-29.
        label: the class to show, by name; each seed's own if left out.
        truncation: from 0 (the average picture) over 1 (as trained) to 2.
        columns: pictures in a row of the grid.
        revision: branch, tag or commit on the Hub.
        device: where the network runs, such as cpu or cuda.
    """
    numbers = parse_seeds(seeds)
    place = usable_device(device)
    generator = GanGenerator.from_pretrained(model, revision=revision).to(place)
    suffix = out.suffix.lower()
    if suffix in (".png", ".zip"):
        pictures = sample_pictures(generator, numbers, label=label, truncation=truncation)
        data = grid_png(pictures, columns) if suffix == ".png" else zip_bytes(pictures)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(data)
    else:
        chunks = sample_chunks(generator, numbers, label=label, truncation=truncation)
        out.mkdir(parents=True, exist_ok=True)
        for picture in (picture for chunk in chunks for picture in chunk):
            (out / picture.file_name).write_bytes(picture.png())
    print(f"{len(numbers)} pictures of {model} are in {out}")


def stylize(
    model: Annotated[str, tyro.conf.Positional],
    photos: Annotated[tuple[Path, ...], tyro.conf.Positional],
    out: Path,
    strength: float = 1.0,
    keep_colors: bool = False,
    detail: float = 1.0,
    seed: int = 0,
    max_side: int | None = None,
    format: Literal["same", "jpeg", "png", "webp"] = "same",  # noqa: A002
    quality: int = 92,
    keep_metadata: bool = False,
    upscale: str | None = None,
    revision: str | None = None,
    device: str = "cpu",
) -> None:
    """Paint photos whole, of any size. A photo that can't be read is named, and the others go on.

    Args:
        model: a bundled name, a folder, or org/name on the Hub.
        photos: files; they are never written to.
        out: a folder for the paintings, which have the names of their photos.
        strength: from 0 (the photo) to 1 (the painting).
        keep_colors: take only light and dark from the painting, and the colours from the photo.
        detail: above 0 and up to 1; less gives larger strokes.
        seed: of the noise that strokes grow from.
        max_side: reduce a photo first so that its longer side has at most so many pixels.
        format: same = that of the photo, or PNG if it is none of the three.
        quality: of JPEG and WebP, from 1 to 100.
        keep_metadata: keep the photo's EXIF, time and place included.
        upscale: an upscaler to enlarge the paintings with: a bundled name, a folder, or org/name.
        revision: branch, tag or commit of the model on the Hub.
        device: where the networks run, such as cpu or cuda.
    """
    if not photos:
        raise ValueError("there is nothing to paint; name at least one photo")
    check_options(strength=strength, detail=detail, seed=seed, max_side=max_side)
    check_encoding("png" if format == "same" else format, quality)
    place = usable_device(device)
    stylizer = PhotoStylizer.from_pretrained(model, revision=revision).to(place)
    upscaler = None if upscale is None else _upscaler(upscale).to(place)
    options = {
        "strength": strength,
        "keep_colors": keep_colors,
        "detail": detail,
        "seed": seed,
        "max_side": max_side,
        "keep_metadata": keep_metadata,
    }
    painted = paint_files(photos, out, stylizer, upscaler, format=format, quality=quality, options=options)
    print(f"{painted} of {len(photos)} photos are painted by {model} in {out}")
    if painted < len(photos):
        sys.exit(2)


def _upscaler(name: str) -> PhotoStylizer:
    upscaler = PhotoStylizer.from_pretrained(name)
    if upscaler.scale == 1:
        others = bundled_names("upscaler")
        raise ValueError(
            f"'{name}' paints and does not enlarge; as --upscale use an upscaler"
            + (f", such as {', '.join(others)}" if others else "")
        )
    return upscaler


def check_data(
    path: Annotated[Path, tyro.conf.Positional],
    resolution: tuple[int, int] = (64, 64),
    channels: Literal[1, 3, 4] | None = None,
    exclude: tuple[str, ...] = (),
) -> None:
    """Look at pictures before training on them: what can't be read, is there twice, too small, cropped; and a command.

    Args:
        path: a folder or ZIP of pictures.
        resolution: height and width to train at.
        channels: 1 grey, 3 RGB, 4 RGBA; what suits most pictures if left out.
        exclude: patterns of file names to leave out.
    """
    files = find_pictures(path, exclude)
    report = Report(ignored=files.ignored)
    for _ in decoded_pictures(files, report, resolution, channels or 4):
        pass
    print("\n".join(report.lines()))
    print(f"to train on them: {report.suggestion(str(path), resolution, channels or report.suggested_channels())}")
    if report.faults:
        sys.exit(1)


def evaluate(
    model: Annotated[str, tyro.conf.Positional],
    data: str,
    data_dir: Path = Path("data"),
    exclude: tuple[str, ...] = (),
    extractor: str = "auto",
    num_samples: int = 10_000,
    json: Path | None = None,
    revision: str | None = None,
    device: str = "cpu",
) -> None:
    """Measure a generator against real pictures: distances, precision and recall, diversity, copies.

    Args:
        model: a bundled name such as mnist-gan, a folder, or org/name on the Hub.
        data: mnist, fashion-mnist, or a folder or ZIP of pictures.
        data_dir: where mnist and fashion-mnist are.
        exclude: patterns of file names in a folder or ZIP to leave out.
        extractor: auto (the bundled classifier of mnist and fashion-mnist, else random), random, inception, a folder
            with a classifier, or a .pth file with the weights of Inception.
        num_samples: to generate; if the data has fewer pictures, as many.
        json: a file to write the figures to.
        revision: branch, tag or commit on the Hub.
        device: where the generator runs, such as cpu or cuda.
    """
    generator = GanGenerator.from_pretrained(model, revision=revision).to(usable_device(device))
    if data in IDX_SETS:
        pictures = load_idx_set(data, data_dir)
    else:
        pictures, _ = load_pictures(
            Path(data), resolution=generator.image_size, channels=generator.channels, exclude=exclude
        )
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


def app(
    host: str | None = None,
    port: int | None = None,
    share: bool = False,
    allow_local: bool = True,
    device: str | None = None,
) -> None:
    """Open the page.

    Args:
        host: address to listen on; this machine alone (127.0.0.1) if left out.
        port: the first free one from 7860 on if left out.
        share: make a public link through Gradio's servers.
        allow_local: let the page open models in folders, if this machine alone can reach it; else it never does.
        device: where the networks run, such as cpu or cuda; GAN_HUB_DEVICE, or cpu, if left out.
    """
    from gan_hub.page import launch  # importing gradio takes seconds, which `gan-hub sample` should not

    launch.launch(host=host, port=port, share=share, allow_local=allow_local, device=device)


COMMANDS: dict[str, Callable[..., None]] = {
    "sample": sample,
    "stylize": stylize,
    "interpolate": interpolate,
    "directions": directions,
    "project": project,
    "check-data": check_data,
    "evaluate": evaluate,
    "curves": curves,
    "halve": halve,
    "export": export,
    "push": push,
    "list": list_models,
    "convert": convert,
    "app": app,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; what goes wrong for a reason is one sentence on stderr and exit code 2."""
    http_client.install()
    try:
        tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog="gan-hub",
            description="Pictures from GANs, and paintings from photos.",
            args=arguments,
        )
    except (ValueError, OSError) as error:
        print(f"gan-hub: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)

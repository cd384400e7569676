"""How stylized and enlarged photos look, in figures and side by side; run by benchmarks/stylize.py."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import tyro
from PIL import Image, ImageDraw, ImageFont, ImageOps
from torch.nn.functional import interpolate

from benchmarks.held_out import (
    JUDGED_PHOTOS,
    Common,
    as_floats,
    as_tensor,
    edge_energy,
    load_stylizers,
    luma,
    open_reduced,
    photo_paths,
    psnr,
    report,
)
from benchmarks.painting_judge import Options as JudgeOptions
from benchmarks.painting_judge import PaintingJudge, load_judge
from gan_hub import PhotoStylizer
from gan_hub.images import to_pil
from gan_hub.training.style.health import gradient_correlation

MAX_SHEET_BYTES = 1_500_000
BICUBIC, SHARPER_BICUBIC = "bicubic (Pillow's)", "bicubic (torch's)"  # -1/2 and -3/4 are the kernels' slopes
LABEL = 26  # pixels of the line of names


@dataclass(frozen=True)
class Judge(Common):
    """The share of stylized held-out photos that a classifier calls paintings, and what is left of the photos."""

    stylizers: tyro.conf.Positional[tuple[str, ...]] = ()
    strengths: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    max_photos: int = 1000
    judge: JudgeOptions = field(default_factory=JudgeOptions)
    """How the classifier is trained; see benchmarks/painting_judge.py."""


@dataclass(frozen=True)
class Upscale(Common):
    """Held-out photos made small and enlarged again: distance, sharpness and colours, beside bicubic enlargement."""

    upscalers: tyro.conf.Positional[tuple[str, ...]] = ()


@dataclass(frozen=True)
class ContactSheet(Common):
    """The 12 held-out photos that may be shown, in every style."""

    stylizers: tyro.conf.Positional[tuple[str, ...]] = ()
    output: Path = Path("docs/styles.jpg")
    """With -1, -2 ... before the suffix if one file would be too large."""
    side: int = 512
    """Shorter side of a photo when it is painted."""
    cell: tuple[int, int] = (432, 288)
    """Width and height it is shown at, cut to that shape."""
    quality: int = 88


def judge(options: Judge) -> None:
    """Measure and print; see `Judge`."""
    model, facts = load_judge(options.judge)
    photos = [open_reduced(path) for path in photo_paths(options.data_dir, held_out=True)[: max(1, options.max_photos)]]
    before = mean(model.opinion(photo) > 0 for photo in photos)
    rows: list[list[object]] = [["the photos themselves", f"{before:.1%}", *[""] * (len(options.strengths) + 3)]]
    results = []
    for name, stylizer in load_stylizers(options.stylizers, "stylizer").items():
        result = {"stylizer": name, **judged(stylizer, photos, options, model)}
        results.append(result)
        shares = [f"{result['called_paintings'][str(s)]:.1%}" for s in options.strengths]
        kept = f"{result['gradient_correlation']['mean']:.2f} ({result['gradient_correlation']['min']:.2f})"
        rows.append([name, "", *shares, kept, f"{result['monotone']:.1%}", f"{result['change'][-1]:.1f}"])
    header = ["called paintings at strength", "0", *map(str, options.strengths)]
    header += ["gradients kept, mean (least)", "change rises with strength", "mean change, of 255"]
    report(
        options,
        {"judge": facts, "photos_called_paintings": before, "stylizers": results, "n": len(photos)},
        header,
        rows,
    )


def judged(
    stylizer: PhotoStylizer, photos: Sequence[Image.Image], options: Judge, model: PaintingJudge
) -> dict[str, Any]:
    """What becomes of the photos at each strength."""
    called: dict[str, list[bool]] = {str(strength): [] for strength in options.strengths}
    kept, changes = [], []
    for photo in photos:
        change = [0.0]
        for strength in options.strengths:
            painted = stylizer.stylize(photo, strength=strength, seed=options.seed)
            called[str(strength)].append(model.opinion(painted) > 0)
            change.append(float(abs(as_floats(painted) - as_floats(photo)).mean()))
        kept.append(float(gradient_correlation(as_tensor(photo), as_tensor(painted))))  # of the last strength
        changes.append(change)
    return {
        "called_paintings": {strength: mean(values) for strength, values in called.items()},
        "gradient_correlation": {"mean": round(mean(kept), 4), "min": round(min(kept), 4)},
        "monotone": mean(change == sorted(change) for change in changes),
        "change": [round(mean(values), 3) for values in zip(*changes)],
    }


def upscale(options: Upscale) -> None:
    """Measure and print; see `Upscale`."""
    photos = [open_reduced(path) for path in photo_paths(options.data_dir, held_out=True)]
    header = [
        "",
        "PSNR of RGB, dB",
        "PSNR of luma, dB",
        "edge energy",
        "of the original's",
        "mean colour shift, of 255",
    ]
    rows: list[list[object]] = []
    results = []
    for name, upscaler in load_stylizers(options.upscalers, "upscaler").items():
        measured: dict[str, list[dict[str, float]]] = {BICUBIC: [], SHARPER_BICUBIC: [], name: []}
        originals = []
        for photo in photos:
            scale = upscaler.scale
            photo = photo.crop((0, 0, photo.width // scale * scale, photo.height // scale * scale))
            small = photo.resize([side // scale for side in photo.size], Image.Resampling.BICUBIC)
            originals.append(edge_energy(luma(photo)))
            measured[BICUBIC].append(beside(photo, small.resize(photo.size, Image.Resampling.BICUBIC)))
            enlarged = interpolate(as_tensor(small), scale_factor=scale, mode="bicubic", align_corners=False)
            measured[SHARPER_BICUBIC].append(beside(photo, to_pil(enlarged)[0]))
            measured[name].append(beside(photo, upscaler.stylize(small)))
        for kind, found in measured.items():
            values = {key: round(mean(one[key] for one in found), 4) for key in found[0]}
            sharpness = values["edge_energy"] / mean(originals)
            results.append({"upscaler": kind, "scale": upscaler.scale, **values, "of_original": round(sharpness, 4)})
            cells = (values["psnr_rgb"], values["psnr_luma"], values["edge_energy"])
            rows.append([f"{kind}, {upscaler.scale}x", *(f"{cell:.2f}" for cell in cells)])
            rows[-1] += [f"{sharpness:.1%}", f"{values['colour_shift']:.2f}"]
    report(options, {"upscalers": results, "n": len(photos)}, header, rows)


def beside(original: Image.Image, enlarged: Image.Image) -> dict[str, float]:
    """Measures of an enlarged picture beside the original of the same size."""
    first, second = as_floats(original), as_floats(enlarged)
    return {
        "psnr_rgb": psnr(first, second),
        "psnr_luma": psnr(luma(original), luma(enlarged)),
        "edge_energy": edge_energy(luma(enlarged)),
        "colour_shift": float(abs(first.mean((0, 1)) - second.mean((0, 1))).mean()),
    }


def contact_sheet(options: ContactSheet) -> None:
    """Write the sheets and print what is on them; see `ContactSheet`."""
    stylizers = load_stylizers(options.stylizers, "stylizer")
    rows = []
    paths = photo_paths(options.data_dir, held_out=True)[: len(JUDGED_PHOTOS)]
    for path in paths:
        photo = open_reduced(path, options.side)
        pictures = [photo, *(stylizer.stylize(photo, seed=options.seed) for stylizer in stylizers.values())]
        rows.append([ImageOps.fit(picture, options.cell) for picture in pictures])
    sheets = 1
    while True:
        size = -(-len(rows) // sheets)
        parts = [rows[first : first + size] for first in range(0, len(rows), size)]
        files = write_sheets([sheet(part, ["photo", *stylizers]) for part in parts], options)
        if sheets == len(rows) or max(file.stat().st_size for file in files) <= MAX_SHEET_BYTES:
            break
        for file in files:
            file.unlink()
        sheets += 1
    shown = [[file.name, len(part), f"{file.stat().st_size / 1e6:.2f}"] for file, part in zip(files, parts)]
    facts = {"photos": [path.name for path in paths], "stylizers": list(stylizers), "n": len(rows)}
    report(options, {**facts, "files": [file.name for file in files]}, ["sheet", "photos", "MB"], shown)


def write_sheets(sheets: Sequence[Image.Image], options: ContactSheet) -> list[Path]:
    """One file by the name of the output, or several numbered ones."""
    files = []
    options.output.parent.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(sheets, 1):
        suffix = f"-{number}" if len(sheets) > 1 else ""
        files.append(options.output.with_stem(options.output.stem + suffix))
        picture.save(files[-1], "JPEG", quality=options.quality, optimize=True)
    return files


def sheet(rows: Sequence[Sequence[Image.Image]], names: Sequence[str], gap: int = 4) -> Image.Image:
    """Rows of pictures of one size on white, a column each name, which stands above it."""
    width, height = rows[0][0].size
    canvas = Image.new("RGB", (len(names) * (width + gap) - gap, LABEL + len(rows) * (height + gap) - gap), "white")
    draw = ImageDraw.Draw(canvas)
    for column, name in enumerate(names):
        left = column * (width + gap)
        draw.text((left + width / 2, LABEL / 2), name, "black", ImageFont.load_default(18), anchor="mm")
        for row, pictures in enumerate(rows):
            canvas.paste(pictures[column], (left, LABEL + row * (height + gap)))
    return canvas

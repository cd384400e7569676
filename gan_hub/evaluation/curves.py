"""Draws the log of a training in one PNG: losses, the divergence that the discriminator proves, quality and speed."""

import json
from collections.abc import Sequence
from pathlib import Path

PANELS = (
    # title, names of the measures, whether the axis is logarithmic
    ("Losses", ("discriminator_loss", "generator_loss", "information_loss"), False),
    (
        "What the discriminator proves of a distance",
        (
            "jensen_shannon_bound",
            "paired_jensen_shannon_bound",
            "total_variation_bound",
            "triangular_discrimination_bound",
            "wasserstein_estimate",
        ),
        False,
    ),
    ("Quality: Frechet distance, lower is better", ("frechet_distance",), True),
    ("Speed: images per second", ("images_per_second",), False),
    ("Logits", ("real_logits", "fake_logits"), False),
    ("Strength of the augmentation", ("augment_strength",), False),
)
SMOOTHING = 0.9  # weight of the earlier values in the thick lines


class CurvesError(ValueError):
    """There is nothing to draw."""


def read_metrics(run: Path) -> list[dict[str, float]]:
    """The lines of a run's metrics.jsonl, without one that was cut off while it was written.

    Raises:
        CurvesError: there is no such file, or no line in it.
    """
    path = run / "metrics.jsonl"
    if not path.is_file():
        raise CurvesError(f"there is no metrics.jsonl in '{run}'; give the folder of a training run")
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    if not lines:
        raise CurvesError(f"'{path}' is empty; the training has not logged anything yet")
    return lines


def draw_curves(run: Path, out: Path) -> Path:
    """Draw the curves of a run into a PNG.

    Args:
        run: its folder.
        out: the file to write.

    Returns:
        `out`.

    Raises:
        CurvesError: the run has logged nothing.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = read_metrics(run)
    panels = [
        (title, curves, logarithmic)
        for title, names, logarithmic in PANELS
        if (curves := {name: curve for name in names if len((curve := points(lines, name))[0]) > 0})
    ]
    rows = -(-len(panels) // 2)
    figure = Figure(figsize=(11, 3.0 * rows), layout="constrained")
    for number, (title, curves, logarithmic) in enumerate(panels):
        axes = figure.add_subplot(rows, 2, number + 1)
        axes.set_title(title, loc="left", fontsize=11)
        for i, (name, (steps, values)) in enumerate(curves.items()):
            dense = len(values) > 20
            axes.plot(steps, values, color=f"C{i}", alpha=0.25 if dense else 1.0, marker="" if dense else "o", lw=1)
            label = name.replace("_", " ")
            axes.plot(steps if dense else [], smoothed(values) if dense else [], color=f"C{i}", lw=2)
            axes.plot([], [], color=f"C{i}", lw=2, label=label)
        if logarithmic and all(value > 0 for _, values in curves.values() for value in values):
            axes.set_yscale("log")
        axes.grid(alpha=0.3)
        axes.set_xlabel("step")
        if len(curves) > 1 or title.startswith("What"):
            axes.legend(frameon=False, fontsize=9)
    FigureCanvasAgg(figure).print_png(str(out))
    return out


def points(lines: Sequence[dict[str, float]], name: str) -> tuple[list[float], list[float]]:
    """Steps and values of one measure; where a step has several lines, the last counts."""
    found = {line["step"]: line[name] for line in lines if name in line}
    return list(found), list(found.values())


def smoothed(values: Sequence[float]) -> list[float]:
    """The running mean, free of the bias towards its start (Adam, arXiv:1412.6980, section 3)."""
    mean, result = 0.0, []
    for count, value in enumerate(values, start=1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * value
        result.append(mean / (1 - SMOOTHING**count))
    return result

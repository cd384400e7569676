"""The picture of a run's curves."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_hub.cli.main import main
from gan_hub.evaluation.curves import CurvesError, draw_curves, smoothed


def write_run(folder: Path, num_lines: int) -> None:
    with (folder / "metrics.jsonl").open("w") as file:
        for step in range(1, num_lines + 1):
            line = {"step": step, "discriminator_loss": 1 / step, "generator_loss": 1.0, "images_per_second": 9.0}
            if step % 10 == 0:
                line |= {"frechet_distance": 100 / step, "jensen_shannon_bound": 0.1}
            file.write(json.dumps(line) + "\n")


def test_a_panel_for_what_was_logged_and_none_for_what_was_not(tmp_path: Path) -> None:
    write_run(tmp_path, 5)
    main(["curves", str(tmp_path)])
    with Image.open(tmp_path / "curves.png") as few:
        low = few.height
    write_run(tmp_path, 40)
    with Image.open(draw_curves(tmp_path, tmp_path / "more.png")) as many:
        assert many.height == 2 * low
        assert (np.asarray(many.convert("L")) < 200).mean() > 0.005


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    write_run(tmp_path, 5)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "discr')
    assert draw_curves(tmp_path, tmp_path / "x.png").is_file()


def test_nothing_to_draw_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["curves", str(tmp_path)])
    assert caught.value.code == 2
    assert "there is no metrics.jsonl in" in capsys.readouterr().err
    (tmp_path / "metrics.jsonl").write_text("")
    with pytest.raises(CurvesError, match="is empty"):
        draw_curves(tmp_path, tmp_path / "x.png")


def test_a_constant_stays_where_it_is_from_the_start() -> None:
    assert smoothed([2.0, 2.0, 2.0]) == pytest.approx([2.0, 2.0, 2.0])

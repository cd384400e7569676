"""The pure parts of benchmarks/stylize.py: what is held out, measures of pictures, sheets."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.held_out import (
    JUDGED_PHOTOS,
    edge_energy,
    is_held_out,
    label_of,
    luma,
    painting_paths,
    photo_paths,
    psnr,
)
from benchmarks.painting_judge import CALLED_PAINTINGS, CROP, PaintingJudge, calibrate, folder_weights, recolour, starts
from benchmarks.stylize_looks import beside, sheet
from tests.painting.test_tiling import noisy_photo


@pytest.fixture
def library(tmp_path):
    """Empty files by the names that matter."""
    names = [f"photos/kodak/{name}" for name in (*JUDGED_PHOTOS[:7], "1.jpg", "14.jpg")]
    names += ["photos/budgie-cc0/ocean-waves.jpg", "photos/cid22/val-1.jpg", "photos/cid22/train-1.jpg"]
    names += [f"paintings/famous/{number}.jpg" for number in range(100)] + ["paintings/MANIFEST.csv"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_psnr_is_that_of_the_formula():
    black, grey = np.zeros((4, 5, 3)), np.full((4, 5, 3), 16.0)
    assert psnr(black, grey) == pytest.approx(20 * math.log10(255 / 16))
    assert psnr(grey, black) == psnr(black, grey)
    assert psnr(grey, grey) == math.inf
    assert psnr(np.full((2, 2), 255, np.uint8), np.zeros((2, 2), np.uint8)) == pytest.approx(0)  # no overflow


def test_edge_energy_is_the_mean_squared_gradient():
    ramp = np.tile(np.arange(6.0) * 3, (4, 1))
    assert edge_energy(ramp) == pytest.approx(9)
    assert edge_energy(ramp.T + ramp.T[:, :1]) == pytest.approx(36)
    assert edge_energy(np.full((4, 6), 7, np.uint8)) == 0
    assert edge_energy(np.array([[0, 255], [255, 0]], np.uint8)) == 2 * 255**2  # no overflow


def test_luma_of_grey_is_its_value():
    assert luma(Image.new("RGB", (3, 2), (80, 80, 80))) == pytest.approx(np.full((2, 3), 80))
    assert luma(Image.new("RGB", (1, 1), (255, 0, 0))).item() == pytest.approx(0.299 * 255)


def test_a_picture_beside_itself_and_a_shifted_one():
    photo = noisy_photo(20, 16)
    same = beside(photo, photo)
    assert same["psnr_rgb"] == same["psnr_luma"] == math.inf
    assert same["colour_shift"] == 0
    brighter = Image.fromarray(np.full((16, 20, 3), 110, np.uint8))
    assert beside(Image.new("RGB", (20, 16), (100, 100, 100)), brighter)["colour_shift"] == pytest.approx(10)


@pytest.mark.parametrize("paths", [photo_paths, painting_paths])
def test_what_is_held_out_is_never_trained_on(library, paths):
    held_out, others = (paths(library, held_out=value) for value in (True, False))
    assert held_out
    assert others
    assert not set(held_out) & set(others)
    assert held_out == paths(library, held_out=True)


def test_all_photos_but_the_painting_are_on_one_side(library):
    names = {path.name for value in (True, False) for path in photo_paths(library, held_out=value)}
    assert names == {path.name for path in library.glob("photos/*/*.jpg")} - {"ocean-waves.jpg"}
    held_out = [path.name for path in photo_paths(library, held_out=True)]
    assert len(JUDGED_PHOTOS) == 8
    assert held_out == [*sorted(JUDGED_PHOTOS[:7]), "val-1.jpg"]  # those that may be shown come first


def test_the_split_is_about_a_fifth_and_stays():
    names = [f"landscape-masters/{number}.jpg" for number in range(1000)]
    assert 150 < sum(map(is_held_out, names)) < 250
    assert [name for name in names[:20] if is_held_out(name)] == ["landscape-masters/8.jpg", "landscape-masters/9.jpg"]


@pytest.mark.parametrize("length", [128, 129, 256, 500, 512, 771])
def test_crops_cover_a_length(length):
    found = starts(length)
    assert found[0] == 0
    assert found[-1] == length - CROP
    assert all(after - before <= CROP for before, after in pairwise(found))


def test_the_judge_has_an_opinion_of_any_picture_and_recolouring_keeps_the_range():
    torch.manual_seed(0)
    judge = PaintingJudge().eval()
    assert judge.opinion(noisy_photo(130, 300)) == judge.opinion(noisy_photo(130, 300))
    images = recolour(torch.rand(3, 3, 8, 8) * 2 - 1, np.random.default_rng(0))
    assert images.shape == (3, 3, 8, 8)
    assert images.abs().max() <= 1


def test_a_folder_counts_as_the_root_of_its_size():
    weights = folder_weights(["many"] * 16 + ["few"] * 4)
    assert weights.sum() == pytest.approx(1)
    assert weights[:16].sum() == pytest.approx(2 / 3)


def test_calibration_leaves_a_tenth_of_the_photos():
    torch.manual_seed(0)
    judge = PaintingJudge().eval()
    photos = [Image.new("RGB", (128, 128), (8 * number, 90, 200 - 5 * number)) for number in range(30)]
    calibrate(judge, photos)
    assert np.mean([judge.opinion(photo) > 0 for photo in photos]) == pytest.approx(CALLED_PAINTINGS, abs=0.01)


def test_a_sheet_shows_every_picture_once():
    colours = ["red", "green", "blue", "black"]
    rows = [[Image.new("RGB", (30, 20), colour) for colour in colours[i : i + 2]] for i in (0, 2)]
    canvas = sheet(rows, ["photo", "monet"])
    assert canvas.width == 64
    for colour in colours:
        wanted = np.array(Image.new("RGB", (1, 1), colour))[0, 0]
        assert (np.asarray(canvas) == wanted).all(2).sum() >= 600


def test_labels_say_which_run(tmp_path):
    assert label_of("monet") == "monet"
    assert label_of("runs/starry/checkpoint-500") == "starry/checkpoint-500"

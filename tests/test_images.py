"""[-1, 1] <-> uint8 <-> PIL, grids, enlargement and PNG bytes."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from gan_hub.images import enlarge, from_array, from_uint8, grid, png_bytes, to_pil, to_uint8


def test_every_byte_comes_back():
    values = torch.arange(256, dtype=torch.uint8)
    images = from_uint8(values)
    assert (images.min(), images.max()) == (-1, 1)
    assert torch.equal(to_uint8(images), values)
    assert torch.equal(to_uint8(images.to(torch.float64)), values)


def test_every_byte_comes_back_through_a_pil_and_a_png():
    values = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    picture = to_pil(from_uint8(values))[0]
    decoded = Image.open(io.BytesIO(png_bytes(picture)))
    assert np.array_equal(np.asarray(decoded), values[0, 0].numpy())


def test_rounded_to_nearest_and_clamped():
    images = torch.tensor([-9.0, -1.0, 0.49 / 127.5 - 1, 0.51 / 127.5 - 1, 0.0, 1.0, 9.0])
    assert to_uint8(images).tolist() == [0, 0, 0, 1, 128, 255, 255]


def test_conversion_leaves_its_argument_alone():
    images = torch.linspace(-1, 1, 7)
    before = images.clone()
    to_uint8(images)
    assert torch.equal(images, before)
    values = torch.arange(7, dtype=torch.uint8)
    from_uint8(values)
    assert torch.equal(values, torch.arange(7, dtype=torch.uint8))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_modes_sizes_and_the_place_of_a_pixel(channels, mode):
    images = torch.full((2, channels, 4, 6), -1.0)
    images[1, channels - 1, 3, 5] = 1.0
    pictures = to_pil(images)
    assert [(picture.mode, picture.size) for picture in pictures] == [(mode, (6, 4))] * 2
    assert np.asarray(pictures[0]).max() == 0
    array = np.asarray(pictures[1]).reshape(4, 6, channels)
    assert array[3, 5, channels - 1] == 255
    assert array.astype(int).sum() == 255


def test_from_array_is_the_same_picture():
    array = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    assert np.array_equal(np.asarray(from_array(array)), array)
    assert np.array_equal(np.asarray(from_array(array[:, :, :1].copy())), array[:, :, 0])


@pytest.mark.parametrize(
    ("count", "columns", "shape"), [(1, 1, (1, 1)), (5, 3, (2, 3)), (6, 3, (2, 3)), (7, 3, (3, 3)), (2, 8, (1, 2))]
)
@pytest.mark.parametrize("padding", [0, 2])
def test_grid_layout(count, columns, shape, padding):
    pictures = [Image.new("L", (4, 3), i + 1) for i in range(count)]
    sheet = np.asarray(grid(pictures, columns, padding=padding))
    rows, across = shape
    assert sheet.shape == (rows * (3 + padding) + padding, across * (4 + padding) + padding)
    for i in range(rows * across):
        row, column = divmod(i, across)
        top, left = padding + row * (3 + padding), padding + column * (4 + padding)
        assert (sheet[top : top + 3, left : left + 4] == (i + 1 if i < count else 0)).all()
    assert sheet.astype(int).sum() == 12 * count * (count + 1) // 2  # nothing else is painted


def test_grid_of_rgba_is_transparent_between():
    sheet = grid([Image.new("RGBA", (2, 2), (1, 2, 3, 255))], 1, padding=1)
    assert sheet.getpixel((0, 0)) == (0, 0, 0, 0)
    assert sheet.getpixel((1, 1)) == (1, 2, 3, 255)


@pytest.mark.parametrize(("pictures", "columns"), [([], 1), ([Image.new("L", (1, 1))], 0)])
def test_impossible_grids(pictures, columns):
    with pytest.raises(ValueError, match="is not possible; both must be at least 1"):
        grid(pictures, columns)


@pytest.mark.parametrize("factor", [1, 2, 5])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_enlarging_repeats_pixels(channels, factor):
    values = torch.randint(0, 256, (1, channels, 3, 5), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    picture = to_pil(from_uint8(values))[0]
    expected = np.asarray(picture).repeat(factor, 0).repeat(factor, 1)
    assert np.array_equal(np.asarray(enlarge(picture, factor)), expected)


TEXT = {"seed": "7", "class": "été 文字 🐈", "note": "two\nlines", "empty": ""}


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_png_bytes_are_the_same_each_time_and_keep_the_text(mode):
    picture = Image.linear_gradient("L").resize((9, 7)).convert(mode)
    data = png_bytes(picture, TEXT)
    assert data == png_bytes(picture.copy(), dict(TEXT))
    assert data != png_bytes(picture)
    decoded = Image.open(io.BytesIO(data))
    assert decoded.format == "PNG"
    assert np.array_equal(np.asarray(decoded), np.asarray(picture))
    assert decoded.mode == mode
    assert dict(decoded.text) == TEXT


def test_png_bytes_of_another_text_differ():
    picture = Image.new("L", (2, 2))
    assert png_bytes(picture, {"seed": "1"}) != png_bytes(picture, {"seed": "2"})

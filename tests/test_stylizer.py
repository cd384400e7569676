"""The contract of PhotoStylizer: any photo, at its exact size, with alpha and profile but without private metadata."""

import io
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from gan_hub import GanGenerator, ModelError, PhotoStylizer
from gan_hub.loading import model_files as gan_hub_hub
from gan_hub.painting.photos import MAX_PIXELS, PhotoError, encode_photo
from gan_hub.painting.tiling import TiledPass
from gan_hub.stylizer import PhotoStylizer as StylizerClass
from tests.conftest import STYLIZER_VARIANTS, make_stylizer, perturb
from tests.painting.test_tiling import noisy_photo

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825


@pytest.fixture(scope="module")
def painter() -> PhotoStylizer:
    stylizer = make_stylizer("painter")
    with torch.no_grad():
        stylizer.network.paint.weight.mul_(0.2)  # a painting that is not all black and white
    return stylizer


def rgba_photo(width: int = 53, height: int = 37) -> Image.Image:
    picture = noisy_photo(width, height)
    picture.putalpha(noisy_photo(width, height, seed=1).getchannel("R"))
    return picture


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture).astype(int)


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
@pytest.mark.parametrize("size", [(1, 1), (1, 97), (97, 1), (2, 3), (8, 8), (101, 103), (333, 517)], ids=str)
def test_the_size_comes_back(architecture, scale, size):
    stylizer = make_stylizer(architecture, scale)
    for photo in (noisy_photo(*size), rgba_photo(*size)):
        painting = stylizer.stylize(photo, tile_size=128)
        assert painting.mode == photo.mode
        assert painting.size == (size[0] * scale, size[1] * scale)


@settings(max_examples=15, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    tile_size=st.integers(1, 64),
    detail=st.floats(0.01, 1),
    max_side=st.none() | st.integers(1, 100),
)
def test_any_options_give_the_size(painter, size, tile_size, detail, max_side):
    painting = painter.stylize(noisy_photo(*size), tile_size=max(8, tile_size), detail=detail, max_side=max_side)
    if max_side is None or max(size) <= max_side:
        assert painting.size == size
    else:
        assert max(painting.size) == max_side
        assert all(abs(side - old * max_side / max(size)) <= 1 for side, old in zip(painting.size, size))


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_the_tile_size_changes_nothing(architecture, scale):
    stylizer = make_stylizer(architecture, scale)
    photo = noisy_photo(150, 90)
    whole, tiled = (stylizer.stylize(photo, tile_size=tile_size) for tile_size in (512, 40))
    assert abs(pixels(whole) - pixels(tiled)).max() <= 1
    assert pixels(whole).std() > 5


def in_mode(mode: str) -> Image.Image:
    photo = rgba_photo(24, 13)
    if mode in ("RGBA", "RGBa"):
        return photo.convert(mode)
    if mode in ("LA", "PA", "La"):
        grey = photo.convert("LA")
        return grey if mode == "LA" else grey.convert(mode)
    if mode.startswith("I;16"):
        return photo.convert("L").convert("I").point(lambda value: value * 257).convert(mode)
    return photo.convert("RGB").convert("L" if mode in ("I", "F") else "RGB").convert(mode)


MODES = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F"]


@pytest.mark.parametrize("mode", [*MODES, "I;16", "I;16B", "I;16L"])
def test_every_mode_is_taken(painter, mode):
    photo = in_mode(mode)
    assert photo.mode == mode
    has_alpha = mode in ("LA", "La", "PA", "RGBA", "RGBa")
    untouched = painter.stylize(photo, strength=0.0)
    if mode in ("I", "F") or mode.startswith("I;16"):
        expected = rgba_photo(24, 13).convert("L").convert("RGB")
    else:
        expected = (photo.convert("LA") if mode == "La" else photo).convert("RGBA" if has_alpha else "RGB")
    assert untouched.mode == expected.mode
    assert untouched.tobytes() == expected.tobytes()
    painting = painter.stylize(photo)
    assert painting.mode == expected.mode
    assert painting.size == photo.size


def test_palettes_with_transparency_and_the_first_frame(painter):
    photo = noisy_photo(24, 13).quantize(8)
    photo.info["transparency"] = 3
    painting = painter.stylize(photo)
    assert painting.getchannel("A").tobytes() == photo.convert("RGBA").getchannel("A").tobytes()
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert painter.stylize(Image.open(buffer), strength=0).convert("RGB").getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize("options", [{}, {"strength": 0.5}, {"keep_colors": True}, {"detail": 0.3}], ids=str)
def test_alpha_is_kept_to_the_bit(painter, options):
    photo = rgba_photo()
    assert painter.stylize(photo, **options).getchannel("A").tobytes() == photo.getchannel("A").tobytes()


@pytest.mark.parametrize("scale", [2, 4])
def test_an_upscaler_enlarges_alpha_bicubically(scale):
    photo = rgba_photo()
    expected = photo.getchannel("A").resize((53 * scale, 37 * scale), Image.Resampling.BICUBIC)
    assert make_stylizer("upscaler", scale).stylize(photo).getchannel("A").tobytes() == expected.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("keep_metadata", [False, True])
def test_exif_rotation_is_applied_once(painter, orientation, keep_metadata):
    photo = noisy_photo(24, 13)
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = orientation, "a camera"
    buffer = io.BytesIO()
    photo.save(buffer, "PNG", exif=exif)
    opened = Image.open(buffer)
    upright = ImageOps.exif_transpose(opened)
    untouched = painter.stylize(opened, strength=0, keep_metadata=keep_metadata)
    assert untouched.tobytes() == upright.tobytes()
    assert painter.stylize(opened).tobytes() == painter.stylize(upright).tobytes()
    again = Image.open(io.BytesIO(encode_photo(untouched, "png")))
    assert again.getexif().get(MAKER) == ("a camera" if keep_metadata else None)
    assert again.getexif().get(ORIENTATION) == (1 if keep_metadata else None)
    assert ImageOps.exif_transpose(again).tobytes() == upright.tobytes()


@pytest.mark.parametrize("source", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_what_is_private_is_dropped_unless_it_is_to_be_kept(painter, source, strength):
    exif = Image.Exif()
    exif[MAKER] = "planted camera"
    exif[0x9286] = b"planted comment"
    exif.get_ifd(GPS)[29] = "planted place"
    options = {"xmp": b"<x:xmpmeta>planted packet</x:xmpmeta>"} if source in ("jpeg", "webp") else {}
    if source == "jpeg":
        options["comment"] = b"planted comment"
    buffer = io.BytesIO()
    noisy_photo(24, 13).save(buffer, source, exif=exif, icc_profile=SRGB, **options)
    assert b"planted" in buffer.getvalue()
    for target in ("jpeg", "png", "webp"):
        painting = painter.stylize(Image.open(buffer), strength=strength)
        assert set(painting.info) == {"icc_profile"}
        data = encode_photo(painting, target)
        assert b"planted" not in data
        assert Image.open(io.BytesIO(data)).info["icc_profile"] == SRGB
        kept = encode_photo(painter.stylize(Image.open(buffer), strength=strength, keep_metadata=True), target)
        found = Image.open(io.BytesIO(kept)).getexif()
        assert found[MAKER] == "planted camera"
        if source != "tiff":  # into which Pillow writes no GPS
            assert found.get_ifd(GPS)[29] == "planted place"
        assert 273 not in found, "where the strips of a TIFF lay"
        assert b"planted packet" not in kept


def test_saving_without_encode_photo_tells_nothing_either(painter):
    exif = Image.Exif()
    exif[MAKER] = "planted"
    buffer = io.BytesIO()
    noisy_photo(24, 13).save(buffer, "JPEG", exif=exif, comment=b"planted", xmp=b"planted")
    for strength in (0, 1):
        out = io.BytesIO()
        painter.stylize(Image.open(buffer), strength=strength).save(out, "JPEG")
        assert b"planted" not in out.getvalue()


@settings(max_examples=10, deadline=None)
@given(strengths=st.lists(st.floats(0, 1), min_size=2, max_size=5), keep_colors=st.booleans())
def test_strength_moves_every_pixel_steadily_from_photo_to_painting(painter, strengths, keep_colors):
    photo = noisy_photo(24, 13)
    path = [
        pixels(painter.stylize(photo, strength=strength, keep_colors=keep_colors))
        for strength in [0.0, *sorted(strengths), 1.0]
    ]
    assert np.array_equal(path[0], pixels(photo))
    for strength, between in zip(sorted(strengths), path[1:-1]):
        assert abs(between - (path[0] + strength * (path[-1] - path[0]))).max() <= 1.01
    for before, after in pairwise(path):
        assert ((after - before) * np.sign(path[-1] - path[0]) >= 0).all()


def test_half_strength_of_an_upscaler_lies_between_too():
    stylizer = make_stylizer("upscaler", 2)
    photo = noisy_photo(24, 13)
    low, half, high = (pixels(stylizer.stylize(photo, strength=strength)) for strength in (0, 0.5, 1))
    assert np.array_equal(low, pixels(photo.resize((48, 26), Image.Resampling.BICUBIC)))
    assert abs(half - (low + high) / 2).max() <= 1


def test_kept_colours_are_the_photos_and_the_light_is_the_paintings(painter):
    photo = Image.merge("RGB", [noisy_photo(64, 48).getchannel(i).point(lambda v: 96 + v // 4) for i in range(3)])
    painting, kept = painter.stylize(photo), painter.stylize(photo, keep_colors=True)
    ours, theirs, light = (np.asarray(picture.convert("YCbCr")).astype(int) for picture in (kept, photo, painting))
    inside = ((pixels(kept) > 0) & (pixels(kept) < 255)).all(2)
    assert inside.mean() > 0.2
    assert abs(ours - theirs)[inside][:, 1:].max() <= 2
    assert abs(ours - light)[inside][:, 0].max() <= 2


def test_detail_paints_small_and_enlarges(painter):
    photo = noisy_photo(96, 64)
    small = photo.resize((24, 16), Image.Resampling.LANCZOS)
    expected = painter.stylize(small).resize((96, 64), Image.Resampling.LANCZOS)
    assert painter.stylize(photo, detail=0.25).tobytes() == expected.tobytes()


def test_max_side_reduces_first(painter):
    photo = noisy_photo(96, 64)
    small = photo.resize((48, 32), Image.Resampling.LANCZOS)
    assert painter.stylize(photo, max_side=48).tobytes() == painter.stylize(small).tobytes()
    assert painter.stylize(photo, max_side=96).tobytes() == painter.stylize(photo).tobytes()


def test_the_seed_changes_the_painting_and_nothing_else_does(painter):
    photo = noisy_photo(24, 13)
    first, again, other = (painter.stylize(photo, seed=seed).tobytes() for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_the_photo_is_left_alone(painter):
    photo = rgba_photo()
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    photo.info.update(exif=exif.tobytes(), icc_profile=SRGB)
    before = photo.tobytes(), dict(photo.info), photo.size
    for strength in (0, 0.5, 1):
        painter.stylize(photo, strength=strength, max_side=30)
    assert (photo.tobytes(), dict(photo.info), photo.size) == before
    untouched = painter.stylize(noisy := noisy_photo(24, 13), strength=0)
    untouched.paste("red", (0, 0, 24, 13))
    assert noisy.tobytes() == noisy_photo(24, 13).tobytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strength": 1.1}, "strength 1.1 is not possible; use a number from 0"),
        ({"strength": float("nan")}, "strength nan"),
        ({"strength": "1"}, "strength '1'"),
        ({"strength": True}, "strength True"),
        ({"detail": 0}, "detail 0 is not possible; use a number above 0"),
        ({"detail": 1.5}, "detail 1.5"),
        ({"seed": -1}, "seed -1 is not possible"),
        ({"max_side": 0}, "max_side 0 is not possible; use a whole number of at least 1"),
        ({"max_side": 2.5}, "max_side 2.5"),
        ({"tile_size": 0}, "tile_size 0 is not possible; use a whole number from 1"),
    ],
    ids=str,
)
def test_refused_options(painter, options, words):
    with pytest.raises(ValueError, match=words):
        painter.stylize(noisy_photo(8, 8), **options)


def test_too_many_pixels_are_refused(painter):
    width = MAX_PIXELS // 100 + 1
    with pytest.raises(PhotoError, match=f"{width}x100 pixels; at most 50 million are possible: reduce it first"):
        painter.stylize(Image.new("1", (width, 100)))
    with pytest.raises(PhotoError, match=r"the result would have .* at most 200 million are possible: set max_side"):
        make_stylizer("upscaler", 4).stylize(Image.new("1", (5000, 2600)))


def test_a_truncated_photo_gets_a_sentence(painter):
    buffer = io.BytesIO()
    noisy_photo(200, 200).save(buffer, "JPEG")
    with pytest.raises(PhotoError, match="truncated"):
        painter.stylize(Image.open(io.BytesIO(buffer.getvalue()[:5000])))


def test_progress_and_stopping(painter):
    seen: list[float] = []
    painter.stylize(noisy_photo(64, 64), tile_size=32, on_progress=seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]
    seen.clear()
    painter.stylize(noisy_photo(64, 64), strength=0, on_progress=seen.append)
    assert seen == [1.0]

    def stop(done):
        raise InterruptedError

    for stylizer in (painter, make_stylizer("encoder-decoder")):
        before = stylizer.stylize(noisy_photo(64, 64)).tobytes()
        with pytest.raises(InterruptedError):
            stylizer.stylize(noisy_photo(64, 64), tile_size=32, on_progress=stop)
        assert stylizer.stylize(noisy_photo(64, 64)).tobytes() == before


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_sixteen_bit_weights_paint_about_the_same_and_are_saved_so_that_they_load(architecture, scale, tmp_path: Path):
    stylizer = PhotoStylizer(**make_stylizer(architecture, scale).config.to_dict())
    with torch.no_grad():
        for parameter in stylizer.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.01)
    photo = noisy_photo(64, 48)
    full = pixels(stylizer.stylize(photo))
    half = pixels(stylizer.bfloat16().stylize(photo, tile_size=32))
    assert abs(full - half).mean() < 6
    stylizer.save_pretrained(tmp_path / "half")
    loaded = PhotoStylizer.from_pretrained(tmp_path / "half")
    assert {tensor.dtype for tensor in loaded.state_dict().values()} == {torch.float32}
    assert abs(pixels(loaded.stylize(photo)) - half).mean() < 6


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_saved_and_loaded_paints_equal_pixels(architecture, scale, tmp_path: Path):
    stylizer = make_stylizer(architecture, scale)
    stylizer.save_pretrained(tmp_path / "it")
    assert sorted(path.name for path in (tmp_path / "it").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    loaded = PhotoStylizer.from_pretrained(tmp_path / "it")
    assert loaded.config == stylizer.config
    assert not loaded.training
    photo = noisy_photo(41, 23)
    assert loaded.stylize(photo).tobytes() == stylizer.stylize(photo).tobytes()


def test_forward_takes_multiples_of_the_grid(painter):
    photo = torch.zeros(2, 3, 16, 24)
    assert painter(photo).shape == photo.shape
    assert painter(photo, torch.zeros(2, 2, 4, 6)).shape == photo.shape
    for shape in ([3, 16, 24], [1, 1, 16, 24], [1, 3, 15, 24]):
        with pytest.raises(ValueError, match=r"this network takes \[B, 3, H, W\] with H and W multiples of 8"):
            painter(torch.zeros(shape))


def test_the_hub_gives_back_what_was_pushed(hub, painter):
    painter.push_to_hub("org/tiny-painter")
    loaded = PhotoStylizer.from_pretrained("org/tiny-painter")
    assert loaded.revision
    photo = noisy_photo(24, 13)
    assert loaded.stylize(photo).tobytes() == painter.stylize(photo).tobytes()


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_a_generator_is_no_stylizer_and_the_other_way_round(architecture, scale, generator_folder, tmp_path: Path):
    make_stylizer(architecture, scale).save_pretrained(tmp_path / "it")
    with pytest.raises(
        ModelError, match=r"is an? (stylizer|upscaler), which GanGenerator can't load; use PhotoStylizer"
    ):
        GanGenerator.from_pretrained(tmp_path / "it")
    with pytest.raises(ModelError, match=r"is a generator, which PhotoStylizer can't load; use GanGenerator\."):
        PhotoStylizer.from_pretrained(generator_folder)
    with pytest.raises(ModelError, match="'mnist-gan' is a generator"):
        PhotoStylizer.from_pretrained("mnist-gan")
    with pytest.raises(ModelError, match="'mnist-features' can't be loaded"):
        PhotoStylizer.from_pretrained("mnist-features")


def test_strict_loading(tmp_path: Path):
    make_stylizer("painter").save_pretrained(tmp_path / "it")
    config = tmp_path / "it" / "config.json"
    values = json.loads(config.read_text())
    config.write_text(json.dumps({**values, "num_blocks": 3}))
    with pytest.raises(ModelError, match=r"the two files do not belong together|does not fit the config"):
        PhotoStylizer.from_pretrained(tmp_path / "it")
    config.write_text(json.dumps({**values, "trust_remote_code": True}))
    with pytest.raises(ModelError, match="unknown keys in the config"):
        PhotoStylizer.from_pretrained(tmp_path / "it")


def test_bundled_names_by_kind(tmp_path: Path, monkeypatch):
    for name, scale in (("painter", 1), ("encoder-decoder", 1), ("upscaler", 2)):
        make_stylizer(name, scale).save_pretrained(tmp_path / f"a-{name}")
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "config.json").write_text('{"architecture": "classifier"}')
    monkeypatch.setattr(gan_hub_hub, "BUNDLED_FOLDER", tmp_path)
    assert gan_hub_hub.bundled_names() == []
    assert gan_hub_hub.bundled_names("stylizer") == ["a-encoder-decoder", "a-painter"]
    assert gan_hub_hub.bundled_names("upscaler") == ["a-upscaler"]
    assert PhotoStylizer.from_pretrained("a-upscaler").scale == 2
    with pytest.raises(ModelError, match=r"use a bundled name \(a-encoder-decoder, a-painter, a-upscaler\), a folder"):
        PhotoStylizer.from_pretrained("b")
    with pytest.raises(ModelError, match=r"there is no model 'b'; use a folder with config\.json, or a repository"):
        GanGenerator.from_pretrained("b")


def test_it_is_one_class():
    assert StylizerClass is PhotoStylizer
    assert PhotoStylizer._hub_mixin_info.model_card_data.pipeline_tag == "image-to-image"
    assert {"gan", "style-transfer"} <= set(PhotoStylizer._hub_mixin_info.model_card_data.tags)
    assert "style-transfer" not in GanGenerator._hub_mixin_info.model_card_data.tags


def test_a_large_photo_is_never_wholly_in_floats(painter, monkeypatch):
    largest = 0
    forward = TiledPass._forward

    def watched(self, tile):
        nonlocal largest
        largest = max(largest, *tile.seen.size)
        return forward(self, tile)

    monkeypatch.setattr(TiledPass, "_forward", watched)
    painter.stylize(noisy_photo(700, 300), tile_size=64)
    assert largest <= 64 + 2 * painter.network.halo


MEMORY = """
import resource, sys, numpy as np
from PIL import Image
from gan_hub import PhotoStylizer
stylizer = PhotoStylizer.from_pretrained(sys.argv[1])
photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (4000, 6000, 3), dtype=np.uint8))
painting = stylizer.stylize(photo, strength=0.9, keep_colors=True)
assert painting.size == (6000, 4000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("architecture", "widths", "num_blocks"), [("painter", [64, 96], 6), ("encoder-decoder", [64, 128, 256], 0)]
)
def test_24_megapixels_stay_under_one_and_a_half_gibibytes(architecture, widths, num_blocks, tmp_path: Path):
    stylizer = PhotoStylizer(architecture=architecture, widths=widths, num_blocks=num_blocks)
    perturb(stylizer)
    stylizer.save_pretrained(tmp_path / "it")
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, tmp_path / "it"],
        cwd=Path(__file__).parent.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(run.stdout) < 1.5 * 2**20  # KiB

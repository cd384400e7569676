"""Tiles: they cover a picture exactly once, and painting by tiles equals painting at once."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gan_hub import PhotoStylizer
from gan_hub.images import from_uint8
from gan_hub.painting.tiling import TiledPass, tiles
from tests.conftest import STYLIZER_VARIANTS, make_stylizer


def noisy_photo(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def at_once(stylizer: PhotoStylizer, photo: Image.Image) -> torch.Tensor:
    array = np.asarray(photo)
    height, width = array.shape[:2]
    padded = np.pad(array, ((0, -height % stylizer.grid), (0, -width % stylizer.grid), (0, 0)), mode="edge")
    with torch.inference_mode():
        return stylizer(from_uint8(torch.from_numpy(padded).permute(2, 0, 1))[None])[0]


def tile_by_tile(stylizer: PhotoStylizer, photo: Image.Image, **options: int) -> torch.Tensor:
    width, height = (-(-side // stylizer.grid) * stylizer.grid * stylizer.scale for side in photo.size)
    result = torch.full((3, height, width), torch.nan)

    def write(tile, painted):
        left, top, right, bottom = tile.core.scaled(stylizer.scale)
        assert result[:, top:bottom, left:right].isnan().all()
        result[:, top:bottom, left:right] = painted

    TiledPass(stylizer.network, photo, seed=0, **{"tile_size": 32, **options}).run(write)
    return result


@settings(max_examples=100, deadline=None)
@given(
    cells=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    grid=st.sampled_from([1, 4, 8]),
    tile_size=st.integers(1, 100),
    halo=st.integers(0, 50),
)
def test_tiles_cover_the_picture_once_and_see_their_surroundings(cells, grid, tile_size, halo):
    width, height = cells[0] * grid, cells[1] * grid
    covered = np.zeros((height, width), dtype=int)
    for tile in tiles(width, height, tile_size=tile_size, grid=grid, halo=halo):
        core, seen = tile.core, tile.seen
        covered[core.top : core.bottom, core.left : core.right] += 1
        assert max(core.size) <= max(grid, tile_size)
        assert all(edge % grid == 0 for edge in (*core.scaled(1), *seen.scaled(1)))
        assert seen.left == 0 or core.left - seen.left >= halo
        assert seen.top == 0 or core.top - seen.top >= halo
        assert seen.right == width or seen.right - core.right >= halo
        assert seen.bottom == height or seen.bottom - core.bottom >= halo
    assert (covered == 1).all()


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
@settings(max_examples=8, deadline=None)
@given(size=st.tuples(st.integers(1, 150), st.integers(1, 150)), tile_size=st.integers(8, 90), extra=st.integers(0, 30))
def test_tiles_fit_together_as_the_whole(architecture, scale, size, tile_size, extra):
    stylizer = make_stylizer(architecture, scale)
    photo = noisy_photo(*size)
    halo = stylizer.network.halo + extra
    tiled = tile_by_tile(stylizer, photo, tile_size=max(tile_size, max(size) // 4), halo=halo)
    if architecture == "encoder-decoder" and max(tiled.shape) <= 4:
        return  # torch refuses to normalise over a single cell
    assert (tiled - at_once(stylizer, photo)).abs().max() < 1 / 255


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_a_halo_that_is_too_small_would_be_seen(architecture, scale):
    """So that the test above means something: without surroundings the seams are there."""
    stylizer = make_stylizer(architecture, scale)
    photo = noisy_photo(120, 100)
    assert (tile_by_tile(stylizer, photo, halo=0) - at_once(stylizer, photo)).abs().max() > 0.02


@pytest.mark.parametrize("architecture", ["painter", "multi-style"])
@pytest.mark.parametrize("num_blocks", [2, 3, 5])
def test_the_painters_halo_grows_with_its_depth(architecture, num_blocks):
    stylizer = make_stylizer(architecture, num_blocks=num_blocks)
    photo = noisy_photo(333, 16)
    assert (tile_by_tile(stylizer, photo, tile_size=40) - at_once(stylizer, photo)).abs().max() < 1 / 255


def test_statistics_are_those_of_the_whole_and_gone_afterwards():
    stylizer = make_stylizer("encoder-decoder")
    norms = list(stylizer.network.norms)
    photo = noisy_photo(61, 47)
    reached: list[torch.Tensor] = []
    handles = [norm.register_forward_pre_hook(lambda _, inputs: reached.append(inputs[0])) for norm in norms]
    at_once(stylizer, photo)
    for handle in handles:
        handle.remove()
    found = {}

    def write(tile, painted):
        found.update(enumerate(norm.statistics.clone() for norm in norms))

    TiledPass(stylizer.network, photo, seed=0, tile_size=20).run(write)
    for i, x in enumerate(reached):
        expected = torch.stack([x[0].mean((1, 2)), x[0].var((1, 2), correction=0)])
        assert torch.allclose(found[i], expected, rtol=1e-3, atol=1e-4)
    assert all(norm.statistics is None and not norm._forward_pre_hooks for norm in norms)


@pytest.mark.parametrize("calls", [1, 3, 12, 40])
def test_stopping_leaves_the_network_clean(calls):
    stylizer = make_stylizer("encoder-decoder")
    photo = noisy_photo(61, 47)
    before = tile_by_tile(stylizer, photo, tile_size=20)
    seen = []

    def stop(done):
        seen.append(done)
        if len(seen) == calls:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        TiledPass(stylizer.network, photo, seed=0, tile_size=20).paint(stop)
    assert all(norm.statistics is None and not norm._forward_pre_hooks for norm in stylizer.network.norms)
    assert torch.equal(tile_by_tile(stylizer, photo, tile_size=20), before)


@pytest.mark.parametrize("architecture", ["painter", "encoder-decoder"])
def test_progress_rises_to_one(architecture):
    seen: list[float] = []
    TiledPass(make_stylizer(architecture).network, noisy_photo(61, 47), seed=0, tile_size=20).paint(seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) > 4

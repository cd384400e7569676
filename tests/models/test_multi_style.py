"""Many styles in one network: they are apart, they mix, and a picture's statistics can be taken from a copy."""

import pytest
import torch
from PIL import Image, ImageChops

from gan_hub import PhotoStylizer
from gan_hub.models.multi_style import Statistics, StyleNorm
from tests.conftest import make_stylizer
from tests.painting.test_tiling import noisy_photo


@pytest.fixture(scope="module")
def stylizer() -> PhotoStylizer:
    return make_stylizer("multi-style")


def test_the_norm_is_instance_normalisation_with_the_styles_numbers():
    norm = StyleNorm(4, num_styles=2)
    with torch.no_grad():
        norm.scale.copy_(torch.randn(2, 4))
        norm.shift.copy_(torch.randn(2, 4))
    x = 3 * torch.randn(2, 4, 9, 7) + 1
    found = norm(x, torch.tensor([[1.0, 0.0], [0.25, 0.75]]), Statistics())
    for row, (first, second) in enumerate(((1.0, 0.0), (0.25, 0.75))):
        scale = first * norm.scale[0] + second * norm.scale[1]
        shift = first * norm.shift[0] + second * norm.shift[1]
        wanted = torch.nn.functional.instance_norm(x[row : row + 1], weight=scale, bias=shift)
        assert torch.allclose(found[row : row + 1], wanted, atol=1e-5)


def test_known_statistics_are_used_in_order(stylizer):
    photo, noise = torch.rand(1, 3, 32, 40) * 2 - 1, torch.randn(1, len(stylizer.noise_cells), 8, 10)
    taken = Statistics()
    with torch.inference_mode():
        painting = stylizer.network(photo, noise, statistics=taken)
        assert torch.equal(stylizer.network(photo, noise, statistics=Statistics(taken.found)), painting)
        other = [2 * values for values in taken.found]
        assert not torch.allclose(stylizer.network(photo, noise, statistics=Statistics(other)), painting, atol=1e-3)


def test_styles_differ_and_the_default_is_the_configs(stylizer):
    photo = noisy_photo(40, 32)
    paintings = [stylizer.stylize(photo, style=name).tobytes() for name in stylizer.styles]
    assert len(set(paintings)) == 3
    assert stylizer.stylize(photo).tobytes() == paintings[0]
    second = PhotoStylizer(**{**stylizer.config.to_dict(), "style": "two"})
    second.load_state_dict(stylizer.state_dict())
    assert second.eval().stylize(photo).tobytes() == paintings[1]


def test_a_mixture_of_one_is_that_one_and_shares_need_no_sum(stylizer):
    photo = noisy_photo(40, 32)
    one = stylizer.stylize(photo, style="one").tobytes()
    assert stylizer.stylize(photo, style={"one": 7}).tobytes() == one
    assert stylizer.stylize(photo, style={"one": 2, "two": 0}).tobytes() == one
    mixed = stylizer.stylize(photo, style={"one": 0.6, "two": 0.4})
    assert mixed.tobytes() == stylizer.stylize(photo, style={"two": 4, "one": 6}).tobytes()
    assert mixed.tobytes() not in (one, stylizer.stylize(photo, style="two").tobytes())


@pytest.mark.parametrize(
    "style",
    ["four", {"four": 1.0}, {"one": -0.1}, {"one": 0}, {}, {"one": float("nan")}, {"one": True}, {"one": "1"}],
    ids=str,
)
def test_refused_styles(stylizer, style):
    with pytest.raises(ValueError, match="style"):
        stylizer.stylize(noisy_photo(16, 16), style=style)
    with pytest.raises(ValueError, match="style"):
        stylizer.stylize(noisy_photo(16, 16), style=style, strength=0.0)


def test_a_single_style_has_no_name():
    with pytest.raises(ValueError, match="leave style out"):
        make_stylizer("painter").stylize(noisy_photo(16, 16), style="monet")


def test_a_large_picture_is_normalised_as_its_small_copy(stylizer, monkeypatch):
    """So that tiles of any size give the same, and a photo of any size needs one more pass over a small one at most."""
    monkeypatch.setattr(type(stylizer.network), "statistics_side", 64)
    photo = noisy_photo(150, 90)
    sizes = [stylizer.stylize(photo, tile_size=size) for size in (32, 56, 512)]
    for other in sizes[1:]:
        assert max(high for _, high in difference(sizes[0], other)) <= 1
    monkeypatch.setattr(type(stylizer.network), "statistics_side", 1024)
    assert max(high for _, high in difference(sizes[0], stylizer.stylize(photo))) > 1


def difference(first: Image.Image, second: Image.Image) -> tuple[tuple[int, int], ...]:
    return ImageChops.difference(first, second).getextrema()


def test_no_frame_around_a_flat_picture(stylizer):
    """Zeros beyond the edges would be seen as a line along them."""
    photo, noise = torch.full((1, 3, 64, 64), 0.5), torch.zeros(1, len(stylizer.noise_cells), 16, 16)
    taken = Statistics()
    with torch.inference_mode():
        stylizer.network(photo, noise, statistics=taken)
        plain = [torch.stack([torch.zeros_like(mean), torch.ones_like(mean)]) for mean, _ in taken.found]
        painting = stylizer.network(photo, noise, statistics=Statistics(plain))
    assert (painting - painting[:, :, 32:33, 32:33]).abs().max() < 1e-3

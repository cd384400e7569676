"""A new network or loss needs its own file and one row in a table, and nothing else."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gan_hub import GanGenerator, PhotoStylizer
from gan_hub.editing.directions import METHODS, find_directions
from gan_hub.loading.config import ConfigError
from gan_hub.losses import LOSSES, chance_loss
from gan_hub.models import ARCHITECTURES, STYLIZERS, Architecture, StylizerArchitecture
from gan_hub.models.mlp import MLPDiscriminator, MLPGenerator
from tests.conftest import perturb


class Deep(MLPGenerator):
    """A network of a new file: it takes an option that others take too, with a default of its own."""

    def __init__(
        self,
        *,
        image_size: tuple[int, int],
        channels: int,
        latent_dim: int,
        num_classes: int,
        widths: tuple[int, ...],
        num_blocks: int = 2,
    ) -> None:
        super().__init__(
            image_size=image_size,
            channels=channels,
            latent_dim=latent_dim,
            num_classes=num_classes,
            widths=widths * num_blocks,
        )


def test_an_architecture_is_one_row(monkeypatch, tmp_path: Path):
    monkeypatch.setitem(ARCHITECTURES, "deep", Architecture(Deep, MLPDiscriminator, lambda _, __: 0))
    config = {"architecture": "deep", "image_size": [8, 8], "channels": 3, "latent_dim": 4, "widths": [6]}
    generator = GanGenerator(**config).eval()
    assert generator.config.num_blocks == 2
    perturb(generator)
    generator.directions = find_directions(generator, METHODS[0], 2)
    assert len(find_directions(generator, METHODS[1], 2)) == 2
    generator.save_pretrained(tmp_path / "it")
    assert "`deep`" in (tmp_path / "it" / "README.md").read_text()
    loaded = GanGenerator.from_pretrained(tmp_path / "it")
    assert torch.equal(loaded.sample(3, seed=1), generator.sample(3, seed=1))
    assert len(list(loaded.interpolate([1, 2], num_frames=4))) == 4
    assert len(loaded.directions) == 2
    with pytest.raises(ConfigError, match="num_blocks is 99; it must be a whole number from 1 to 16"):
        GanGenerator(**config, num_blocks=99)
    with pytest.raises(ConfigError, match="the architecture 'deep' takes no patch_size"):
        GanGenerator(**config, patch_size=2)


class Tint(nn.Module):
    """An image-to-image network of a new file."""

    grid, noise_grid, noise_cells, scale, halo, tile_size = 1, 1, (), 1, 0, 64

    def __init__(self, *, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, widths[0], 1), nn.Conv2d(widths[0], 3, 1)

    def forward(self, photo: Tensor, _noise: Tensor) -> Tensor:
        return self.last(self.first(photo))


def test_a_style_network_is_one_row(monkeypatch, tmp_path: Path):
    monkeypatch.setitem(STYLIZERS, "tint", StylizerArchitecture(Tint, 1, (0, 0), (0, 0)))
    stylizer = PhotoStylizer(architecture="tint", widths=[5]).eval()
    stylizer.save_pretrained(tmp_path / "it")
    assert "`tint`" in (tmp_path / "it" / "README.md").read_text()
    photo = Image.effect_noise((90, 70), 50).convert("RGB")
    expected = stylizer.stylize(photo)
    assert PhotoStylizer.from_pretrained(tmp_path / "it").stylize(photo).tobytes() == expected.tobytes()
    with pytest.raises(ConfigError, match="widths"):
        PhotoStylizer(architecture="tint", widths=[5, 5])


def test_a_loss_is_one_row(monkeypatch):
    monkeypatch.setitem(LOSSES, "absolute", (lambda real, fake: (real - 1).abs() + fake.abs(), lambda _, fake: -fake))
    assert chance_loss("absolute") == 1
    assert {name for name in LOSSES if chance_loss(name) is None} == {"wasserstein"}

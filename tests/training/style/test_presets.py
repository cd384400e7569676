"""Every preset's network can be built, and what it is judged by is not learned from."""

import pytest

from gan_hub import PhotoStylizer
from gan_hub.training.style.build import make_stylizer
from gan_hub.training.style.presets import OWN_PHOTOS, STYLE_PRESETS, style_preset


@pytest.mark.parametrize("name", sorted(STYLE_PRESETS))
def test_every_preset_builds_a_stylizer_under_seven_megabytes(name):
    options = style_preset(name)
    stylizer = make_stylizer(options)
    assert isinstance(stylizer, PhotoStylizer)
    assert sum(p.numel() * p.element_size() for p in stylizer.parameters()) < 7e6
    if options.photos:
        assert len(options.photos_exclude) >= 8 or options.photos == (OWN_PHOTOS,)
        assert options.output_dir.name == ("my-style" if name == "own" else name)

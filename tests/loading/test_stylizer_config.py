"""An untrusted config.json of a stylizer: the bounds of each field, and the messages of errors."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_hub import PhotoStylizer
from gan_hub.loading.config import ConfigError
from gan_hub.loading.stylizer_config import StylizerConfig
from gan_hub.models import STYLIZERS
from tests.conftest import STYLIZER_VARIANTS, make_stylizer

VALID = {
    "architecture": "painter",
    "widths": [8, 6],
    "num_blocks": 2,
    "noise_channels": 2,
    "scale": 1,
    "format_version": 1,
}


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_what_is_written_is_read(architecture, scale):
    config = make_stylizer(architecture, scale).config
    assert StylizerConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    named = {"styles", "style"} if STYLIZERS[architecture].styles[1] else set()
    assert set(config.to_dict()) == set(VALID) | named


@pytest.mark.parametrize(
    "changes",
    [{"widths": [1, 512]}, {"num_blocks": 16}, {"noise_channels": 2}, {"noise_channels": 16}, {"widths": (8, 6)}],
    ids=str,
)
def test_the_bounds_themselves_are_allowed(changes):
    assert StylizerConfig.from_dict({**VALID, **changes})


REFUSED = [
    ("architecture", ["", "conv", "Painter", None, 1, ["painter"]], "architecture is .* one of encoder-decoder, multi"),
    ("widths", [[], [8], [8, 8, 8], "88", 8, None, {"0": 8}], "widths is .* must be a list of length 2"),
    ("widths", [[0, 8], [513, 8], [8.0, 8], [True, 8], ["8", 8]], r"widths\[0\] is .* whole number from 1 to 512"),
    ("num_blocks", [0, 1, 17, -1, 2.0, True, "2", None], "num_blocks is .* from 2 to 16"),
    ("noise_channels", [-1, 17, 1.0, True, None], "noise_channels is .* from 2 to 16"),
    ("scale", [0, 2, 4, 1.0, True, None], "scale is .* must be one of 1"),
    ("format_version", [0, 2, True, "1"], "format_version is .* must be one of 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [(field, value, message) for field, values, message in REFUSED for value in values],
    ids=lambda value: ascii(value)[:30],
)
def test_refused_values(field, value, message):
    with pytest.raises(ConfigError, match=message) as caught:
        StylizerConfig.from_dict({**VALID, field: value})
    assert len(str(caught.value)) < 300


def test_an_upscaler_says_how_much():
    values = {"architecture": "upscaler", "widths": [8], "num_blocks": 1, "format_version": 1}
    with pytest.raises(ConfigError, match="scale is 1; it must be one of 2, 4"):
        StylizerConfig.from_dict(values)
    with pytest.raises(ConfigError, match=r"noise_channels is 1; .* from 0 to 0"):
        StylizerConfig.from_dict({**values, "scale": 2, "noise_channels": 1})


NAMED = {**VALID, "architecture": "multi-style", "widths": [8, 8, 8], "styles": ["monet", "my style 2"]}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"style": "my style 2"},
        {"styles": ["北斎"]},
        {"styles": ["x" * 64]},
        {"styles": [f"s{i}" for i in range(64)]},
    ],
    ids=lambda changes: ascii(changes)[:30],
)
def test_names_of_styles(changes):
    config = StylizerConfig.from_dict({**NAMED, **changes})
    assert config.num_styles == len(config.styles)
    assert config.style == changes.get("style", config.styles[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"styles": None}, "styles is None; it must be a list of 1 to 64 names"),
        ({"styles": []}, "must be a list of 1 to 64"),
        ({"styles": "monet"}, "must be a list of 1 to 64"),
        ({"styles": [f"s{i}" for i in range(65)]}, "must be a list of 1 to 64"),
        ({"styles": ["x" * 65]}, "a name has at most 64"),
        ({"styles": ["a=b"]}, "a name has at most 64"),
        ({"styles": ["a,b"]}, "a name has at most 64"),
        ({"styles": [" a"]}, "a name has at most 64"),
        ({"styles": ["../a"]}, "a name has at most 64"),
        ({"styles": ["a\nb"]}, "a name has at most 64"),
        ({"styles": [1]}, "a name has at most 64"),
        ({"styles": ["a", "a"]}, "no name may be there twice"),
        ({"style": "van-gogh"}, "style is 'van-gogh'; it must be one of"),
        ({"architecture": "painter", "widths": [8, 6]}, "has no named styles"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_refused_names_of_styles(changes, message):
    with pytest.raises(ConfigError, match=message):
        StylizerConfig.from_dict({**NAMED, **changes})


def test_unknown_and_missing_keys_are_named():
    with pytest.raises(ConfigError, match=r"unknown keys in the config: \['depth'\]; known are architecture"):
        StylizerConfig.from_dict({**VALID, "depth": 3})
    for field in ("architecture", "widths", "format_version"):
        with pytest.raises(ConfigError, match=f"the config lacks {field}"):
            StylizerConfig.from_dict({name: value for name, value in VALID.items() if name != field})


def test_too_many_parameters_are_refused_before_they_are_allocated():
    with pytest.raises(ConfigError, match=r"'painter' asks for .* parameters; at most"):
        PhotoStylizer(architecture="painter", widths=[512, 512], num_blocks=16, noise_channels=2)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=4)
)


@settings(max_examples=200, deadline=None)
@given(changes=st.dictionaries(st.sampled_from([*VALID, "x"]), JSON | st.sampled_from(sorted(STYLIZERS)), max_size=4))
def test_nothing_but_a_config_error_comes_out(changes):
    try:
        StylizerConfig.from_dict({**VALID, **changes})
    except ConfigError as error:
        said = str(error)
    else:
        said = ""
    assert len(said) < 300

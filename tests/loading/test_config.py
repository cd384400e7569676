"""An untrusted config.json: the bounds of each field, and any JSON raises ConfigError and nothing else."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from gan_hub import GanGenerator
from gan_hub.loading.config import (
    MAX_CONFIG_BYTES,
    MAX_NAME_CHARACTERS,
    MAX_PARAMETERS,
    ConfigError,
    GeneratorConfig,
    read_json,
    shorten,
)
from gan_hub.models import ARCHITECTURES
from tests.conftest import options_of

VALID = {
    "architecture": "conv",
    "image_size": [28, 28],
    "channels": 1,
    "latent_dim": 64,
    "num_classes": 2,
    "class_names": ["cat", "dog"],
    "widths": [64, 32],
    "num_blocks": 1,
    "patch_size": 2,
    "attention_stages": 0,
    "num_categories": 0,
    "num_active": 0,
    "format_version": 1,
}
OPTIONAL = {"num_blocks", "patch_size", "attention_stages", "num_categories", "num_active"}


def changed(**changes: object) -> dict[str, object]:
    return {**VALID, **changes}


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_what_is_written_is_read(architecture):
    required = {name: value for name, value in VALID.items() if name not in OPTIONAL}
    values = {**required, "architecture": architecture, "num_categories": 0, "num_active": 0}
    values |= options_of(architecture)
    config = GeneratorConfig.from_dict(values)
    assert config.to_dict() == values
    assert GeneratorConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    "changes",
    [
        {"image_size": [8, 512]},
        {"image_size": [512, 8], "patch_size": 1, "widths": [4] * 4},
        {"channels": 3},
        {"channels": 4},
        {"latent_dim": 1},
        {"latent_dim": 4096},
        {"num_classes": 0, "class_names": []},
        {"num_classes": 10_000, "class_names": []},
        {"class_names": ["a" * 64, "é 文 🐈"]},
        {"widths": [1]},
        {"widths": [4096]},
        {"image_size": [512, 512], "widths": [1] * 8},
        {"num_blocks": 16},
        {"patch_size": 4},
        {"attention_stages": 2},
        {"num_classes": 0, "class_names": [], "num_categories": 10, "num_active": 54},
    ],
    ids=str,
)
def test_the_bounds_themselves_are_allowed(changes):
    assert GeneratorConfig.from_dict(changed(**changes))


REFUSED = [
    ("architecture", ["", "DCGAN", "Conv", None, 1, ["conv"], {"conv": 1}], "architecture is .* one of conv, dcgan"),
    ("format_version", [0, 2, True, 1.0, "1", None], "format_version is .* must be one of 1"),
    (
        "image_size",
        [28, [28], [28, 28, 28], [4, 28], [28, 516], [30, 28], [28.0, 28], [True, 28], "28", None, {"h": 8}, [[8], 8]],
        "image_size",
    ),
    ("channels", [0, 2, 5, -1, 1.0, True, "1", None, [1]], "channels is .* must be one of 1, 3, 4"),
    (
        "latent_dim",
        [0, 4097, -1, 10**4000, 64.0, True, "64", None, [64], float("inf"), float("nan")],
        "latent_dim is .* 1 to 4096",
    ),
    ("num_classes", [-1, 10_001, 2.0, True, "2", None], "num_classes is .* 0 to 10000"),
    (
        "class_names",
        [["cat"], ["a", "b", "c"], ["cat", "cat"], ["cat", ""], ["cat", "a" * 65], ["cat", 1], ["cat", None], "ab",
         {"a": 1, "b": 2}, None, 2, ["cat", "new\nline"], ["cat", "\x00"], ["cat", "\ud800"], ["cat", ["dog"]]],
        "class_names|class name",
    ),
    ("widths", [[], [1] * 9, [0], [4097], [64.0], [True], ["64"], "64", 64, None, [[64]], {"0": 64}, [None]], "widths"),
    ("num_blocks", [0, 17, -1, 1.0, True, "1", None, [1]], "num_blocks is .* 1 to 16"),
    ("patch_size", [0, 3, 8, 2.0, True, "2", None, [2]], "patch_size is .* must be one of 1, 2, 4"),
    ("attention_stages", [-1, 3, 1.0, True, "1", [1]], "attention_stages is .* 0 to 2"),
    ("num_frames", [0, 1, 8], "num_frames is .*takes no num_frames"),
    ("num_categories", [-1, 64, 1.0, True, "1", None, [1]], "num_categories is .* 0 to 63"),
    ("num_categories", [10], "num_categories is 10 and num_classes is 2; .* set one of the two to 0"),
    ("num_active", [-1, 65, 1.0, True, "1", None, [1]], "num_active is .* 0 to 64"),
    ("num_active", [10], "num_active is 10 and num_classes is 2; .* set one of the two to 0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [(field, value, message) for field, values, message in REFUSED for value in values],
    ids=lambda value: ascii(value)[:30],
)
def test_refused_values(field, value, message):
    with pytest.raises(ConfigError, match=message) as caught:
        GeneratorConfig.from_dict(changed(**{field: value}))
    assert len(str(caught.value)) < 300


def test_true_is_not_one():
    """In Python True == 1, and a bool is an int."""
    with pytest.raises(ConfigError, match="channels is True"):
        GeneratorConfig.from_dict(changed(channels=True))


@pytest.mark.parametrize("field", sorted(set(VALID) - OPTIONAL))
def test_missing_keys_are_named(field):
    with pytest.raises(ConfigError, match=f"the config lacks {field}"):
        GeneratorConfig.from_dict({name: value for name, value in VALID.items() if name != field})


def test_unknown_keys_are_named():
    with pytest.raises(ConfigError, match=r"unknown keys in the config: \['depth', 'strict'\]; known are architecture"):
        GeneratorConfig.from_dict(changed(strict=False, depth=3))


def test_options_of_another_architecture_are_refused():
    with pytest.raises(ConfigError, match="num_blocks is 1, but the architecture 'mlp' takes no num_blocks; leave it"):
        GeneratorConfig.from_dict(changed(architecture="mlp"))


@pytest.mark.parametrize(
    ("size", "patch_size", "most"), [([8, 8], 4, 2), ([28, 28], 2, 4), ([512, 8], 1, 4), ([64, 96], 1, 7)]
)
def test_no_more_stages_than_the_picture_can_be_halved(size, patch_size, most):
    changes = {"image_size": size, "patch_size": patch_size}
    assert GeneratorConfig.from_dict(changed(**changes, widths=[4] * most))
    with pytest.raises(ConfigError, match=f"use at most {most} widths"):
        GeneratorConfig.from_dict(changed(**changes, widths=[4] * (most + 1)))


def test_a_config_from_before_an_option_loads_as_it_was_trained():
    old = {name: value for name, value in VALID.items() if name not in ("attention_stages", "num_categories")}
    assert GeneratorConfig.from_dict(old) == GeneratorConfig.from_dict(VALID)


def test_attention_is_bounded_by_its_cells():
    assert GeneratorConfig.from_dict(changed(image_size=[128, 128], patch_size=2, attention_stages=2))
    with pytest.raises(ConfigError, match="attention_stages is 2, over 16384 cells; use fewer: at most 4096"):
        GeneratorConfig.from_dict(changed(image_size=[256, 256], patch_size=2, attention_stages=2))


@pytest.mark.parametrize("num_frames", [1, 65, None, 2.0, True])
def test_clips_have_a_bounded_number_of_frames(num_frames):
    values = {name: value for name, value in VALID.items() if name != "attention_stages"}
    with pytest.raises(ConfigError, match=r"num_frames is .* 2 to 64"):
        GeneratorConfig.from_dict({**values, "architecture": "recurrent", "num_frames": num_frames})


def test_the_longest_class_names_allowed_can_be_loaded_again(tmp_path: Path):
    """What saves must load: so many names, so long, are a config.json near its largest size."""
    names = [chr(0x20000 + i) * 4 for i in range(10_000)]  # four bytes a character in UTF-8
    assert sum(map(len, names)) == MAX_NAME_CHARACTERS
    values = changed(num_classes=10_000, class_names=names, latent_dim=1, widths=[4])
    GanGenerator(**values).save_pretrained(tmp_path)
    assert (tmp_path / "config.json").stat().st_size > 0.9 * MAX_CONFIG_BYTES
    assert GanGenerator.from_pretrained(tmp_path).class_names == tuple(names)
    with pytest.raises(ConfigError, match="class_names has 40,001 characters in all; at most 40,000 are possible"):
        GeneratorConfig.from_dict({**values, "class_names": [*names[:-1], "x" * 5]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=9) | st.dictionaries(st.text(max_size=10), children, max_size=5),
    max_leaves=20,
)
LIKELY = (
    st.sampled_from([*VALID.values(), *ARCHITECTURES, [512, 512], [8, 512], 4096, 16, 0, -1, 10**30, 1e308, True])
    | st.lists(st.sampled_from([1, 4, 8, 512, 4096, 5000]), max_size=9)
    | JSON
)


@settings(max_examples=400, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(VALID, LIKELY)), st.booleans(), st.data())
def test_any_json_is_a_generator_within_the_budget_or_a_config_error(values, keep, data):
    """Built as the loader builds it, on the meta device: whatever the config says, no memory is taken for it."""
    values = (
        {**VALID, **values} if keep else {**values, **data.draw(st.dictionaries(st.text(max_size=8), JSON, max_size=2))}
    )
    try:
        config = GeneratorConfig.from_dict(json.loads(json.dumps(values)))
        with torch.device("meta"):
            generator = GanGenerator(**config.to_dict())
    except ConfigError as error:
        assert 20 < len(str(error)) < 400  # noqa: PT017  # either outcome is right
        return
    assert sum(parameter.numel() for parameter in generator.parameters()) <= MAX_PARAMETERS
    assert {tensor.device.type for tensor in generator.state_dict().values()} == {"meta"}


@settings(max_examples=200, deadline=None)
@given(text=st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_an_object_or_a_config_error(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("json") / "config.json"
    path.write_bytes(text)
    try:
        values = read_json(path)
    except ConfigError:
        return
    assert values == json.loads(text)
    assert isinstance(values, dict)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN", "Infinity", "1" + "0" * 4000])
def test_numbers_beyond_every_type(number, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(VALID).replace('"latent_dim": 64', f'"latent_dim": {number}'))
    with pytest.raises(ConfigError, match=r"latent_dim is .* 1 to 4096"):
        GeneratorConfig.from_dict(read_json(path))


class Allocations(TorchDispatchMode):
    """Counts the numbers in all tensors that are made off the meta device."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor) and out.device.type != "meta":
            self.numbers += out.numel()
        return out


@pytest.mark.parametrize(
    "changes",
    [
        {"widths": [4096] * 3, "num_blocks": 16},
        {"image_size": [512, 512], "widths": [4096]},
        {
            "architecture": "mlp",
            "num_blocks": None,
            "patch_size": None,
            "attention_stages": None,
            "widths": [4096] * 8,
            "image_size": [512, 512],
        },
    ],
    ids=["blocks", "base", "mlp"],
)
def test_beyond_the_budget_nothing_is_allocated(changes):
    """The constructor itself refuses, so that a training command with such options ends with a sentence too."""
    with (
        Allocations() as allocations,
        pytest.raises(ConfigError, match=rf"asks for [\d,]+ parameters; at most {MAX_PARAMETERS:,}"),
    ):
        GanGenerator(**{k: v for k, v in changed(**changes).items() if v is not None})
    assert allocations.numbers == 0
    with Allocations() as allocations:
        generator = GanGenerator(**VALID)
    assert allocations.numbers >= sum(parameter.numel() for parameter in generator.parameters()) > 0


@pytest.mark.parametrize(
    ("value", "text"), [("a" * 81, "a" * 80 + "..."), ("two\nlines", "'two\\nlines'"), (7, "7"), ("été", "été")]
)
def test_values_in_messages_are_short_and_printable(value, text):
    assert shorten(value) == text

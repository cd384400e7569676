"""Repositories that no page should load: a family a function, each from a seed."""

import io
import json
import pickle
import random
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from safetensors.torch import save

Random = random.Random
CONFIG: dict[str, Any] = {
    "architecture": "conv", "image_size": [16, 16], "channels": 1, "latent_dim": 8, "num_classes": 0,
    "class_names": [], "widths": [16, 8], "num_blocks": 1, "patch_size": 1, "attention_stages": 0,
    "num_categories": 0, "num_active": 0, "format_version": 1,
}  # fmt: skip


@dataclass
class BadRepo:
    """Files, and whether the weights may be looked at: not before config and size are right."""

    files: dict[str, bytes]
    weights_may_be_read: bool = False
    others: dict[str, bytes] = field(default_factory=dict)
    """Files that are never to be fetched."""


class Bomb:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, ("touch /tmp/gan-hub-was-here",)


def right_weights(config: dict[str, Any] = CONFIG) -> dict[str, torch.Tensor]:
    """The weights that a config describes."""
    from gan_hub import GanGenerator

    torch.manual_seed(0)
    return {name: each.contiguous() for name, each in GanGenerator(**config).state_dict().items()}


def text(value: object) -> bytes:
    """As config.json."""
    return json.dumps(value).encode()


def _with(changes: dict[str, Any], weights: bytes | None = None) -> BadRepo:
    data = save(right_weights()) if weights is None else weights
    return BadRepo({"config.json": text({**CONFIG, **changes}), "model.safetensors": data})


def wrong_value(rng: Random) -> BadRepo:
    """A field of another type, or far out of its bounds."""
    key = rng.choice(sorted(set(CONFIG) - {"class_names", "num_classes"}))
    value = rng.choice([-1, 0.5, 1e400, 2**63, 10**12, "4", None, True, [], {}, [[1]], "x" * 9999, [10**9] * 3])
    return _with({key: value})


def unknown_key(rng: Random) -> BadRepo:
    """What would reach a constructor elsewhere."""
    key = rng.choice(["auto_map", "map_location", "strict", "__class__", "torch_dtype", "_name_or_path", "x" * 5000])
    return _with({key: rng.choice(["modeling.Evil", 1, None, {"a": 1}])})


def missing_key(rng: Random) -> BadRepo:
    """Half a config."""
    repo = _with({})
    kept = dict(rng.sample(sorted(CONFIG.items(), key=str), rng.randint(0, 8)))
    kept.pop("widths", None)
    return BadRepo({**repo.files, "config.json": text(kept)})


def no_json(rng: Random) -> BadRepo:
    """What is no config at all."""
    values = [b"", b"[]", b"4", b"null", b"{", b"\xff\xfe{", b"[" * 100_000, b'{"a":' * 50_000, b"{}", b"\0" * 999]
    return BadRepo({**_with({}).files, "config.json": rng.choice(values)})


def long_config(rng: Random) -> BadRepo:
    """A config of megabytes."""
    return _with({"class_names": ["x" * 60] * rng.randint(10_000, 60_000)})


def unknown_architecture(rng: Random) -> BadRepo:
    """Someone else's model, or an attempt at a path."""
    return _with({"architecture": rng.choice(["stylegan2", "../conv", "os.system", "gan_hub.models.conv", "", "CONV"])})


def too_many_parameters(rng: Random) -> BadRepo:
    """A network that would fill the memory."""
    return _with({"widths": [4096] * rng.randint(2, 8), "image_size": [512, 512], "latent_dim": 4096})


def too_many_pixels(rng: Random) -> BadRepo:
    """Few weights, and passes that would fill the memory or take minutes."""
    return _with({"widths": [32] * 7 + [rng.randint(900, 1200)], "image_size": [512, 512]})


def another_size(rng: Random) -> BadRepo:
    """Weights of another network: the sizes do not fit."""
    return _with({"widths": [rng.choice([24, 40, 64]), 8]})


def many_bytes(rng: Random) -> BadRepo:
    """A file of weights that is far too long."""
    return _with({}, save(right_weights()) + bytes(rng.randint(2, 8) * 1024**2))


def cut_weights(rng: Random) -> BadRepo:
    """Half a file of weights."""
    data = save(right_weights())
    cut = rng.randrange(len(data) * 9 // 10)
    # More than half of it might be the same weights in 16 bits.
    return BadRepo(_with({}, data[:cut]).files, weights_may_be_read=cut > len(data) * 4 // 10)


def pickled(rng: Random) -> BadRepo:
    """A pickle under the name of safetensors, of the right length."""
    data = pickle.dumps(Bomb())
    repo = _with({}, data + bytes(len(save(right_weights())) - len(data)))
    return BadRepo(repo.files, weights_may_be_read=True)


def only_pickles(rng: Random) -> BadRepo:
    """No safetensors, but whatever else could be loaded."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Bomb()))
    others = {name: buffer.getvalue() for name in ("pytorch_model.bin", "model.pt", "model.ckpt", "weights.pkl")}
    return BadRepo({"config.json": text(CONFIG)}, others={**others, "modeling.py": b"import os; os.system('id')"})


def wrong_header(rng: Random) -> BadRepo:
    """A safetensors file whose header lies: too long, deep, overlapping, negative, of unknown types."""
    whole = save(right_weights())
    (length,) = struct.unpack("<Q", whole[:8])
    header = json.loads(whole[8 : 8 + length])
    name = rng.choice([key for key in header if key != "__metadata__"])
    lie = rng.choice(["length", "huge", "deep", "offsets", "negative", "dtype", "shape", "list"])
    if lie in ("length", "huge"):
        start = struct.pack("<Q", rng.choice([2**63, 2**40, length * 7]) if lie == "huge" else length - 3)
        return BadRepo(_with({}, start + whole[8:]).files, weights_may_be_read=True)
    changes = {
        "deep": lambda entry: entry | {"shape": json.loads("[" * 500 + "]" * 500)},
        "offsets": lambda entry: entry | {"data_offsets": [0, 2**40]},
        "negative": lambda entry: entry | {"data_offsets": [-8, 8]},
        "dtype": lambda entry: entry | {"dtype": rng.choice(["F8_E4M3", "BF16", "evil", 3])},
        "shape": lambda entry: entry | {"shape": rng.choice([[0, 2**62], [-1], ["x"], 3])},
        "list": lambda entry: [entry],
    }
    header[name] = changes[lie](header[name])
    packed = json.dumps(header).encode()
    data = struct.pack("<Q", len(packed)) + packed + whole[8 + length :]
    return BadRepo(_with({}, data).files, weights_may_be_read=True)


def other_names(rng: Random) -> BadRepo:
    """The right sizes under other names, or in other shapes."""
    state = right_weights()
    name = rng.choice(sorted(key for key, tensor in state.items() if tensor.ndim > 1))
    if rng.random() < 0.5:
        state["evil." + name] = state.pop(name)
    else:
        state[name] = state[name].flatten().clone()
    return BadRepo(_with({}, save(state)).files, weights_may_be_read=True)


def not_finite(rng: Random) -> BadRepo:
    """One weight that is not a number."""
    state = right_weights()
    name = rng.choice(sorted(key for key, tensor in state.items() if tensor.numel()))
    state[name].view(-1)[rng.randrange(state[name].numel())] = rng.choice([float("nan"), float("inf"), -float("inf")])
    return BadRepo(_with({}, save(state)).files, weights_may_be_read=True)


FAMILIES: tuple[Callable[[Random], BadRepo], ...] = (
    wrong_value, unknown_key, missing_key, no_json, long_config, unknown_architecture, too_many_parameters,
    too_many_pixels, another_size, many_bytes, cut_weights, pickled, only_pickles, wrong_header, other_names,
    not_finite,
)  # fmt: skip

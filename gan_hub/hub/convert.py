"""Old DCGANs from pickled state dictionaries to a generator of this library, where their architecture is one of ours.

The pickle is opened in a process of its own, with `weights_only=True` and a time limit, and only tensors come back, as
safetensors. A hostile file can harm that process, but nothing else.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from gan_hub.generator import GanGenerator
from gan_hub.loading.weights import ModelError

MAX_BYTES = 1_000_000_000
TIMEOUT_SECONDS = 60.0
# Where different versions of the tutorial's script have put the generator.
PREFIXES = ("module.", "generator.", "netG.", "model.")
NESTED = ("state_dict", "generator", "netG", "model_state_dict", "g_ema")
LAYER = re.compile(
    r"(main|network|net|model|layers)\.(\d+)\.(weight|bias|running_mean|running_var|num_batches_tracked)"
)

OPENER = """
import resource, sys, torch
from safetensors.torch import save_file
resource.setrlimit(resource.RLIMIT_AS, (16_000_000_000, 16_000_000_000))
found = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
for name in sys.argv[3].split(","):
    if isinstance(found, dict) and isinstance(found.get(name), dict):
        found = found[name]
if not isinstance(found, dict):
    raise SystemExit("it holds no dictionary of tensors but a " + type(found).__name__)
tensors = {str(k): v.detach().clone().contiguous() for k, v in found.items() if isinstance(v, torch.Tensor)}
save_file(tensors, sys.argv[2])
"""


def convert(source: Path, target: Path, *, name: str | None = None) -> GanGenerator:
    """Write a generator's folder from a file with a DCGAN's state dictionary.

    Args:
        source: .pt, .pth, .bin or .safetensors, as csinva's and HugGAN's DCGANs have them.
        target: the folder to write.
        name: of the model in its card; the folder's if None.

    Returns:
        The generator.

    Raises:
        ModelError: it can't be read, or is of another architecture; says what was found.
    """
    if target.exists() and any(target.iterdir()):
        raise ModelError(f"'{target}' is not empty; name a new folder")
    generator = from_dcgan(read_tensors(source), source.name)
    generator.save_pretrained(target, model_card_kwargs={"name": name or target.resolve().name})
    return generator


def read_tensors(source: Path) -> dict[str, Tensor]:
    """The tensors of a file by name; a pickle is read in a separate process. Raises ModelError."""
    if not source.is_file():
        raise ModelError(f"there is no file '{source}'")
    if (size := source.stat().st_size) > MAX_BYTES:
        raise ModelError(f"'{source.name}' has {size:,} bytes; at most {MAX_BYTES:,} are read")
    if source.suffix == ".safetensors":
        try:
            return load_file(source)
        except Exception as error:  # safetensors raises its own kinds
            raise ModelError(f"'{source.name}' is not a safetensors file: {error}") from error
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "tensors.safetensors"
        command = [sys.executable, "-I", "-c", OPENER, str(source), str(out), ",".join(NESTED)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, env={})
        except subprocess.TimeoutExpired as error:
            raise ModelError(f"'{source.name}' was not read within {TIMEOUT_SECONDS:.0f} s; it is refused") from error
        if done.returncode or not out.is_file():
            last = (done.stderr.strip().splitlines() or ["the process was ended"])[-1]
            why = (
                "it holds more than tensors" if "Unsupported" in done.stderr or "weights_only" in done.stderr else last
            )
            raise ModelError(f"'{source.name}' can't be read as a dictionary of tensors: {why[:300]}")
        return load_file(out)


def from_dcgan(tensors: Mapping[str, Tensor], source: str) -> GanGenerator:
    """The generator with these weights, if they are of a DCGAN whose pictures grow from 4x4 by doubling.

    Raises:
        ModelError: they are not; names what differs.
    """
    named = {_plain(name): tensor for name, tensor in tensors.items()}
    layers: dict[int, dict[str, Tensor]] = {}
    for name, tensor in named.items():
        if match := LAYER.fullmatch(name):
            layers.setdefault(int(match[2]), {})[match[3]] = tensor
    weighted = [layers[number] for number in sorted(layers) if "weight" in layers[number]]
    convolutions = [layer for layer in weighted if layer["weight"].ndim == 4]
    norms = [layer for layer in weighted if layer["weight"].ndim == 1]
    if len(convolutions) < 2:
        known = ", ".join(sorted(named)[:4])
        raise ModelError(f"'{source}' is no DCGAN: it lacks main.0.weight, main.3.weight ...; it holds {known[:200]}")
    shapes = [tuple(layer["weight"].shape) for layer in convolutions]
    described = ", ".join("x".join(map(str, shape)) for shape in shapes[:8])
    fit = all(shape[2:] == (4, 4) for shape in shapes) and all(a[1] == b[0] for a, b in pairwise(shapes))
    if not fit:
        raise ModelError(
            f"'{source}' is another network than our dcgan: its convolutions are {described}; each must be 4x4 and "
            "take what the one before gives"
        )
    if [layer["weight"].numel() for layer in norms] != [shape[1] for shape in shapes[:-1]]:
        raise ModelError(
            f"'{source}' is another network than our dcgan: of its {len(shapes)} convolutions, each but the last must "
            f"be followed by a batch normalisation; it has {len(norms)}"
        )
    side = 4 * 2 ** (len(shapes) - 1)
    try:
        generator = GanGenerator(
            architecture="dcgan",
            image_size=(side, side),
            channels=shapes[-1][1],
            latent_dim=shapes[0][0],
            widths=[shape[1] for shape in shapes[:-1]],
        )
        generator.network.load_state_dict(_renamed(convolutions, norms))
    except (ValueError, RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"'{source}' does not fit our dcgan: {reason}") from error
    bad = [name for name, tensor in generator.state_dict().items() if not tensor.isfinite().all()]
    if bad:
        raise ModelError(f"'{source}' holds NaN or infinite values, in what would be {bad[0]}")
    return generator.eval()


def _renamed(convolutions: list[dict[str, Tensor]], norms: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors as our network calls them.

    Their first convolution sees a single pixel, which is our linear layer. A bias before a batch normalisation has no
    place in ours, and none is needed: it moves the mean.
    """
    first, last = convolutions[0]["weight"], convolutions[-1]
    state = {"base.weight": first.permute(1, 2, 3, 0).reshape(-1, first.shape[0])}
    state |= {f"layers.{i}.weight": layer["weight"] for i, layer in enumerate(convolutions[1:-1])}
    state |= {
        "to_pixels.weight": last["weight"],
        "to_pixels.bias": last.get("bias", torch.zeros(last["weight"].shape[1])),
    }
    for i, (norm, convolution) in enumerate(zip(norms, convolutions)):
        mean = norm["running_mean"]
        moved = {"running_mean": mean - convolution.get("bias", torch.zeros_like(mean))}
        counted = {"num_batches_tracked": torch.zeros((), dtype=torch.int64)}  # which files before PyTorch 0.4.1 lack
        state |= {f"norms.{i}.{name}": tensor for name, tensor in {**counted, **norm, **moved}.items()}
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def _plain(name: str) -> str:
    for prefix in PREFIXES:
        if not re.match(r"model\.\d", name):
            name = name.removeprefix(prefix)
    return name

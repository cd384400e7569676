"""The export of a model to ONNX: one file that runs without Python, and is compared with the model first."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from gan_hub import __version__
from gan_hub.generator import GanGenerator
from gan_hub.latents.labels import class_weights
from gan_hub.latents.seeds import labels_of_latents
from gan_hub.painting.noise import position_noise
from gan_hub.recipes.names import public_name
from gan_hub.stylizer import PhotoStylizer

TOLERANCE = 1e-4
METADATA_KEY = "gan_hub"
MIN_HALVED = 256  # numbers in a weight that is stored in 16 bits: smaller ones save nothing
# Cells of the grid, none of them what the graph is traced with: a size that was baked in would be seen.
TRACED_CELLS = (7, 9)
CHECKED_CELLS = ((5, 12), (16, 3))
Inputs = dict[str, Tensor]


class ExportError(ValueError):
    """A model that can't be exported; the message says why and what to do."""


@dataclass(frozen=True)
class Exported:
    """The file that was written.

    Attributes:
        path: of the file.
        num_bytes: of it.
        max_difference: the largest absolute one between what onnxruntime and torch make of the same input.
        num_checked: pictures that were compared.
    """

    path: Path
    num_bytes: int
    max_difference: float
    num_checked: int


def export_onnx(
    model: GanGenerator | PhotoStylizer, path: Path, *, half: bool = False, tolerance: float = TOLERANCE
) -> Exported:
    """Write a model as ONNX, whole or not at all, with float32 inputs and outputs.

    A generator takes z [B, latent_dim], truncated already, and where it has classes labels [B, num_classes], weights
    that sum to one, and gives images [B, T * C, H, W] in [-1, 1]. A stylizer takes photo [B, 3, H, W] in [-1, 1], where
    it takes noise also noise [B, noise_channels, H / noise_grid, W / noise_grid], and gives painting
    [B, 3, scale * H, scale * W]. B is free, and for stylizers H and W are any multiples of the grid.

    Args:
        model: on the CPU.
        path: of the file.
        half: store large weights in 16 bits; the graph widens them to 32 as it is loaded.
        tolerance: the largest absolute difference from the model that is let through.

    Raises:
        ExportError: a library is missing, or the file does not do what the model does.
    """
    onnx, session_of = _libraries()
    traced = _inputs(model, TRACED_CELLS, seeds=(1, 2, 3))
    network = _Exportable(model).eval()
    program = torch.onnx.export(
        network,
        tuple(traced.values()),
        dynamo=True,
        dynamic_shapes=_dynamic_shapes(model, traced),
        input_names=list(traced),
        output_names=["painting" if isinstance(model, PhotoStylizer) else "images"],
        verbose=False,
    )
    assert program is not None
    proto = program.model_proto
    _strip(proto)
    if half:
        _halve(proto, onnx)
    onnx.helper.set_model_props(proto, {METADATA_KEY: json.dumps(_metadata(model), sort_keys=True)})
    data = proto.SerializeToString()
    difference, count = _difference(network, session_of(data), _checks(model))
    if not difference <= tolerance:  # NaN fails the comparison
        remedy = "; leave out half" if half else ""
        raise ExportError(
            f"in ONNX '{public_name(model)}' makes pictures that differ by up to {difference:.1e} from its own; at "
            f"most {tolerance:.0e} is accepted{remedy}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".tmp")
    aside.write_bytes(data)
    aside.replace(path)
    return Exported(path, len(data), difference, count)


class _Exportable(nn.Module):
    """A model that takes only the inputs it uses."""

    def __init__(self, model: GanGenerator | PhotoStylizer) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, second: Tensor | None = None) -> Tensor:
        """Map z and labels, or photo and noise, to pictures."""
        if isinstance(self.model, PhotoStylizer) and second is None:
            second = x.new_zeros(
                x.shape[0], 0, x.shape[2] // self.model.noise_grid, x.shape[3] // self.model.noise_grid
            )
        return self.model(x, second)


def _libraries() -> tuple[Any, Any]:
    """The module onnx, and what makes a session of onnxruntime from a serialized graph."""
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401  # what torch.onnx writes the graph with
    except ImportError as error:
        raise ExportError(
            f"an export needs the package '{error.name}'; install it with: pip install 'gan-hub[export]'"
        ) from error

    def session_of(data: bytes) -> Any:
        return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])

    return onnx, session_of


def _inputs(model: GanGenerator | PhotoStylizer, cells: tuple[int, int], seeds: tuple[int, ...]) -> Inputs:
    """Valid inputs of a model by name, one row per seed; photos have `cells` of the grid along height and width."""
    if isinstance(model, GanGenerator):
        z = model.latents(seeds)
        if not model.num_classes:
            return {"z": z}
        labels = class_weights(labels_of_latents(z, model.num_classes), model.num_classes)
        labels[-1] = 1 / model.num_classes  # a mixture: where labels were rounded it would be seen
        return {"z": z, "labels": labels}
    height, width = (model.grid * count for count in cells)
    photo = torch.stack([_drawing(height, width, seed) for seed in seeds])
    rows, columns = height // model.noise_grid, width // model.noise_grid
    if not model.noise_cells:
        return {"photo": photo}
    noise = [position_noise(rows, columns, cells=model.noise_cells, seed=seed) for seed in seeds]
    return {"photo": photo, "noise": torch.stack(noise)}


def _drawing(height: int, width: int, seed: int) -> Tensor:
    """A photo [3, H, W] in [-1, 1] of smooth patches with edges between them, as photos are."""
    smooth = position_noise(height, width, cells=(8, 16, 24), seed=seed).clamp(-1, 1)
    edges = position_noise(height, width, cells=(12,), seed=seed).sign()
    return (0.7 * smooth + 0.3 * edges).clamp(-1, 1)


def _checks(model: GanGenerator | PhotoStylizer) -> Iterator[Inputs]:
    for number, cells in enumerate(CHECKED_CELLS):
        yield _inputs(model, cells, seeds=tuple(range(10 * number, 10 * number + 1 + 3 * number)))


def _dynamic_shapes(model: GanGenerator | PhotoStylizer, inputs: Inputs) -> tuple[dict[int, Any], ...]:
    """The free dimensions: the batch, and the height and width of photos in steps of the grid."""
    batch = Dim("batch", min=1, max=4096)
    if isinstance(model, GanGenerator):
        return tuple({0: batch} for _ in inputs)
    rows, columns = Dim("rows", min=2, max=4096), Dim("columns", min=2, max=4096)
    steps = {"photo": model.grid, "noise": model.grid // model.noise_grid}
    return tuple({0: batch, 2: steps[name] * rows, 3: steps[name] * columns} for name in inputs)


def _difference(network: nn.Module, session: Any, checks: Iterator[Inputs]) -> tuple[float, int]:
    """The largest absolute difference over all checks, and the number of pictures."""
    largest, count = 0.0, 0
    for inputs in checks:
        (made,) = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
        with torch.no_grad():
            expected = network(*inputs.values()).numpy()
        if made.shape != expected.shape:
            raise ExportError(f"in ONNX the pictures have the shape {made.shape}, not {expected.shape}")
        largest = float(np.maximum(largest, np.abs(made - expected).max()))  # NaN wins
        count += len(made)
    return largest, count


def _metadata(model: GanGenerator | PhotoStylizer) -> Mapping[str, Any]:
    return {
        "version": __version__,
        "model": public_name(model),
        "revision": model.revision,
        "config": model.config.to_dict(),
    }


def _strip(proto: Any) -> None:
    """Remove the source location of each node: paths of this machine, which make up half of a small graph."""
    for part in (proto.graph, *proto.graph.node, *proto.graph.initializer, *proto.graph.input, *proto.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    proto.graph.ClearField("value_info")
    proto.ClearField("doc_string")


def _halve(proto: Any, onnx: Any) -> None:
    """Store large weights in 16 bits, each behind a node that widens it, which runtimes fold as they load."""
    casts = []
    for weight in proto.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) < MIN_HALVED:
            continue
        name = weight.name
        halved = onnx.numpy_helper.to_array(weight).astype(np.float16)
        weight.CopyFrom(onnx.numpy_helper.from_array(halved, f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [weight.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = list(proto.graph.node)
    proto.graph.ClearField("node")
    proto.graph.node.extend([*casts, *nodes])

"""An exported model does what the model does, on every size and in every batch; one that would not is not written."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_hub import GanGenerator, PhotoStylizer
from gan_hub.cli.main import main
from gan_hub.hub import export
from gan_hub.hub.export import METADATA_KEY, TOLERANCE, ExportError, export_onnx
from gan_hub.hub.models import load_model
from gan_hub.latents.labels import class_weights
from gan_hub.latents.seeds import labels_of_latents
from gan_hub.models import ARCHITECTURES
from gan_hub.painting.noise import position_noise
from tests.conftest import STYLIZER_VARIANTS, make_generator, make_stylizer

onnx = pytest.importorskip("onnx", reason="the extra 'export' is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra 'export' is not installed")

# One of each architecture that is bundled, and of each way that latents are built.
BUNDLED = ("mnist-gan", "emoji-gan", "mnist-infogan", "monet", "upscale-2x")


def run(path: Path, **inputs: torch.Tensor) -> torch.Tensor:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})[0])


def same_pictures(model: GanGenerator, path: Path, seeds: range) -> None:
    z = model.latents(seeds)
    labels = labels_of_latents(z, model.num_classes) if model.num_classes else None
    inputs = {"z": z} if labels is None else {"z": z, "labels": class_weights(labels, model.num_classes)}
    made = run(path, **inputs).unflatten(1, (model.num_frames, model.channels))
    torch.testing.assert_close(made, model.clips(z, labels), rtol=0, atol=TOLERANCE)


def same_painting(model: PhotoStylizer, path: Path, cells: tuple[int, int]) -> None:
    height, width = (count * model.grid for count in cells)
    photo = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1
    inputs = {"photo": photo}
    if model.noise_cells:
        rows, columns = height // model.noise_grid, width // model.noise_grid
        inputs["noise"] = position_noise(rows, columns, cells=model.noise_cells, seed=0)[None]
    with torch.no_grad():
        expected = model(photo)
    torch.testing.assert_close(run(path, **inputs), expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_generator(architecture: str, tmp_path: Path) -> None:
    model = make_generator(architecture)
    made = export_onnx(model, tmp_path / "new" / "model.onnx")
    assert made.max_difference <= TOLERANCE
    assert made.num_bytes == made.path.stat().st_size
    for seeds in (range(1), range(5, 12)):
        same_pictures(model, made.path, seeds)


def test_classes_are_mixed(tmp_path: Path) -> None:
    model = make_generator()
    path = export_onnx(model, tmp_path / "model.onnx").path
    z, weights = model.latents([1, 2]), torch.tensor([[0.25, 0.75, 0.0], [0.0, 0.5, 0.5]])
    torch.testing.assert_close(run(path, z=z, labels=weights), model.generate(z, weights), rtol=0, atol=TOLERANCE)


def test_a_code_is_emphasised_in_the_graph(tmp_path: Path) -> None:
    model = make_generator("mlp", num_classes=0, num_categories=3, num_active=2)
    same_pictures(model, export_onnx(model, tmp_path / "model.onnx").path, range(4))


@pytest.mark.parametrize(("architecture", "scale"), STYLIZER_VARIANTS)
def test_every_stylizer_on_sizes_that_it_was_not_traced_with(architecture: str, scale: int, tmp_path: Path) -> None:
    model = make_stylizer(architecture, scale)
    path = export_onnx(model, tmp_path / "model.onnx").path
    for cells in ((4, 25), (11, 6)):
        same_painting(model, path, cells)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_architecture(name: str, tmp_path: Path) -> None:
    model = load_model(name)
    made = export_onnx(model, tmp_path / "model.onnx")
    print(f"{name}: {made.num_bytes:,} bytes, max |difference| {made.max_difference:.1e}")
    if isinstance(model, GanGenerator):
        same_pictures(model, made.path, range(100, 103))
    else:
        same_painting(model, made.path, (9, 13))


def test_the_file_says_what_it_is_and_nothing_of_this_machine(tmp_path: Path) -> None:
    model = make_generator("mlp")
    model.save_pretrained(tmp_path / "secret" / "shapes")
    path = export_onnx(load_model(tmp_path / "secret" / "shapes"), tmp_path / "model.onnx").path
    proto = onnx.load(path)
    facts = json.loads({prop.key: prop.value for prop in proto.metadata_props}[METADATA_KEY])
    assert facts["model"] == "folder:shapes"
    assert facts["config"] == model.config.to_dict()
    assert {value.type.tensor_type.elem_type for value in (*proto.graph.input, *proto.graph.output)} == {
        onnx.TensorProto.FLOAT
    }
    assert b"secret" not in path.read_bytes()
    assert b".py" not in path.read_bytes()


def test_half_the_bytes_where_the_pictures_stay_the_same(tmp_path: Path) -> None:
    model = make_generator("mlp", widths=[64, 64])
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()  # as `gan-hub halve` leaves them
    whole = export_onnx(model, tmp_path / "whole.onnx")
    half = export_onnx(model, tmp_path / "half.onnx", half=True)
    assert half.max_difference <= whole.max_difference + 1e-6
    assert half.num_bytes < 0.6 * whole.num_bytes
    same_pictures(model, half.path, range(3))


def test_pictures_that_differ_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"from before")
    model = make_generator("mlp", widths=[64, 64])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)  # weights so large that half a 2048th of them is seen
    with pytest.raises(ExportError, match=r"differ by up to .* at most 1e-04 is accepted; leave out half"):
        export_onnx(model, path, half=True)
    assert path.read_bytes() == b"from before"
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


def test_a_graph_that_computes_nonsense_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_generator("mlp")

    class Session:
        def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            return [np.full((len(inputs["z"]), 1, 8, 12), np.nan, dtype=np.float32)]

    monkeypatch.setattr(export, "_libraries", lambda: (onnx, lambda _: Session()))
    with pytest.raises(ExportError, match="differ by up to nan"):
        export_onnx(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    make_generator("mlp").save_pretrained(tmp_path / "run")
    main(["export", str(tmp_path / "run"), "--onnx", str(tmp_path / "run.onnx")])
    printed = capsys.readouterr().out
    assert f"{(tmp_path / 'run.onnx').stat().st_size:,} bytes" in printed
    assert "1e-04 is accepted" in printed


def test_without_the_libraries_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    make_generator("mlp").save_pretrained(tmp_path / "run")
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(SystemExit):
        main(["export", str(tmp_path / "run"), "--onnx", str(tmp_path / "run.onnx")])
    assert "pip install 'gan-hub[export]'" in capsys.readouterr().err

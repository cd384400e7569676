"""The command `gan-hub export`."""

from pathlib import Path

from gan_hub.cli.arguments import Model, Revision
from gan_hub.hub.export import TOLERANCE, export_onnx, load_model


def export(model: Model, onnx: Path, half: bool = False, revision: Revision = None) -> None:
    """Write a generator, a style or an upscaler as ONNX, and compare its pictures with the model's own.

    Args:
        onnx: the file to write.
        half: store the weights in 16 bits: half the download. Refused where it changes the pictures.
    """
    made = export_onnx(load_model(model, revision=revision), onnx, half=half)
    print(
        f"{model} is in {made.path}, {made.num_bytes:,} bytes; over {made.num_checked} pictures it differs by at most "
        f"{made.max_difference:.1e} from torch ({TOLERANCE:.0e} is accepted)"
    )

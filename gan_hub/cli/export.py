"""The command `gan-hub export`."""

from pathlib import Path
from typing import Annotated

import tyro

from gan_hub.hub.export import TOLERANCE, export_onnx, load_model


def export(
    model: Annotated[str, tyro.conf.Positional], onnx: Path, half: bool = False, revision: str | None = None
) -> None:
    """Write a generator, a style or an upscaler as ONNX, and hold what it makes against the model itself.

    Args:
        model: a bundled name such as mnist-gan, a folder, or org/name on the Hub.
        onnx: the file to write.
        half: store the weights in 16 bits: half the download. Refused where it changes the pictures.
        revision: branch, tag or commit on the Hub.
    """
    made = export_onnx(load_model(model, revision=revision), onnx, half=half)
    print(
        f"{model} is in {made.path}, {made.num_bytes:,} bytes; over {made.num_checked} pictures it differs by at most "
        f"{made.max_difference:.1e} from torch ({TOLERANCE:.0e} is accepted)"
    )

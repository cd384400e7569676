"""Makes the bundled photo-features: `python train/photo_features.py efficientnet-lite0.safetensors OUTPUT_DIR`.

Takes the weights of EfficientNet-Lite0 with the names of the package efficientnet-lite-pytorch (Apache-2.0; the weights
are Google's), folds the batch normalisation into the convolutions, and keeps the first blocks in 16 bits.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

EPSILON = 1e-3  # of EfficientNet's batch normalisation
NUM_BLOCKS = 11
PARTS = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}


def folded(weights: Mapping[str, Tensor], convolution: str, norm: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that does what this one and the normalisation after it do."""
    scale = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + EPSILON).sqrt()
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return weights[f"{convolution}.weight"] * scale[:, None, None, None], bias


def main(source: Path, folder: Path) -> None:
    """Write config.json and model.safetensors; the card beside them is written by hand."""
    weights = load_file(source)
    pairs = {"stem": folded(weights, "_conv_stem", "_bn0")}
    for block in range(NUM_BLOCKS):
        for part, (convolution, norm) in PARTS.items():
            if f"_blocks.{block}.{convolution}.weight" in weights:  # the first block does not widen
                names = (f"_blocks.{block}.{convolution}", f"_blocks.{block}.{norm}")
                pairs[f"blocks.{block}.{part}"] = folded(weights, *names)
    state: dict[str, Tensor] = {}
    for name, (weight, bias) in pairs.items():
        state |= {f"{name}.weight": weight.to(torch.float16), f"{name}.bias": bias.to(torch.float16)}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config = {"architecture": "efficientnet-lite0", "format_version": 1, "num_blocks": NUM_BLOCKS}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

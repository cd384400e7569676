"""Trains a feature extractor: `python train/classifier.py --dataset mnist --output_dir gan_hub/bundled/mnist-features`.

The classifier measures generators (gan_hub.evaluation.metrics); its test accuracy goes into its card and config.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import tyro
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import trange

from gan_hub.data.dataset import Dataset
from gan_hub.data.idx import IDX_SETS, load_idx_set
from gan_hub.features import FeatureExtractor
from gan_hub.images import from_uint8
from gan_hub.models.classifier import Classifier
from gan_hub.training.loop.environment import entry_point, tune_process

if TYPE_CHECKING:
    SetName = str
else:
    SetName = tyro.extras.literal_type_from_choices(tuple(IDX_SETS))


@dataclass(frozen=True)
class Options:
    """Train a small classifier whose features measure generators."""

    dataset: SetName = "mnist"
    output_dir: Path = Path("runs/features")
    data_dir: Path = Path("data")
    num_epochs: int = 12
    train_batch_size: int = 128
    learning_rate: float = 4e-3
    random_flip: bool = False
    """Mirror pictures at random (clothes, not digits)."""
    max_shift: int = 2
    """Move pictures by up to this many pixels at random."""
    seed: int = 0


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, train, measure on the test pictures, and write config.json, weights and card."""
    options = tyro.cli(Options, args=arguments)
    torch.manual_seed(options.seed)
    data = load_idx_set(options.dataset, options.data_dir)
    test = load_idx_set(options.dataset, options.data_dir, train=False)
    classifier = Classifier(image_size=data.image_size, channels=data.channels, num_classes=len(data.class_names)).to(
        memory_format=torch.channels_last
    )
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=options.learning_rate, weight_decay=0.02)
    steps_per_epoch = len(data) // options.train_batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=steps_per_epoch * options.num_epochs
    )
    for epoch in trange(options.num_epochs, desc="epochs"):
        classifier.train()
        order = torch.randperm(len(data))
        for step in range(steps_per_epoch):
            batch = order[step * options.train_batch_size :][: options.train_batch_size]
            images = augment(from_uint8(data.images[batch]), options).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                logits = classifier(images)
            loss = cross_entropy(logits.float(), data.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}: test accuracy {accuracy(classifier, test):.4f}", flush=True)
    set_statistics(classifier, data)
    save(classifier, options, data, accuracy(classifier, test))
    return 0


def augment(images: Tensor, options: Options) -> Tensor:
    """Shift the batch by one random offset a quarter, and mirror pictures at random."""
    shift = options.max_shift
    parts = []
    for part in images.chunk(4):
        dy, dx = torch.randint(-shift, shift + 1, (2,)).tolist()
        padded = torch.nn.functional.pad(part, (shift, shift, shift, shift), value=-1.0)
        parts.append(padded[:, :, shift + dy :, shift + dx :][:, :, : part.shape[2], : part.shape[3]])
    images = torch.cat(parts)
    if options.random_flip:
        flip = torch.rand(len(images)) < 0.5
        images = torch.where(flip[:, None, None, None], images.flip(3), images)
    return images


def accuracy(classifier: Classifier, data: Dataset) -> float:
    """Share of pictures whose class is named right."""
    seen = FeatureExtractor(classifier, "").classify(from_uint8(data.images))
    return float((seen == data.labels).double().mean())


@torch.inference_mode()
def set_statistics(classifier: Classifier, data: Dataset) -> None:
    """Put the mean and deviation of the training set's features into the classifier's buffers."""
    classifier.eval()
    features = torch.cat([classifier.penultimate(from_uint8(images)).double() for images in data.images.split(500)])
    classifier.feature_mean.copy_(features.mean(0))
    classifier.feature_std.copy_(features.std(0))


def save(classifier: Classifier, options: Options, data: Dataset, test_accuracy: float) -> None:
    """Write config.json, model.safetensors and the card."""
    options.output_dir.mkdir(parents=True, exist_ok=True)
    config = {
        "architecture": "classifier",
        "format_version": 1,
        "image_size": list(classifier.image_size),
        "channels": classifier.channels,
        "num_classes": classifier.num_classes,
        "feature_dim": classifier.feature_dim,
        "class_names": list(data.class_names),
        "dataset": options.dataset,
        "test_accuracy": test_accuracy,
    }
    (options.output_dir / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    state = {name: tensor.contiguous() for name, tensor in classifier.state_dict().items()}
    save_file(state, options.output_dir / "model.safetensors", metadata={"format": "pt"})
    (options.output_dir / "README.md").write_text(card(config, options, data), encoding="utf-8")


# Bundled, whose pictures the snippet of the card looks at.
GENERATORS = {"mnist": "mnist-gan", "fashion-mnist": "fashion-gan"}


def card(config: dict[str, Any], options: Options, data: Dataset) -> str:
    """The README of the extractor."""
    name = options.output_dir.name
    shape = str(["N", config["channels"], *config["image_size"]]).replace("'", "")
    flags = [f"--dataset {options.dataset}", f"--num_epochs {options.num_epochs}"]
    flags += ["--random_flip"] * options.random_flip + [f"--output_dir {options.output_dir.as_posix()}"]
    return f"""---
library_name: gan-hub
pipeline_tag: image-classification
license: apache-2.0
tags:
- image-feature-extraction
---

# {name}

A small convolutional classifier that names {config["test_accuracy"]:.2%} of the test pictures right. Its
{config["feature_dim"]} penultimate features, standardised on the training set, are the space in which this project's
generators are measured. A Frechet distance in it is not comparable with FID, which means Inception features.

## Use

```python
from gan_hub import GanGenerator
from gan_hub.features import FeatureExtractor

images = GanGenerator.from_pretrained("{GENERATORS[options.dataset]}").sample(16, seed=7)  # or yours
extractor = FeatureExtractor.from_bundled("{name}")
features = extractor(images)  # of images {shape} in [-1, 1]: [N, {config["feature_dim"]}], float64
classes = extractor.classify(images)
```

## Training

- Data: {data.description()} SHA-256 of the pictures: `{data.sha256()}`.
- Seed {options.seed}; classes: {", ".join(data.class_names)}.

```sh
python {" ".join([*entry_point("train/classifier.py"), *flags])}
```
"""


if __name__ == "__main__":
    tune_process()
    sys.exit(main())

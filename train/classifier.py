"""Trains a feature extractor: `python train/classifier.py --dataset mnist --output_dir gan_hub/bundled/mnist-features`.

The classifier measures generators (gan_hub.metrics); its test accuracy goes into its card and config.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import torch
import tyro
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import trange

from gan_hub.models.classifier import Classifier
from train.data import Dataset, load_idx_set


@dataclass(frozen=True)
class Options:
    """Train a small classifier whose features measure generators."""

    dataset: Literal["mnist", "fashion-mnist"] = "mnist"
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


def main(options: Options) -> None:
    """Train, measure on the test pictures, and write config.json and model.safetensors."""
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
            images = augment(to_float(data.images[batch]), options)
            with torch.autocast("cpu", torch.bfloat16):
                logits = classifier(images)
            loss = cross_entropy(logits.float(), data.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}: test accuracy {accuracy(classifier, test):.4f}", flush=True)
    set_statistics(classifier, data)
    save(classifier, options, test)


def to_float(images: Tensor) -> Tensor:
    """uint8 [0, 255] to float [-1, 1]."""
    return images.float().div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)


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


@torch.inference_mode()
def accuracy(classifier: Classifier, data: Dataset) -> float:
    """Share of pictures whose class is named right."""
    classifier.eval()
    right = [
        (classifier(to_float(images)).argmax(1) == labels).sum()
        for images, labels in zip(data.images.split(500), data.labels.split(500))
    ]
    return float(torch.stack(right).sum()) / len(data)


@torch.inference_mode()
def set_statistics(classifier: Classifier, data: Dataset) -> None:
    """Put the mean and deviation of the training set's features into the classifier's buffers."""
    classifier.eval()
    features = torch.cat([classifier.penultimate(to_float(images)).double() for images in data.images.split(500)])
    classifier.feature_mean.copy_(features.mean(0))
    classifier.feature_std.copy_(features.std(0))


def save(classifier: Classifier, options: Options, test: Dataset) -> None:
    """Write config.json and model.safetensors."""
    options.output_dir.mkdir(parents=True, exist_ok=True)
    config = {
        "architecture": "classifier",
        "format_version": 1,
        "image_size": list(classifier.image_size),
        "channels": classifier.channels,
        "num_classes": classifier.num_classes,
        "feature_dim": classifier.feature_dim,
        "class_names": list(test.class_names),
        "dataset": options.dataset,
        "test_accuracy": accuracy(classifier, test),
    }
    (options.output_dir / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    state = {name: tensor.contiguous() for name, tensor in classifier.state_dict().items()}
    save_file(state, options.output_dir / "model.safetensors", metadata={"format": "pt"})
    print(config)


if __name__ == "__main__":
    main(tyro.cli(Options))

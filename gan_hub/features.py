"""Feature extractors, in whose spaces generators are measured: classifiers, Inception, or untrained networks."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, conv2d, leaky_relu

from gan_hub.loading import model_files, weights
from gan_hub.loading.config import ConfigError, read_json
from gan_hub.models.classifier import Classifier

BATCH = 500
BUNDLED = {"mnist": "mnist-features", "fashion-mnist": "fashion-features"}  # by the name of the data


class Extractor(Protocol):
    """Maps pictures to features.

    Attributes:
        description: what it is and how many features it gives, to stand beside every figure.
    """

    description: str

    def __call__(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to features [N, D], float64, on the CPU."""
        ...


class FeatureExtractor:
    """A trained classifier, asked for features or classes of any number of pictures.

    Attributes:
        description: name, accuracy and dimension.
        num_classes: of the classifier.
    """

    def __init__(self, classifier: Classifier, description: str) -> None:
        self.classifier = classifier.eval()
        self.description = description
        self.num_classes = classifier.num_classes

    @classmethod
    def from_bundled(cls, name: str) -> "FeatureExtractor":
        """Load a bundled classifier, such as "mnist-features".

        Raises:
            ModelError: there is none of that name, or its files are damaged.
        """
        folder = model_files.BUNDLED_FOLDER / Path(name).name
        if not (folder / model_files.CONFIG_FILE).is_file():
            raise weights.ModelError(
                f"there is no bundled feature extractor '{name}'; there are: {', '.join(_names())}"
            )
        return cls.from_folder(folder)

    @classmethod
    def from_folder(cls, folder: Path) -> "FeatureExtractor":
        """Load a classifier that `train/classifier.py` wrote.

        Raises:
            ModelError: the files are damaged, or of something else.
            ConfigError: the configuration can't be used.
        """
        config = read_json(folder / model_files.CONFIG_FILE)
        if config.get("architecture") != "classifier":
            raise ConfigError(f"'{folder.name}' is not a classifier; bundled ones are: {', '.join(_names())}")
        shape = {key: config[key] for key in ("channels", "num_classes", "feature_dim")}
        with torch.device("meta"):
            classifier = Classifier(image_size=tuple(config["image_size"]), **shape)
        weights.load_weights(classifier, folder / weights.WEIGHTS_FILE, folder.name)
        accuracy = f"test accuracy {config['test_accuracy']:.2%}"
        description = f"{folder.name} ({accuracy}, {config['feature_dim']} standardised penultimate features)"
        return cls(classifier.to(memory_format=torch.channels_last), description)

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to features [N, D], float64, on the CPU."""
        return torch.cat([self.classifier.features(batch) for batch in images.cpu().split(BATCH)]).clone()

    @torch.inference_mode()
    def classify(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to the classes [N] seen in them, int64, on the CPU."""
        return torch.cat([self.classifier(batch).argmax(1) for batch in images.cpu().split(BATCH)]).clone()


class RandomFeatures:
    """A convolutional network with random weights, for pictures that no trained network is at hand for.

    Random embeddings rank generators much as trained ones do, and favour none (Naeem et al., 2020, arXiv:2002.09797,
    section 4). The figures mean something beside one another only.

    Args:
        channels: of the pictures.
    """

    WIDTHS = (32, 64, 64)
    CELLS = 2  # a side: features are means over quarters of the picture
    MAX_SIZE = 64  # pixels a side; larger pictures are scaled down to it

    def __init__(self, channels: int) -> None:
        generator = torch.Generator().manual_seed(0)
        widths = (channels, *self.WIDTHS)
        self.kernels = [
            torch.randn(outer, inner, 3, 3, generator=generator) * (2 / (9 * inner)) ** 0.5
            for inner, outer in pairwise(widths)
        ]
        num_features = self.WIDTHS[-1] * self.CELLS**2
        self.description = f"random convolutions (untrained, seed 0, {num_features} features)"

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to features [N, 256], float64, on the CPU."""
        return torch.cat([self._features(batch) for batch in images.cpu().split(BATCH)]).double()

    def _features(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        x = adaptive_avg_pool2d(images, (min(height, self.MAX_SIZE), min(width, self.MAX_SIZE)))
        for kernel in self.kernels:
            x = leaky_relu(conv2d(x, kernel, padding=1), 0.2)
            x = avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)
        return adaptive_avg_pool2d(x, self.CELLS).flatten(1)


class InceptionFeatures:
    """The Inception network of the FID, from torch-fidelity: what published figures are measured with.

    Args:
        weights_path: a file with its weights, as torch-fidelity has them; downloaded by it if left out.

    Raises:
        ModelError: torch-fidelity is not installed, or the weights can't be loaded.
    """

    BATCH = 32

    def __init__(self, weights_path: Path | None = None) -> None:
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError as error:
            raise weights.ModelError(
                "Inception features need torch-fidelity; run: pip install torch-fidelity"
            ) from error
        path = None if weights_path is None else str(weights_path)
        try:
            network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=path)
        except (OSError, RuntimeError) as error:
            raise weights.ModelError(
                f"the weights of Inception can't be loaded ({str(error).splitlines()[0]}); name a file of them with "
                "--extractor weights-inception-2015-12-05-6726825d.pth, or use --extractor random"
            ) from error
        self.network: nn.Module = network.eval()
        self.description = "Inception (torch-fidelity's inception-v3-compat, 2048 features)"

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to features [N, 2048]; grey becomes RGB, RGBA is laid on white."""
        device = next(self.network.parameters()).device
        found = [self.network(as_rgb(batch).to(device))[0].double().cpu() for batch in images.split(self.BATCH)]
        return torch.cat(found)


def as_rgb(images: Tensor) -> Tensor:
    """Images [N, C, H, W] in [-1, 1] with 1, 3 or 4 channels as uint8 RGB [N, 3, H, W].

    Raises:
        ValueError: they have other channels.
    """
    channels = images.shape[1]
    if channels not in (1, 3, 4):
        raise ValueError(f"pictures of {channels} channels can't be shown to a network for RGB; allowed are 1, 3 and 4")
    if channels == 4:  # the colours are multiplied by alpha already
        colour, alpha = (images[:, :3] + 1) / 2, (images[:, 3:] + 1) / 2
        images = 2 * (colour + 1 - alpha) - 1
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).expand(-1, 3, -1, -1)


def choose_extractor(name: str, *, data_name: str, channels: int) -> Extractor:
    """The extractor of a name.

    Args:
        name: `auto` (the bundled classifier of the data, or random where there is none), `random`, `inception`, a
            bundled classifier's name, a folder with a classifier, or a .pth file with the weights of Inception.
        data_name: of the pictures to be measured.
        channels: of the pictures.

    Raises:
        ModelError: there is no such extractor, or it can't be loaded.
        ConfigError: a folder holds something else.
    """
    if name == "auto":
        bundled = BUNDLED.get(data_name)
        return FeatureExtractor.from_bundled(bundled) if bundled else RandomFeatures(channels)
    if name == "random":
        return RandomFeatures(channels)
    if name == "inception":
        return InceptionFeatures()
    path = Path(name)
    if path.suffix == ".pth":
        return InceptionFeatures(path)
    return FeatureExtractor.from_folder(path) if path.is_dir() else FeatureExtractor.from_bundled(name)


def _names() -> Sequence[str]:
    return sorted(path.name for path in model_files.BUNDLED_FOLDER.glob("*-features"))

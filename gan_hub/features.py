"""Feature extractors for measuring generators: classifiers, networks that know photos, and untrained networks."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, conv2d, interpolate, leaky_relu

from gan_hub.loading import model_files
from gan_hub.loading.budget import on_meta
from gan_hub.loading.config import FORMAT_VERSION, ConfigError, FlatConfig, image_size_of, integer, one_of
from gan_hub.loading.model_files import ModelFiles
from gan_hub.loading.weights import ModelError
from gan_hub.models.classifier import Classifier
from gan_hub.models.efficientnet import BLOCKS, EfficientNet

BATCH = 500
BUNDLED = {"mnist": "mnist-features", "fashion-mnist": "fashion-features"}  # by the name of the data set
PHOTO_FEATURES = "photo-features"


class Extractor(Protocol):
    """Maps pictures to features.

    Attributes:
        description: names the network and the number of features, to be printed beside every figure.
    """

    description: str

    def __call__(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to features [N, D], float64, on the CPU."""
        ...


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig(FlatConfig):
    """The checked configuration of a classifier."""

    architecture: str
    image_size: tuple[int, int]
    channels: int
    num_classes: int
    feature_dim: int
    test_accuracy: float
    class_names: tuple[str, ...] = ()
    dataset: str = ""
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        """Check the fields that the network and its description are made from; raises ConfigError."""
        one_of("architecture", self.architecture, ("classifier",))
        one_of("format_version", self.format_version, (FORMAT_VERSION,))
        object.__setattr__(self, "image_size", image_size_of(self.image_size))
        one_of("channels", self.channels, (1, 3, 4))
        integer("num_classes", self.num_classes, 1, 10_000)
        integer("feature_dim", self.feature_dim, 1, 4096)
        if not isinstance(self.test_accuracy, (int, float)) or not 0 <= self.test_accuracy <= 1:
            raise ConfigError(f"test_accuracy is {self.test_accuracy!r}; it must be a number from 0 to 1")


class FeatureExtractor:
    """A trained classifier that gives the features or the classes of any number of pictures.

    Attributes:
        description: name, accuracy and number of features.
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
            ModelError: there is no bundled classifier of that name, or its files are damaged.
        """
        folder = model_files.BUNDLED_FOLDER / Path(name).name
        if not (folder / model_files.CONFIG_FILE).is_file():
            raise ModelError(f"there is no bundled feature extractor '{name}'; there are: {_bundled()}")
        return cls.from_folder(folder)

    @classmethod
    def from_folder(cls, folder: Path) -> "FeatureExtractor":
        """Load a classifier that `train/classifier.py` wrote.

        Raises:
            ModelError: the folder holds something else, or its files are damaged.
        """
        files = ModelFiles(folder.name, folder)
        values = model_files.load_config(files)
        if values.get("architecture") != "classifier":
            raise ModelError(f"'{files.name}' is not a classifier; the bundled ones are: {_bundled()}")
        try:
            config = ClassifierConfig.from_dict(values)
        except ConfigError as error:
            raise ModelError(f"'{files.name}' can't be loaded: {error}") from error
        with on_meta():
            classifier = Classifier(
                image_size=config.image_size,
                channels=config.channels,
                num_classes=config.num_classes,
                feature_dim=config.feature_dim,
            )
        files.load_weights(classifier)
        accuracy = f"test accuracy {config.test_accuracy:.2%}"
        return cls(classifier, f"{files.name} ({accuracy}, {config.feature_dim} standardised penultimate features)")

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to features [N, D], float64, on the CPU."""
        return torch.cat([self.classifier.features(batch) for batch in images.cpu().split(BATCH)]).clone()

    @torch.inference_mode()
    def classify(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to the classes [N] seen in them, int64, on the CPU."""
        return torch.cat([self.classifier(batch).argmax(1) for batch in images.cpu().split(BATCH)]).clone()


@dataclass(frozen=True, kw_only=True)
class PhotoFeaturesConfig(FlatConfig):
    """The checked configuration of a cut of EfficientNet-Lite0."""

    architecture: str
    num_blocks: int
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        """Check the fields; raises ConfigError."""
        one_of("architecture", self.architecture, ("efficientnet-lite0",))
        one_of("format_version", self.format_version, (FORMAT_VERSION,))
        integer("num_blocks", self.num_blocks, 1, len(BLOCKS))


def photo_network() -> EfficientNet:
    """The bundled `photo-features`: the first eleven blocks of EfficientNet-Lite0, pretrained on ImageNet, frozen.

    Raises:
        ModelError: its files are missing or damaged.
    """
    files = ModelFiles(PHOTO_FEATURES, model_files.BUNDLED_FOLDER / PHOTO_FEATURES)
    try:
        config = PhotoFeaturesConfig.from_dict(model_files.load_config(files))
    except ConfigError as error:
        raise ModelError(f"'{files.name}' can't be loaded: {error}") from error
    with on_meta():
        network = EfficientNet(num_blocks=config.num_blocks)
    files.load_weights(network)
    return network


class PhotoFeatures:
    """The bundled `photo-features` as a space to measure colour pictures in: means of channels of three depths.

    A network that was trained on photos knows what matters in them, and a little of what matters in drawings. A model
    that was trained with projected heads (`gan_hub.models.projected`) has learned to please this very network: measure
    it in another space as well.
    """

    TAPS = (4, 7, 10)  # blocks: 40, 80 and 112 channels, of an eighth and a sixteenth of the resolution
    SIZE = 96  # pixels along each side that pictures are scaled to, so that small ones fill the network's view
    BATCH = 100

    def __init__(self) -> None:
        self.network = photo_network()
        num_features = sum(BLOCKS[tap].width for tap in self.TAPS)
        self.description = f"{PHOTO_FEATURES} (EfficientNet-Lite0, pretrained on ImageNet, {num_features} features)"

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to features [N, 232], float64; RGBA is composited on white."""
        return torch.cat([self._features(batch.cpu()) for batch in images.split(self.BATCH)]).double()

    def _features(self, images: Tensor) -> Tensor:
        images = as_rgb(images).float() / 127.5 - 1
        images = interpolate(images, (self.SIZE, self.SIZE), mode="bilinear", antialias=True)
        maps = self.network(images.contiguous(memory_format=torch.channels_last), self.TAPS)
        return torch.cat([features.mean((2, 3)) for features in maps], dim=1)


class RandomFeatures:
    """A convolutional network with random weights, for pictures that no trained network is available for.

    Random embeddings rank generators much as trained ones do, and favour none (Naeem et al., 2020, arXiv:2002.09797,
    section 4). The figures are meaningful only in comparison with each other.

    Args:
        channels: of the pictures.
    """

    WIDTHS = (32, 64, 64)
    CELLS = 2  # along each side: features are means over quarters of the picture
    MAX_SIZE = 64  # pixels along each side; larger pictures are scaled down to it

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
    """The Inception network of the FID, from torch-fidelity, with which published figures are measured.

    Args:
        weights_path: a file with its weights, in torch-fidelity's form; None lets torch-fidelity download them.

    Raises:
        ModelError: torch-fidelity is not installed, or the weights can't be loaded.
    """

    BATCH = 32

    def __init__(self, weights_path: Path | None = None) -> None:
        try:
            from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        except ImportError as error:
            raise ModelError("Inception features need torch-fidelity; run: pip install torch-fidelity") from error
        path = None if weights_path is None else str(weights_path)
        try:
            network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=path)
        except (OSError, RuntimeError) as error:
            raise ModelError(
                f"the weights of Inception can't be loaded ({str(error).splitlines()[0]}); name a file that "
                "holds them with --extractor weights-inception-2015-12-05-6726825d.pth, or use --extractor random"
            ) from error
        self.network: nn.Module = network.eval()
        self.description = "Inception (torch-fidelity's inception-v3-compat, 2048 features)"

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to features [N, 2048]; grey becomes RGB, RGBA is composited on white."""
        device = next(self.network.parameters()).device
        found = [self.network(as_rgb(batch).to(device))[0].double().cpu() for batch in images.split(self.BATCH)]
        return torch.cat(found)


def as_rgb(images: Tensor) -> Tensor:
    """Convert images [N, C, H, W] in [-1, 1] with 1, 3 or 4 channels to uint8 RGB [N, 3, H, W].

    Raises:
        ValueError: the images have another number of channels.
    """
    channels = images.shape[1]
    if channels not in (1, 3, 4):
        raise ValueError(f"pictures of {channels} channels can't be shown to a network for RGB; allowed are 1, 3 and 4")
    if channels == 4:  # the colours are already multiplied by alpha
        colour, alpha = (images[:, :3] + 1) / 2, (images[:, 3:] + 1) / 2
        images = 2 * (colour + 1 - alpha) - 1
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).expand(-1, 3, -1, -1)


def choose_extractor(name: str, *, data_name: str, channels: int) -> Extractor:
    """Load the feature extractor of a name.

    Args:
        name: `auto` (the bundled classifier for the data set; if there is none, `photo-features` for colour and random
            features for grey), `photo-features`, `random`, `inception`, a bundled classifier's name, a folder with a
            classifier, or a .pth file with the weights of Inception.
        data_name: the name of the data set to be measured.
        channels: of the pictures.

    Raises:
        ModelError: there is no such extractor, or it can't be loaded.
    """
    if name == "auto":
        bundled = BUNDLED.get(data_name)
        if bundled:
            return FeatureExtractor.from_bundled(bundled)
        return PhotoFeatures() if channels in (3, 4) else RandomFeatures(channels)
    if name == PHOTO_FEATURES:
        return PhotoFeatures()
    if name == "random":
        return RandomFeatures(channels)
    if name == "inception":
        return InceptionFeatures()
    path = Path(name)
    if path.suffix == ".pth":
        return InceptionFeatures(path)
    return FeatureExtractor.from_folder(path) if path.is_dir() else FeatureExtractor.from_bundled(name)


def _bundled() -> str:
    return ", ".join(sorted(path.name for path in model_files.BUNDLED_FOLDER.glob("*-features")))

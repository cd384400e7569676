"""Feature extractors: the bundled classifiers in whose features generators are measured."""

from pathlib import Path

import torch
from torch import Tensor

from gan_hub import hub, weights
from gan_hub.config import ConfigError, read_json
from gan_hub.models.classifier import Classifier

BATCH = 500


class FeatureExtractor:
    """A trained classifier, asked for features or classes of any number of pictures.

    Attributes:
        description: name, accuracy and dimension, to stand beside every figure.
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
        folder = hub.BUNDLED_FOLDER / Path(name).name
        if not (folder / hub.CONFIG_FILE).is_file():
            raise weights.ModelError(
                f"there is no bundled feature extractor '{name}'; there are: {', '.join(_names())}"
            )
        config = read_json(folder / hub.CONFIG_FILE)
        if config.get("architecture") != "classifier":
            raise ConfigError(f"'{name}' is not a classifier; feature extractors are: {', '.join(_names())}")
        shape = {key: config[key] for key in ("channels", "num_classes", "feature_dim")}
        with torch.device("meta"):
            classifier = Classifier(image_size=tuple(config["image_size"]), **shape)
        weights.load_weights(classifier, folder / weights.WEIGHTS_FILE, name)
        accuracy = f"test accuracy {config['test_accuracy']:.2%}"
        description = f"{name} ({accuracy}, {config['feature_dim']} standardised penultimate features)"
        return cls(classifier.to(memory_format=torch.channels_last), description)

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to features [N, D], float64, on the CPU."""
        return torch.cat([self.classifier.features(batch) for batch in images.cpu().split(BATCH)]).clone()

    @torch.inference_mode()
    def classify(self, images: Tensor) -> Tensor:
        """Map images [N, C, H, W] in [-1, 1] to the classes [N] seen in them, int64, on the CPU."""
        return torch.cat([self.classifier(batch).argmax(1) for batch in images.cpu().split(BATCH)]).clone()


def _names() -> list[str]:
    return sorted(path.name for path in hub.BUNDLED_FOLDER.glob("*-features"))

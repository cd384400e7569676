"""Which painter is it, and which photo was it? Two questions that a painting of a photo should both have an answer to.

    python -m benchmarks.painter_judge --vgg vgg16-conv.safetensors --photos photos/cid22 --paintings paintings
    python -m benchmarks.painter_judge ... --stylizers monet old=runs/old-monet:monet --strengths 1.0 0.6

The painter is recognised by a linear classifier on Gram matrices of VGG16, which no loss of this project has seen,
trained on crops of real paintings by group, and of photos. Its own limit stands beside its figures: how often it is
right about crops of pictures that it was not trained on (five folds, by picture). The photo is found again if, of all
the photos, it is the nearest to its painting by the mean activations of conv4_3, standardised over the photos. Both see
the same 384 x 384 pixels of a picture whose shorter side is 512.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import torch
import tyro
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, cross_entropy, normalize, relu

from gan_hub import PhotoStylizer

LAYERS = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2", "4_3")
GRAM_LAYERS, DEEP_LAYER = ("1_2", "2_2", "3_3"), "4_3"
POOL_AFTER = ("1_2", "2_2", "3_3")
MEAN_BGR = (103.939, 116.779, 123.68)  # of the Caffe model's training pictures
SIDE, CROP = 512, 384
CROPS = {"photo": 1}  # of each picture to train on; more of a group with few pictures
PROJECTED = 384  # numbers that each Gram matrix is projected to at random
FOLDS = 5
PHOTO = "photo"

# Patterns of file names, by painter. The Great Wave is there twice in the data; one of the two is left out.
GROUPS: dict[str, tuple[str, ...]] = {
    "van-gogh": ("starry_night*", "vg_*", "3_34.*", "3_36.*", "3_37.*"),
    "monet": ("4_24.*", "4_25.*", "4_26.*", "4_27.*", "4_28.*", "4_29.*", "water-lilies*"),
    "ukiyo-e": ("the-great-wave*", "kuniyoshi*", "gyosai*", "emperor*"),
    "old-masters": (
        *("*rembrandt*", "girl-with-a-pearl*", "mona-lisa*", "las-meninas*", "the-night-watch*", "the-entombment*"),
        *("the-art-of-painting*", "the-calling*"),
    ),
    "munch": ("the_scream*",),
    "kandinsky": ("composition_vii*",),
    "pencil": ("1059-303*", "1121-38*", "1099-317*"),
}
PAINTER = {"starry-night": "van-gogh", "the-scream": "munch"}  # of a style whose name is not its painter's


@dataclass(frozen=True)
class Options:
    """Judge stylizers."""

    vgg: Path
    """VGG16's convolutions as safetensors: conv1_1.weight, conv1_1.bias and so on."""
    photos: tuple[Path, ...]
    """Folders of the photos to paint, which no stylizer has learned from."""
    paintings: Path
    """A folder of real paintings, searched to any depth."""
    real_photos: tuple[Path, ...]
    """Folders of other photos, for the classifier to tell paintings from."""
    stylizers: tuple[str, ...] = ("starry-night", "van-gogh", "monet", "ukiyo-e", "old-masters")
    """Bundled names or folders; NAME=FOLDER:GROUP names one that is called something else."""
    strengths: tuple[float, ...] = (1.0, 0.6)
    count: int = 48
    """Of the photos, spread evenly over the folders' sorted names."""
    seed: int = 0
    cache: Path | None = None
    """A file to keep the features of the real paintings in."""
    json: Path | None = None
    sheet: Path | None = None
    """A folder for the paintings that are judged."""


class Judge16:
    """VGG16 (Simonyan & Zisserman, 2014, arXiv:1409.1556) up to conv4_3, with average pooling.

    Args:
        path: of its weights.
        seed: of the random projection of Gram matrices.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self.weights = {name: tensor.float() for name, tensor in load_file(path).items()}
        random = torch.Generator().manual_seed(seed)
        self.projections = {}
        for layer in GRAM_LAYERS:
            width = len(self.weights[f"conv{layer}.bias"])
            self.projections[layer] = (
                torch.randn(width * (width + 1) // 2, PROJECTED, generator=random) / PROJECTED**0.5
            )

    @torch.inference_mode()
    def __call__(self, picture: Image.Image) -> tuple[Tensor, Tensor]:
        """How a picture is painted, [3 * PROJECTED], and what it shows, [512]."""
        bgr = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1).flip(0).float()
        x = (bgr - torch.tensor(MEAN_BGR)[:, None, None])[None].contiguous(memory_format=torch.channels_last)
        painted = []
        for layer in LAYERS:
            x = relu(conv2d(x, self.weights[f"conv{layer}.weight"], self.weights[f"conv{layer}.bias"], padding=1))
            if layer in GRAM_LAYERS:
                painted.append(self._projected(x[0].flatten(1), layer))
            if layer in POOL_AFTER:
                x = avg_pool2d(x, 2)
        return torch.cat(painted), x.mean((2, 3))[0]

    def _projected(self, maps: Tensor, layer: str) -> Tensor:
        matrix = maps @ maps.T / maps.shape[1]
        upper = matrix[tuple(torch.triu_indices(*matrix.shape))]
        return normalize(upper.sqrt(), dim=0) @ self.projections[layer]  # the root, as a few pairs outweigh all others


class PainterClassifier:
    """Multinomial logistic regression on standardised features; classes weigh the same.

    Args:
        features: [N, D].
        classes: [N].
        num_classes: how many there are.
        decay: weight of the squared weights.
    """

    def __init__(self, features: Tensor, classes: Tensor, num_classes: int, decay: float = 1e-2) -> None:
        self.mean, self.scale = features.mean(0), features.std(0) + 1e-6
        x = (features - self.mean) / self.scale
        share = 1 / torch.bincount(classes, minlength=num_classes).clamp(min=1).float()
        self.weight = torch.zeros(features.shape[1] + 1, num_classes, requires_grad=True)
        optimizer = torch.optim.LBFGS([self.weight], max_iter=200, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            optimizer.zero_grad()
            total = cross_entropy(x @ self.weight[:-1] + self.weight[-1], classes, weight=share)
            total = total + decay * self.weight[:-1].square().sum()
            total.backward()
            return total

        optimizer.step(loss)

    @torch.no_grad()
    def __call__(self, features: Tensor) -> Tensor:
        """The class [N] of each row of features [N, D]."""
        return ((features - self.mean) / self.scale @ self.weight[:-1] + self.weight[-1]).argmax(1)


def framed(picture: Image.Image, x: float = 0.5, y: float = 0.5) -> Image.Image:
    """The square of 384 pixels that is judged, of a picture whose shorter side becomes 512; x and y from 0 to 1."""
    factor = SIDE / min(picture.size)
    picture = picture.convert("RGB").resize(
        [max(CROP, round(n * factor)) for n in picture.size], Image.Resampling.LANCZOS
    )
    left, top = round((picture.width - CROP) * x), round((picture.height - CROP) * y)
    return picture.crop((left, top, left + CROP, top + CROP))


def pictures_in(folders: Sequence[Path]) -> list[Path]:
    """The JPEG and PNG files in folders, in order."""
    return sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in (".jpg", ".jpeg", ".png"))


def training_pictures(options: Options) -> Iterator[tuple[str, Path]]:
    """Group and file of all that the classifier learns from."""
    for path in pictures_in([options.paintings]):
        for group, patterns in GROUPS.items():
            if any(fnmatchcase(path.name, pattern) for pattern in patterns):
                yield group, path
    for path in pictures_in(options.real_photos):
        yield PHOTO, path


@dataclass
class Learned:
    """Features of crops of paintings and photos: [N, D], their classes [N], and the number of their picture [N]."""

    features: Tensor
    classes: Tensor
    pictures: Tensor
    names: list[str] = field(default_factory=lambda: [*GROUPS, PHOTO])

    def limit(self) -> dict[str, float]:
        """The share of each group's crops that are told rightly by classifiers that did not see their picture."""
        found = torch.zeros_like(self.classes)
        counts: dict[int, int] = {}
        fold = torch.zeros_like(self.classes)
        for picture in self.pictures.unique().tolist():  # spread each group over the folds
            group = int(self.classes[self.pictures == picture][0])
            fold[self.pictures == picture] = counts.get(group, 0) % FOLDS
            counts[group] = counts.get(group, 0) + 1
        for number in range(FOLDS):
            seen = fold != number
            classifier = PainterClassifier(self.features[seen], self.classes[seen], len(self.names))
            found[~seen] = classifier(self.features[~seen])
        return {
            name: float((found[self.classes == i] == i).float().mean())
            for i, name in enumerate(self.names)
            if counts.get(i, 0) > 1  # of a single picture there is nothing to hold out
        }


def learned(options: Options, judge: Judge16) -> Learned:
    """The features of the real paintings and photos, from the cache if it holds them."""
    if options.cache is not None and options.cache.is_file():
        return Learned(**torch.load(options.cache, weights_only=True))
    random = np.random.default_rng(options.seed)
    found = list(training_pictures(options))
    names = [*GROUPS, PHOTO]
    features, classes, pictures = [], [], []
    for number, (group, path) in enumerate(found):
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        total = sum(other == group for other, _ in found)
        for _ in range(CROPS.get(group, max(4, -(-24 // total)))):
            features.append(judge(framed(picture, *random.random(2)))[0])
            classes.append(names.index(group))
            pictures.append(number)
    result = Learned(torch.stack(features), torch.tensor(classes), torch.tensor(pictures))
    if options.cache is not None:
        options.cache.parent.mkdir(parents=True, exist_ok=True)
        torch.save({key: getattr(result, key) for key in ("features", "classes", "pictures", "names")}, options.cache)
    return result


def parsed(name: str) -> tuple[str, str, str]:
    """Label, what to load, and painter of an element of `--stylizers`."""
    label, _, rest = name.partition("=")
    source, _, group = (rest or label).partition(":")
    return label, source, group or PAINTER.get(label, label)


def main(options: Options) -> int:
    """Judge, print a table, and return the exit status."""
    torch.set_num_threads(1)
    judge = Judge16(options.vgg, options.seed)
    known = learned(options, judge)
    classifier = PainterClassifier(known.features, known.classes, len(known.names))
    paths = pictures_in(options.photos)
    paths = [paths[i * len(paths) // options.count] for i in range(min(options.count, len(paths)))]
    photos = [Image.open(path).convert("RGB") for path in paths]
    originals = [judge(framed(photo)) for photo in photos]
    deep = torch.stack([shown for _, shown in originals])
    mean, scale = deep.mean(0), deep.std(0) + 1e-6
    keys = normalize((deep - mean) / scale, dim=1)
    limit = known.limit()
    print(f"{len(photos)} photos, seed {options.seed}; crops of paintings and photos: {len(known.classes)}")
    print("limit, on pictures held out:", ", ".join(f"{name} {share:.0%}" for name, share in limit.items()))
    results: dict[str, object] = {"photos": len(photos), "seed": options.seed, "limit": limit}
    called = classifier(torch.stack([painted for painted, _ in originals]))
    print(f"photos called photos: {float((called == known.names.index(PHOTO)).float().mean()):.0%}")
    print("stylizer              strength  painter recognised  photo found again")
    for name in options.stylizers:
        label, source, group = parsed(name)
        stylizer = PhotoStylizer.from_pretrained(source)
        paintings = [stylizer.paint(photo) for photo in photos]
        for strength in options.strengths:
            seen = []
            for path, painting in zip(paths, paintings):
                picture = painting.blended(strength=strength)
                seen.append(judge(framed(picture)))
                if options.sheet is not None:
                    folder = options.sheet / label
                    folder.mkdir(parents=True, exist_ok=True)
                    picture.save(folder / f"{path.stem}-{strength:g}.jpg", quality=92)
            called = classifier(torch.stack([painted for painted, _ in seen]))
            queries = normalize((torch.stack([shown for _, shown in seen]) - mean) / scale, dim=1)
            nearest = (queries @ keys.T).argmax(1)
            recognised = float((called == known.names.index(group)).float().mean())
            again = float((nearest == torch.arange(len(photos))).float().mean())
            others = {n: int((called == i).sum()) for i, n in enumerate(known.names) if (called == i).any()}
            print(f"{label:<22}{strength:<10g}{recognised:<20.0%}{again:<18.0%}{others}", flush=True)
            results[f"{label} {strength:g}"] = {"recognised": recognised, "found": again, "called": others}
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options, description=__doc__)))

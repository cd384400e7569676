"""A small classifier that tells paintings from photos, to judge what a stylizer makes of a photo.

    python -m benchmarks.painting_judge --data_dir data    # train it, or find it in runs/, and report on it

It sees crops of 128 pixels whose scale, sharpness, JPEG quality, colours and grain are drawn at random and alike for
both kinds, so that it can't go by resolution, compression or fading; a whole picture is judged by the mean logit over a
grid of crops. Its mistakes are reported too: photos that are blurred, compressed or smoothed must stay photos.
"""

import hashlib
import io
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm.auto import trange

from benchmarks.held_out import SHORT_SIDE, Common, as_tensor, open_reduced, painting_paths, photo_paths, report
from benchmarks.measuring import start
from gan_hub.images import from_uint8

CROP = 128
LAYERS = ((3, 32, 3, 2), (32, 48, 3, 2), (48, 96, 3, 1), (96, 128, 3, 1))  # channels before and after, side, stride
SCALES = (0.7, 1.0)  # of pictures whose shorter side is 512
FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
CROPS_PER_PICTURE = 24  # drawn, reduced and compressed once; mirrored and recoloured anew at each look
QUALITIES = (60, 96)
JUDGED_QUALITY = 90  # all that is judged has been a JPEG of this quality, as the page hands it out
CALLED_PAINTINGS = 0.1  # of the photos it is trained on: on those held out, less than 15 % are asked for
VERSION = 5  # of the recipe


@dataclass(frozen=True)
class Options(Common):
    """Train the judge and report on it."""

    cache_dir: Path = Path("runs/painting-judge")
    max_train_steps: int = 1500
    train_batch_size: int = 64
    learning_rate: float = 3e-3


class PaintingJudge(nn.Module):
    """Convolutions with batch normalisation, then the mean and deviation of each channel, which tell textures apart.

    None of them sees more than 23 pixels: it can go by brushwork and colours, not by what is shown (as the bags of
    local features of Brendel & Bethge, 2019, arXiv:1904.00760).
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, width, size, stride in LAYERS:
            convolution = nn.Conv2d(before, width, size, stride=stride, padding=size // 2, bias=False)
            layers += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.2)
        self.logit = nn.Linear(2 * LAYERS[-1][1], 1)

    def forward(self, images: Tensor) -> Tensor:
        """Map crops [B, 3, 128, 128] in [-1, 1] to logits [B]; above 0 is a painting."""
        x = self.layers(images).float()
        moments = torch.cat([x.mean((2, 3)), (x.var((2, 3)) + 1e-4).sqrt()], dim=1)
        return self.logit(self.dropout(moments)).squeeze(1)

    @torch.inference_mode()
    def opinion(self, picture: Image.Image) -> float:
        """The mean logit over crops that cover a picture of at least 128x128 pixels evenly."""
        pixels = as_tensor(as_jpeg(picture, JUDGED_QUALITY))
        rows, columns = (starts(length) for length in pixels.shape[2:])
        crops = [pixels[:, :, top : top + CROP, left : left + CROP] for top in rows for left in columns]
        return float(self(torch.cat(crops).contiguous(memory_format=torch.channels_last)).mean())


def starts(length: int) -> list[int]:
    """Where the fewest crops start that cover a length, at even distances."""
    return np.linspace(0, length - CROP, -(-length // CROP)).round().astype(int).tolist()


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """What is left of a picture as a JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def random_crop(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """A square of a picture, reduced, blurred and compressed at random."""
    length = min(round(CROP / random.uniform(*SCALES)), *picture.size)
    left, top = (int(random.integers(side - length + 1)) for side in picture.size)
    resample = FILTERS[random.integers(len(FILTERS))]
    crop = picture.resize((CROP, CROP), resample, (left, top, left + length, top + length))
    if random.random() < 0.4:
        crop = crop.filter(ImageFilter.GaussianBlur(float(random.uniform(0.2, 1.2))))
    return as_jpeg(crop, int(random.integers(*QUALITIES)))


def crops_of(picture: Image.Image, random: np.random.Generator) -> Tensor:
    """Squares of a picture: [N, 3, 128, 128], uint8."""
    crops = [np.asarray(random_crop(picture, random)) for _ in range(CROPS_PER_PICTURE)]
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).contiguous()


def recolour(images: Tensor, random: np.random.Generator) -> Tensor:
    """Each of images [B, 3, H, W], mirrored or not, in another light: brightness, saturation, balance and grain."""
    count = len(images)

    def draw(low: float, high: float, channels: int = 1) -> Tensor:
        return torch.from_numpy(random.uniform(low, high, (count, channels, 1, 1))).float()

    images = torch.where(draw(0, 1) < 0.5, images, images.flip(3))
    grey = images.mean(1, keepdim=True)
    images = grey + draw(0.6, 1.3) * (images - grey)
    images = images * draw(0.8, 1.2) * draw(0.95, 1.05, 3) + draw(-0.15, 0.15)
    grain = torch.from_numpy(random.standard_normal(images.shape, dtype=np.float32))
    return (images + draw(-0.04, 0.04).clamp(min=0) * grain).clamp(-1, 1)


def train(options: Options) -> tuple[PaintingJudge, dict[str, object]]:
    """Train a judge; the same seed and pictures give the same one."""
    start = time.process_time()
    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)
    pools, weights, counts = [], [], []
    for paths in (photo_paths, painting_paths):
        files = paths(options.data_dir, held_out=False)
        pools.append(torch.stack([crops_of(open_reduced(path), random) for path in files]))
        weights.append(folder_weights([path.parent.name for path in files]))
        counts.append(len(files))
    model = PaintingJudge().to(memory_format=torch.channels_last)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.99), use_buffers=True)
    optimizer = torch.optim.AdamW(model.parameters(), options.learning_rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, options.learning_rate, total_steps=options.max_train_steps
    )
    targets = torch.arange(options.train_batch_size) % 2  # 1 = painting
    losses = []
    for _ in trange(options.max_train_steps, desc="training the judge", mininterval=5.0):
        chosen = [(kind, random.choice(counts[kind], p=weights[kind])) for kind in targets.tolist()]
        crops = torch.stack([pools[kind][picture, random.integers(CROPS_PER_PICTURE)] for kind, picture in chosen])
        images = recolour(from_uint8(crops), random).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(images)
        loss = binary_cross_entropy_with_logits(logits.float(), targets.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update_parameters(model)
        losses.append(float(loss.detach()))
    minutes = (time.process_time() - start) / 60
    facts = {"train_photos": counts[0], "train_paintings": counts[1], "cpu_minutes": round(minutes, 1)}
    model.load_state_dict(average.module.state_dict())
    calibrate(model.eval(), [open_reduced(path) for path in photo_paths(options.data_dir, held_out=False)])
    return model, {**facts, "final_loss": round(float(np.mean(losses[-50:])), 3)}


def folder_weights(folders: list[str]) -> np.ndarray:
    """How often each picture is looked at, so that a folder counts as the root of its size.

    Four paintings in five are old landscapes: equally often, bold strokes would hardly be seen.
    """
    counts = Counter(folders)
    weights = np.array([counts[folder] ** -0.5 for folder in folders])
    return weights / weights.sum()


@torch.no_grad()
def calibrate(model: PaintingJudge, photos: list[Image.Image]) -> None:
    """Move the logit so that `CALLED_PAINTINGS` of the photos it was trained on are called paintings."""
    threshold = np.quantile([model.opinion(photo) for photo in photos], 1 - CALLED_PAINTINGS)
    model.logit.bias.sub_(float(threshold))


def load_judge(options: Options) -> tuple[PaintingJudge, dict[str, object]]:
    """The judge that an earlier call trained on the same pictures in the same way, or a new one, and facts on it."""
    names = [
        path.relative_to(options.data_dir).as_posix()
        for paths in (photo_paths, painting_paths)
        for path in paths(options.data_dir, held_out=False)
    ]
    recipe = [VERSION, options.seed, options.max_train_steps, options.train_batch_size, options.learning_rate, names]
    key = hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]
    path = options.cache_dir / f"{key}.safetensors"
    model = PaintingJudge()
    if path.is_file():
        with safe_open(path, "pt") as file:
            facts = json.loads(file.metadata()["facts"])
            model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118  # no mapping
        return model.to(memory_format=torch.channels_last).eval(), facts
    model, facts = train(options)
    options.cache_dir.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, path, metadata={"facts": json.dumps(facts)})
    return model, facts


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as they are": lambda picture: picture,
    "blurred by 1.5 pixels": lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5)),
    "JPEG of quality 40": lambda picture: as_jpeg(picture, 40),
    "reduced by a half and enlarged": lambda picture: picture.reduce(2).resize(picture.size, Image.Resampling.BICUBIC),
    "smoothed by a median of 7x7": lambda picture: picture.filter(ImageFilter.MedianFilter(7)),
    "32 colours": lambda picture: picture.quantize(32, dither=Image.Dither.NONE).convert("RGB"),
}


def main(options: Options) -> None:
    """Train the judge or load it, and print the share of held-out pictures that it calls paintings."""
    model, facts = load_judge(options)
    kinds = {
        kind: [open_reduced(path, SHORT_SIDE) for path in paths(options.data_dir, held_out=True)]
        for kind, paths in (("photos", photo_paths), ("paintings", painting_paths))
    }
    called = {
        kind: {
            name: float(np.mean([model.opinion(change(picture)) > 0 for picture in pictures]))
            for name, change in CHANGES.items()
        }
        for kind, pictures in kinds.items()
    }
    accuracies = (1 - called["photos"]["as they are"], called["paintings"]["as they are"])
    result = {
        **facts,
        "accuracy": {"photos": accuracies[0], "paintings": accuracies[1], "mean": sum(accuracies) / 2},
        "called_paintings": called,
        "n": {kind: len(pictures) for kind, pictures in kinds.items()},
    }
    header = ["called paintings", *(f"held-out {kind} (n = {len(pictures)})" for kind, pictures in kinds.items())]
    rows = [[name, f"{called['photos'][name]:.1%}", f"{called['paintings'][name]:.1%}"] for name in CHANGES]
    report(options, result, header, rows)


if __name__ == "__main__":
    start(main)

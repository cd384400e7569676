"""The model card: written from the config and from what the training run measured, nothing left to fill in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.repocard_data import EvalResult

from gan_hub.loading.config import GeneratorConfig
from gan_hub.loading.stylizer_config import StylizerConfig


@dataclass(frozen=True)
class Metric:
    """One measured figure with what it takes to compare it.

    Attributes:
        name: such as "Frechet distance"; never plain "FID", which means Inception features.
        value: the figure.
        reference: the same figure of real pictures against real pictures, if measured.
        extractor: the network whose features were compared, with its test accuracy.
        num_samples: generated pictures compared.
        seed: of the first of them.
    """

    name: str
    value: float
    reference: float | None
    extractor: str
    num_samples: int
    seed: int


@dataclass(frozen=True)
class RunFacts:
    """What a training run tells its card.

    Attributes:
        dataset: name, number and size of the pictures, licence: one sentence.
        dataset_sha256: of the pictures' bytes, to tell whether two runs saw the same.
        command: that repeats the run.
        num_images: pictures seen by the discriminator.
        minutes: wall time.
        hardware: processor or GPU, in words.
        versions: of the libraries, by name.
        metrics: measured at the end.
        health: what the watch over the run found, a sentence each.
        dataset_ids: of the data on the Hub, as org/name, where it is there.
    """

    dataset: str
    dataset_sha256: str
    command: str
    num_images: int
    minutes: float
    hardware: str
    versions: Mapping[str, str]
    metrics: Sequence[Metric] = field(default_factory=tuple)
    health: Sequence[str] = field(default_factory=tuple)
    dataset_ids: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class StyleFacts:
    """What the training of a stylizer tells its card.

    Attributes:
        paintings: that it learned from, each as "artist, title, year"; none for an upscaler.
        photos: that it learned from: where they are from, how many, licence: a sentence or more.
        data_sha256: of the pictures' bytes, paintings and photos, to tell whether two runs saw the same.
        command: that repeats the run.
        num_images: photos seen in training.
        minutes: wall time.
        hardware: processor or GPU, in words.
        versions: of the libraries, by name.
        measured: figures in words, by what they measure.
        health: what the watch over the run found, a sentence each.
    """

    paintings: Sequence[str]
    photos: str
    data_sha256: str
    command: str
    num_images: int
    minutes: float
    hardware: str
    versions: Mapping[str, str]
    measured: Mapping[str, str] = field(default_factory=dict)
    health: Sequence[str] = field(default_factory=tuple)


def model_card(
    config: GeneratorConfig, num_parameters: int, facts: RunFacts | None, *, name: str, version: str
) -> ModelCard:
    """Write the card of a generator.

    Args:
        config: of the generator.
        num_parameters: numbers in its weights.
        facts: of the run that trained it; None for a generator that was not trained by `train/train.py`.
        name: that `GanGenerator.from_pretrained` loads it by.
        version: of gan_hub.
    """
    data = ModelCardData(
        library_name="gan-hub",
        pipeline_tag="unconditional-image-generation",
        license="apache-2.0",
        tags=["gan", config.architecture, "pytorch_model_hub_mixin", "model_hub_mixin"],
        model_name=_title(config),
        datasets=list(facts.dataset_ids) if facts and facts.dataset_ids else None,
        eval_results=_eval_results(facts) if facts and facts.metrics else None,
    )
    sections = [_introduction(config, num_parameters), _usage(config, name)]
    sections += [_training(facts), _measured(facts), _health(facts)] if facts else []
    sections += [_limits(config), _licence(facts is not None, version)]
    return _assembled(data, sections)


def stylizer_card(
    config: StylizerConfig, num_parameters: int, facts: StyleFacts | None, *, name: str, version: str
) -> ModelCard:
    """Write the card of a stylizer or an upscaler.

    Args:
        config: of the stylizer.
        num_parameters: numbers in its weights.
        facts: of the run that trained it; None if there was none.
        name: that `PhotoStylizer.from_pretrained` loads it by.
        version: of gan_hub.
    """
    subject = "style-transfer" if config.scale == 1 else "super-resolution"
    title = f"{config.architecture}, photo to painting" if config.scale == 1 else f"upscaler, {config.scale} times"
    data = ModelCardData(
        library_name="gan-hub",
        pipeline_tag="image-to-image",
        license="apache-2.0",
        tags=["gan", subject, config.architecture, "pytorch_model_hub_mixin", "model_hub_mixin"],
        model_name=title,
    )
    work = (
        "Paints photos of any size"
        if config.scale == 1
        else f"Makes pictures of any size {config.scale} times as large"
    )
    sections = [
        f"# {title[0].upper()}{title[1:]}\n\n{work}. Architecture `{config.architecture}`, "
        f"{num_parameters:,} parameters.",
        _stylizer_usage(config, name),
    ]
    if facts:
        sections += [_style_training(facts), _style_measured(facts), _health(facts)]
    sections += [_stylizer_limits(config), _licence(facts is not None, version)]
    return _assembled(data, sections)


def _assembled(data: ModelCardData, sections: Sequence[str]) -> ModelCard:
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(section for section in sections if section) + "\n")


def _title(config: GeneratorConfig) -> str:
    return f"{config.architecture} GAN, {config.image_size[0]}x{config.image_size[1]}"


def _introduction(config: GeneratorConfig, num_parameters: int) -> str:
    height, width = config.image_size
    kind = {1: "grey", 3: "RGB", 4: "RGBA"}[config.channels]
    names = ", ".join(config.class_names[:12]) + (", ..." if config.num_classes > 12 else "")
    classes = f", each of one of {config.num_classes} classes ({names})" if config.num_classes else ""
    return (
        f"# {_title(config)}\n\n"
        f"A generator of {kind} pictures of {height}x{width} pixels{classes}. Architecture `{config.architecture}`, "
        f"{num_parameters:,} parameters, latents of length {config.latent_dim}."
    )


def _usage(config: GeneratorConfig, name: str) -> str:
    height, width = config.image_size
    lines = [
        "from gan_hub import GanGenerator",
        "from gan_hub.images import grid, to_pil",
        "",
        f"generator = GanGenerator.from_pretrained({json.dumps(name, ensure_ascii=False)})",
        f"images = generator.sample(16, seed=7)  # [16, {config.channels}, {height}, {width}] in [-1, 1]",
    ]
    if config.num_classes:
        lines.append(f'images = generator.sample(16, seed=7, labels=0)  # all of class "{config.class_names[0]}"')
    lines.append('grid(to_pil(images), columns=4).save("samples.png")')
    return "## Use\n\n```python\n" + "\n".join(lines) + "\n```"


def _training(facts: RunFacts) -> str:
    return f"## Training\n\n- Data: {facts.dataset} SHA-256 of the pictures: `{facts.dataset_sha256}`.\n{_run(facts)}"


def _run(facts: RunFacts | StyleFacts) -> str:
    """What is said of every training, whatever its data."""
    versions = ", ".join(f"{name} {value}" for name, value in facts.versions.items())
    return (
        f"- {facts.num_images:,} images seen in {facts.minutes:.0f} minutes on {facts.hardware}.\n"
        "- The weights are the exponential moving average of training.\n"
        f"- Versions: {versions}.\n\n```sh\n{facts.command}\n```"
    )


def _measured(facts: RunFacts) -> str:
    if not facts.metrics:
        return ""
    rows = []
    for metric in facts.metrics:
        reference = "" if metric.reference is None else f"{metric.reference:.4g}"
        rows.append(f"| {metric.name} | {metric.value:.4g} | {reference} | {metric.num_samples:,} | {metric.seed} |")
    return (
        f"## Measured\n\nIn the feature space of {facts.metrics[0].extractor}; "
        "figures from another extractor can't be compared with them.\n\n"
        "| metric | this generator | real pictures | n | first seed |\n|---|---|---|---|---|\n" + "\n".join(rows)
    )


def _health(facts: RunFacts | StyleFacts) -> str:
    return "## Health\n\n" + "\n".join(f"- {sentence}" for sentence in facts.health) if facts.health else ""


def _limits(config: GeneratorConfig) -> str:
    return (
        "## Limits\n\n"
        f"It knows only pictures like its training data, at {config.image_size[0]}x{config.image_size[1]} pixels. "
        "A picture is synthetic: it shows nothing that exists. "
        "Some samples are malformed, more of them at truncation above 1."
    )


def _eval_results(facts: RunFacts) -> list[EvalResult]:
    return [
        EvalResult(
            task_type="unconditional-image-generation",
            dataset_type=facts.dataset.split(",")[0].lower(),
            dataset_name=facts.dataset.split(",")[0],
            metric_type=metric.name.lower().replace(" ", "_"),
            metric_name=f"{metric.name} ({metric.extractor}, n = {metric.num_samples}, seed {metric.seed})",
            metric_value=round(metric.value, 5),
        )
        for metric in facts.metrics
    ]


def _stylizer_usage(config: StylizerConfig, name: str) -> str:
    result, comment = (
        ("painting", "# strength=0.5, keep_colors=True, detail=0.5 ...") if config.scale == 1 else ("larger", "")
    )
    lines = [
        "from PIL import Image",
        "",
        "from gan_hub import PhotoStylizer",
        "",
        f"stylizer = PhotoStylizer.from_pretrained({json.dumps(name, ensure_ascii=False)})",
        f'{result} = stylizer.stylize(Image.open("photo.jpg"))  {comment}'.rstrip(),
        f'{result}.save("{result}.png")',
    ]
    return "## Use\n\n```python\n" + "\n".join(lines) + "\n```"


def _style_training(facts: StyleFacts) -> str:
    paintings = "".join(f"  - {painting}\n" for painting in facts.paintings)
    listed = f"- {len(facts.paintings)} paintings:\n{paintings}" if facts.paintings else ""
    return (
        f"## Training\n\n{listed}- Photos: {facts.photos}\n- SHA-256 of the pictures: `{facts.data_sha256}`.\n"
        f"{_run(facts)}"
    )


def _style_measured(facts: StyleFacts) -> str:
    if not facts.measured:
        return ""
    rows = "\n".join(f"| {name} | {value} |" for name, value in facts.measured.items())
    return f"## Measured\n\n| | |\n|---|---|\n{rows}"


def _stylizer_limits(config: StylizerConfig) -> str:
    if config.scale > 1:
        return (
            "## Limits\n\nIt invents detail that looks likely and was not in the picture: nothing to read a number "
            "plate or a face from. Noise and the blocks of strong compression are enlarged with the rest."
        )
    return (
        "## Limits\n\nIt paints texture and palette; it does not move or leave out what is in the photo, as a painter "
        "would. Faces and writing lose detail first. The larger the photo, the finer the strokes beside its subject: "
        "`detail` below 1 makes them larger. A painting by a network is not one by the artist."
    )


def _licence(is_trained: bool, version: str) -> str:
    data = " What it learned from keeps the licences named under Training." if is_trained else ""
    return f"## Licence\n\nThe licence of the weights is Apache-2.0.{data}\n\nMade with gan-hub {version}."

"""The model card, written from the config and from what the training run measured; nothing is left to fill in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.repocard_data import EvalResult

from gan_hub.loading.config import GeneratorConfig
from gan_hub.loading.stylizer_config import StylizerConfig

TASK = "unconditional-image-generation"


@dataclass(frozen=True)
class Metric:
    """One measured figure, with everything that is needed to compare it with others.

    Attributes:
        name: such as "Frechet distance"; never plain "FID", which means Inception features.
        value: the figure.
        reference: the same figure for real pictures against other real pictures, if measured.
        extractor: the network whose features were compared, with its test accuracy.
        num_samples: the number of generated pictures.
        seed: of the first of them.
    """

    name: str
    value: float
    reference: float | None
    extractor: str
    num_samples: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class TrainingFacts:
    """The facts about any training run that its card states.

    Attributes:
        command: repeats the run.
        num_images: the number of pictures that training has seen, with repetitions.
        minutes: wall time.
        hardware: processor or GPU, in words.
        versions: of the libraries, by name.
        health: the findings of the health monitor, a sentence each.
        license: of the weights, as the Hub names it; None if whoever trained them did not say.
        license_link: where its text is.
    """

    command: str
    num_images: int
    minutes: float
    hardware: str
    versions: Mapping[str, str]
    health: Sequence[str] = ()
    license: str | None = None
    license_link: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunFacts(TrainingFacts):
    """The facts about a GAN's training run.

    Attributes:
        dataset: name, number and size of the pictures, and licence: one sentence.
        dataset_sha256: of the pictures' bytes, to tell whether two runs saw the same data.
        metrics: measured at the end.
        dataset_ids: of the data on the Hub, as org/name, if it is there.
        features: the pretrained features that the discriminator saw, if it saw any.
        init: the generator that the training began with, if it did not begin with nothing.
    """

    dataset: str
    dataset_sha256: str
    metrics: Sequence[Metric] = ()
    dataset_ids: Sequence[str] = ()
    features: str | None = None
    init: str | None = None


@dataclass(frozen=True, kw_only=True)
class StyleFacts(TrainingFacts):
    """The facts about a stylizer's training run.

    Attributes:
        paintings: that the stylizer learned from, each as "artist, title, year"; none for an upscaler.
        photos: source, number and licence of the photos: a sentence or more.
        data_sha256: of the bytes of all paintings and photos, to tell whether two runs saw the same data.
        measured: figures in words, by what they measure.
    """

    paintings: Sequence[str]
    photos: str
    data_sha256: str
    measured: Mapping[str, str] = field(default_factory=dict)


def model_card(
    config: GeneratorConfig, num_parameters: int, facts: RunFacts | None, *, name: str, version: str
) -> ModelCard:
    """Write the card of a generator.

    Args:
        config: of the generator.
        num_parameters: the number of its weights.
        facts: about the run that trained it; None if `train/train.py` did not train it.
        name: that `GanGenerator.from_pretrained` loads it by.
        version: of gan_hub.
    """
    data = _data(
        config.architecture,
        TASK,
        _title(config),
        facts=facts,
        datasets=list(facts.dataset_ids) if facts and facts.dataset_ids else None,
        eval_results=_eval_results(facts) if facts and facts.metrics else None,
    )
    sections = [_introduction(config, num_parameters), _usage(config, name)]
    if facts:
        sections += [_training(facts), _measured(facts), _health(facts)]
    return _assembled(data, [*sections, _limits(config), _licence(facts, version)])


def stylizer_card(
    config: StylizerConfig, num_parameters: int, facts: StyleFacts | None, *, name: str, version: str
) -> ModelCard:
    """Write the card of a stylizer or an upscaler.

    Args:
        config: of the stylizer.
        num_parameters: the number of its weights.
        facts: about the run that trained it; None if there was none.
        name: that `PhotoStylizer.from_pretrained` loads it by.
        version: of gan_hub.
    """
    if config.scale == 1:
        subject, title = "style-transfer", f"{config.architecture}, photo to painting"
        purpose = "Turns photos of any size into paintings"
    else:
        subject, title = "super-resolution", f"upscaler, {config.scale} times"
        purpose = f"Makes pictures of any size {config.scale} times as large"
    sections = [
        f"# {title[0].upper()}{title[1:]}\n\n{purpose}. Architecture `{config.architecture}`, "
        f"{num_parameters:,} parameters.{_styles(config)}",
        _stylizer_usage(config, name),
    ]
    if facts:
        sections += [_style_training(facts), _style_measured(facts), _health(facts)]
    data = _data(config.architecture, "image-to-image", title, subject, facts=facts)
    return _assembled(data, [*sections, _stylizer_limits(config), _licence(facts, version)])


def _data(
    architecture: str, task: str, title: str, *subjects: str, facts: TrainingFacts | None, **more: Any
) -> ModelCardData:
    if facts and facts.license_link:
        more["license_link"] = facts.license_link
    return ModelCardData(
        library_name="gan-hub",
        pipeline_tag=task,
        license=facts.license if facts else None,
        tags=["gan", *subjects, architecture, "pytorch_model_hub_mixin", "model_hub_mixin"],
        model_name=title,
        **more,
    )


def _assembled(data: ModelCardData, sections: Sequence[str]) -> ModelCard:
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(section for section in sections if section) + "\n")


def _code(*lines: str) -> str:
    return "## Use\n\n```python\n" + "\n".join(lines) + "\n```"


def _title(config: GeneratorConfig) -> str:
    return f"{config.architecture} GAN, {config.image_size[0]}x{config.image_size[1]}"


def _introduction(config: GeneratorConfig, num_parameters: int) -> str:
    height, width = config.image_size
    kind = {1: "grey", 3: "RGB", 4: "RGBA"}[config.channels]
    names = ", ".join(config.class_names[:12]) + (", ..." if config.num_classes > 12 else "")
    classes = f", each from one of {config.num_classes} classes ({names})" if config.num_classes else ""
    return (
        f"# {_title(config)}\n\n"
        f"A generator of {kind} pictures of {height}x{width} pixels{classes}. Architecture `{config.architecture}`, "
        f"{num_parameters:,} parameters, latents of length {config.latent_dim}."
    )


def _usage(config: GeneratorConfig, name: str) -> str:
    height, width = config.image_size
    first = config.class_names[0] if config.num_classes else ""
    labelled = (
        [f'images = generator.sample(16, seed=7, labels=0)  # all of class "{first}"'] if config.num_classes else []
    )
    return _code(
        "from gan_hub import GanGenerator",
        "from gan_hub.images import grid, to_pil",
        "",
        f"generator = GanGenerator.from_pretrained({json.dumps(name, ensure_ascii=False)})",
        f"images = generator.sample(16, seed=7)  # [16, {config.channels}, {height}, {width}] in [-1, 1]",
        *labelled,
        'grid(to_pil(images), columns=4).save("samples.png")',
    )


def _training(facts: RunFacts) -> str:
    told = f"- Begun with the weights of `{facts.init}`.\n" if facts.init else ""
    if facts.features:
        told += (
            f"- The discriminator looked through the pretrained {facts.features}: figures that are measured in those "
            "features, or in others of their kind, flatter this generator.\n"
        )
    data = f"- Data: {facts.dataset} SHA-256 of the pictures: `{facts.dataset_sha256}`.\n"
    return f"## Training\n\n{data}{told}{_run(facts)}"


def _run(facts: TrainingFacts) -> str:
    """The lines that every training section ends with."""
    versions = ", ".join(f"{name} {value}" for name, value in facts.versions.items())
    return (
        f"- {facts.num_images:,} images seen in {facts.minutes:.0f} minutes on {facts.hardware}.\n"
        "- The weights are an exponential moving average over the training.\n"
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
        f"## Measured\n\nMeasured in the feature space of {facts.metrics[0].extractor}. "
        "Figures from another extractor can't be compared with these.\n\n"
        "| metric | this generator | real pictures | n | first seed |\n|---|---|---|---|---|\n" + "\n".join(rows)
    )


def _health(facts: TrainingFacts) -> str:
    return "## Health\n\n" + "\n".join(f"- {sentence}" for sentence in facts.health) if facts.health else ""


def _limits(config: GeneratorConfig) -> str:
    return (
        "## Limits\n\n"
        f"The generator makes only pictures like its training data, of {config.image_size[0]}x{config.image_size[1]} "
        "pixels. Its pictures are synthetic and show nothing that exists. "
        "Some samples are malformed, and more of them at a truncation above 1."
    )


def _eval_results(facts: RunFacts) -> list[EvalResult]:
    return [
        EvalResult(
            task_type=TASK,
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
    return _code(
        "from PIL import Image",
        "",
        "from gan_hub import PhotoStylizer",
        "",
        f"stylizer = PhotoStylizer.from_pretrained({json.dumps(name, ensure_ascii=False)})",
        f'{result} = stylizer.stylize(Image.open("photo.jpg"))  {comment}'.rstrip(),
        f'{result}.save("{result}.png")',
    )


def _styles(config: StylizerConfig) -> str:
    if config.num_styles < 2:
        return ""
    names = ", ".join(f"`{style}`" for style in config.styles or ())
    return (
        f"\n\nIt paints in the style `{config.style}` unless another is asked for, and holds {names}: "
        '`stylize(photo, style="...")` paints in one of them, and `style={"...": 0.6, "...": 0.4}` mixes them.'
    )


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
            "## Limits\n\nThe upscaler invents plausible detail that was not in the picture: do not read number plates "
            "or recognise faces from it. Noise and the blocks of strong compression are enlarged too."
        )
    return (
        "## Limits\n\nThe stylizer changes texture and palette. It does not move or leave out anything in the photo, "
        "as a painter would. Faces and writing lose detail first. In larger photos the strokes are finer relative to "
        "the subject; a `detail` below 1 makes them larger. A painting by this network is not a work by the artist."
    )


def _licence(facts: TrainingFacts | None, version: str) -> str:
    if facts and facts.license:
        link = f" ({facts.license_link})" if facts.license_link else ""
        told = f"The licence of the weights is {facts.license}{link}."
    else:
        told = "Nothing was said about the licence of the weights; ask whoever published them."
    data = " The training data keeps the licences named under Training." if facts else ""
    return f"## Licence\n\n{told}{data}\n\nMade with gan-hub {version}."

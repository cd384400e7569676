"""The options of the training scripts: frozen dataclasses, names as in diffusers' training scripts.

Each option declares what it means to a resumed run. A plain default: it decides what is learned, so that a checkpoint
is refused with another value. `free(default)`: it may change. `per_command(default)`: it may change, and is never taken
from the checkpoint. A new option that decides what is learned needs a row in `checkpoints.resume.ADDED`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar

import tyro

from gan_hub.data.idx import IDX_SETS
from gan_hub.losses import LOSSES
from gan_hub.models import ARCHITECTURES

if TYPE_CHECKING:  # the command line offers the names in the tables, which a type checker can't read
    LossName: TypeAlias = str
    ArchitectureName: TypeAlias = str
    DatasetName: TypeAlias = str
else:
    LossName = tyro.extras.literal_type_from_choices(tuple(LOSSES))
    ArchitectureName = tyro.extras.literal_type_from_choices(tuple(ARCHITECTURES))
    DatasetName = tyro.extras.literal_type_from_choices((*IDX_SETS, "shapes"))

MAX_MINUTES = 10_080
FITTED = -1  # an interval that is fitted to the length of the run

Value = TypeVar("Value")


def free(default: Value) -> Value:
    """An option that changes what is written, or where and how fast it is computed, but not what is learned."""
    return field(default=default, metadata={"learned": False})


def per_command(default: Value) -> Value:
    """A free option that holds for one command: a resumed run does not take it from its checkpoint."""
    return field(default=default, metadata={"learned": False, "resumed": False})


def learned_names(kind: "type[EngineOptions]") -> set[str]:
    """The options that decide what is learned."""
    return {option.name for option in fields(kind) if option.metadata.get("learned", True)}


def resumed_names(kind: "type[EngineOptions]") -> set[str]:
    """The options that a resumed run takes from its checkpoint unless the command line names them."""
    return {option.name for option in fields(kind) if option.metadata.get("resumed", True)}


class OptionError(ValueError):
    """An option, or options that do not go together; the message says what is allowed."""


class LaunchOptions(Protocol):
    """What the options of anything that is launched hold."""

    @property
    def output_dir(self) -> Path:
        """The folder that it writes."""

    @property
    def mixed_precision(self) -> Literal["auto", "no", "bf16"]:
        """Of the forward passes; auto = as measured."""

    @property
    def num_threads(self) -> int:
        """Of each process on a CPU; 0 = as many as fit."""


class HubOptions(Protocol):
    """What the options of anything that can be pushed hold."""

    @property
    def push_to_hub(self) -> bool:
        """Whether it is to be pushed."""

    @property
    def hub_model_id(self) -> str | None:
        """org/name."""

    @property
    def hub_private_repo(self) -> bool:
        """Create the repository private."""

    @property
    def hub_revision(self) -> str | None:
        """A branch; None = main."""


def check_hub_options(options: HubOptions, *more: object) -> None:
    """Refuse a push without a repository, and the other way round.

    Args:
        options: to check.
        more: values of further options that only a push needs.

    Raises:
        OptionError: says what to add or leave out.
    """
    if options.push_to_hub and not options.hub_model_id:
        raise OptionError("--push_to_hub needs --hub_model_id org/name")
    if not options.push_to_hub and any((options.hub_model_id, options.hub_private_repo, options.hub_revision, *more)):
        raise OptionError("the --hub options do nothing without --push_to_hub; add it, or leave them out")


@dataclass(frozen=True)
class EngineOptions:
    """What every training takes: objective, optimisation, run folder, Hub."""

    script: ClassVar[str]
    """That is launched with these options."""

    # Objective
    loss: LossName = "relativistic"
    """Of both networks; see gan_hub/losses.py."""
    gamma: float = 1.0
    """Weight of the penalty at the start, the gamma of R1 and R2 and the lambda of GP; 0 = none."""
    final_gamma: float = 0.1
    """Weight of the penalty at the end, reached along a cosine."""
    penalty_interval: int = 16
    """Compute the penalties every so many steps, that many times as strong (StyleGAN2, arXiv:1912.04958, app. B)."""

    # Optimisation
    train_batch_size: int = 128
    """On each process."""
    max_train_steps: int = 10_000
    """Updates of each network; with --minutes, as many as fit."""
    minutes: float = 0.0
    """Train for so long: the steps are measured and fitted to the time, and with them the schedule, the sample grids
    and the checkpoints. Where --max_train_steps is named, it wins. 0 = train for --max_train_steps."""
    learning_rate: float = 5e-4
    """Of both networks, after the warm-up."""
    final_learning_rate: float = 2e-5
    """Reached at the end along a cosine."""
    lr_warmup_steps: int = 200
    """Steps over which the learning rate grows from nothing: Adam's first steps are the most violent."""
    adam_beta1: float = 0.0
    """0 for a GAN: the gradient's direction changes as the other network moves."""
    adam_beta2: float = 0.99
    max_skipped_updates: int = free(20)
    """End the run after so many updates in a row whose loss or gradient was not finite; each is left out."""
    ema_half_life: float = 50_000
    """Of the averaged generator, in images seen; shorter at the start."""
    mixed_precision: Literal["auto", "no", "bf16"] = "auto"
    """auto: bf16 if it measures faster on this machine. fp16 is not supported: the penalties overflow in it."""
    dataloader_num_workers: int = free(0)
    """Processes that prepare batches ahead, on each process; the batches are the same."""
    num_threads: int = free(0)
    """Of each process on a CPU; 0 = the physical cores shared among the processes."""
    seed: int = 0
    """Of the weights, the order of the pictures and the latents."""

    # Output
    output_dir: Path = per_command(Path("runs/mnist-gan"))
    """The run folder."""
    logging_steps: int = free(50)
    """A line in metrics.jsonl every so many steps."""
    sampling_steps: int = free(500)
    """A grid in samples/ every so many steps; -1 = twenty over the run, and one soon after the start of a timed one."""
    overwrite_output_dir: bool = per_command(False)
    """Start anew in a folder that holds the checkpoints of a run, which are removed."""
    checkpointing_steps: int = free(2000)
    """A checkpoint-{step}/ every so many steps, to resume from and to sample; 0 = only when interrupted, -1 =
    ten over the run, every five minutes at least of a timed one."""
    checkpoints_total_limit: int = free(3)
    """Keep the newest so many checkpoints; 0 = all."""
    resume_from_checkpoint: str | None = per_command(None)
    """Go on from a checkpoint: its path, or `latest` for the newest in the run folder that is whole."""
    allow_changed_settings: bool = per_command(False)
    """Go on from a checkpoint with other settings than it was made with."""
    rescue: bool = False
    """Answer a collapse or a divergence: go back to the newest healthy checkpoint, or to the start, with half the
    learning rate and twice the penalty, three times at most. On in the preset folder."""
    health_steps: int = free(100)
    """Look for collapse, saturation and copied pictures every so many steps, for health.json; 0 = never."""
    stop_on_collapse: bool = free(False)
    """End the run when the samples are all alike; its checkpoints are kept."""
    report_to: tuple[Literal["tensorboard", "trackio", "wandb"], ...] = free(())
    """Trackers that get the figures and the sample grids too; each needs its package."""
    tracker_project_name: str = free("gan-hub")
    """Of the trackers."""

    # Card
    license: str | None = free(None)
    """Of the weights, as the Hub names it, such as mit, cc-by-4.0 or other; the card says so. Left out, the card says
    that nothing was said."""
    license_link: str | None = free(None)
    """Where the text of that licence is; goes with --license."""

    # Hub
    push_to_hub: bool = per_command(False)
    """Push the generator with its card at each checkpoint, without waiting for it, and at the end."""
    hub_model_id: str | None = per_command(None)
    """org/name; needed by --push_to_hub."""
    hub_private_repo: bool = per_command(False)
    """Create the repository private."""
    hub_revision: str | None = per_command(None)
    """A branch to push to; main if left out."""
    hub_samples: bool = per_command(True)
    """Push the sheets of samples too; those of a stylizer show some of the photos that it learned on."""
    hub_history: bool = per_command(False)
    """At the end, push each checkpoint that is kept as the revision step-{steps} too; see --checkpoints_total_limit."""

    @property
    def batches_per_step(self) -> int:
        """Batches that one step takes."""
        return 1

    def images_per_step(self, num_processes: int) -> int:
        """Real pictures that all processes see in one step."""
        return self.batches_per_step * self.train_batch_size * num_processes

    def __post_init__(self) -> None:
        """Check what a type can't say.

        Raises:
            OptionError: with the option's name, what came and what is allowed.
        """
        self._check_at_least_one(
            "train_batch_size",
            "max_train_steps",
            "penalty_interval",
            "max_skipped_updates",
            "logging_steps",
        )
        if self.sampling_steps != FITTED:
            self._check_at_least_one("sampling_steps")
        if self.learning_rate <= 0 or self.gamma < 0 or self.final_gamma < 0 or self.ema_half_life <= 0:
            raise OptionError(
                "--learning_rate and --ema_half_life must be above 0, --gamma and --final_gamma at least 0"
            )
        if self.minutes and not 0.1 <= self.minutes <= MAX_MINUTES:
            raise OptionError(f"--minutes is {self.minutes:g}; it must be 0, or from 0.1 to {MAX_MINUTES:,} (a week)")
        self._check_rescue()
        if self.license_link and not self.license:
            raise OptionError("--license_link without --license; name the licence too, such as --license other")
        check_hub_options(self, self.hub_history, not self.hub_samples)
        if self.loss == "wasserstein" and not (self.gamma and self.final_gamma):
            raise OptionError(
                "--loss wasserstein with --gamma or --final_gamma 0: without a penalty nothing keeps the critic "
                "Lipschitz and its loss has no bound; use --penalty gp --gamma 10 --final_gamma 10"
            )

    def _check_rescue(self) -> None:
        if self.rescue and self.stop_on_collapse:
            raise OptionError(
                "--stop_on_collapse with --rescue, which the preset folder turns on: a run can't be ended and rescued; "
                "add --no_rescue, or leave --stop_on_collapse out"
            )
        if self.rescue and self.health_steps < 1:
            raise OptionError("--rescue needs to look at the run; use --health_steps of at least 1, or --no_rescue")

    def _check_at_least_one(self, *names: str) -> None:
        for name in names:
            if getattr(self, name) < 1:
                raise OptionError(f"--{name} is {getattr(self, name)}; it must be at least 1")


Options = TypeVar("Options", bound=EngineOptions)


def from_preset(kind: type[Options], presets: Mapping[str, Mapping[str, Any]], name: str) -> Options:
    """The options of a preset.

    Raises:
        OptionError: there is no preset of that name.
    """
    if name not in presets:
        raise OptionError(f"unknown preset '{name}'; choose from: {', '.join(sorted(presets))}")
    return kind(**presets[name])


@dataclass(frozen=True)
class TrainingOptions(EngineOptions):
    """Train a GAN. Every option has a default from the preset; name one to change it."""

    script = "train/train.py"

    # Data
    dataset: DatasetName = "mnist"
    """A named set, used unless --train_data_dir is given. `shapes` are drawn on the spot and need no files."""
    data_dir: Path = free(Path("data"))
    """Where the named sets are, or are downloaded to."""
    train_data_dir: Path | None = free(None)
    """A folder or ZIP of pictures, or of one folder of pictures a class, or with a metadata.csv: trains on these."""
    data_exclude: tuple[str, ...] = free(())
    """Patterns of file names in --train_data_dir to leave out, such as "*draft*"."""
    strict_data: bool = free(False)
    """Refuse to train if a file in --train_data_dir can't be read or is there twice."""
    data_memory_gb: float = free(4.0)
    """If the decoded pictures take more, they are kept in a file that is mapped into memory."""
    data_cache_dir: Path | None = free(None)
    """Where that file is; cache/ in the run folder if left out."""
    dataset_license: str | None = free(None)
    """Of the pictures of --train_data_dir, in words, for the card."""
    dataset_name: str | None = None
    """A data set on the Hub, as org/name: trains on this instead; needs the package datasets."""
    dataset_split: str = "train"
    """Of --dataset_name."""
    dataset_image_column: str = "image"
    """Of --dataset_name."""
    dataset_label_column: str = "label"
    """Of --dataset_name; without such a column, there are no classes."""
    resolution: tuple[int, int] = (64, 64)
    """Height and width that the pictures of --train_data_dir are cropped and resized to; multiples of 4, 8 to 512."""
    channels: Literal[1, 3, 4] = 3
    """Of the pictures of --train_data_dir: 1 grey, 3 RGB, 4 RGBA (transparency is learned too)."""
    random_flip: bool = False
    """Mirror pictures at random; classes that differ in left and right are exchanged."""
    conditional: bool = True
    """Tell both networks the class, if the data has classes."""
    num_frames: int = 1
    """Above 1: make clips of so many frames, in which the pictures move and bounce, for the architecture recurrent."""

    # Networks
    architecture: ArchitectureName = "conv"
    """Of both networks; see gan_hub/models."""
    init: str | None = None
    """Begin with the weights of a published generator, as org/name, a bundled name or a run folder, where they fit: a
    hundred pictures are then enough for something to look at. Its architecture, widths and latents are taken over."""
    latent_dim: int = 64
    """Length of z."""
    num_categories: int = 0
    """Length of a one-hot code at the front of z that the discriminator learns to read off the pictures, so that the
    categories come to mean something without labels (InfoGAN, arXiv:1606.03657); goes with --no-conditional."""
    num_active: int = 0
    """Sparse latents: entries of z that are not zero, the code aside; 0 = all; goes with --no-conditional."""
    widths: tuple[int, ...] = (128, 64)
    """Generator: mlp: units of the hidden layers; the others: channels of the stages, coarse to fine."""
    discriminator_widths: tuple[int, ...] = (96, 64)
    """The same for the discriminator; mlp: from the pixels on, the others: coarse to fine."""
    num_blocks: int = 1
    """conv, recurrent: residual blocks in each stage of both networks."""
    patch_size: int = 2
    """conv, recurrent: side of the square of pixels that one cell of the finest grid paints: 1, 2 or 4."""
    attention_stages: int = 0
    """conv: coarsest stages of both networks that end with self-attention (SAGAN, arXiv:1805.08318)."""

    discriminator: Literal["pixels", "projected", "both"] = "pixels"
    """What judges: the architecture's own network on the pixels, small heads on the frozen features of a network that
    knows photos (Projected GAN, arXiv:2111.01007; for photos), or both (for drawings)."""
    feature_size: int = 64
    """Shorter side that pictures are scaled to before the features of --discriminator projected and both see them."""

    # Objective
    num_discriminator_steps: int = 1
    """k: updates of the discriminator, on new pictures each, for one of the generator."""
    penalty: Literal["r1_r2", "r1", "r2", "gp"] = "r1_r2"
    """On the discriminator's gradient: at real pictures (r1), at fakes (r2), or towards 1 between them (gp)."""
    information_weight: float = 1.0
    """Weight of the mutual information between code and picture, with --num_categories (InfoGAN's lambda)."""

    # Small sets
    augment: Literal["none", "diffaugment", "ada"] = "none"
    """Of all that the discriminator sees: fixed (DiffAugment) or as strong as needed (ADA); for sets of thousands."""
    augment_policy: tuple[Literal["color", "translation", "cutout"], ...] = ("color", "translation", "cutout")
    """Of --augment diffaugment."""
    ada_target: float = 0.6
    """Share of its own pictures that the discriminator may know by heart, as ADA's r_t, before augmentation rises."""
    ada_images: float = 100_000
    """In which the strength of ADA would rise from 0 to 1."""

    # Batches and evaluation
    class_group_size: int = 1
    """Pictures of one class that stand together in a batch, so that the discriminator sees whether they differ; fewer
    where so many do not divide the batch. 1 = the classes are mixed. Without classes it does nothing."""
    auto_batch_size: bool = free(False)
    """If a batch does not fit into the device's memory, halve it and accumulate twice as many, so that each update is
    computed from as many pictures; with one process."""
    gradient_accumulation_steps: int = 1
    """Batches that one update is computed from."""
    evaluation_steps: int = free(0)
    """Measure up to 10,000 samples against real pictures every so many steps. 0 = only at the end, -1 = never."""
    extractor: str = free("auto")
    """Of the features that are compared: auto (the bundled classifier of MNIST and Fashion-MNIST, else photo-features
    for colour and random for grey), photo-features, random, inception, a folder with a classifier, or a .pth file with
    the weights of Inception."""
    keep_best: bool = free(False)
    """At the end, save the generator of the evaluation with the lowest Frechet distance instead of the last one."""

    @property
    def group_size(self) -> int:
        """Pictures of one class that stand together in a batch, a whole number of groups."""
        return math.gcd(self.class_group_size, self.train_batch_size)

    @property
    def batches_per_step(self) -> int:
        """Batches that one step takes: of k updates of the discriminator, each accumulated."""
        return self.num_discriminator_steps * self.gradient_accumulation_steps

    def __post_init__(self) -> None:
        """Check what a type can't say.

        Raises:
            OptionError: with the option's name, what came and what is allowed.
        """
        super().__post_init__()
        self._check_at_least_one(
            "gradient_accumulation_steps", "num_discriminator_steps", "num_frames", "class_group_size"
        )
        if self.keep_best and self.evaluation_steps <= 0:
            raise OptionError("--keep_best chooses among evaluations; add --evaluation_steps, such as 1000")
        self._check_objective()
        self._check_latents()

    def _check_objective(self) -> None:
        """Refuse what can't work together, with the reason."""
        if self.discriminator != "pixels":
            self._check_features()
        normalises = ARCHITECTURES[self.architecture].batch_statistics and self.discriminator == "pixels"
        if (self.gamma or self.final_gamma) and normalises:
            raise OptionError(
                f"--gamma {self.gamma:g} --final_gamma {self.final_gamma:g} with --architecture {self.architecture}: a "
                "penalty on the gradient at each sample has no meaning where batch normalisation makes every logit "
                "depend on the whole batch (arXiv:1704.00028, section 4); use --gamma 0 --final_gamma 0 and another "
                "loss than wasserstein, or --architecture conv"
            )

    def _check_features(self) -> None:
        if not 32 <= self.feature_size <= 256:
            raise OptionError(f"--feature_size is {self.feature_size}; it must be from 32 to 256")
        for is_wrong, wrong, right in (
            (self.penalty == "gp", "--penalty gp", "--penalty r1_r2"),
            (self.num_categories > 0, "--num_categories", "--discriminator pixels"),
            (self.num_frames > 1, "--num_frames above 1", "--discriminator pixels"),
            (
                self.discriminator == "both" and ARCHITECTURES[self.architecture].batch_statistics,
                f"--architecture {self.architecture}",
                "--discriminator projected",
            ),
        ):
            if is_wrong:
                raise OptionError(f"{wrong} can't be combined with --discriminator {self.discriminator}; use {right}")

    def _check_latents(self) -> None:
        if (self.num_categories or self.num_active) and self.conditional:
            raise OptionError("--num_categories and --num_active go without labels; add --no-conditional")
        clips = [name for name, row in ARCHITECTURES.items() if "num_frames" in row.options]
        if (self.num_frames > 1) != (self.architecture in clips):
            raise OptionError(
                f"--num_frames {self.num_frames} with --architecture {self.architecture}; {', '.join(clips)} makes "
                "clips and needs --num_frames of at least 2, the others make pictures: --num_frames 1"
            )

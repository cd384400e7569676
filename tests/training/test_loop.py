"""The step: what it is a function of, what it changes and what it leaves alone."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from gan_hub.data.dataset import Dataset
from gan_hub.data.drawn import drawn_shapes, moving
from gan_hub.losses import LOSSES
from gan_hub.models import ARCHITECTURES
from gan_hub.training.data.batches import Batch, Batches
from gan_hub.training.loop.build import build_trainer
from gan_hub.training.loop.engine import averaged, cosine
from gan_hub.training.loop.step import Pass, Trainer
from gan_hub.training.options.options import TrainingOptions
from gan_hub.training.options.presets import preset

OPTIONS = replace(preset("tiny"), train_batch_size=8, mixed_precision="no", gamma=1.0)
DATA = drawn_shapes(40, seed=0)


def data_for(options: TrainingOptions) -> Dataset:
    return moving(DATA, num_frames=options.num_frames, seed=0) if options.num_frames > 1 else DATA


def batches(options: TrainingOptions = OPTIONS, rank: int = 0, num_processes: int = 1) -> Batches:
    place = SimpleNamespace(device=torch.device("cpu"), process_index=rank, num_processes=num_processes)
    return Batches(data_for(options), options, accelerator=place)  # type: ignore[arg-type]


def trainer(options: TrainingOptions = OPTIONS) -> Trainer:
    return build_trainer(options, data_for(options), Accelerator(cpu=True))


def weights(network: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def test_a_batch_is_a_function_of_the_step() -> None:
    straight, jumped = batches(), batches()
    for step in range(12):
        expected = straight(step)
    found = jumped(11)
    assert torch.equal(found.real, expected.real)
    assert torch.equal(found.z, expected.z)
    assert not torch.equal(jumped(12).z, expected.z)


@pytest.mark.parametrize("num_processes", [1, 2, 3])
def test_every_picture_comes_once_an_epoch_over_all_processes(num_processes: int) -> None:
    """Also where batches do not divide the epoch: 40 pictures, batches of 7."""
    options = replace(OPTIONS, train_batch_size=7)
    feeds = [batches(options, rank, num_processes) for rank in range(num_processes)]
    seen: list[bytes] = []
    step = 0
    while len(seen) < 3 * len(DATA):
        for feed in feeds:
            seen += [image.numpy().tobytes() for image in feed(step).real]
        step += 1
    for epoch in range(3):
        counts = Counter(seen[epoch * len(DATA) : (epoch + 1) * len(DATA)])
        assert len(counts) == len(DATA)
    assert seen[: len(DATA)] != seen[len(DATA) : 2 * len(DATA)]


def test_a_batch_holds_groups_of_one_class() -> None:
    """And still each picture comes at most once an epoch, and nearly all come."""
    feed = batches(replace(OPTIONS, class_group_size=4))
    seen: list[bytes] = []
    for step in range(4):  # an epoch of 40 pictures has nine groups at least
        batch = feed(step)
        assert batch.labels is not None
        assert (batch.labels.view(2, 4) == batch.labels.view(2, 4)[:, :1]).all()
        seen += [image.numpy().tobytes() for image in batch.real]
    assert len(set(seen)) == len(seen) == 32


@pytest.mark.parametrize("discriminator", ["projected", "both"])
def test_a_step_with_features_changes_both_networks_and_no_feature(discriminator: str) -> None:
    options = replace(OPTIONS, architecture="film", discriminator=discriminator, class_group_size=4, widths=(16, 8))
    engine = trainer(options)
    assert engine.features is not None
    frozen = {name: value.clone() for name, value in engine.features.state_dict().items()}
    before = weights(engine.discriminator), weights(engine.generator)
    stats = engine.step(batches(options), 0)
    assert all(math.isfinite(float(value)) for value in stats.values())
    assert {"r1", "r2"} <= stats.keys()
    assert not torch.equal(weights(engine.discriminator), before[0])
    assert not torch.equal(weights(engine.generator), before[1])
    assert all(torch.equal(value, frozen[name]) for name, value in engine.features.state_dict().items())


def test_each_process_draws_its_own_latents() -> None:
    assert not torch.equal(batches(rank=0, num_processes=2)(0).z, batches(rank=1, num_processes=2)(0).z)


def test_flips_keep_the_label_and_mirror_half_the_pictures() -> None:
    plain, flipped = batches(), batches(replace(OPTIONS, random_flip=True))
    mirrored = kept = 0
    for step in range(20):
        one, other = plain(step), flipped(step)
        assert torch.equal(one.labels, other.labels)  # type: ignore[arg-type]
        for a, b in zip(one.real, other.real):
            assert torch.equal(a, b) or torch.equal(a.flip(2), b)
            kept, mirrored = kept + torch.equal(a, b), mirrored + torch.equal(a.flip(2), b)
    assert mirrored > 40
    assert kept > 40


@pytest.mark.parametrize("step", [0, 1], ids=["with penalties", "without"])
def test_a_step_moves_both_networks_and_leaves_no_gradient_behind(step: int) -> None:
    engine = trainer()
    before = weights(engine.generator), weights(engine.discriminator), weights(engine.generator_ema.module)
    stats = engine.step(batches(), step)
    after = weights(engine.generator), weights(engine.discriminator), weights(engine.generator_ema.module)
    assert all(not torch.equal(old, new) for old, new in zip(before[:2], after[:2]))
    assert torch.equal(after[2], after[0])  # the first average is the weights themselves
    assert all(parameter.grad is None for parameter in engine.discriminator.parameters())
    assert all(parameter.requires_grad for parameter in engine.discriminator.parameters())
    assert all(torch.isfinite(value) for value in stats.values())
    assert ("r1" in stats) == (step == 0)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("accumulation", [1, 2])
def test_every_architecture_trains(architecture: str, conditional: bool, accumulation: int) -> None:
    options = suited(
        replace(OPTIONS, conditional=conditional, gradient_accumulation_steps=accumulation, num_discriminator_steps=2),
        architecture,
    )
    check_it_trains(options)


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("penalty", ["r1_r2", "r1", "r2", "gp"])
def test_every_loss_trains_with_every_penalty(loss: str, penalty: str) -> None:
    stats = check_it_trains(replace(OPTIONS, loss=loss, penalty=penalty, penalty_interval=1))  # type: ignore[arg-type]
    assert {"r1", "r2", "gp"} & set(stats) == set(penalty.split("_"))


def test_latents_with_a_code_train_the_code() -> None:
    options = replace(OPTIONS, conditional=False, num_categories=3, num_active=4, information_weight=5.0)
    assert "information_loss" in check_it_trains(options)
    engine, feed = trainer(options), batches(options)
    losses = [float(engine.step(feed, step)["information_loss"]) for step in range(60)]
    assert sum(losses[-5:]) / 5 < 0.5 * losses[0]  # the code can be read off the pictures


def suited(options: TrainingOptions, architecture: str) -> TrainingOptions:
    """The options with an architecture, and what it insists on."""
    normalises = ARCHITECTURES[architecture].batch_statistics
    return replace(
        options,
        architecture=architecture,
        num_frames=3 if "num_frames" in ARCHITECTURES[architecture].options else 1,
        **({"gamma": 0.0, "final_gamma": 0.0, "loss": "non_saturating"} if normalises else {}),
    )


def check_it_trains(options: TrainingOptions) -> dict[str, Tensor]:
    engine, feed = trainer(options), batches(options)
    before = weights(engine.generator), weights(engine.discriminator)
    for step in range(2):
        stats = engine.step(feed, step)
    after = weights(engine.generator), weights(engine.discriminator)
    assert all(not torch.equal(old, new) for old, new in zip(before, after))
    assert all(torch.isfinite(value) for value in stats.values())
    assert engine.average.sample(2, seed=0).shape == (2, 1, *data_for(options).image_size)
    assert stats["skipped_updates"] == 0
    return stats


def test_k_updates_of_the_discriminator_on_new_pictures_for_one_of_the_generator() -> None:
    options = replace(OPTIONS, num_discriminator_steps=3, gradient_accumulation_steps=2)
    engine, feed = trainer(options), batches(options)
    seen: list[int] = []
    updates: list[str] = []
    for name, guard in (("generator", engine.generator_guard), ("discriminator", engine.discriminator_guard)):
        step = guard.step
        guard.step = lambda loss, step=step, name=name: (updates.append(name), step(loss))  # type: ignore[method-assign, assignment]
    for step in range(2):
        engine.step(lambda number: (seen.append(number), feed(number))[1], step)
    assert seen == list(range(12))
    assert updates == ["discriminator"] * 3 + ["generator"] + ["discriminator"] * 3 + ["generator"]


def test_the_generators_update_does_not_touch_the_discriminator() -> None:
    engine = trainer()
    batch = batches()(0)
    before = weights(engine.discriminator), weights(engine.generator)
    engine._update_generator([Pass(batch, None, None, [torch.zeros(len(batch.real), 1)])])
    assert torch.equal(weights(engine.discriminator), before[0])
    assert not torch.equal(weights(engine.generator), before[1])
    assert all(parameter.grad is None for parameter in engine.discriminator.parameters())


@pytest.mark.parametrize("penalty", ["r1_r2", "gp"])
def test_penalties_are_as_strong_as_if_computed_at_every_step(penalty: str) -> None:
    """Lazy penalties are multiplied by their interval: the loss's gradient grows with it, all else equal."""
    gradients = []
    for interval in (1, 4):
        engine = trainer(replace(OPTIONS, penalty_interval=interval, penalty=penalty))  # type: ignore[arg-type]
        taken = keep_gradients(engine)
        engine.step(batches(), 0)
        with_penalty = taken["discriminator"]
        engine._update_discriminator([batches()(0)], 0.0, False)
        gradients.append(with_penalty - taken["discriminator"])  # the penalty's share alone
    torch.testing.assert_close(4 * gradients[0], gradients[1], rtol=1e-3, atol=1e-5)
    assert gradients[0].abs().max() > 1e-3


@pytest.mark.parametrize("loss", ["relativistic", "wasserstein"])
def test_two_accumulated_halves_are_one_whole_batch(loss: str) -> None:
    """16 pictures at once, or 8 and 8: the same gradients of both networks, up to the order of sums."""
    gradients = []
    for accumulation in (1, 2):
        options = replace(
            OPTIONS, loss=loss, gradient_accumulation_steps=accumulation, train_batch_size=16 // accumulation
        )  # type: ignore[arg-type]
        engine = trainer(options)
        taken = keep_gradients(engine)
        whole = batches(replace(OPTIONS, train_batch_size=16))(0)
        engine.step(lambda i, whole=whole, size=options.train_batch_size: part(whole, i, size), 0)
        gradients.append(taken)
    for name in ("discriminator", "generator"):
        torch.testing.assert_close(gradients[0][name], gradients[1][name], rtol=1e-3, atol=1e-6)
        assert gradients[0][name].abs().max() > 1e-3


def keep_gradients(engine: Trainer) -> dict[str, Tensor]:
    """Make the trainer keep each network's last gradient here, in float32, instead of updating the network."""
    taken: dict[str, Tensor] = {}

    def keep(name: str, network: nn.Module) -> Callable[[Tensor], None]:
        def step(loss: Tensor) -> None:
            taken[name] = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
            network.zero_grad()

        return step

    engine.generator_guard.step = keep("generator", engine.generator)  # type: ignore[method-assign]
    engine.discriminator_guard.step = keep("discriminator", engine.discriminator)  # type: ignore[method-assign]
    return taken


def part(batch: Batch, i: int, size: int) -> Batch:
    cut = slice(i * size, (i + 1) * size)
    return Batch(batch.real[cut].clone(), batch.labels[cut] if batch.labels is not None else None, batch.z[cut], 0)


def test_the_average_follows_with_its_half_life() -> None:
    network = nn.Linear(1, 1, bias=False)
    ema = averaged(network, images_per_step=10, half_life=100)
    with torch.no_grad():
        network.weight.fill_(0.0)
        for _ in range(300):  # long enough for the ramp to be over
            ema.update_parameters(network)
        network.weight.fill_(1.0)
        for _ in range(10):  # one half-life of 100 images
            ema.update_parameters(network)
    assert ema.module.weight.item() == pytest.approx(0.5, abs=1e-4)


def test_the_cosine_goes_from_start_to_end() -> None:
    assert cosine(1.0, 0.1, 0.0) == 1.0
    assert cosine(1.0, 0.1, 0.5) == pytest.approx(0.55)
    assert cosine(1.0, 0.1, 1.0) == pytest.approx(0.1)
    assert cosine(1.0, 0.1, 2.0) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("loss", "name", "bound"),
    [
        ("non_saturating", "jensen_shannon_bound", lambda loss: math.log(2) - loss / 2),
        ("relativistic", "paired_jensen_shannon_bound", lambda loss: math.log(2) - loss),
        ("least_squares", "triangular_discrimination_bound", lambda loss: 1 - 4 * loss),
        ("hinge", "total_variation_bound", lambda loss: 1 - loss / 2),
        ("wasserstein", "wasserstein_estimate", lambda loss: -loss),
    ],
)
def test_each_step_logs_the_divergence_that_the_discriminator_proves(
    loss: str, name: str, bound: Callable[[float], float]
) -> None:
    options = replace(OPTIONS, loss=loss)
    stats = trainer(options).step(batches(options), 0)
    assert float(stats[name]) == pytest.approx(bound(float(stats["discriminator_loss"])), abs=1e-5)

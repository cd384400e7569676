"""The step: what it is a function of, what it changes and what it leaves alone."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from gan_hub.models import ARCHITECTURES
from train.build import build_trainer
from train.config import TrainingOptions
from train.data import drawn_shapes
from train.loop import Batches, Trainer, averaged, cosine
from train.presets import preset

OPTIONS = replace(preset("tiny"), train_batch_size=8, mixed_precision="no", gamma=1.0)
DATA = drawn_shapes(40, seed=0)


def batches(options: TrainingOptions = OPTIONS, rank: int = 0, num_processes: int = 1) -> Batches:
    place = SimpleNamespace(device=torch.device("cpu"), process_index=rank, num_processes=num_processes)
    return Batches(DATA, options, accelerator=place, conditional=True)  # type: ignore[arg-type]


def trainer(options: TrainingOptions = OPTIONS) -> Trainer:
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=options.gradient_accumulation_steps)
    return build_trainer(options, DATA, accelerator)


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
def test_every_architecture_trains(architecture: str, conditional: bool) -> None:
    engine = trainer(replace(OPTIONS, architecture=architecture, conditional=conditional))
    place = SimpleNamespace(device=torch.device("cpu"), process_index=0, num_processes=1)
    feed = Batches(DATA, OPTIONS, accelerator=place, conditional=conditional)  # type: ignore[arg-type]
    before = weights(engine.generator), weights(engine.discriminator)
    for step in range(3):
        stats = engine.step(feed, step)
    after = weights(engine.generator), weights(engine.discriminator)
    assert all(not torch.equal(old, new) for old, new in zip(before, after))
    assert all(torch.isfinite(value) for value in stats.values())
    assert engine.average.sample(2, seed=0).shape == (2, 1, 16, 16)


def test_the_generators_step_does_not_touch_the_discriminator() -> None:
    engine = trainer()
    batch = batches()(0)
    fake = engine.generator(batch.z, batch.labels)
    before = weights(engine.discriminator)
    engine._update_generator(batch, fake, torch.zeros(len(fake)))
    assert torch.equal(weights(engine.discriminator), before)
    assert all(parameter.grad is None for parameter in engine.discriminator.parameters())


def test_penalties_are_as_strong_as_if_computed_at_every_step() -> None:
    """Lazy penalties are multiplied by their interval: the loss's gradient grows with it, all else equal."""
    gradients = []
    for interval in (1, 4):
        engine = trainer(replace(OPTIONS, penalty_interval=interval))
        batch = batches()(0)
        taken: list[Tensor] = []
        engine.discriminator_optimizer.step = lambda net=engine.discriminator, to=taken: to.append(  # type: ignore[method-assign]
            torch.cat([p.grad.flatten() for p in net.parameters()])
        )
        fake = engine.generator(batch.z, batch.labels).detach()
        engine._update_discriminator(batch, fake, gamma=1.0)
        engine._update_discriminator(batch, fake, gamma=0.0)
        gradients.append(taken[0] - taken[1])  # the penalty's share alone
    torch.testing.assert_close(4 * gradients[0], gradients[1], rtol=1e-3, atol=1e-5)


def test_two_accumulated_halves_are_one_whole_batch() -> None:
    """16 pictures at once, or 8 and 8: the same update, up to the order of sums."""
    updates = []
    for accumulation in (1, 2):
        options = replace(
            OPTIONS, gradient_accumulation_steps=accumulation, train_batch_size=16 // accumulation, lr_warmup_steps=0
        )
        engine = trainer(options)
        for network in (engine.generator_optimizer, engine.discriminator_optimizer):
            for group in network.param_groups:
                group["betas"] = (
                    0.0,
                    0.0,
                )  # the update is then the sign of the gradient: no room for small differences
        feed = batches(replace(OPTIONS, train_batch_size=16))
        whole = feed(0)
        size = options.train_batch_size
        engine.step(lambda i, whole=whole, size=size: _part(whole, i, size), 0)
        updates.append(weights(engine.discriminator))
    # A gradient near zero may change sign with the order of sums; nearly all must agree.
    close = (updates[0] - updates[1]).abs() < 1e-6
    assert close.float().mean() > 0.99


def _part(batch, i: int, size: int):
    cut = slice(i * size, (i + 1) * size)
    return type(batch)(batch.real[cut].clone(), batch.labels[cut], batch.z[cut])


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

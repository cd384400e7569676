"""Values that are not finite: caught before the update, wherever they come from, and counted."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor

from gan_hub.training.data.batches import Batch
from gan_hub.training.loop.nonfinite import SkippingOptimizer
from gan_hub.training.loop.step import Trainer
from tests.training.test_loop import OPTIONS, batches, suited, trainer

NAN, INF = float("nan"), float("inf")
STEPS = 200


def state(engine: Trainer) -> list[Tensor]:
    """Copies of everything that a bad update could spoil."""
    tensors = [
        *engine.generator.state_dict().values(),
        *engine.discriminator.state_dict().values(),
        *engine.generator_ema.module.state_dict().values(),
    ]
    for guard in (engine.generator_guard, engine.discriminator_guard):
        tensors += [value for slot in guard.optimizer.state.values() for value in slot.values()]
    return [tensor.detach().clone() for tensor in tensors]


def into_input(engine: Trainer, batch: Batch, value: float) -> Batch:
    batch.real[-1, 0, 3, 3] = value
    return batch


def into_latent(engine: Trainer, batch: Batch, value: float) -> Batch:
    batch.z[0, 0] = value
    return batch


def into_gradient_of(name: str) -> Callable[[Trainer, Batch, float], Batch]:
    """The gradient of one weight becomes bad in the next backward pass, with a loss that is fine."""

    def inject(engine: Trainer, batch: Batch, value: float) -> Batch:
        parameter = next(getattr(engine, name).parameters())

        def spoil(gradient: Tensor) -> Tensor:
            handle.remove()
            bad = gradient.clone()
            bad[(0,) * bad.ndim] = value
            return bad

        handle = parameter.register_hook(spoil)
        return batch

    return inject


def into_loss_of(name: str) -> Callable[[Trainer, Batch, float], Batch]:
    """The loss is bad and its gradient is not: a constant was added to it."""

    def inject(engine: Trainer, batch: Batch, value: float) -> Batch:
        guard: SkippingOptimizer = getattr(engine, f"{name}_guard")

        def step(loss: Tensor) -> None:
            del guard.step  # type: ignore[method-assign]
            guard.step(loss + value)

        guard.step = step  # type: ignore[method-assign]
        return batch

    return inject


PLACES = {
    "input": into_input,
    "latent": into_latent,
    "discriminator's gradient": into_gradient_of("discriminator"),
    "generator's gradient": into_gradient_of("generator"),
    "discriminator's loss": into_loss_of("discriminator"),
    "generator's loss": into_loss_of("generator"),
}


@pytest.mark.parametrize("architecture", ["conv", "dcgan"])
def test_two_hundred_bad_values_never_reach_a_weight(architecture: str) -> None:
    """At 200 random steps of 400, each place and each value: caught before the update, and training goes on."""
    options = suited(replace(OPTIONS, train_batch_size=4, widths=(8, 4), discriminator_widths=(8, 4)), architecture)
    engine, feed = trainer(options), batches(options)
    random = torch.Generator().manual_seed(0)
    chosen = set(torch.randperm(2 * STEPS, generator=random)[:STEPS].tolist())
    places = sorted(PLACES)
    caught = moved = 0
    for step in range(2 * STEPS):
        before, skipped = state(engine), engine.generator_guard.num_skipped + engine.discriminator_guard.num_skipped
        if step in chosen:
            inject = PLACES[places[caught % len(places)]]
            value = (NAN, INF, -INF)[caught % 3]
            engine.step(lambda number, inject=inject, value=value: inject(engine, feed(number), value), step)
            now = engine.generator_guard.num_skipped + engine.discriminator_guard.num_skipped
            caught += int(now > skipped)
        else:
            engine.step(feed, step)
        after = state(engine)
        assert all(tensor.isfinite().all() for tensor in after), f"step {step}"
        moved += any(not torch.equal(old, new) for old, new in zip(before, after))
    assert caught == STEPS
    assert moved >= STEPS
    assert torch.equal(engine.generator_guard.num_in_a_row, torch.zeros(())) or (2 * STEPS - 1) in chosen


def test_a_skipped_update_leaves_weights_and_moments_alone() -> None:
    engine, feed = trainer(), batches()
    engine.step(feed, 0)
    before = state(engine)
    engine.step(lambda number: into_input(engine, feed(number), NAN), 1)
    # The averaged generator alone may move, towards the generator.
    names = len(engine.generator.state_dict()) + len(engine.discriminator.state_dict())
    assert all(torch.equal(old, new) for old, new in zip(before[:names], state(engine)[:names]))
    average = len(engine.generator_ema.module.state_dict())
    moments = slice(names + average, None)
    assert all(torch.equal(old, new) for old, new in zip(before[moments], state(engine)[moments]))


def test_the_guard_works_without_a_fused_optimizer() -> None:
    network = torch.nn.Linear(2, 1)
    accelerator = Accelerator(cpu=True)
    network, optimizer = accelerator.prepare(network, torch.optim.Adam(network.parameters(), fused=False))
    guard = SkippingOptimizer(network, optimizer, accelerator)
    before = network.weight.detach().clone()
    for loss in (network(torch.ones(1, 2)).sum() * NAN, network(torch.ones(1, 2)).sum()):
        loss.backward()
        guard.step(loss)
        moved = not torch.equal(network.weight, before)
        assert moved == bool(loss.isfinite())
        assert network.weight.grad is None
    assert guard.num_skipped == 1
    assert guard.num_in_a_row == 0


def test_too_many_in_a_row_end_the_run_with_the_last_good_weights() -> None:
    options = replace(OPTIONS, max_skipped_updates=3)
    engine, feed = trainer(options), batches(options)
    engine.step(feed, 0)
    for step in range(1, 4):
        engine.check_skipped(step)
        engine.step(lambda number: into_input(engine, feed(number), NAN), step)
    with pytest.raises(
        FloatingPointError, match="NaN or infinite in the last 3 updates, by step 4; start again with a"
    ):
        engine.check_skipped(4)
    assert all(tensor.isfinite().all() for tensor in state(engine))

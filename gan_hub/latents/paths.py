"""Paths through key latents, at a pace that can be shaped.

A position on a path is a number: 1.25 is a quarter of the way from key 1 to key 2. A path of any length thus takes only
a few thousand numbers, and the latents are made from them when they are needed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from gan_hub.latents.arcs import arc, between, line, spline

MAX_FRAMES = 10_000  # of a walk
KINDS = ("lerp", "slerp", "cubic")
EASINGS: dict[str, Callable[[Tensor], Tensor]] = {  # all symmetric, so that a walk looks the same in both directions
    "linear": lambda t: t,
    "ease_in_out": lambda t: t * t * (3 - 2 * t),
    "linger": lambda t: t**3 * (10 + t * (6 * t - 15)),
}
PROBES = 32  # pictures on each leg, from which `evenly_paced` measures how fast they change


@dataclass(frozen=True)
class Route:
    """How a path leads through its keys.

    Attributes:
        kind: of `KINDS`: lines, arcs or splines of `gan_hub.latents.arcs`.
        easing: of `EASINGS`, on each leg.
        closed: a leg back to the first key, which is not repeated, follows the last key.
        ping_pong: the way back follows, which repeats neither end. Excludes `closed`.

    Raises:
        ValueError: a field is out of its range.
    """

    kind: str = "slerp"
    easing: str = "linear"
    closed: bool = False
    ping_pong: bool = False

    def __post_init__(self) -> None:
        """Check the fields."""
        _one_of("path", self.kind, KINDS)
        _one_of("easing", self.easing, tuple(EASINGS))
        if self.closed and self.ping_pong:
            raise ValueError("a walk is either a loop or goes back and forth (ping-pong), not both; choose one")

    def legs(self, num_keys: int) -> list[tuple[int, int]]:
        """The start and the end position of each leg."""
        there = [(i, i + 1) for i in range(num_keys if self.closed else num_keys - 1)]
        return there + [(end, start) for start, end in reversed(there)] if self.ping_pong else there

    def is_open(self, num_keys: int) -> bool:
        """Whether the path ends with a frame at a key, from which it does not lead on."""
        return not self.legs(num_keys) or not (self.closed or self.ping_pong)

    def num_frames(self, num_keys: int, num_frames_per_leg: int) -> int:
        """The number of frames if frame j * num_frames_per_leg is key j.

        That is (K - 1) * num_frames_per_leg + 1; if closed, K * num_frames_per_leg; with ping_pong,
        2 * (K - 1) * num_frames_per_leg.
        """
        return len(self.legs(num_keys)) * num_frames_per_leg + self.is_open(num_keys)


def points(keys: Tensor, positions: Tensor, *, kind: str, closed: bool = False, num_categories: int = 0) -> Tensor:
    """The latents at positions on the path through keys.

    A categorical code is crossfaded linearly for every kind, so that its weights always sum to one. Between two sparse
    keys the entries of both are present.

    Args:
        keys: [K, latent_dim].
        positions: [T], from 0 to K - 1; if closed, to K, which is key 0 again.
        kind: of `KINDS`: lines, arcs or splines of `gan_hub.latents.arcs`.
        closed: the first key follows the last.
        num_categories: length of the one-hot code at the front of the keys.

    Returns:
        [T, latent_dim], in the dtype of the keys and on their device; at whole positions exactly the keys.
    """
    positions = positions.to(keys.device)
    num_legs = max(len(keys) if closed else len(keys) - 1, 1)
    leg = positions.floor().long().clamp(0, num_legs - 1)
    t = (positions - leg)[:, None]
    before, start, end, after = (keys[_neighbour(leg + offset, len(keys), closed)] for offset in (-1, 0, 1, 2))
    code = between(start[:, :num_categories], end[:, :num_categories], t, line)
    before, start, end, after = (z[:, num_categories:] for z in (before, start, end, after))
    if kind == "cubic":
        if not closed:  # beyond the first and the last key the path would go straight on
            before = torch.where((leg == 0)[:, None], 2 * start - end, before)
            after = torch.where((leg == num_legs - 1)[:, None], 2 * end - start, after)
        walked = between(start, end, t, lambda a, b, u: spline(before.double(), a, b, after.double(), u))
    else:
        walked = between(start, end, t, arc if kind == "slerp" else line)
    return torch.cat([code, walked], dim=1)


def timeline(keys: Tensor, num_frames: int, route: Route) -> Tensor:
    """The positions of a number of frames, shared out among the legs as equally as whole numbers allow.

    Every key has a frame of its own. A closed path slows down before its last step if that would be longer than most,
    so that no jump is seen at the seam.

    Args:
        keys: [K, latent_dim].
        num_frames: T; 1 for the first key alone, or enough for each key that the path passes.
        route: of the path.

    Returns:
        [T], float64.

    Raises:
        ValueError: no keys, or too few frames.
    """
    if keys.ndim != 2 or not len(keys):
        raise ValueError(f"the keys have the shape {list(keys.shape)}; give [K, latent_dim] with at least one key")
    legs, is_open = route.legs(len(keys)), route.is_open(len(keys))
    if not legs or num_frames == 1:
        return torch.zeros(num_frames, dtype=torch.float64)
    if num_frames < len(legs) + is_open:
        raise ValueError(
            f"{num_frames} frames are too few to show each key of this walk; use at least {len(legs) + is_open}"
        )
    ends = [round(i * (num_frames - is_open) / len(legs)) for i in range(len(legs) + 1)]
    positions = [
        start + (end - start) * EASINGS[route.easing](torch.arange(count, dtype=torch.float64) / count)
        for (start, end), count in zip(legs, [b - a for a, b in pairwise(ends)])
    ]
    if is_open:
        positions.append(torch.tensor([float(legs[-1][1])], dtype=torch.float64))
    if route.closed and route.easing == "linear" and len(keys) > 1:
        return _slowed_into_the_seam(keys, torch.cat(positions), len(positions[-1]), route.kind)
    return torch.cat(positions)


def evenly_paced(
    paint: Callable[[Tensor], Iterable[Tensor]],
    num_keys: int,
    num_frames: int,
    route: Route,
    *,
    probes: int = PROBES,
) -> Tensor:
    """The positions at which successive pictures differ equally; every key keeps a frame of its own.

    The difference is the mean absolute difference of pixels, measured in a first pass over `probes` pictures on each
    leg. It is known to a few hundredths, so the last step of a closed path is made a tenth smaller, to keep the seam
    from being one of the larger steps.

    Args:
        paint: maps positions [N] to their pictures [C, H, W], one after another.
        num_keys: K.
        num_frames: T, at least one for each key that the path passes.
        route: of the path; its easing is applied to the visible change on each leg.
        probes: pictures on each leg.

    Returns:
        [T], float64.
    """
    legs, is_open = route.legs(num_keys), route.is_open(num_keys)
    num_measured = max(max(leg) for leg in legs)  # the way back needs no pass of its own
    pictures = iter(paint(torch.arange(num_measured * probes + 1, dtype=torch.float64) / probes))
    differences, before = [], next(pictures)
    for picture in pictures:
        differences.append((picture - before).abs().mean().item())
        before = picture
    measured = torch.tensor(differences, dtype=torch.float64).reshape(num_measured, probes)
    rows = [measured[start] if end > start else measured[end].flip(0) for start, end in legs]
    counts = _shares([float(row.sum()) for row in rows], num_frames - is_open)
    shares = [torch.arange(count, dtype=torch.float64) / count for count in counts]
    if route.closed and route.easing == "linear":
        shares[-1] = shares[-1] * counts[-1] / (counts[-1] - 0.1)
    positions = [
        start + (end - start) * _when_seen(row, EASINGS[route.easing](t))
        for (start, end), row, t in zip(legs, rows, shares)
    ]
    return torch.cat([*positions, torch.tensor([float(legs[-1][1])] * is_open, dtype=torch.float64)])


def _slowed_into_the_seam(keys: Tensor, positions: Tensor, count: int, kind: str) -> Tensor:
    """Slow down the last leg of a closed path, `count` frames long, until its last step is no larger than most."""
    home = torch.tensor([float(len(keys))], dtype=torch.float64)
    others = _steps(keys, positions[: len(positions) - count + 1], kind)
    start = positions[-count]
    t = positions[-count:] - start
    for strength in range(21):
        slowed = start + t + strength / 20 * t * (1 - t)  # at 20 its speed is 0 at the end
        steps = _steps(keys, torch.cat([slowed, home]), kind)
        if steps[-1] <= torch.cat([others, steps]).median():
            break
    return torch.cat([positions[:-count], slowed])


def _steps(keys: Tensor, positions: Tensor, kind: str, batch_size: int = 256) -> Tensor:
    """The lengths of the steps between positions of a closed path, [T - 1]."""
    batches = [positions[i : i + batch_size + 1] for i in range(0, len(positions) - 1, batch_size)]
    return torch.cat([points(keys, batch, kind=kind, closed=True).diff(dim=0).norm(dim=1) for batch in batches])


def _shares(lengths: Sequence[float], total: int) -> list[int]:
    """Share out `total` in proportion to lengths, with at least one for each."""
    whole = sum(lengths) or 1.0
    spare, past, shares = total - len(lengths), 0.0, []
    for length in lengths:
        shares.append(1 + round(spare * (past + length) / whole) - round(spare * past / whole))
        past += length
    return shares if sum(lengths) else [total // len(lengths) + (i < total % len(lengths)) for i in range(len(lengths))]


def _when_seen(differences: Tensor, shares: Tensor) -> Tensor:
    """The fractions of a leg after which the given shares of all its differences have passed."""
    past = torch.cat([torch.zeros(1, dtype=torch.float64), differences.cumsum(0)])
    if not past[-1]:
        return shares
    wanted = past[-1] * shares
    i = torch.searchsorted(past, wanted, right=True).clamp(1, len(differences)) - 1
    return (i + (wanted - past[i]) / differences[i].clamp_min(1e-12)) / len(differences)


def _neighbour(index: Tensor, num_keys: int, closed: bool) -> Tensor:
    return index % num_keys if closed else index.clamp(0, num_keys - 1)


def _one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"unknown {name} {str(value)[:40]!r}; choose from: {', '.join(allowed)}")

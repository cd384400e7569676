"""Interpolation between any two latents: along a line, a great arc or a spline."""

from collections.abc import Callable

import torch
from torch import Tensor

NEARLY_OPPOSITE = -0.999  # cosine of the angle


def lerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Linear interpolation between latents.

    Args:
        start: [B, latent_dim], at t = 0.
        end: [B, latent_dim], at t = 1.
        t: [T], fractions of the way, each in [0, 1].

    Returns:
        [T, B, latent_dim]; where t is 0 or 1, `start` or `end` bit for bit.

    Raises:
        ValueError: the shapes differ, or a t is outside [0, 1].
    """
    _check(start, end, t)
    return between(start, end, t[:, None, None], line)


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Spherical interpolation: directions along the shortest great arc, lengths linearly.

    Normal latents lie near a sphere, which straight lines leave (White, 2016, arXiv:1609.04468). Between opposite
    latents all great arcs are equally short, and one that depends on `start` alone is chosen. A latent of zeros has no
    direction of its own, so it takes that of the other latent and the path is straight.

    The arguments, shapes and errors are those of `lerp`. With latent_dim 1 the path between opposite latents passes
    through zero.
    """
    _check(start, end, t)
    return between(start, end, t[:, None, None], arc)


def between(start: Tensor, end: Tensor, t: Tensor, curve: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """Evaluate a curve in float64, and return it in the dtype of `start`; exactly `start` and `end` at t = 0 and 1."""
    t = t.to(start.device, torch.float64)
    walked = curve(start.double(), end.double(), t).to(start.dtype)
    return torch.where(t == 0, start, torch.where(t == 1, end, walked))


def line(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """The straight line from `start` to `end`."""
    return start + t * (end - start)


def arc(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """The great arc cos(t * angle) * u + sin(t * angle) * w, with u along `start` and w orthogonal to it."""
    start_length, end_length = (x.norm(dim=-1, keepdim=True) for x in (start, end))
    u, v = _unit(start), _unit(end)
    u, v = torch.where(start_length > 0, u, v), torch.where(end_length > 0, v, u)
    # Kahan's formula: unlike the arc cosine, it is exact for small angles and for angles near a half turn.
    angle = 2 * torch.atan2((u - v).norm(dim=-1, keepdim=True), (u + v).norm(dim=-1, keepdim=True))
    w = _orthogonal(_orthogonal(v, u), u)  # twice, because little remains of a nearly parallel v
    axis = torch.nn.functional.one_hot(u.abs().argmin(-1), u.shape[-1]).to(u.dtype)
    w = torch.where(w.norm(dim=-1, keepdim=True) > 1e-12, w, _orthogonal(axis, u))
    return line(start_length, end_length, t) * ((t * angle).cos() * u + (t * angle).sin() * _unit(w))


def spline(before: Tensor, start: Tensor, end: Tensor, after: Tensor, t: Tensor) -> Tensor:
    """The Catmull-Rom spline from `start` to `end` with uniform knots; its length changes smoothly between theirs.

    Catmull & Rom, 1974, "A class of local interpolating splines", Computer Aided Geometric Design. Between opposite
    latents the spline would pass near zero, so an arc is taken instead.
    """
    quadratic = 2 * before - 5 * start + 4 * end - after
    cubic = 3 * (start - end) + after - before
    walked = start + (t * (end - before) + t**2 * quadratic + t**3 * cubic) / 2
    eased = t * t * (3 - 2 * t)  # without corners, and never beyond the lengths at the ends
    length = line(start.norm(dim=-1, keepdim=True), end.norm(dim=-1, keepdim=True), eased)
    cosine = (_unit(start) * _unit(end)).sum(-1, keepdim=True)
    return torch.where(cosine < NEARLY_OPPOSITE, arc(start, end, t), length * _unit(walked))


def _unit(x: Tensor) -> Tensor:
    """Scale x to length 1; zeros stay zeros."""
    length = x.norm(dim=-1, keepdim=True)
    return torch.where(length > 0, x / length.clamp_min(1e-300), 0.0)


def _orthogonal(x: Tensor, unit: Tensor) -> Tensor:
    """The part of x that is orthogonal to a unit vector."""
    return x - (x * unit).sum(-1, keepdim=True) * unit


def _check(start: Tensor, end: Tensor, t: Tensor) -> None:
    if start.ndim != 2 or start.shape != end.shape:
        raise ValueError(
            f"the ends have the shapes {list(start.shape)} and {list(end.shape)}; give [B, latent_dim] twice"
        )
    if t.ndim != 1 or not ((t >= 0) & (t <= 1)).all():  # NaN fails the comparisons
        raise ValueError("t must be [T], each from 0 to 1")

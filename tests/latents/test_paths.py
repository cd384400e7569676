"""Paths through latents: exact ends and keys, preserved lengths, loops without a seam, and any pace."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan_hub.latents.arcs import lerp, slerp
from gan_hub.latents.paths import EASINGS, KINDS, Route, evenly_paced, points, timeline
from gan_hub.latents.seeds import latents_from_seeds, structured

numbers = st.floats(-1e4, 1e4, width=32)
seeds = st.integers(0, 10_000)
fractions = st.lists(st.floats(0, 1), min_size=1, max_size=8)
factors = st.floats(0.01, 100)


@st.composite
def pairs(draw) -> tuple[Tensor, Tensor]:
    """Two latents [1, D]: any, normal, parallel, opposite, nearly so, zero."""
    dim = draw(st.integers(1, 20))
    start = latents_from_seeds([draw(seeds)], dim)
    other = latents_from_seeds([draw(seeds)], dim)
    listed = torch.tensor([draw(st.lists(numbers, min_size=dim, max_size=dim))])
    end = draw(
        st.sampled_from(
            [
                *(other, listed, start, -start, start * draw(factors), -start * draw(factors), torch.zeros(1, dim)),
                *(start + 1e-6 * other, 1e-6 * other - start),
            ]
        )
    )
    return draw(st.sampled_from([(start, end), (end, start), (torch.zeros(1, dim), end)]))


@pytest.mark.parametrize("between", [lerp, slerp])
@given(ends=pairs(), t=fractions)
def test_ends_are_exact_and_nothing_is_not_finite(between, ends, t):
    start, end = ends
    walked = between(start, end, torch.tensor([0.0, *t, 1.0]))
    assert walked.shape == (len(t) + 2, *start.shape)
    assert walked.dtype == start.dtype
    assert torch.equal(walked[0], start)
    assert torch.equal(walked[-1], end)
    assert walked.isfinite().all()


@given(ends=pairs(), t=fractions)
def test_slerp_keeps_lengths(ends, t):
    start, end = (x.double() for x in ends)
    if start.shape[1] == 1:
        return  # between 1 and -1 there is nothing but zero
    t = torch.tensor(t)
    lengths = start.norm() + t.double() * (end.norm() - start.norm())
    assert torch.allclose(slerp(*ends, t).double().norm(dim=2)[:, 0], lengths, rtol=1e-5, atol=1e-30)


@given(ends=pairs(), t=st.floats(0, 1))
def test_slerp_backwards_is_the_same_arc(ends, t):
    start, end = ends
    if start.shape[1] == 1 or (start / start.norm() + end / end.norm()).norm() < 1e-3:
        return  # of the many arcs between opposite latents each end chooses its own
    there, back = slerp(start, end, torch.tensor([t])), slerp(end, start, torch.tensor([1 - t]))
    assert torch.allclose(there, back, rtol=1e-4, atol=1e-4 * float(start.norm() + end.norm()))


@given(t=st.floats(0, 1), seed=seeds)
def test_slerp_has_a_constant_speed_and_one_plane(t, seed):
    start, end = (x / x.norm() for x in latents_from_seeds([seed, seed + 1], 16).double().split(1))
    angle = torch.acos((start * end).sum())
    expected = ((1 - t) * angle).sin() / angle.sin() * start + (t * angle).sin() / angle.sin() * end
    assert torch.allclose(slerp(start, end, torch.tensor([t]))[0], expected, atol=1e-7)


def test_between_opposite_latents_the_arc_is_chosen_by_the_start():
    start = latents_from_seeds([3], 8)
    t = torch.linspace(0, 1, 9)
    assert torch.equal(slerp(start, -start, t), slerp(start.clone(), -start, t))
    middle = slerp(start, -2 * start, torch.tensor([0.5]))[0]
    assert abs(float((middle * start).sum())) < 1e-4
    assert torch.allclose(middle.norm(), 1.5 * start.norm())


@pytest.mark.parametrize("between", [lerp, slerp])
@pytest.mark.parametrize(
    ("start", "end", "t"),
    [
        (torch.zeros(1, 2), torch.zeros(1, 3), torch.zeros(1)),
        (torch.zeros(2), torch.zeros(2), torch.zeros(1)),
        (torch.zeros(1, 2), torch.zeros(1, 2), torch.tensor([1.1])),
        (torch.zeros(1, 2), torch.zeros(1, 2), torch.tensor([float("nan")])),
        (torch.zeros(1, 2), torch.zeros(1, 2), torch.tensor(0.5)),
    ],
)
def test_refused_ends(between, start, end, t):
    with pytest.raises(ValueError, match=r"the ends have the shapes|t must be"):
        between(start, end, t)


def path(
    keys: Tensor, per_leg: int, kind: str, easing: str = "linear", num_categories: int = 0, **shape: bool
) -> Tensor:
    """The latents of a path whose frame j * per_leg is key j."""
    route = Route(kind, easing, **shape)
    positions = timeline(keys, route.num_frames(len(keys), per_leg), route)
    return points(keys, positions, kind=kind, closed=route.closed, num_categories=num_categories)


@pytest.mark.parametrize("mode", ["open", "closed", "ping_pong"])
@pytest.mark.parametrize("easing", EASINGS)
@pytest.mark.parametrize("kind", KINDS)
@given(num_keys=st.integers(2, 5), per_leg=st.integers(1, 9), seed=seeds)
def test_keys_are_frames(kind, easing, mode, num_keys, per_leg, seed):
    keys = latents_from_seeds(range(seed, seed + num_keys), 6)
    shape = {"closed": mode == "closed", "ping_pong": mode == "ping_pong"}
    walked = path(keys, per_leg, kind, easing, **shape)
    legs = {"open": num_keys - 1, "closed": num_keys, "ping_pong": 2 * num_keys - 2}[mode]
    assert len(walked) == legs * per_leg + (mode == "open") == Route(**shape).num_frames(num_keys, per_leg)
    assert torch.equal(walked[::per_leg][:num_keys], keys)
    assert walked.isfinite().all()
    if mode == "ping_pong":
        assert torch.allclose(walked[1:], walked[1:].flip(0), atol=1e-5)
    if kind != "lerp":
        lengths = keys.norm(dim=1)
        assert (walked.norm(dim=1) < lengths.max() * 1.001).all()
        assert (walked.norm(dim=1) > lengths.min() * 0.999).all()


@pytest.mark.parametrize("kind", KINDS)
@given(num_keys=st.integers(2, 6), per_leg=st.integers(2, 30), seed=seeds)
def test_the_last_step_of_a_loop_is_no_larger_than_most(kind, num_keys, per_leg, seed):
    keys = latents_from_seeds(range(seed, seed + num_keys), 16)
    walked = path(keys, per_leg, kind, closed=True)
    steps = torch.cat([walked, walked[:1]]).diff(dim=0).norm(dim=1)
    assert 0 < steps[-1] <= steps.median() * 1.0001


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("closed", [False, True])
def test_difficult_keys(kind, closed):
    key = latents_from_seeds([1], 6)
    keys = torch.cat([key, -key, -key, 0 * key, 0 * key, key, 2 * key])
    walked = path(keys, 11, kind, "ease_in_out", closed=closed)
    assert walked.isfinite().all()
    assert torch.equal(walked[::11][:7], keys)
    alone = path(key, 5, kind, closed=closed)
    assert torch.equal(alone, key.expand(5 if closed else 1, -1))
    if kind != "lerp":
        assert walked[:12].norm(dim=1).min() > key.norm() * 0.999


def test_a_cubic_path_is_smooth_where_slerp_has_corners():
    keys = latents_from_seeds(range(5), 32)

    def corner(kind: str) -> float:
        steps = path(keys, 200, kind).double().diff(dim=0)
        return float((steps[199] / steps[199].norm() - steps[200] / steps[200].norm()).norm())

    assert corner("cubic") < 0.2 < 0.8 < corner("slerp")


@pytest.mark.parametrize("easing", EASINGS)
def test_easings_are_symmetric_and_rise(easing):
    t = torch.linspace(0, 1, 101, dtype=torch.float64)
    eased = EASINGS[easing](t)
    assert eased[0] == 0
    assert eased[-1] == 1
    assert (eased.diff() > 0).all()
    assert torch.allclose(eased + eased.flip(0), torch.ones(101, dtype=torch.float64))


@pytest.mark.parametrize("kind", KINDS)
def test_a_code_is_crossfaded_and_sparse_keys_stay_sparse(kind):
    keys = structured(latents_from_seeds(range(4), 12), num_categories=3, num_active=4)
    walked = path(keys, 10, kind, num_categories=3)
    assert torch.allclose(walked[:, :3].sum(1), torch.ones(31))
    assert (walked[:, :3] >= 0).all()
    assert torch.equal(walked[::10], keys)
    assert torch.equal(walked[:, 3:], path(keys[:, 3:], 10, kind))
    assert torch.allclose(walked[5, :3], (keys[0, :3] + keys[1, :3]) / 2)


@pytest.mark.parametrize("mode", ["open", "closed", "ping_pong"])
@given(num_keys=st.integers(2, 5), extra=st.sampled_from([0, 1, 2, 7, 100, 9_980]))
def test_any_number_of_frames_shows_each_key(mode, num_keys, extra):
    keys = latents_from_seeds(range(num_keys), 3)
    fewest = {"open": num_keys, "closed": num_keys, "ping_pong": 2 * num_keys - 2}[mode]
    shape = {"closed": mode == "closed", "ping_pong": mode == "ping_pong"}
    places = timeline(keys, fewest + extra, Route(**shape))
    assert len(places) == fewest + extra
    assert set(range(num_keys)) <= set(places.tolist())
    assert timeline(keys, 1, Route(**shape)).tolist() == [0]
    if fewest > 2:
        with pytest.raises(ValueError, match=f"use at least {fewest}"):
            timeline(keys, fewest - 1, Route(**shape))


@pytest.mark.parametrize("mode", ["open", "closed", "ping_pong"])
def test_an_even_pace_evens_out_what_is_seen(mode):
    shape = {"closed": mode == "closed", "ping_pong": mode == "ping_pong"}
    keys = torch.tensor([[0.0], [1.0], [1.5]])

    def paint(places: Tensor) -> list[Tensor]:  # of pictures that hardly change at first, and then quickly
        return list(points(keys, places, kind="lerp", closed=mode == "closed") ** 4)

    uniform = timeline(keys, 60, Route("lerp", **shape))
    even = evenly_paced(paint, 3, 60, Route(**shape))
    assert even.shape == uniform.shape
    assert {0.0, 1.0, 2.0} <= set(even.tolist())
    variation = [_variation(torch.stack(list(paint(places)))) for places in (uniform, even)]
    assert variation[1] < 0.2 < 0.5 < variation[0]


def _variation(pictures: Tensor) -> float:
    steps = pictures.diff(dim=0).abs().mean(1)
    return float(steps.std() / steps.mean())


def test_easing_shapes_what_is_seen():
    keys = torch.tensor([[0.0], [1.0]])

    def paint(places: Tensor) -> list[Tensor]:
        return list(points(keys, places, kind="lerp") ** 4)

    seen = torch.stack(paint(evenly_paced(paint, 2, 41, Route(easing="ease_in_out"))))[:, 0]
    assert torch.allclose(seen, EASINGS["ease_in_out"](torch.linspace(0, 1, 41)), atol=0.01)


def test_an_even_pace_of_pictures_that_are_all_the_same():
    even = evenly_paced(lambda places: [torch.zeros(1, 2, 2)] * len(places), 3, 7, Route())
    assert even.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "bezier"}, "unknown path 'bezier'; choose from: lerp, slerp, cubic"),
        ({"easing": "x" * 99}, "unknown easing 'x{40}'; choose from: linear, ease_in_out, linger"),
        ({"closed": True, "ping_pong": True}, "not both"),
        ({"keys": torch.zeros(0, 3)}, "at least one key"),
        ({"keys": torch.zeros(3)}, "at least one key"),
    ],
)
def test_refused_paths(arguments, words):
    with pytest.raises(ValueError, match=words):
        path(**{"keys": torch.zeros(2, 3), "per_leg": 2, "kind": "lerp", **arguments})

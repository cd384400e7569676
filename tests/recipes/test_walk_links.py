"""The controls of the tab Interpolate as text."""

import pytest

from gan_hub.recipes.keys import Key, format_keys, parse_keys
from gan_hub.recipes.links import WalkState, check_keys


@pytest.mark.parametrize(
    ("text", "tracks"),
    [
        ("3,7", ((Key(3), Key(7)),)),
        ("3:round,7:T-shirt%2Ftop:0.5", ((Key(3, "round"), Key(7, "T-shirt/top", 0.5)),)),
        ("0::0,1;2,3", ((Key(0, None, 0.0), Key(1)), (Key(2), Key(3)))),
        ("1:a%2Cb%3Bc%3Ad,2", ((Key(1, "a,b;c:d"), Key(2)),)),
        ("zAD4AwA,7", ((Key(None, latent="zAD4AwA"), Key(7)),)),
        ("3,zAD4AwA:round:0.5", ((Key(3), Key(None, "round", 0.5, "zAD4AwA")),)),
    ],
)
def test_keys_there_and_back(text: str, tracks: tuple[tuple[Key, ...], ...]) -> None:
    assert parse_keys(text) == tracks
    assert format_keys(tracks) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1,2;3",
        "1,-2",
        "1,2::x",
        "1,2::3",
        "1,4294967296",
        "1,2;" * 5,
        "1," * 2_900,
        "1,z",
        "1,zAD4AwB",
        "z,z",
    ],
)
def test_wrong_keys_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"possible|characters|read"):
        check_keys(text)


def test_a_link_brings_the_same_controls() -> None:
    state = WalkState("org/name", None, "3:a%2Fb,7", 12, 24, "cubic", "linger", "once", False, 128, 2, "gif")
    assert WalkState.from_query(state.to_query()) == (state, [])
    assert WalkState.from_walk(state.walk("org/name", None), "gif") == state
    assert WalkState.from_query("?model=mnist-gan&seed=3") == (WalkState(), [])


def test_a_wrong_link_gives_a_sentence_a_field() -> None:
    state, problems = WalkState.from_query("?tab=interpolate&keys=x&fps=900&way=up&even_pace=2&frames=9")
    assert state == WalkState(frames=9)
    assert len(problems) == 4

"""The states of the page in a URL: round trips, and what strangers may put into a link."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gan_hub.editing.directions import DirectionsError, find_directions, move
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.latents.text import latent_text, read_latent, rounded
from gan_hub.recipes.keys import Key, format_keys, parse_keys
from gan_hub.recipes.links import (
    DETAILS,
    ExploreState,
    SampleState,
    StylizeState,
    WalkState,
    check_detail,
    check_keys,
    format_amounts,
    format_names,
    parse_amounts,
    parse_names,
    picture_link,
    read_picture_link,
    tab_of,
    with_names,
)
from gan_hub.recipes.recipe import Recipe
from tests.conftest import make_generator

RECIPE = Recipe("mnist-gan", None, (7,), None, 1.0, "0.1.0")

labels = st.none() | st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=64)
states = st.builds(
    SampleState,
    model=st.none() | st.sampled_from(["mnist-gan", "org/name", "folder:my run"]),
    revision=st.none() | st.sampled_from(["main", "v1.0", "refs/pr/1"]),
    seed=st.integers(0, MAX_SEED - 64),
    count=st.integers(1, 64),
    columns=st.integers(1, 16),
    truncation=st.integers(0, 40).map(lambda steps: steps / 20),
    label=labels,
)


@given(states)
def test_state_survives_the_query(state: SampleState) -> None:
    assert SampleState.from_query(state.to_query()) == (state, [])


@given(st.text(max_size=200))
def test_any_query_gives_a_state(text: str) -> None:
    state, problems = SampleState.from_query("?" + text)
    assert SampleState.from_query(state.to_query()) == (state, [])
    assert all(isinstance(problem, str) for problem in problems)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?seed=abc", "seed 'abc'"),
        ("?seed=1e3", "seed '1e3'"),
        ("?count=65", "count 65"),
        ("?count=0", "count 0"),
        ("?columns=17", "columns 17"),
        ("?truncation=nan", "truncation 'nan'"),
        ("?model=/etc", "the model"),
        ("?model=..%2Fx", "the model"),
        ("?revision=a..b", "the revision"),
        ("?label=%00", "the class"),
        (f"?seed={MAX_SEED}&count=2", "is not possible for"),
        ("?" + "a" * 7000, "characters"),
        ("?" + "a=1&" * 400, "too many fields"),
    ],
)
def test_wrong_links_give_a_sentence_and_the_default(query: str, words: str) -> None:
    state, problems = SampleState.from_query(query)
    assert words in " ".join(problems)
    assert state.seed == SampleState.seed
    assert state.truncation == SampleState.truncation


def test_fields_of_others_are_passed_over() -> None:
    assert SampleState.from_query("?__theme=dark&seed=3") == (SampleState(seed=3), [])


def test_state_of_a_recipe() -> None:
    assert SampleState.from_recipe(RECIPE) == SampleState("mnist-gan", None, 7, 1, 1, 1.0, None)
    with pytest.raises(ValueError, match="follow one another"):
        SampleState.from_recipe(Recipe("mnist-gan", None, (1, 3), None, 1.0, "0.1.0", columns=2))


style_states = st.builds(
    StylizeState,
    style=st.none() | st.sampled_from(["monet", "org/name", "folder:my run"]),
    strength=st.integers(0, 100),
    keep_colors=st.booleans(),
    detail=st.sampled_from(DETAILS),
    seed=st.integers(0, MAX_SEED),
)


@given(style_states)
def test_a_style_survives_the_query_and_leaves_the_other_tab_alone(state: StylizeState) -> None:
    assert StylizeState.from_query(state.to_query()) == (state, [])
    assert tab_of(state.to_query()) == "stylize"
    assert SampleState.from_query(state.to_query()) == (SampleState(), [])


@given(states)
def test_a_link_of_sample_is_none_of_stylize(state: SampleState) -> None:
    assert tab_of(state.to_query()) is None
    assert StylizeState.from_query(state.to_query()) == (StylizeState(), [])


@given(st.text(max_size=200))
def test_any_query_gives_a_style(text: str) -> None:
    state, problems = StylizeState.from_query("?tab=stylize&" + text)
    assert StylizeState.from_query(state.to_query()) == (state, [])
    assert all(isinstance(problem, str) for problem in problems)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("seed=abc", "seed 'abc'"),
        ("strength=101", "strength 101"),
        ("strength=0.5", "strength 0.5"),
        ("keep_colors=yes", "keep_colors 'yes'"),
        ("detail=33", "detail '33'"),
        ("style=/etc", "the model"),
    ],
)
def test_wrong_styles_give_a_sentence_and_the_default(query: str, words: str) -> None:
    state, problems = StylizeState.from_query("?tab=stylize&" + query)
    assert words in " ".join(problems)
    assert state == StylizeState()


@pytest.mark.parametrize("value", [True, False, None, -25, 25.5, float("nan"), "0", [25]])
def test_wrong_details(value: object) -> None:
    with pytest.raises(ValueError, match="detail"):
        check_detail(value)
    assert check_detail(25.0) == check_detail("25") == "25"


def test_values_of_a_program_are_checked_once_and_together() -> None:
    assert SampleState.check({"seed": 3.0, "label": "", "unknown": 1}) == SampleState(seed=3)
    for values, words in (({"seed": "3"}, "seed '3'"), ({"seed": MAX_SEED, "count": 2}, "is not possible for")):
        with pytest.raises(ValueError, match=words):
            SampleState.check(values)


@pytest.mark.parametrize(
    ("text", "amounts"), [("", ()), ("1,0,-2.5", (1.0, 0.0, -2.5)), ("0,0.25", (0.0, 0.25)), ("-5,5", (-5.0, 5.0))]
)
def test_amounts_there_and_back(text: str, amounts: tuple[float, ...]) -> None:
    assert parse_amounts(text) == amounts
    assert format_amounts(amounts) == text


def test_amounts_are_shortened() -> None:
    assert format_amounts([0.30000000000000004, -0.0, 1.0, 0.0, 0.0]) == "0.3,0,1"


@pytest.mark.parametrize("text", ["x", "1,", "1e1", "nan", "5.1", "-6", ",".join("1" * 9), "1 ,2", "+1", "1;2"])
def test_wrong_amounts(text: str) -> None:
    with pytest.raises(ValueError, match="the amounts"):
        parse_amounts(text)


@pytest.mark.parametrize(
    ("text", "names"), [("", ()), ("slant,,how%20round", ("slant", "", "how round")), ("a%2Cb", ("a,b",))]
)
def test_names_there_and_back(text: str, names: tuple[str, ...]) -> None:
    assert parse_names(text) == names
    assert format_names(names) == text


@pytest.mark.parametrize("text", ["a,a", "x" * 25, "%0A", "a," * 9, "a" * 700])
def test_wrong_names(text: str) -> None:
    with pytest.raises(ValueError, match="the names"):
        parse_names(text)


def test_explore_survives_the_query() -> None:
    state = ExploreState("org/name", None, "5:a%2Fb:0.5", "ganspace", "1,0,-2.5", 3, "slant,,b%26c")
    assert ExploreState.from_query(state.to_query()) == (state, [])
    assert ExploreState("mnist-gan").to_query() == "?tab=explore&model=mnist-gan&key=0"
    assert ExploreState.from_query("?model=mnist-gan&seed=3") == (ExploreState(), [])


def test_a_wrong_link_of_explore_gives_a_sentence_a_field() -> None:
    state, problems = ExploreState.from_query("?tab=explore&key=x&method=pca&amounts=9&shown=0&names=a,a&model=m")
    assert state == ExploreState("m")
    assert len(problems) == 5
    assert all(problem.startswith("from the link: ") for problem in problems)


def test_picture_links_there_and_back() -> None:
    named = ("org/name", "0" * 40, Key(None, "a/b", 0.5, latent_text(torch.ones(64))))
    assert read_picture_link(picture_link(*named)) == named
    for link in ("", None, "?tab=explore&key=3", "?tab=explore&model=m&key=x", "?model=m&seed=3"):
        with pytest.raises(ValueError, match="make a picture first"):
            read_picture_link(link)


def test_every_entry_of_512_numbers_fits_a_link() -> None:
    link = picture_link("org/name", "0" * 40, Key(None, "a", latent=latent_text(torch.ones(512))))
    assert read_picture_link(link)[2].latent == latent_text(torch.ones(512))


def test_moves_add_up_and_keep_the_class() -> None:
    generator = make_generator()
    directions = find_directions(generator, "sefa", 8)
    state = ExploreState("x", key="5:dog:0.5", amounts="1,-2")
    moved = state.moved(generator, directions)
    z = move(generator.truncate(generator.latents([5]), 0.5), directions, [1, -2, 0, 0, 0, 0])
    assert torch.equal(read_latent(moved.latent or ""), rounded(z)[0])
    assert moved.label == "dog"
    own = ExploreState("x", key="5", amounts="1").moved(generator, directions)
    assert own.class_of(generator) == Key(5).class_of(generator), "a move does not change the class"
    assert state.moved(generator, directions, [0.0] * 8) == Key(5, "dog", 0.5)
    further = ExploreState("x", key="5:dog:0.5", amounts="1,-2,0,0,0,0,3,4")
    assert further.moved(generator, directions) == moved, "what lies beyond the last direction moves nothing"


def test_directions_under_other_names() -> None:
    directions = find_directions(make_generator(), "sefa", 3)
    assert with_names(directions, ("", "slant")).names == ("1", "slant", "3")
    with pytest.raises(DirectionsError, match="same name"):
        with_names(directions, ("2",))


def test_checks_of_what_a_program_sends() -> None:
    assert ExploreState.check({"method": ""}).method is None
    assert ExploreState.check({"key": " 5::1.0 "}).key == "5"
    for name, value in (("key", 5), ("method", 7), ("amounts", [1]), ("names", None), ("shown", 9)):
        with pytest.raises(ValueError, match=r"possible|unknown|can't be read"):
            ExploreState.check({name: value})


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


def test_a_walk_survives_the_query() -> None:
    state = WalkState("org/name", None, "3:a%2Fb,7", 12, 24, "cubic", "linger", "once", False, 128, 2, "gif")
    assert WalkState.from_query(state.to_query()) == (state, [])
    assert WalkState.from_walk(state.walk("org/name", None), "gif") == state
    assert WalkState.from_query("?model=mnist-gan&seed=3") == (WalkState(), [])


def test_a_wrong_walk_gives_a_sentence_a_field() -> None:
    state, problems = WalkState.from_query("?tab=interpolate&keys=x&fps=900&way=up&even_pace=2&frames=9")
    assert state == WalkState(frames=9)
    assert len(problems) == 4

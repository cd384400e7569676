"""The page's state in a URL: round trips, and what strangers may put into a link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_hub.latents.seeds import MAX_SEED
from gan_hub.recipes.links import DETAILS, SampleState, StylizeState, check_detail, tab_of
from gan_hub.recipes.recipe import Recipe

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
        (f"?seed={MAX_SEED}&count=2", "pass the last seed"),
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

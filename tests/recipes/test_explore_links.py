"""The controls of the tab Explore as text, and what they move."""

import pytest
import torch

from gan_hub.editing.directions import DirectionsError, find_directions, move
from gan_hub.latents.text import latent_text, read_latent, rounded
from gan_hub.recipes.keys import Key
from gan_hub.recipes.links import (
    ExploreState,
    format_amounts,
    format_names,
    parse_amounts,
    parse_names,
    picture_link,
    read_picture_link,
    with_names,
)
from tests.conftest import make_generator


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


def test_a_link_brings_the_same_controls() -> None:
    state = ExploreState("org/name", None, "5:a%2Fb:0.5", "ganspace", "1,0,-2.5", 3, "slant,,b%26c")
    assert ExploreState.from_query(state.to_query()) == (state, [])
    assert ExploreState("mnist-gan").to_query() == "?tab=explore&model=mnist-gan&key=0"
    assert ExploreState.from_query("?model=mnist-gan&seed=3") == (ExploreState(), [])


def test_a_wrong_link_gives_a_sentence_a_field() -> None:
    state, problems = ExploreState.from_query("?tab=explore&key=x&method=pca&amounts=9&shown=0&names=a,a&model=m")
    assert state == ExploreState("m")
    assert len(problems) == 5
    assert all(problem.startswith("from the link: ") for problem in problems)


def test_places_there_and_back() -> None:
    place = ("org/name", "0" * 40, Key(None, "a/b", 0.5, latent_text(torch.ones(64))))
    assert read_picture_link(picture_link(*place)) == place
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

"""Which models the page offers."""

import pytest

from gan_hub import offered
from gan_hub.hub import bundled_names
from gan_hub.offered import MODELS_VARIABLE, STYLES_VARIABLE
from gan_hub.page import styles
from gan_hub.page.handlers import default_model


def test_what_comes_with_the_package_unless_someone_has_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODELS_VARIABLE, raising=False)
    monkeypatch.setenv(STYLES_VARIABLE, " ")
    assert offered.generators() == bundled_names()
    assert offered.stylizers() == bundled_names("stylizer")


def test_the_chosen_ones_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "org/b, org/a ,emoji-gan")
    monkeypatch.setenv(STYLES_VARIABLE, "org/dots")
    assert offered.generators() == ["org/b", "org/a", "emoji-gan"]
    assert default_model() == "org/b"
    assert styles.default_style() == "org/dots"


def test_the_page_opens_with_mnist_wherever_it_is_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "org/b,mnist-gan")
    assert default_model() == "mnist-gan"


def test_a_name_that_is_not_possible_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "org/a,../../etc")
    with pytest.raises(ValueError, match=r"the model '\.\./\.\./etc' is not possible"):
        offered.generators()

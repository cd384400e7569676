"""Which models the page offers."""

import pytest

from gan_hub.hub import playground
from gan_hub.hub.playground import MODELS_VARIABLE, STYLES_VARIABLE
from gan_hub.loading.model_files import bundled_names
from gan_hub.page.components.model_picker import default_model
from gan_hub.page.tabs.stylize import styles


def test_what_comes_with_the_package_unless_someone_has_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODELS_VARIABLE, raising=False)
    monkeypatch.setenv(STYLES_VARIABLE, " ")
    assert playground.generators() == bundled_names()
    assert playground.stylizers() == bundled_names("stylizer")


def test_the_chosen_ones_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "org/b, org/a ,emoji-gan")
    monkeypatch.setenv(STYLES_VARIABLE, "org/dots")
    assert playground.generators() == ["org/b", "org/a", "emoji-gan"]
    assert default_model() == "org/b"
    assert styles.default_style() == "org/dots"


def test_the_page_opens_with_mnist_wherever_it_is_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "org/b,mnist-gan")
    assert default_model() == "mnist-gan"


def test_a_name_that_is_not_possible_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "org/a,../../etc")
    with pytest.raises(ValueError, match=r"the model '\.\./\.\./etc' is not possible"):
        playground.generators()

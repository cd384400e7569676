"""The page as a service: what ends it, and when."""

import signal
from collections.abc import Iterator

import pytest

from tests.support.page_server import PageProcess


@pytest.fixture
def in_background() -> Iterator[None]:
    """As a shell starts what a script puts in the background: with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("in_background")
def test_sigterm_ends_the_page_as_soon_as_it_answers() -> None:
    """CI once hung on a page that passed SIGTERM on as the SIGINT that it had been told to ignore."""
    with PageProcess() as page:
        assert page.stop(signal.SIGTERM) == 0

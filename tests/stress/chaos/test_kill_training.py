"""A few of the kills; `python -m tests.stress.chaos.kill_training` is the hundred."""

import logging
import sys

import pytest

from tests.stress.chaos.kill_training import Options, main

pytestmark = pytest.mark.stress


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_kills_leave_what_resumes_to_the_bit(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(Options(kills=6, in_a_save=3, num_steps=1500, seed=1))
    finally:
        logging.disable(logging.NOTSET)  # which the command silences
    assert status == 0
    assert "6 passed / 6" in capsys.readouterr().out

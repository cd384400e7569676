"""Work that takes a while: watched, ended, and forgotten in bounds."""

import time

import pytest

from gan_hub.page.server.jobs import MAX_STOPS, StoppedError, Stops, Worker, reported


def test_stops_are_bounded() -> None:
    stops = Stops()
    for number in range(MAX_STOPS + 1):
        stops.add(str(number))
    assert not stops.of("0")()
    assert stops.of(str(MAX_STOPS))()


@pytest.mark.parametrize("job", ["", None, 7, ["x"]])
def test_a_job_without_a_name_is_never_stopped(job: object) -> None:
    stops = Stops()
    stops.add(job)
    assert not stops.of(job)()


def test_work_is_watched_to_its_end() -> None:
    def work(report) -> str:
        report(0.5)
        time.sleep(0.6)
        return "done"

    seen = []

    def told():
        seen.append((yield from reported(Worker().watched(work), lambda share: f"{share:.0%}")))

    assert set(told()) == {"50%"}
    assert seen == ["done"]


def test_work_that_is_told_to_end() -> None:
    def work(report) -> None:
        while True:
            report(0.1)
            time.sleep(0.01)

    answers = iter([False] * 5 + [True] * 1000)
    with pytest.raises(StoppedError):
        list(Worker().watched(work, lambda: next(answers)))

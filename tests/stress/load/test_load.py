"""Short versions of the loads and faults; the commands run the long ones. Those that measure time are marked slow."""

import pytest

from tests.stress.load import callers, cancel, golden, liveness, memory, outage, overload, restart, soak, swap
from tests.support.tally import be_patient

SLOW = pytest.mark.slow

pytestmark = pytest.mark.stress


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (callers, callers.Callers(clients=20, requests=60)),
        (swap, swap.Swap(calls=200, threads=20)),
        (memory, memory.Memory(calls=16)),
        (outage, outage.Outage(ways=("refused", "429", "etag", "dns"))),
        pytest.param(outage, outage.Outage(), marks=SLOW),
        pytest.param(soak, soak.Soak(requests=3000, warm_up=1500), marks=SLOW),
        pytest.param(overload, overload.Overload(), marks=SLOW),
        pytest.param(cancel, cancel.Cancel(calls=50), marks=SLOW),
        pytest.param(liveness, liveness.Lively(), marks=SLOW),
        pytest.param(restart, restart.Restart(kills=3), marks=SLOW),
        pytest.param(golden, golden.Golden(), marks=SLOW),
    ],
    ids=lambda value: getattr(value, "__name__", "").rsplit(".", 1)[-1],
)
def test_load(module, options, monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(module, monkeypatch)
    assert module.main(options)

"""Short versions of the attacks; CI runs these, the commands run the long ones."""

import pytest

from tests.stress.attack import (
    api,
    bad_images,
    bad_repos,
    deputy,
    disk,
    doors,
    ids,
    images,
    metadata,
    modes,
    probes,
    repos,
)
from tests.support.tally import be_patient

pytestmark = pytest.mark.stress


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (images, images.Images(n=len(bad_images.FAMILIES))),
        (doors, doors.Doors(n=20)),
        (metadata, metadata.Metadata(n=4)),
        (modes, modes.Modes()),
        (repos, repos.Repos(n=2 * len(bad_repos.FAMILIES))),
        (deputy, deputy.Deputy()),
        (ids, ids.Ids(n=100)),
        (probes, probes.Probes()),
        (disk, disk.Disk(n=8)),
    ],
    ids=lambda value: getattr(value, "__name__", "").rsplit(".", 1)[-1],
)
def test_attack(module, options, monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(module, monkeypatch)
    assert module.main(options)


def test_api() -> None:
    pytest.importorskip("schemathesis", reason="schemathesis needs Python 3.11")
    assert api.main(api.Api(n=3, coverage=False))


@pytest.mark.parametrize("family", bad_images.BAD, ids=lambda family: family.__name__)
def test_bad_images_are_the_same_for_a_seed(family) -> None:
    first, second = (family(bad_images.Random(3)) for _ in range(2))
    assert first == second

"""What visitors ask for on every tab, and what came of it as a hash: the same however many ask."""

import hashlib
import random
from dataclasses import dataclass
from typing import Any

from tests.stress.attack.bad_images import picture, saved
from tests.support.page_server import Answer, Caller

GENERATORS = ("mnist-gan", "fashion-gan")
STYLES = ("monet", "van-gogh")


@dataclass(frozen=True)
class Wanted:
    """One request.

    Attributes:
        endpoint: of the API.
        data: its arguments.
        photo: sent first, as the first argument.
        is_bad: whether it is to be refused.
    """

    endpoint: str
    data: tuple[Any, ...]
    photo: bytes | None = None
    is_bad: bool = False


def sample(seed: int, model: str = GENERATORS[0], count: int = 1) -> Wanted:
    """Pictures of a generator."""
    return Wanted("sample", (model, "", seed, count, 4, 1.0, ""))


def walk(seed: int, model: str = GENERATORS[0]) -> Wanted:
    """A small contact sheet, WebP or MP4."""
    kind = ("png", "webp", "mp4")[seed % 3]
    keys = f"{seed},{seed + 1}"
    return Wanted("interpolate", (model, "", keys, 6, 30, "slerp", "linear", "once", False, 32, 0, kind, ""))


def painting(seed: int, style: str = STYLES[0]) -> Wanted:
    """A small photo in a style."""
    photo = saved(picture(random.Random(seed), size=(96, 64)), "PNG")
    return Wanted("stylize", (style, 100, False, "100", seed, 0, "png", 90, False), photo)


def bad(rng: random.Random) -> Wanted:
    """What is to be refused."""
    return rng.choice(
        [
            Wanted("sample", ("mnist-gan", "", -1, 1, 1, 1.0, ""), is_bad=True),
            Wanted("sample", ("../../etc", "", 0, 1, 1, 1.0, ""), is_bad=True),
            Wanted("grid", ("mnist-gan", "", 0, 65, 1, 1.0, ""), is_bad=True),
            Wanted("interpolate", ("mnist-gan", "", "x", 6), is_bad=True),
            Wanted("stylize", ("monet", 100, False, "100", 0, 0, "png", 90, False), b"no photo", is_bad=True),
        ]
    )


def mixture(rng: random.Random, distinct: int) -> list[Wanted]:
    """So many different good requests, of every tab."""
    found: list[Wanted] = []
    for number in range(distinct):
        kind = number % 10
        model, style = rng.choice(GENERATORS), rng.choice(STYLES)
        seed = rng.randrange(10_000)
        if kind < 5:
            found.append(sample(seed, model, rng.choice([1, 4])))
        elif kind == 5:
            found.append(Wanted("grid", (model, "", seed, 4, 2, 0.8, "")))
        elif kind == 6:
            found.append(Wanted("neighbours", (model, "", seed, 1.0, "", 0.3, 0, 3)))
        elif kind == 7:
            found.append(walk(seed, model))
        else:
            found.append(painting(seed, style))
    return found


def ask(caller: Caller, wanted: Wanted) -> Answer:
    """Send the photo, if there is one, and call."""
    data = list(wanted.data)
    if wanted.photo is not None:
        file = caller.upload("photo.png", wanted.photo)
        if isinstance(file, str):
            return Answer(None, file, 0.0)
        data = [file, *data]
    return caller.call(wanted.endpoint, data)


def fingerprint(caller: Caller, wanted: Wanted, answer: Answer) -> str:
    """A hash over all files that came, in order; the sentence of an error."""
    if answer.error is not None:
        return answer.error
    digest = hashlib.sha256()
    for file in files_in(answer.data):
        digest.update(caller.fetch(file))
    return digest.hexdigest()


def files_in(value: Any) -> list[dict[str, Any]]:
    """The files in the answer of an event."""
    if isinstance(value, dict):
        return [value] if "path" in value else [file for each in value.values() for file in files_in(each)]
    return [file for each in value for file in files_in(each)] if isinstance(value, list) else []

"""C5: memory runs out in one call of five; that call is told so, and the next one is served as ever.

The networks' passes raise what torch raises on the CPU and on a GPU, and what Python raises, since filling the memory
of the machine that tests run on helps nobody.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.stress.load.requests import Wanted, ask, fingerprint, painting, sample, walk
from tests.support.page_server import Caller, PageProcess
from tests.support.tally import Tally

EVERY = 5
SENTENCE = "ran out of memory"


@dataclass(frozen=True)
class Memory:
    """Memory that runs out."""

    calls: int = 200
    json: Path | None = None


def plant() -> None:
    """Let every fifth pass of a network fail; called in the process of the page."""
    import itertools

    import torch

    from gan_hub import GanGenerator, PhotoStylizer

    errors = itertools.cycle(
        [
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
            RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
            MemoryError(),
        ]
    )
    counter = itertools.count(1)

    def failing(function):  # type: ignore[no-untyped-def]
        def wrapped(*arguments, **named):  # type: ignore[no-untyped-def]
            if next(counter) % EVERY == 0:
                raise next(errors)
            return function(*arguments, **named)

        return wrapped

    GanGenerator.generate = failing(GanGenerator.generate)  # type: ignore[method-assign]
    PhotoStylizer.paint = failing(PhotoStylizer.paint)  # type: ignore[method-assign]


def wanted(number: int) -> Wanted:
    """A request that has not been made before, so that a network has to run."""
    return (sample(number), painting(number), sample(number, "fashion-gan"), walk(number))[number % 4]


def main(options: Memory) -> bool:
    """Run it; returns whether everything passed."""
    tally = Tally("memory", None)
    failed = 0
    with PageProcess() as calm, Caller(calm.url) as caller:
        golden = [fingerprint(caller, wanted(n), ask(caller, wanted(n))) for n in range(options.calls)]
    with PageProcess(environment={"PLANT": "memory"}) as page, Caller(page.url) as caller:
        for number in range(options.calls):
            answer = ask(caller, wanted(number))
            if answer.error is not None:
                failed += 1
                tally.check(SENTENCE in answer.error, f"{number}: {answer.error}")
                answer = ask(caller, wanted(number))
                while answer.error is not None and SENTENCE in answer.error:  # a walk runs its network often
                    answer = ask(caller, wanted(number))
            tally.check(fingerprint(caller, wanted(number), answer) == golden[number], f"{number}: {answer.error}")
        tally.check(failed >= options.calls // (2 * EVERY), f"memory ran out only {failed} times")
        tally.check("Traceback" not in page.log(), f"a trace is in the log: {page.log()[-1500:]}")
    return tally.finish(options.json, ran_out=failed)

"""Directions of the generators that the page shows, each found once for as long as the generator is there."""

import threading
from weakref import WeakKeyDictionary

from gan_hub.editing.directions import METHODS, Directions, find_directions
from gan_hub.generator import GanGenerator
from gan_hub.recipes.links import NUM_SLIDERS, OWN


class DirectionCache:
    """A thread-safe cache; a generator is one model at one commit, however many visitors ask for it."""

    def __init__(self) -> None:
        self._found: WeakKeyDictionary[GanGenerator, dict[str, Directions]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def find(self, generator: GanGenerator, method: str | None) -> tuple[str, Directions]:
        """The method and its directions, most first.

        Args:
            generator: on any device.
            method: of `explore_state.WAYS_TO_FIND`; None = those beside the generator, or else the first method.

        Raises:
            ValueError: there are none beside the generator, or they are refused.
        """
        method = method or (OWN if generator.directions is not None else METHODS[0])
        with self._lock:
            known = self._found.setdefault(generator, {})
            if method not in known:
                known[method] = _found(generator, method)
            return method, known[method]


def ways(generator: GanGenerator) -> list[tuple[str, str]]:
    """The choices of a method: its name, and what it is called in links."""
    own = [("the model's own", OWN)] if generator.directions is not None else []
    return [*own, ("SeFa", "sefa"), ("GANSpace", "ganspace")]


def _found(generator: GanGenerator, method: str) -> Directions:
    for each in METHODS:
        if each == method:
            return find_directions(generator, each, NUM_SLIDERS)
    if generator.directions is None:
        raise ValueError(f"no directions lie beside this model; choose from: {', '.join(METHODS)}")
    return generator.directions

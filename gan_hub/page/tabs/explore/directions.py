"""A cache of the directions of generators: found once, and kept for as long as the generator is in memory."""

import threading
from weakref import WeakKeyDictionary

from gan_hub.editing.directions import METHODS, Directions, find_directions
from gan_hub.generator import GanGenerator
from gan_hub.recipes.links import NUM_SLIDERS, OWN


class DirectionCache:
    """A thread-safe cache of directions; all visitors of one model at one commit share a generator."""

    def __init__(self) -> None:
        self._found: WeakKeyDictionary[GanGenerator, dict[str, Directions]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def find(self, generator: GanGenerator, method: str | None) -> tuple[str, Directions]:
        """The method and its directions, the strongest first.

        Args:
            generator: on any device.
            method: a name of `links.DIRECTION_SOURCES`; None = the directions beside the generator, or else the first
                method.

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
    """The choices of a method: its label, and its name in links."""
    own = [("the model's own", OWN)] if generator.directions is not None else []
    return [*own, ("SeFa", "sefa"), ("GANSpace", "ganspace")]


def _found(generator: GanGenerator, method: str) -> Directions:
    for each in METHODS:
        if each == method:
            return find_directions(generator, each, NUM_SLIDERS)
    if generator.directions is None:
        raise ValueError(f"no directions lie beside this model; choose from: {', '.join(METHODS)}")
    return generator.directions

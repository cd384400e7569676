"""The keys of a walk: their pictures, and the buttons that edit them. The keys travel as text, as in the link."""

import secrets
from collections.abc import Callable
from typing import Any

import gradio as gr

from gan_hub.generator import GanGenerator
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.page.components.files import gallery_items
from gan_hub.page.components.model_facts import generator_facts, model_name
from gan_hub.page.components.model_picker import class_choice
from gan_hub.page.components.states import changed
from gan_hub.page.server.model_cache import ModelCache
from gan_hub.recipes.fields import check_revision, whole_number
from gan_hub.recipes.keys import Key, Tracks, format_keys, parse_keys
from gan_hub.recipes.links import MAX_PAGE_KEYS, MAX_WALKS, check_keys
from gan_hub.sampling.pictures import pictures_of

DICE_SIDES = 1_000_000
WALK_DISTANCE = 100  # between the seeds of walks side by side, when one is added

Grid = list[list[Key]]
Edit = Callable[[Grid, int, int], tuple[Grid, int, int]]


class KeyHandlers:
    """The event handlers of the keys; each returns the keys, the chosen key, and their pictures."""

    def __init__(self, model_cache: ModelCache) -> None:
        self._model_cache = model_cache

    def show(self, model: str, revision: str | None, keys: str, chosen: int) -> tuple[Any, ...]:
        """The keys, the chosen one, their pictures, and seed, class and truncation of the chosen one."""
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        return self._shown(generator, parse_keys(check_keys(keys)), int(chosen or 0))

    def describe(self, model: str, revision: str | None, keys: str, chosen: int) -> tuple[Any, ...]:
        """The results of `show` for another model, which may lack classes of the keys, and its description."""
        generator = self._model_cache.get(model_name(model), check_revision(revision))
        tracks = [[key.for_model(generator) for key in track] for track in parse_keys(check_keys(keys))]
        return *self._shown(generator, tracks, int(chosen or 0)), generator_facts(generator)

    def pick(self, model: str, revision: str | None, keys: str, event: gr.SelectData) -> tuple[Any, ...]:
        """Choose the key whose picture was clicked."""
        return self.show(model, revision, keys, event.index if isinstance(event.index, int) else 0)

    def change(
        self, model: str, revision: str | None, keys: str, chosen: int, seed: object, label: object, truncation: object
    ) -> tuple[Any, ...]:
        """Change the seed, class or truncation of the chosen key.

        The seed's field is empty for a key without a seed, which keeps its latent; of another one, nothing happens
        while it is.
        """
        tracks = [list(track) for track in parse_keys(check_keys(keys))]
        row, column = _place(tracks, int(chosen or 0))
        if (key := changed(tracks[row][column], seed, label, truncation)) is None:
            return (gr.skip(),) * 6
        tracks[row][column] = key
        return *self.show(model, revision, format_keys(tracks), chosen)[:3], gr.skip(), gr.skip(), gr.skip()

    def editor(self, edit: Edit) -> Callable[..., tuple[Any, ...]]:
        """The handler of a button that changes the list of keys."""

        def handler(model: str, revision: str | None, keys: str, chosen: int) -> tuple[Any, ...]:
            tracks = [list(track) for track in parse_keys(check_keys(keys))]
            tracks, row, column = edit(tracks, *_place(tracks, int(chosen or 0)))
            return self.show(model, revision, check_keys(format_keys(tracks)), row * len(tracks[0]) + column)

        return handler

    def walks(self, model: str, revision: str | None, keys: str, chosen: int, count: object) -> tuple[Any, ...]:
        """Set the number of walks side by side; new ones get other seeds, and the classes of the last walk."""
        tracks = [list(track) for track in parse_keys(check_keys(keys))]
        number = whole_number("walks", count, 1, MAX_WALKS)
        while len(tracks) < number:
            tracks.append([_further(key) for key in tracks[-1]])
        return self.show(model, revision, check_keys(format_keys(tracks[:number])), chosen)

    def _shown(self, generator: GanGenerator, tracks: Tracks | Grid, chosen: int) -> tuple[Any, ...]:
        keys = [key for track in tracks for key in track]
        chosen = min(max(chosen, 0), len(keys) - 1)
        key = keys[chosen]
        gallery = gr.update(value=_pictures(generator, keys), selected_index=chosen, columns=min(len(tracks[0]), 6))
        label = class_choice(generator, key.label or "")
        return format_keys(tracks), chosen, gallery, key.seed, label, key.truncation


def _place(tracks: Grid, chosen: int) -> tuple[int, int]:
    return divmod(min(max(chosen, 0), len(tracks) * len(tracks[0]) - 1), len(tracks[0]))


def _further(key: Key) -> Key:
    return key if key.seed is None else key.with_seed((key.seed + WALK_DISTANCE) % (MAX_SEED + 1))


def _pictures(generator: GanGenerator, keys: list[Key]) -> list[dict[str, Any]]:
    """The pictures of keys as a gallery's value, each made once."""
    different = list(dict.fromkeys(keys))
    items = dict(zip(different, gallery_items(pictures_of(generator, different))))
    return [items[key] for key in keys]


def add(tracks: Grid, row: int, column: int) -> tuple[Grid, int, int]:
    """Add a key after the chosen one in every walk, with the same class."""
    if len(tracks[0]) >= MAX_PAGE_KEYS:
        raise ValueError(f"up to {MAX_PAGE_KEYS} key frames are possible; remove one first")
    for track in tracks:
        track.insert(column + 1, track[column].with_seed(_dice()))
    return tracks, row, column + 1


def remove(tracks: Grid, row: int, column: int) -> tuple[Grid, int, int]:
    """Remove the chosen key from every walk."""
    if len(tracks[0]) <= 2:
        raise ValueError("a walk needs two key frames; change one instead")
    for track in tracks:
        del track[column]
    return tracks, row, max(column - 1, 0)


def swap(tracks: Grid, row: int, column: int) -> tuple[Grid, int, int]:
    """Swap the chosen key with the next one; the last key is swapped with the first."""
    track, other = tracks[row], (column + 1) % len(tracks[row])
    track[column], track[other] = track[other], track[column]
    return tracks, row, other


def dice(tracks: Grid, row: int, column: int) -> tuple[Grid, int, int]:
    """Draw another seed for the chosen key."""
    tracks[row][column] = tracks[row][column].with_seed(_dice())
    return tracks, row, column


def dice_all(tracks: Grid, row: int, column: int) -> tuple[Grid, int, int]:
    """Draw another seed for every key."""
    return [[key.with_seed(_dice()) for key in track] for track in tracks], row, column


def _dice() -> int:
    return secrets.randbelow(DICE_SIDES)

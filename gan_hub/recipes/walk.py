"""Walks: what it takes to make a video again, and its frames.

The page and the command both end here, so that the same walk gives the same bytes.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import torch
from PIL import Image

from gan_hub import __version__, images
from gan_hub.generator import GanGenerator
from gan_hub.latents.paths import EASINGS, KINDS, MAX_FRAMES, frames_of_walk
from gan_hub.loading.config import shorten
from gan_hub.recipes.containers import MAX_TEXT_BYTES, read_recipe_of
from gan_hub.recipes.keys import Key
from gan_hub.recipes.names import file_stem
from gan_hub.recipes.recipe import check_commit, check_model, check_version, json_object, whole_number
from gan_hub.recipes.video import MAX_FPS, MAX_SIZE, MIN_SIZE, encode

MAX_KEYS = 64
MAX_TRACKS = 16


@dataclass(frozen=True)
class Walk:
    """One walk, or several side by side, all of as many keys.

    Attributes:
        model: public name: bundled, "org/name" on the Hub, or "folder:name" without the path to it.
        revision: commit on the Hub; None for the others.
        tracks: the keys of each walk, from 2 to `MAX_KEYS`; from 1 to `MAX_TRACKS` walks.
        frames_per_leg: steps from one key to the next.
        fps: frames a second, from 1 to 60.
        path: lerp, slerp or cubic.
        easing: from key to key; of `paths.EASINGS`.
        loop: a last leg leads back to the first key.
        ping_pong: then the way back. Not together with `loop`.
        even_pace: successive pictures differ equally; easing then shapes what is seen.
        size: of the longer side, in pixels; even, from 16 to 2048.
        columns: of walks side by side; None = as square as possible.
        version: of gan-hub.

    Raises:
        ValueError: a field is out of its bounds, or the walk would have more than `MAX_FRAMES` frames.
    """

    model: str
    revision: str | None
    tracks: tuple[tuple[Key, ...], ...]
    frames_per_leg: int = 60
    fps: int = 30
    path: str = "slerp"
    easing: str = "linear"
    loop: bool = False
    ping_pong: bool = False
    even_pace: bool = False
    size: int = 256
    columns: int | None = None
    version: str = __version__

    def __post_init__(self) -> None:
        """Check every field."""
        check_model(self.model)
        check_commit(self.revision)
        check_version(self.version)
        lengths = {len(track) for track in self.tracks}
        if not 1 <= len(self.tracks) <= MAX_TRACKS or len(lengths) != 1 or not 2 <= max(lengths) <= MAX_KEYS:
            counts = shorten(", ".join(str(len(track)) for track in self.tracks) or "no", 40)
            raise ValueError(
                f"walks of {counts} keys are not possible; use from 1 to {MAX_TRACKS} walks of the same number of "
                f"keys, from 2 to {MAX_KEYS}"
            )
        for name, low, high in (("frames_per_leg", 1, MAX_FRAMES), ("fps", 1, MAX_FPS), ("size", MIN_SIZE, MAX_SIZE)):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), low, high))
        if self.size % 2:
            raise ValueError(f"size {self.size} is not possible; use an even number")
        if self.columns is not None:
            object.__setattr__(self, "columns", whole_number("columns", self.columns, 1, MAX_TRACKS))
        for name, allowed in (("path", KINDS), ("easing", tuple(EASINGS))):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"unknown {name} {shorten(repr(getattr(self, name)), 40)}; choose from: {', '.join(allowed)}"
                )
        for name in ("loop", "ping_pong", "even_pace"):
            if type(getattr(self, name)) is not bool:
                raise ValueError(f"{name} {shorten(repr(getattr(self, name)), 40)} is not possible; use true or false")
        if self.num_frames > MAX_FRAMES:  # also refuses a loop that goes to and fro
            raise ValueError(f"this walk has {self.num_frames:,} frames; at most {MAX_FRAMES:,} are possible")
        if len(self.to_json()) > MAX_TEXT_BYTES:
            raise ValueError("this walk has too many keys with long names; use fewer")

    @property
    def num_frames(self) -> int:
        """Of the whole walk."""
        return frames_of_walk(len(self.tracks[0]), self.frames_per_leg, closed=self.loop, ping_pong=self.ping_pong)

    @property
    def seconds(self) -> float:
        """How long it is shown."""
        return self.num_frames / self.fps

    def file_name(self, suffix: str) -> str:
        """Such as mnist-gan-walk-3-7-12.mp4."""
        seeds = "-".join("own" if key.seed is None else str(key.seed) for key in self.tracks[0])
        return f"{file_stem(self.model)}-walk-{seeds[:60].rstrip('-')}.{suffix}"

    def to_json(self) -> str:
        """The recipe that a file of the walk carries."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({**values, "tracks": [[key.to_dict() for key in track] for track in self.tracks]})

    @classmethod
    def from_json(cls, text: str) -> "Walk":
        """Read a recipe written by a stranger.

        Raises:
            ValueError: not an object of exactly the known fields, each in its bounds.
        """
        if len(text) > MAX_TEXT_BYTES:
            raise ValueError(f"the recipe has {len(text):,} characters; at most {MAX_TEXT_BYTES:,} are read")
        values = json_object(text)
        _same_fields(values, {field.name for field in fields(cls)})
        tracks = values.pop("tracks")
        if not isinstance(tracks, list) or not all(isinstance(track, list) for track in tracks):
            raise ValueError("the tracks in this recipe are not lists of keys")
        return cls(tracks=tuple(tuple(map(_key, track)) for track in tracks), **values)


def _key(values: object) -> Key:
    if not isinstance(values, dict):
        raise ValueError(f"the key {shorten(repr(values), 40)} in this recipe is not an object")
    place = "seed" if "seed" in values else "latent"
    _same_fields(values, {place, "label", "truncation"})
    if values[place] is None:
        raise ValueError(f"a key in this recipe has no {place}")
    return Key(**{"seed": None, **values})


def _same_fields(values: dict[str, Any], names: set[str]) -> None:
    if set(values) != names:
        raise ValueError("the recipe has other fields than gan-hub writes; it may come from another version")


def read_walk(data: bytes) -> Walk:
    """The walk that a file of `encode_walk` carries, from a file that anyone may have made.

    Raises:
        ValueError: the file is of another kind, damaged, or without a valid recipe; the message says which.
    """
    return Walk.from_json(read_recipe_of(data))


def frames(generator: GanGenerator, walk: Walk) -> Iterator[Image.Image]:
    """The pictures of a walk, each when it is asked for; several walks side by side are a grid.

    Args:
        generator: the model of the walk, on any device.
        walk: its size is for `encode`; these pictures have the generator's.

    Raises:
        ValueError: the generator has no class of that name, or a latent is another one's. Raised before the first
            picture is made.
    """
    tracks = [_track(generator, walk, keys) for keys in walk.tracks]
    columns = walk.columns or round(len(tracks) ** 0.5 + 0.49)

    def pictures() -> Iterator[Image.Image]:
        for side_by_side in zip(*tracks):
            cells = images.to_pil(torch.stack(side_by_side))
            yield cells[0] if len(cells) == 1 else images.grid(cells, columns)

    return pictures()


def _track(generator: GanGenerator, walk: Walk, keys: tuple[Key, ...]) -> Iterator[torch.Tensor]:
    classes = [key.class_of(generator) for key in keys]
    labels = [index for index in classes if index is not None] or None
    return generator.interpolate(
        torch.cat([key.z(generator) for key in keys]),
        num_frames=walk.num_frames,
        labels=labels,
        kind=walk.path,
        easing=walk.easing,
        loop=walk.loop,
        ping_pong=walk.ping_pong,
        even_pace=walk.even_pace,
    )


def encode_walk(
    generator: GanGenerator,
    walk: Walk,
    format: str,  # noqa: A002
    on_progress: Callable[[int], object] = lambda _: None,
    through: Callable[[Iterator[Image.Image]], Iterator[Image.Image]] = iter,
) -> bytes:
    """A walk as a file that carries it; the arguments and errors are those of `frames` and `video.encode`.

    The frames pass `through`, which may keep them, and end the walk early: the file is whole.
    """
    return encode(
        through(frames(generator, walk)),
        format,
        fps=walk.fps,
        size=walk.size,
        recipe=walk.to_json(),
        on_progress=on_progress,
    )

"""Walks: the recipe of a video, and its frames.

The page and the command both end here, so that the same walk gives the same bytes.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any

import torch
import tyro
from PIL import Image

from gan_hub import __version__, images
from gan_hub.generator import GanGenerator
from gan_hub.latents.paths import EASINGS, KINDS, MAX_FRAMES, Route
from gan_hub.loading.config import shorten
from gan_hub.recipes.containers import MAX_TEXT_BYTES, json_object, walk_text
from gan_hub.recipes.fields import Commit, Model, Switch, Version, check_itself, choice, command_choice, optional, whole
from gan_hub.recipes.keys import Key, Tracks, latents_of
from gan_hub.recipes.names import file_stem
from gan_hub.recipes.recipe import OTHER_FIELDS
from gan_hub.recipes.video import MAX_FPS, MAX_SIZE, MIN_SIZE, encode

MAX_KEYS = 64
MAX_TRACKS = 16

Fps = Annotated[int, whole(1, MAX_FPS)]
PathKind = Annotated[str, choice(KINDS), command_choice(KINDS)]
Easing = Annotated[str, choice(EASINGS), command_choice(EASINGS)]


@dataclass(frozen=True, kw_only=True)
class WalkOptions:
    """How a walk leads through its pictures, and how large and fast it is shown."""

    # Each option's name, type, bounds, default and help: `gan-hub interpolate` and recipes derive from them. Links of
    # the page have names, defaults and narrower bounds of their own, see `links.WalkState`.

    frames_per_leg: Annotated[int, whole(1, MAX_FRAMES), tyro.conf.arg(name="frames")] = 60
    """Frames from one picture to the next."""
    fps: Fps = 30
    """Frames a second."""
    path: PathKind = "slerp"
    """A straight line, an arc, or a smooth curve through all pictures."""
    easing: Easing = "linear"
    """How the walk leaves and reaches each picture."""
    loop: Switch = False
    """Go back to the first picture."""
    ping_pong: Switch = False
    """Go to the last picture and back. Not together with loop."""
    even_pace: Switch = False
    """Let successive frames differ equally before any easing."""
    size: Annotated[int, whole(MIN_SIZE, MAX_SIZE, even=True)] = 256
    """The longer side in pixels, to which pictures are enlarged; of a contact sheet, of each picture."""
    columns: Annotated[int | None, optional(whole(1, MAX_TRACKS))] = None
    """Columns of walks side by side; as square as possible if left out."""


@dataclass(frozen=True)
class Walk(WalkOptions):
    """One walk, or several side by side, all of as many keys.

    Attributes:
        model: public name: bundled, "org/name" on the Hub, or "folder:name" without the path to it.
        revision: commit on the Hub; None for the others.
        tracks: the keys of each walk, from 2 to `MAX_KEYS`; from 1 to `MAX_TRACKS` walks.
        version: of gan-hub.

    Raises:
        ValueError: a field is out of its bounds, or the walk would have more than `MAX_FRAMES` frames.
    """

    model: Model
    revision: Commit
    tracks: Tracks
    version: Version = __version__

    def __post_init__(self) -> None:
        """Check every field."""
        check_itself(self)
        lengths = {len(track) for track in self.tracks}
        if not 1 <= len(self.tracks) <= MAX_TRACKS or len(lengths) != 1 or not 2 <= max(lengths) <= MAX_KEYS:
            counts = shorten(", ".join(str(len(track)) for track in self.tracks) or "no", 40)
            raise ValueError(
                f"walks of {counts} keys are not possible; use from 1 to {MAX_TRACKS} walks of the same number of "
                f"keys, from 2 to {MAX_KEYS}"
            )
        if self.num_frames > MAX_FRAMES:  # also refuses a loop that goes to and fro
            raise ValueError(f"this walk has {self.num_frames:,} frames; at most {MAX_FRAMES:,} are possible")
        if len(self.to_json()) > MAX_TEXT_BYTES:
            raise ValueError("this walk has too many keys with long names; use fewer")

    @property
    def num_frames(self) -> int:
        """The number of frames of the whole walk."""
        route = Route(self.path, self.easing, closed=self.loop, ping_pong=self.ping_pong)
        return route.num_frames(len(self.tracks[0]), self.frames_per_leg)

    @property
    def seconds(self) -> float:
        """The length of the video."""
        return self.num_frames / self.fps

    def file_name(self, suffix: str) -> str:
        """Such as mnist-gan-walk-3-7-12.mp4."""
        seeds = "-".join("own" if key.seed is None else str(key.seed) for key in self.tracks[0])
        return f"{file_stem(self.model)}-walk-{seeds[:60].rstrip('-')}.{suffix}"

    def to_json(self) -> str:
        """The recipe that a file of the walk carries."""
        values: dict[str, Any] = {"model": self.model, "revision": self.revision}
        values["tracks"] = [[key.to_dict() for key in track] for track in self.tracks]
        values |= {field.name: getattr(self, field.name) for field in fields(WalkOptions)}
        return json.dumps({**values, "version": self.version})

    @classmethod
    def from_json(cls, text: str) -> "Walk":
        """Read a recipe written by a stranger.

        Raises:
            ValueError: not an object of exactly the known fields, each in its bounds.
        """
        if len(text) > MAX_TEXT_BYTES:
            raise ValueError(f"the recipe has {len(text):,} characters; at most {MAX_TEXT_BYTES:,} are read")
        values = json_object(text)
        if set(values) != {field.name for field in fields(cls)}:
            raise ValueError(OTHER_FIELDS)
        tracks = values.pop("tracks")
        if not isinstance(tracks, list) or not all(isinstance(track, list) for track in tracks):
            raise ValueError("the tracks in this recipe are not lists of keys")
        return cls(tracks=tuple(tuple(map(Key.from_dict, track)) for track in tracks), **values)


def read_walk(data: bytes) -> Walk:
    """The walk that a file of `encode_walk` carries, from a file that anyone may have made.

    Raises:
        ValueError: the file is of another kind, damaged, or without a valid recipe; the message says which.
    """
    return Walk.from_json(walk_text(data))


def frames(generator: GanGenerator, walk: Walk) -> Iterator[Image.Image]:
    """The frames of a walk, each made when it is asked for; a frame of several walks is a grid.

    Args:
        generator: the model of the walk, on any device.
        walk: its size is for `encode`; these frames have the generator's.

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
    z, labels = latents_of(generator, keys)
    return generator.interpolate(
        z,
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
    """A walk as a file that carries its recipe; arguments and errors are those of `frames` and `video.encode`.

    The frames pass `through`, which may keep copies, or end early: the file is then shorter, but whole.
    """
    return encode(
        through(frames(generator, walk)),
        format,
        fps=walk.fps,
        size=walk.size,
        recipe=walk.to_json(),
        on_progress=on_progress,
    )

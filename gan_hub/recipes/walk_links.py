"""The controls of the tab Interpolate as text in its URL: strictly parsed, every field bounded."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

from gan_hub.latents.paths import EASINGS, KINDS
from gan_hub.loading.config import shorten
from gan_hub.recipes.keys import Key
from gan_hub.recipes.links import number, read_query, switch, tab_of, to_query_string
from gan_hub.recipes.recipe import check_model, check_revision, whole_number
from gan_hub.recipes.video import FORMATS, MAX_FPS, MAX_GIF_FPS, MIN_SIZE
from gan_hub.recipes.walk import Walk

MAX_WALKS = 4  # side by side on the page
MAX_PAGE_KEYS = 16
MAX_PAGE_FRAMES = 2_000
MAX_PAGE_SIZE = 1_024
MAX_KEYS_LENGTH = 4_500  # three latents of 512 numbers, twenty-five of 64
WAYS = ("once", "loop", "ping-pong")

Tracks = tuple[tuple[Key, ...], ...]


@dataclass(frozen=True)
class WalkState:
    """The controls of the tab.

    Attributes:
        model: as in `Recipe`; None = the first one bundled.
        revision: branch, tag or commit; None = the newest.
        keys: as `parse_keys` reads them.
        frames: from one key to the next.
        fps: frames a second.
        kind: of path, of `paths.KINDS`; no field is called path, since Gradio takes whatever has one for a file.
        easing: of `paths.EASINGS`.
        way: of `WAYS`: to the last key, and from there to the first, or all the way back.
        even_pace: successive pictures differ equally.
        size: of the longer side, in pixels.
        columns: of walks side by side; 0 = as square as possible.
        format: of `video.FORMATS`.
    """

    model: str | None = None
    revision: str | None = None
    keys: str = "0,1,2,3"
    frames: int = 30
    fps: int = 30
    kind: str = "slerp"
    easing: str = "linear"
    way: str = "loop"
    even_pace: bool = True
    size: int = 384
    columns: int = 0
    format: str = "mp4"

    def walk(self, model: str, revision: str | None) -> Walk:
        """The walk of these controls.

        Args:
            model: public name.
            revision: commit.

        Raises:
            ValueError: it is not possible, or longer than the page makes.
        """
        walk = Walk(
            model=model,
            revision=revision,
            tracks=parse_keys(self.keys),
            frames_per_leg=self.frames,
            fps=self.fps,
            path=self.kind,
            easing=self.easing,
            loop=self.way == "loop",
            ping_pong=self.way == "ping-pong",
            even_pace=self.even_pace,
            size=self.size,
            columns=self.columns or None,
        )
        if walk.num_frames > MAX_PAGE_FRAMES:
            raise ValueError(
                f"this walk has {walk.num_frames:,} frames; the page makes up to {MAX_PAGE_FRAMES:,}, "
                "`gan-hub interpolate` more"
            )
        if self.format == "gif" and self.fps > MAX_GIF_FPS:
            raise ValueError(f"{self.fps} frames a second are too fast for a GIF; use up to {MAX_GIF_FPS}")
        return walk

    def to_query(self) -> str:
        """The URL's query string, "?tab=interpolate&model=..."; what is None is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return to_query_string({"tab": "interpolate", **values, "even_pace": int(self.even_pace)})

    @classmethod
    def from_query(cls, query: str) -> tuple["WalkState", list[str]]:
        """Read a query string typed by anyone; one of another tab gives the defaults. Otherwise as `PageState` does."""
        if tab_of(query) != "interpolate":
            return cls(), []
        values, problems = read_query(query, WALK_FIELDS)
        return cls(**values), problems

    @classmethod
    def from_walk(cls, walk: Walk, format: str = "mp4") -> "WalkState":  # noqa: A002  # as in `video.encode`
        """The controls that make a walk again.

        Raises:
            ValueError: the page can't show it: too many walks or keys, too long or too large.
        """
        state = cls(
            model=walk.model,
            revision=walk.revision,
            keys=check_keys(format_keys(walk.tracks)),
            frames=walk.frames_per_leg,
            fps=walk.fps,
            kind=walk.path,
            easing=walk.easing,
            way="loop" if walk.loop else "ping-pong" if walk.ping_pong else "once",
            even_pace=walk.even_pace,
            size=whole_number("size", walk.size, MIN_SIZE, MAX_PAGE_SIZE),
            columns=whole_number("columns", walk.columns or 0, 0, MAX_WALKS),
            format=format,
        )
        state.walk(walk.model, walk.revision)
        return state


def parse_keys(text: str, *, limited: bool = True) -> Tracks:
    """Keys from text such as "3,7:square,12::0.7": seed, class and truncation of each; ";" between walks.

    In place of a seed there may be a latent, as `latent_text` writes it. In the name of a class, what is no letter,
    digit, "_", "." or "-" is percent-encoded.

    Args:
        text: as anyone may have typed it.
        limited: whether more than the page shows is refused.

    Raises:
        ValueError: not of that form, or more than the page shows.
    """
    if limited and len(text) > MAX_KEYS_LENGTH:
        raise ValueError(f"the keys have {len(text):,} characters; at most {MAX_KEYS_LENGTH:,} are read")
    tracks = tuple(tuple(parse_key(part) for part in track.split(",")) for track in text.split(";"))
    lengths = {len(track) for track in tracks}
    too_many = len(tracks) > MAX_WALKS or len(lengths) != 1 or not 2 <= max(lengths) <= MAX_PAGE_KEYS
    if limited and too_many:
        counts = ", ".join(str(len(track)) for track in tracks)
        raise ValueError(
            f"walks of {shorten(counts, 40)} keys are not possible; the page shows up to {MAX_WALKS} walks of the same "
            f"number of keys, from 2 to {MAX_PAGE_KEYS}"
        )
    return tracks


def parse_key(text: str) -> Key:
    """One key, as `parse_keys` reads it."""
    match = re.fullmatch(r"\s*(?:([0-9]{1,10})|(z[^:]*))(?::([^:]*))?(?::([0-9.]{1,20}))?\s*", text, re.ASCII)
    truncation = number(match[4]) if match and match[4] else 1.0
    if not match or isinstance(truncation, str):
        raise ValueError(
            f"the key {shorten(repr(text), 40)} is not possible; write a seed such as 3, or with class and truncation "
            "3:round:0.7"
        )
    return Key(int(match[1]) if match[1] else None, unquote(match[3] or ""), truncation, match[2])


def format_key(key: Key) -> str:
    """The shortest text that `parse_key` reads as this key."""
    place = key.latent or str(key.seed)
    parts = [place, quote(key.label or "", safe=""), "" if key.truncation == 1 else f"{key.truncation:g}"]
    return ":".join(parts).rstrip(":")


def format_keys(tracks: Sequence[Sequence[Key]]) -> str:
    """The shortest text that `parse_keys` reads as these keys."""
    return ";".join(",".join(map(format_key, track)) for track in tracks)


def check_keys(value: object) -> str:
    """Return keys in their shortest form; raises ValueError as `parse_keys` does."""
    if not isinstance(value, str):
        raise ValueError(f"the keys {shorten(repr(value), 40)} are not possible; write them like 3,7,12")
    return format_keys(parse_keys(value))


def check_switch(name: str, value: object) -> bool:
    """Return a bool, else raise ValueError."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} {shorten(repr(value), 40)} is not possible; use true or false")
    return value


def check_size(value: object) -> int:
    """Return an even size in pixels that the page makes, else raise ValueError."""
    size = whole_number("size", value, MIN_SIZE, MAX_PAGE_SIZE)
    if size % 2:
        raise ValueError(f"size {size} is not possible; use an even number")
    return size


def _one_of(name: str, allowed: Sequence[str], value: object) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} {shorten(repr(value), 40)} is not possible; choose from: {', '.join(allowed)}")
    return value


CHECKS: dict[str, Callable[[Any], Any]] = {
    "model": check_model,
    "revision": check_revision,
    "keys": check_keys,
    "frames": lambda value: whole_number("frames", value, 1, MAX_PAGE_FRAMES),
    "fps": lambda value: whole_number("fps", value, 1, MAX_FPS),
    "kind": partial(_one_of, "kind", KINDS),
    "easing": partial(_one_of, "easing", tuple(EASINGS)),
    "way": partial(_one_of, "way", WAYS),
    "even_pace": partial(check_switch, "even_pace"),
    "size": check_size,
    "columns": lambda value: whole_number("columns", value, 0, MAX_WALKS),
    "format": partial(_one_of, "format", tuple(FORMATS)),
}
NUMBERS = ("frames", "fps", "size", "columns")
WALK_FIELDS: dict[str, Callable[[str], Any]] = {
    **CHECKS,
    **{name: (lambda text, check=CHECKS[name]: check(number(text))) for name in NUMBERS},  # type: ignore[misc]
    "even_pace": partial(switch, "even_pace"),
}

"""The controls of the page as text in its URL, which anyone may have typed: strictly parsed, every field bounded.

A state is a dataclass, one for each tab that has links; each of its fields is a key of the query string and says in its
type how it is checked, parsed and formatted. A link without `tab` is one of the tab Sample.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode

import torch

from gan_hub.editing.directions import MAX_NAME_LENGTH, METHODS, Directions, move
from gan_hub.generator import GanGenerator
from gan_hub.latents.seeds import MAX_SEED
from gan_hub.latents.text import latent_text
from gan_hub.loading.config import shorten
from gan_hub.recipes.fields import (
    MODEL,
    Field,
    Label,
    Revision,
    Seed,
    Switch,
    Truncation,
    canonical,
    checked,
    choice,
    fields_of,
    optional,
    whole,
)
from gan_hub.recipes.keys import Key, Tracks, format_key, format_keys, latents_of, parse_key, parse_keys
from gan_hub.recipes.recipe import Recipe, format_seeds
from gan_hub.recipes.video import FORMATS, MAX_GIF_FPS, MIN_SIZE
from gan_hub.recipes.walk import Easing, Fps, PathKind, Walk

MAX_QUERY_LENGTH = 6_000  # latents are long; browsers and servers take some more
MAX_QUERY_FIELDS = 50

MAX_COUNT = 64
MAX_COLUMNS = 16

DETAILS = ("auto", "100", "75", "50", "35", "25")  # per cent; auto depends on the photo's size

NUM_SLIDERS = 8
MAX_AMOUNT = 5.0
OWN = "model"  # the directions that lie beside the generator
DIRECTION_SOURCES = (OWN, *METHODS)
MAX_LINK_NAME = 24
MAX_NAMES_LENGTH = 600

MAX_WALKS = 4  # side by side on the page
MAX_PAGE_KEYS = 16
MAX_PAGE_FRAMES = 2_000
MAX_PAGE_SIZE = 1_024
MAX_KEYS_LENGTH = 4_500  # three latents of 512 numbers, twenty-five of 64
WAYS = ("once", "loop", "ping-pong")

State = TypeVar("State", bound="LinkState")


@dataclass(frozen=True)
class LinkState:
    """The controls of a tab that its links bring; the subclasses declare them."""

    tab: ClassVar[str]

    def to_query(self) -> str:
        """The URL's query string, "?tab=...&model=..."; what is None is left out, and so is the tab Sample."""
        return self._query(fields_of(type(self)))

    def _query(self, names: Sequence[str] | Mapping[str, Field]) -> str:
        values: dict[str, object] = {} if self.tab == "sample" else {"tab": self.tab}
        for name in names:
            if (value := getattr(self, name)) is not None:
                values[name] = fields_of(type(self))[name].format(value)
        return "?" + urlencode(values, safe="/:")

    @classmethod
    def from_query(cls: type[State], query: str) -> tuple[State, list[str]]:
        """Read a query string typed by anyone.

        Returns:
            the state, with its default for each field that is missing or not possible, and one sentence for each field
            that is not possible. Keys that are not ours are passed over: hosts add their own (`__theme`, `__sign`). All
            defaults for a link of another tab.
        """
        given, problems = _split(query)
        if given.get("tab", "sample") != cls.tab:
            return cls(), []
        values: dict[str, Any] = {}
        for name, field in fields_of(cls).items():
            if name in given:
                try:
                    values[name] = field.check(name, field.parse(given[name]))
                except ValueError as error:
                    problems.append(f"from the link: {error}")
        return cls(**values), problems

    @classmethod
    def check(cls: type[State], values: Mapping[str, object]) -> State:
        """The state of values from a program: a recipe, a request. A missing one is its default, others are ignored.

        Raises:
            ValueError: a value is not possible.
        """
        return cls(**checked(cls, values))


def tab_of(query: str) -> str | None:
    """The tab that a query string names, unchecked; None = none, which is Sample."""
    return _split(query)[0].get("tab")


def _split(query: str) -> tuple[dict[str, str], list[str]]:
    """The keys and texts of a query string, or none and a sentence; the first of a key counts."""
    if len(query) > MAX_QUERY_LENGTH:
        return {}, [f"the link has {len(query):,} characters; at most {MAX_QUERY_LENGTH:,} are read"]
    try:
        return dict(reversed(parse_qsl(query.removeprefix("?"), max_num_fields=MAX_QUERY_FIELDS))), []
    except ValueError:
        return {}, ["the link has too many fields to be one of this page"]


@dataclass(frozen=True)
class ModelState(LinkState):
    """The controls of a tab that shows one generator.

    Attributes:
        model: a bundled name such as mnist-gan, or org/name on the Hub; a link may leave it out.
        revision: branch, tag or commit on the Hub; empty for the newest.
    """

    model: Annotated[str | None, MODEL] = None
    revision: Revision = None


@dataclass(frozen=True)
class SampleState(ModelState):
    """The controls of the tab Sample.

    Attributes:
        seed: of the first picture, from 0 to 4294967295; the others follow it.
        count: pictures, from 1 to 64.
        columns: pictures in a row, from 1 to 16; of no effect in a ZIP.
        truncation: from 0 (the average picture) over 1 (as trained) to 2.
        label: class to show, by name; empty for each seed's own.
    """

    tab = "sample"

    seed: Seed = 0
    count: Annotated[int, whole(1, MAX_COUNT)] = 24
    columns: Annotated[int, whole(1, MAX_COLUMNS)] = 6
    truncation: Truncation = 1.0
    label: Label = None

    @classmethod
    def from_query(cls, query: str) -> tuple["SampleState", list[str]]:
        """Read a query string typed by anyone; the seed is its default too where the last picture would have none."""
        state, problems = super().from_query(query)
        try:
            state.check_last_seed()
        except ValueError as error:
            return replace(state, seed=cls.seed), [*problems, f"from the link: {error}"]
        return state, problems

    @classmethod
    def check(cls, values: Mapping[str, object]) -> "SampleState":
        """The state of values from a program, checked together too."""
        state = super().check(values)
        state.check_last_seed()
        return state

    def check_last_seed(self) -> None:
        """Raise ValueError if the last picture's seed would be too large."""
        if self.seed + self.count - 1 > MAX_SEED:
            last = MAX_SEED - self.count + 1
            raise ValueError(f"seed {self.seed} is not possible for {self.count} pictures; use up to {last}")

    @classmethod
    def from_recipe(cls, recipe: Recipe) -> "SampleState":
        """The controls that make the pictures of a recipe.

        Raises:
            ValueError: what the tab can't show: a picture without a seed, or a grid of seeds that don't follow one
                another, or too many.
        """
        if recipe.latent is not None:
            raise ValueError("this picture has a latent of its own and no seed; drop it on the tab Explore")
        first, count = recipe.seed, len(recipe.seeds)
        if recipe.seeds != tuple(range(first, first + count)) or count > MAX_COUNT:
            raise ValueError(
                f"this grid has the seeds {shorten(format_seeds(recipe.seeds), 40)}; the page shows up to {MAX_COUNT} "
                f"seeds that follow one another; use `gan-hub sample --seeds`"
            )
        columns = min(recipe.columns or 1, MAX_COLUMNS)
        return cls(recipe.model, recipe.revision, first, count, columns, recipe.truncation, recipe.label)


def check_detail(value: object) -> str:
    """Return one of `DETAILS`, else raise ValueError; 50, 50.0 and "50" are the same."""
    text = str(int(value)) if isinstance(value, (int, float)) and value in range(101) else value
    if not isinstance(text, str) or text not in DETAILS:
        raise ValueError(f"detail {shorten(repr(value), 40)} is not possible; choose from: {', '.join(DETAILS)}")
    return text


Detail = Annotated[str, Field(lambda _, value: check_detail(value))]


@dataclass(frozen=True)
class StylizeState(LinkState):
    """The controls of the tab Stylize that are in its links; the photo never is.

    Attributes:
        style: as a model's name in `Recipe`; None = the first bundled one.
        strength: per cent, from 0 to 100.
        keep_colors: whether the photo's colours stay.
        detail: one of `DETAILS`.
        seed: of the strokes.
    """

    tab = "stylize"

    style: Annotated[str | None, MODEL] = None
    strength: Annotated[int, whole(0, 100)] = 100
    keep_colors: Switch = False
    detail: Detail = "auto"
    seed: Seed = 0


@dataclass(frozen=True)
class PictureState(ModelState):
    """The controls of the tab Your picture that are in its links; the picture never is, what was found for it is.

    Attributes:
        label: the class to look in; None = the likeliest.
    """

    tab = "picture"

    label: Label = None


def parse_amounts(text: str) -> tuple[float, ...]:
    """Amounts along the first directions from text such as "1,0,-2.5"; those left out at the end are 0.

    Raises:
        ValueError: not of that form, or out of bounds.
    """
    values = [float(part) if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,6})?", part) else math.nan for part in _parts(text)]
    if len(values) > NUM_SLIDERS or not all(abs(value) <= MAX_AMOUNT for value in values):  # NaN fails the comparison
        raise ValueError(
            f"the amounts {shorten(repr(text), 40)} are not possible; write up to {NUM_SLIDERS} numbers from "
            f"-{MAX_AMOUNT:g} to {MAX_AMOUNT:g}, such as 1,0,-2.5"
        )
    return tuple(values)


def format_amounts(amounts: Sequence[float]) -> str:
    """The shortest text of amounts, rounded to hundredths."""
    texts = [f"{round(float(amount), 2) + 0.0:g}" for amount in amounts]
    while texts and texts[-1] == "0":
        texts.pop()
    return ",".join(texts)


def parse_names(text: str) -> tuple[str, ...]:
    """Names of the first directions from text such as "slant,,width"; an empty one leaves a direction its own name.

    What is no letter, digit, "_", "." or "-" is percent-encoded.

    Raises:
        ValueError: a name is too long or not printable, two are the same, or there are too many.
    """
    names = tuple(unquote(part) for part in _parts(text[: MAX_NAMES_LENGTH + 1]))
    given = [name for name in names if name]
    possible = all(len(name) <= MAX_LINK_NAME and name.isprintable() for name in given)
    if len(text) > MAX_NAMES_LENGTH or len(names) > NUM_SLIDERS or not possible or len(set(given)) < len(given):
        raise ValueError(
            f"the names {shorten(repr(text), 40)} are not possible; use up to {NUM_SLIDERS} different ones of up to "
            f"{MAX_LINK_NAME} printable characters"
        )
    return names


def format_names(names: Sequence[str]) -> str:
    """The shortest text of names."""
    return ",".join(quote(name, safe="") for name in names).rstrip(",")


def _parts(text: str) -> list[str]:
    return text.split(",") if text else []


def with_names(directions: Directions, names: Sequence[str]) -> Directions:
    """The first directions under a visitor's names, the others under their own.

    Raises:
        DirectionsError: two would have the same name.
    """
    own = directions.names
    both = [(name or known)[:MAX_NAME_LENGTH] for name, known in zip([*names, *[""] * len(own)], own)]
    return replace(directions, names=tuple(both))


@dataclass(frozen=True)
class ExploreState(ModelState):
    """The controls of the tab Explore; its links name a single picture as well, see `picture_link`.

    Attributes:
        key: seed, class and truncation of the picture, such as 7:square:0.8; in place of the seed there may be a
            latent, as /project returns it.
        method: sefa, ganspace, or model for the directions that lie beside the model; empty for the best there is.
        amounts: along the first eight directions, from -5 to 5, such as 1,0,-2.5.
        shown: number of the direction in the strip, from 1.
        names: for the directions, such as slant,,width; percent-encoded.
    """

    tab = "explore"

    key: Annotated[str, canonical("key", parse_key, format_key)] = "0"
    method: Annotated[str | None, optional(choice(DIRECTION_SOURCES))] = None
    amounts: Annotated[str, canonical("amounts", parse_amounts, format_amounts)] = ""
    shown: Annotated[int, whole(1, NUM_SLIDERS)] = 1
    names: Annotated[str, canonical("names", parse_names, format_names)] = ""

    def to_query(self) -> str:
        """The URL's query string, "?tab=explore&model=...&key=..."; what is the default is left out, but the key."""
        changed = [name for name in fields_of(type(self)) if getattr(self, name) != getattr(type(self), name)]
        return self._query(list(dict.fromkeys(["model", "key", *changed])))

    def moved(self, generator: GanGenerator, directions: Directions, amounts: Sequence[float] | None = None) -> Key:
        """The picture after all moves; the key itself, seed and all, where nothing moves it.

        Args:
            generator: of the model.
            directions: of the generator.
            amounts: in place of those of the controls.

        Raises:
            ValueError: the key is not one of this generator.
        """
        key = parse_key(self.key)
        steps = list(parse_amounts(self.amounts) if amounts is None else amounts)[: len(directions)]
        if not any(steps):
            return key
        z, labels = latents_of(generator, [key])
        z = move(z, directions, torch.tensor(steps + [0.0] * (len(directions) - len(steps))))
        return Key(None, generator.class_names[labels[0]] if labels else None, latent=latent_text(z[0]))


def picture_link(model: str, revision: str | None, key: Key) -> str:
    """The link that names one picture, as `read_picture_link` reads it."""
    return ExploreState(model, revision, format_key(key)).to_query()


def read_picture_link(link: object) -> tuple[str, str | None, Key]:
    """Model, revision and key of the picture that a link names.

    Raises:
        ValueError: it names none.
    """
    state, problems = ExploreState.from_query(link if isinstance(link, str) else "")
    if problems or state.model is None:
        raise ValueError("make a picture first, or choose one")
    return state.model, state.revision, parse_key(state.key)


def parse_page_keys(text: str) -> Tracks:
    """Keys as `parse_keys` reads them, as many as the page shows; raises ValueError for more."""
    if len(text) > MAX_KEYS_LENGTH:
        raise ValueError(f"the keys have {len(text):,} characters; at most {MAX_KEYS_LENGTH:,} are read")
    tracks = parse_keys(text)
    lengths = {len(track) for track in tracks}
    if len(tracks) > MAX_WALKS or len(lengths) != 1 or not 2 <= max(lengths) <= MAX_PAGE_KEYS:
        counts = ", ".join(str(len(track)) for track in tracks)
        raise ValueError(
            f"walks of {shorten(counts, 40)} keys are not possible; the page shows up to {MAX_WALKS} walks of the same "
            f"number of keys, from 2 to {MAX_PAGE_KEYS}"
        )
    return tracks


KEYS = canonical("keys", parse_page_keys, format_keys)


def check_keys(value: object) -> str:
    """Return the keys of a walk on the page in their shortest form; raises ValueError as `parse_page_keys` does."""
    text: str = KEYS.check("keys", value)
    return text


SAME_OPTIONS = ("fps", "easing", "even_pace", "size")  # of `WalkOptions`, which have the same name and form in links


@dataclass(frozen=True)
class WalkState(ModelState):
    """The controls of the tab Interpolate: a walk's options under the names of links, in the bounds of the page.

    Attributes:
        keys: seed, class and truncation of each picture to walk through, such as 3,7:square,12::0.7; up to four walks
            side by side with ; between them; names of classes percent-encoded.
        frames: from one picture to the next; up to 2000 in all.
        fps: frames a second, from 1 to 60.
        kind: of path: lerp, slerp or cubic.
        easing: linear, ease_in_out or linger.
        way: once, loop (back to the first picture), or ping-pong (to the last one and back).
        even_pace: let successive frames differ equally, before any easing.
        size: of the longer side in pixels, even, from 16 to 1024; of a contact sheet, of each picture.
        columns: of walks side by side; 0 = as square as possible.
        format: mp4, webp, gif, zip for single frames, or png for a contact sheet.
    """

    # No field is called path, as it is in `WalkOptions`: Gradio takes whatever has one for a file.
    tab = "interpolate"

    keys: Annotated[str, KEYS] = "0,1,2,3"
    frames: Annotated[int, whole(1, MAX_PAGE_FRAMES)] = 30
    fps: Fps = 30
    kind: PathKind = "slerp"
    easing: Easing = "linear"
    way: Annotated[str, choice(WAYS)] = "loop"
    even_pace: Switch = True
    size: Annotated[int, whole(MIN_SIZE, MAX_PAGE_SIZE, even=True)] = 384
    columns: Annotated[int, whole(0, MAX_WALKS)] = 0
    format: Annotated[str, choice(FORMATS)] = "mp4"

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
            tracks=parse_page_keys(self.keys),
            frames_per_leg=self.frames,
            path=self.kind,
            loop=self.way == "loop",
            ping_pong=self.way == "ping-pong",
            columns=self.columns or None,
            **{name: getattr(self, name) for name in SAME_OPTIONS},
        )
        if walk.num_frames > MAX_PAGE_FRAMES:
            raise ValueError(
                f"this walk has {walk.num_frames:,} frames; the page makes up to {MAX_PAGE_FRAMES:,}, "
                "`gan-hub interpolate` more"
            )
        if self.format == "gif" and self.fps > MAX_GIF_FPS:
            raise ValueError(f"{self.fps} frames a second are too fast for a GIF; use up to {MAX_GIF_FPS}")
        return walk

    @classmethod
    def from_walk(cls, walk: Walk, format: str = "mp4") -> "WalkState":  # noqa: A002  # as in `video.encode`
        """The controls that make a walk again.

        Raises:
            ValueError: the page can't show it: too many walks or keys, too long or too large.
        """
        values = {
            **vars(walk),
            "keys": format_keys(walk.tracks),
            "frames": walk.frames_per_leg,
            "kind": walk.path,
            "way": "loop" if walk.loop else "ping-pong" if walk.ping_pong else "once",
            "columns": walk.columns or 0,
            "format": format,
        }
        state = cls.check(values)
        state.walk(walk.model, walk.revision)
        return state

"""Pictures along a path through latents, a batch at a time, so that a walk of any length fits into memory."""

from collections.abc import Callable, Iterator

from torch import Tensor

from gan_hub.latents.labels import Labels, class_weights, label_tensor
from gan_hub.latents.paths import even_pace, points, timeline
from gan_hub.latents.seeds import truncate
from gan_hub.loading.config import GeneratorConfig

MAX_FRAMES = 10_000


def pictures_along(
    generate: Callable[[Tensor, Tensor | None], Tensor],
    keys: Tensor,
    labels: Labels,
    *,
    config: GeneratorConfig,
    batch_size: int,
    num_frames: int,
    truncation: float,
    kind: str,
    easing: str,
    loop: bool,
    ping_pong: bool,
    evenly: bool,
) -> Iterator[Tensor]:
    """What `GanGenerator.interpolate` gives.

    Args:
        generate: from latents [N, latent_dim] and weights [N, num_classes] to pictures [N, C, H, W].
        keys: [K, latent_dim], at least two.
        labels: of the keys; None = each key's own.
        config: of the generator.
        batch_size: pictures made at a time.
        num_frames: from 1 to `MAX_FRAMES`.
        truncation: of the keys.
        kind: of the path, as `easing`, `loop` and `ping_pong`.
        easing: from key to key.
        loop: back to the first key.
        ping_pong: to and fro.
        evenly: pace it by the pictures.

    Raises:
        ValueError: an argument is out of its range. Raised at once.
    """
    if keys.ndim != 2 or keys.shape[1] != config.latent_dim or len(keys) < 2:
        raise ValueError(
            f"the keys have the shape {list(keys.shape)}; give two or more seeds, or latents [K, {config.latent_dim}]"
        )
    if isinstance(num_frames, bool) or not isinstance(num_frames, int) or not 1 <= num_frames <= MAX_FRAMES:
        raise ValueError(f"{num_frames!r} frames are not possible; use a whole number from 1 to {MAX_FRAMES:,}")
    hard_or_soft = label_tensor(labels, keys, config.num_classes)
    weights = None if hard_or_soft is None else class_weights(hard_or_soft, config.num_classes)
    z_keys = truncate(keys.cpu().float(), truncation, num_categories=config.num_categories)
    places = timeline(z_keys, num_frames, kind=kind, easing=easing, closed=loop, ping_pong=ping_pong)

    def paint(places: Tensor) -> Iterator[Tensor]:
        for batch in places.split(batch_size):
            z = points(z_keys, batch, kind=kind, closed=loop, num_categories=config.num_categories)
            mixed = None if weights is None else points(weights, batch, kind="lerp", closed=loop)
            yield from generate(z, mixed)

    def walk() -> Iterator[Tensor]:
        paced = places
        if evenly and num_frames > 1:
            paced = even_pace(paint, len(z_keys), num_frames, easing=easing, closed=loop, ping_pong=ping_pong)
        yield from paint(paced)

    return walk()

"""What a walk of 120 frames costs as an MP4 of 256 x 256, forward passes included, and what else it could cost.

    python -m benchmarks.interpolation

The target is 1.5 s on two cores. The encoders take turns on the same frames; medians. PSNR is of the luma, over all
frames and of the worst one: what is lost beside the enlarged pixels themselves.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import av
import imageio
import numpy as np
from PIL import Image

from benchmarks.measuring import Cost, in_turns, machine, median, print_header, print_row, start
from gan_hub import GanGenerator, images
from gan_hub.recipes import video
from gan_hub.recipes.keys import Key
from gan_hub.recipes.names import public_name
from gan_hub.recipes.walk import Walk, encode_walk, frames

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
TUNES = ("", "animation", "stillimage")
FPS, SIZE = 30, 256


@dataclass(frozen=True)
class Options:
    """Measure walks."""

    model: str = "mnist-gan"
    num_frames: int = 120
    repeats: int = 5


def main(options: Options) -> None:
    """Measure and print the tables."""
    generator = GanGenerator.from_pretrained(options.model)
    tracks = ((Key(3), Key(7)),)
    leg = options.num_frames // 2
    walk = Walk(public_name(generator), generator.revision, tracks, frames_per_leg=leg, fps=FPS, ping_pong=True)
    drawn = [images.over_white(frame) for frame in frames(generator, walk)]
    plan = video.Plan(FPS, *images.fitted(drawn[0].size, SIZE), "")
    print(f"{options.model}, {len(drawn)} frames of {SIZE} x {SIZE}, {options.repeats} rounds; {machine()}\n")

    print_header("from the walk to the file", "median s", "CPU s", "kB")
    whole: dict[str, Callable[[], bytes]] = {
        name: lambda name=name: encode_walk(generator, walk, name)  # type: ignore[misc]
        for name in video.FORMATS
    }
    whole["forward passes alone"] = lambda: b"".join(b"" for _ in frames(generator, walk))
    for name, costs in in_turns(whole, options.repeats).items():
        print_row(name, *cells(costs))

    wanted = [yuv(frame, plan)[: plan.size[1]].astype(float) for frame in drawn]
    print()
    print_header("MP4 from the same frames", "median s", "CPU s", "kB", "PSNR dB", "worst")
    for name, costs in in_turns(encoders(drawn, plan), options.repeats).items():
        print_row(name, *cells(costs), *(f"{value:.1f}" for value in psnr(costs[-1].result, wanted)))


def cells(costs: Sequence[Cost]) -> list[str]:
    """Median wall and processor time, and the size of the file."""
    wall, cpu = median([each.wall for each in costs]), median([each.cpu for each in costs])
    return [f"{wall:.3f}", f"{cpu:.3f}", f"{len(costs[-1].result) / 1000:.0f}"]


def encoders(drawn: list[Image.Image], plan: video.Plan) -> dict[str, Callable[[], bytes]]:
    """The default and what could replace it."""
    default = dict(video.H264)
    others: dict[str, Callable[[], bytes]] = {
        "default": lambda: video.encode(drawn, "mp4", fps=FPS, size=SIZE),
        "default, two threads": lambda: encoded(drawn, plan, default, threads=2),
        "default, converted by swscale": lambda: encoded(drawn, plan, default, convert=swscale),
        "imageio with PyAV": lambda: through_imageio(drawn, plan),
    }
    for crf in ("12", "23"):
        others[f"default, crf {crf}"] = lambda crf=crf: encoded(drawn, plan, {**default, "crf": crf})  # type: ignore[misc]
    for preset in PRESETS:
        for tune in TUNES:
            settings = {"preset": preset, "crf": "18"} | ({"tune": tune} if tune else {})
            others[f"{preset} {tune}".strip()] = lambda settings=settings: encoded(drawn, plan, settings)  # type: ignore[misc]
    return others


def yuv(frame: Image.Image, plan: video.Plan) -> np.ndarray:
    """The planes as the default computes them."""
    return video.yuv420p(np.asarray(frame), plan)


def by_numpy(frame: Image.Image, plan: video.Plan) -> av.VideoFrame:
    """Converted, then enlarged."""
    return av.VideoFrame.from_ndarray(yuv(frame, plan), "yuv420p")


def swscale(frame: Image.Image, plan: video.Plan) -> av.VideoFrame:
    """Enlarged, then converted by FFmpeg."""
    return av.VideoFrame.from_ndarray(rgb(frame, plan), "rgb24").reformat(format="yuv420p")


def rgb(frame: Image.Image, plan: video.Plan) -> np.ndarray:
    """The enlarged pixels."""
    return np.ascontiguousarray(np.asarray(frame.convert("RGB"))[plan.rows][:, plan.columns])


def encoded(
    drawn: list[Image.Image],
    plan: video.Plan,
    settings: dict[str, str],
    *,
    threads: int = 1,
    convert: Callable[[Image.Image, video.Plan], av.VideoFrame] = by_numpy,
) -> bytes:
    """An MP4 with other settings."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height = plan.size
        stream.pix_fmt = "yuv420p"
        stream.options = settings
        stream.codec_context.thread_count = threads
        for i, frame in enumerate(drawn):
            picture = convert(frame, plan)
            picture.pts = i
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def through_imageio(drawn: list[Image.Image], plan: video.Plan) -> bytes:
    """What one writes without a thought; neither preset nor quality can be chosen."""
    buffer = io.BytesIO()
    with imageio.v3.imopen(buffer, "w", plugin="pyav", extension=".mp4") as file:
        file.init_video_stream("libx264", fps=FPS, pixel_format="yuv420p")
        for frame in drawn:
            file.write_frame(rgb(frame, plan))
    return buffer.getvalue()


def psnr(data: bytes, wanted: list[np.ndarray]) -> tuple[float, float]:
    """Of the luma, in dB: over all frames, and of the worst."""

    def luma() -> Iterator[np.ndarray]:
        with av.open(io.BytesIO(data)) as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray()[: frame.height]

    errors = [float(((a - b) ** 2).mean()) for a, b in zip(luma(), wanted)]
    return tuple(10 * np.log10(219**2 / max(error, 1e-9)) for error in (np.mean(errors), max(errors)))


if __name__ == "__main__":
    start(main, one_thread=False)

"""How long the page takes for 16 pictures, over an empty event of the same process.

    python -m benchmarks.page

Raw HTTP with one kept-alive connection, as a browser does it; the two events take turns, and medians are compared.
"""

import statistics
import time
from dataclasses import dataclass

import gradio as gr
import httpx2
import tyro

from benchmarks.machine import machine
from gan_hub.page import launch


@dataclass(frozen=True)
class Options:
    """Measure the page."""

    model: str = "mnist-gan"
    count: int = 16
    """Pictures a call."""
    repeats: int = 100
    """Calls of each event."""


def echo(value: str) -> str:
    """Return the value: what Gradio, the queue and HTTP cost without any work."""
    return value


def round_trip(client: httpx2.Client, name: str, arguments: list[object]) -> float:
    """Milliseconds from the request to the end of the event's stream."""
    started = time.perf_counter()
    event = client.post(f"/gradio_api/call/{name}", json={"data": arguments}).json()["event_id"]
    stream = client.get(f"/gradio_api/call/{name}/{event}").text
    elapsed = (time.perf_counter() - started) * 1000
    if "event: complete" not in stream:
        raise RuntimeError(f"{name} did not complete: {stream[:300]}")
    return elapsed


def measure(model: str, count: int, repeats: int) -> dict[str, list[float]]:
    """Round trips of both events in turns, in milliseconds, after a warm-up of a tenth as many."""
    demo = launch.build_demo()
    with demo:
        gr.api(echo, api_name="echo")
    _, url, _ = demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch.launch_options())
    times: dict[str, list[float]] = {"sample": [], "echo": []}
    try:
        with httpx2.Client(base_url=url, timeout=60) as client:
            for repeat in range(-(repeats // 10) - 1, repeats):
                # A new seed each time: nothing is served from an earlier call.
                sample: list[object] = [model, "", 1000 * (repeat + repeats), count, 4, 1.0, ""]
                calls: dict[str, list[object]] = {"sample": sample, "echo": ["hello"]}
                for name, arguments in calls.items():
                    elapsed = round_trip(client, name, arguments)
                    if repeat >= 0:
                        times[name].append(elapsed)
    finally:
        demo.close()
    return times


def main(options: Options) -> None:
    """Measure and print the table."""
    times = measure(options.model, options.count, options.repeats)
    print(f"{options.model}, {options.count} pictures, n = {options.repeats}, gradio {gr.__version__}; {machine()}\n")
    print("| event | median ms | 10 % | 90 % |\n|---|---|---|---|")
    for name, values in times.items():
        deciles = statistics.quantiles(values, n=10)
        print(f"| {name} | {statistics.median(values):.1f} | {deciles[0]:.1f} | {deciles[-1]:.1f} |")
    difference = statistics.median(a - b for a, b in zip(times["sample"], times["echo"]))
    print(f"| sample less echo | {difference:.1f} | | |")


if __name__ == "__main__":
    main(tyro.cli(Options))

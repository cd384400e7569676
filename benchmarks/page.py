"""How long the page takes for 16 pictures, over an empty event of the same process.

    python -m benchmarks.page

Raw HTTP with one kept-alive connection, as a browser does it; the two events take turns, and medians are compared.
"""

import itertools
import statistics
from dataclasses import dataclass

import gradio as gr
import httpx2

from benchmarks.measuring import in_turns, machine, median, print_header, print_row, start
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


def call(client: httpx2.Client, name: str, arguments: list[object]) -> None:
    """Send an event, and wait for the end of its stream."""
    event = client.post(f"/gradio_api/call/{name}", json={"data": arguments}).json()["event_id"]
    stream = client.get(f"/gradio_api/call/{name}/{event}").text
    if "event: complete" not in stream:
        raise RuntimeError(f"{name} did not complete: {stream[:300]}")


def measure(model: str, count: int, repeats: int) -> dict[str, list[float]]:
    """Milliseconds from request to end of both events in turns, after a warm-up of a tenth as many."""
    demo = launch.build_demo()
    with demo:
        gr.api(echo, api_name="echo")
    _, url, _ = demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch.launch_options())
    seeds = itertools.count(0, 1000)  # a new one each time: nothing is served from an earlier call
    try:
        with httpx2.Client(base_url=url, timeout=60) as client:
            events = {
                "sample": lambda: call(client, "sample", [model, "", next(seeds), count, 4, 1.0, ""]),
                "echo": lambda: call(client, "echo", ["hello"]),
            }
            costs = in_turns(events, repeats, repeats // 10 + 1)
    finally:
        demo.close()
    return {name: [1000 * each.wall for each in found] for name, found in costs.items()}


def main(options: Options) -> None:
    """Measure and print the table."""
    times = measure(options.model, options.count, options.repeats)
    print(f"{options.model}, {options.count} pictures, n = {options.repeats}, gradio {gr.__version__}; {machine()}\n")
    print_header("event", "median ms", "10 %", "90 %")
    for name, values in times.items():
        deciles = statistics.quantiles(values, n=10)
        print_row(name, *(f"{value:.1f}" for value in (median(values), deciles[0], deciles[-1])))
    difference = median([a - b for a, b in zip(times["sample"], times["echo"])])
    print_row("sample less echo", f"{difference:.1f}", "", "")


if __name__ == "__main__":
    start(main, one_thread=False)

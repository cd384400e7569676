"""The line about machine and versions that stands beside every figure."""

import os

from gan_hub.training.loop.environment import hardware, versions


def machine() -> str:
    """Processor, threads, load and versions in one line."""
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    return f"{hardware()}, {load}; " + ", ".join(f"{name} {value}" for name, value in versions().items())

"""The page under load and faults, as commands: `python -m tests.stress.load callers --clients 200 --requests 1000`."""

import importlib
import os
import sys
import tempfile

import tyro

# Before anything imports huggingface_hub, which reads them once: the tests bring their own Hub and their own cache.
os.environ.update(
    HF_ENDPOINT="http://127.0.0.1:9",
    HF_HOME=tempfile.mkdtemp(prefix="gan-hub-load-"),
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_XET="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
)
os.environ.pop("HF_TOKEN", None)

COMMANDS = {
    "callers": "Callers",
    "soak": "Soak",
    "overload": "Overload",
    "swap": "Swap",
    "memory": "Memory",
    "cancel": "Cancel",
    "outage": "Outage",
    "liveness": "Lively",
    "restart": "Restart",
    "golden": "Golden",
}


def main(arguments: list[str] | None = None) -> bool:
    """Run the command that the first argument names; returns whether everything passed."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] not in COMMANDS:
        sys.exit(f"usage: python -m tests.stress.load {{{','.join(COMMANDS)}}} [--help]")
    module = importlib.import_module(f"tests.stress.load.{arguments[0]}")
    options = tyro.cli(getattr(module, COMMANDS[arguments[0]]), args=arguments[1:])
    return bool(module.main(options))


if __name__ == "__main__":
    sys.exit(0 if main() else 1)

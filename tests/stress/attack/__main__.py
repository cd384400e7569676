"""The attacks as commands: `python -m tests.stress.attack images --n 1000 --seed 0`."""

import importlib
import os
import sys
import tempfile

import tyro

# Before anything imports huggingface_hub, which reads them once: nobody is asked, and the cache is an empty one.
os.environ.update(
    HF_ENDPOINT="http://127.0.0.1:9",
    HF_HOME=tempfile.gettempdir() + "/gan-hub-attack",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_XET="1",
)
os.environ.pop("HF_TOKEN", None)

COMMANDS = {
    "images": "Images",
    "doors": "Doors",
    "metadata": "Metadata",
    "modes": "Modes",
    "repos": "Repos",
    "deputy": "Deputy",
    "ids": "Ids",
    "probes": "Probes",
    "disk": "Disk",
    "api": "Api",
}


def main(arguments: list[str] | None = None) -> bool:
    """Run the command that the first argument names; returns whether everything passed."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] not in COMMANDS:
        sys.exit(f"usage: python -m tests.stress.attack {{{','.join(COMMANDS)}}} [--help]")
    module = importlib.import_module(f"tests.stress.attack.{arguments[0]}")
    options = tyro.cli(getattr(module, COMMANDS[arguments[0]]), args=arguments[1:])
    return bool(module.main(options))


if __name__ == "__main__":
    sys.exit(0 if main() else 1)

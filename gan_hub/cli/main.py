"""The command `gan-hub`: the table of its commands."""

import sys
from collections.abc import Callable, Sequence

import tyro

from gan_hub.cli.app import app
from gan_hub.cli.generate import directions, interpolate, project, sample
from gan_hub.cli.hub import convert, export, halve, list_models, push
from gan_hub.cli.measure import check_data, curves, evaluate
from gan_hub.cli.stylize import stylize
from gan_hub.hub import http_client

COMMANDS: dict[str, Callable[..., None]] = {
    "sample": sample,
    "stylize": stylize,
    "interpolate": interpolate,
    "directions": directions,
    "project": project,
    "check-data": check_data,
    "evaluate": evaluate,
    "curves": curves,
    "halve": halve,
    "export": export,
    "push": push,
    "list": list_models,
    "convert": convert,
    "app": app,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an error that has a reason is one sentence on stderr and exit code 2."""
    http_client.install()
    try:
        tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog="gan-hub",
            description="Pictures from GANs, and paintings from photos.",
            args=arguments,
        )
    except (ValueError, OSError) as error:
        print(f"gan-hub: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)

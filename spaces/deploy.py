"""Puts a playground online: `python spaces/deploy.py you/playground` is `gan-hub deploy you/playground`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # the library of this checkout

    from gan_hub.cli.main import main

    main(["deploy", *sys.argv[1:]])

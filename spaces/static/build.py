"""Builds the static page: `python spaces/static/build.py --models mnist-gan monet --out site/`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])  # the library of this checkout

    from gan_hub.deploy.static_site import main

    main()

"""The page: `python app.py` opens it, with the options of `gan-hub app`; also what a Hugging Face Space runs.

Nothing is built at import.
"""

import os
import sys

if os.environ.get("SPACES_ZERO_GPU"):
    import spaces  # noqa: F401  # ZeroGPU lends GPUs to programs that import this before torch

from gan_hub.cli.main import main

if __name__ == "__main__":
    main(["app", *sys.argv[1:]])

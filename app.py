"""The page: `python app.py` opens it, with the options of `gan-hub app`; also what a Hugging Face Space runs.

Nothing is built at import.
"""

import sys

from gan_hub.cli import main

if __name__ == "__main__":
    main(["app", *sys.argv[1:]])

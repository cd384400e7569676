"""Files that a deployment copies: from the installed package, or from the checkout that the package is in.

The wheel holds them beside this module (`force-include` in pyproject.toml); a checkout has them where they are edited.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent  # gan_hub/
INSTALLED = Path(__file__).resolve().parent / "resources"
IN_CHECKOUT = {
    "app.py": "app.py",
    "LICENSE": "LICENSE",
    "constraints.txt": "constraints.txt",
    "Dockerfile": "spaces/Dockerfile",
    "static": "spaces/static",
}


def resource(name: str) -> Path:
    """A file or folder of `IN_CHECKOUT`.

    Raises:
        FileNotFoundError: neither the package nor a checkout has it.
    """
    found = [path for path in (INSTALLED / name, PACKAGE.parent / IN_CHECKOUT[name]) if path.exists()]
    if not found:
        raise FileNotFoundError(f"this installation of gan-hub lacks {name}; install it again")
    return found[0]

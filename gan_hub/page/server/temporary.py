"""The folder for visitors' files, and the sweep that deletes the old ones.

Gradio deletes the files that it knows. It does not know files of a killed server, of uploads that broke off, and of
visitors who left before their result was ready.
"""

import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

KEEP_SECONDS = 3600
SWEEP_SECONDS = 600.0
FOLDER = "gan-hub-page"
VARIABLE = "GRADIO_TEMP_DIR"


def use_own_folder() -> Path:
    """Make Gradio write its files into a folder that belongs to the page alone, and sweep it from now on.

    The folder is below `GRADIO_TEMP_DIR`, or else below the folder for temporary files, with the user's number.

    Raises:
        ValueError: someone else owns a folder of that name.
    """
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    parent = os.environ.get(VARIABLE)
    folder = Path(parent) / FOLDER if parent else Path(tempfile.gettempdir()) / f"{FOLDER}{user}"
    if folder.parent.name != FOLDER:  # a second page of the process has it already
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        folder = folder.parent
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        raise ValueError(f"someone else owns {folder}; set {VARIABLE} to a folder of yours")
    os.environ[VARIABLE] = str(folder)
    threading.Thread(target=_keep_swept, args=(folder,), daemon=True, name="sweep").start()
    return folder


def sweep(folder: Path, keep_seconds: float = KEEP_SECONDS) -> int:
    """Delete files that were not touched for `keep_seconds`, and empty folders; returns the number of deleted files."""
    oldest = time.time() - keep_seconds
    count = 0
    for root, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(root) / name
            with suppress(OSError):  # someone else was faster
                status = path.lstat()
                if max(status.st_mtime, status.st_ctime) < oldest:
                    path.unlink()
                    count += 1
        with suppress(OSError):  # not empty, or new
            if Path(root) != folder and Path(root).stat().st_mtime < oldest:
                Path(root).rmdir()
    return count


def _keep_swept(folder: Path) -> None:
    while True:
        sweep(folder)
        time.sleep(SWEEP_SECONDS)

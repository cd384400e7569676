"""Visitors' files: in a folder of the page's own, which is swept of what any run of the page has left there.

Gradio deletes the files that it knows of. It does not know of what a killed server left, of uploads that broke off, and
of what was made for someone who had gone.
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
    """Let Gradio put its files into a folder that is only the page's, and sweep it from now on.

    It lies below `GRADIO_TEMP_DIR`, or else in a folder for temporary files that bears the user's number.

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
    """Delete what nobody has touched for so long, and folders that are empty then; returns how many files went."""
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

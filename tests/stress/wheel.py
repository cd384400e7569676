"""The wheel, installed without a checkout: `python -m tests.stress.wheel`.

It builds the wheel, installs it into an empty environment that finds the dependencies of the present one but not the
checkout, and runs from an empty folder what the README promises of `pip install`: the page, pictures, a deployment, and
the four trainings. It prints `N passed / N` and exits with 1 if something failed.
"""

import gzip
import os
import signal
import struct
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
import zipfile
from pathlib import Path

import httpx2
import numpy as np
from PIL import Image

from tests.support.page_server import free_port

ROOT = Path(__file__).parents[2]
RESOURCES = ("app.py", "LICENSE", "constraints.txt", "Dockerfile", "static/index.html", "static/vendor.json")
STYLE = (
    "--preset", "sketch", "--photos", "photos", "--style_image", "painting.png",
    "--widths", "6", "8", "--discriminator_widths", "8", "8",
    "--photo_sides", "64", "70", "--crop_size", "32", "--train_batch_size", "2", "--max_train_steps", "4",
    "--output_dir", "style",
)  # fmt: skip
COMMANDS: dict[str, tuple[str, ...]] = {
    "pictures": ("gan-hub", "sample", "mnist-gan", "--seeds", "0-3", "--out", "pictures.png"),
    "a painting": ("gan-hub", "stylize", "monet", "painting.png", "--out", "painted"),
    "a deployment": ("gan-hub", "deploy", "you/x", "--models", "mnist-gan", "--docker", "--dry_run", "--out", "space"),
    "a GAN": (
        "accelerate", "launch", "-m", "gan_hub.training", "--preset", "tiny", "--max_train_steps", "4",
        "--output_dir", "tiny", "--evaluation_steps", "-1",
    ),
    "a style": ("accelerate", "launch", "-m", "gan_hub.training.style", *STYLE),
    "an encoder": (
        "accelerate", "launch", "-m", "gan_hub.training.encoder", "--model", "tiny", "--max_train_steps", "4",
        "--train_batch_size", "8", "--output_dir", "encoded",
    ),
    "a classifier": (
        "accelerate", "launch", "-m", "gan_hub.training.classifier", "--data_dir", "data", "--num_epochs", "1",
        "--train_batch_size", "32", "--output_dir", "features",
    ),
    "its own pictures": ("gan-hub", "sample", "tiny", "--seeds", "0-3", "--out", "mine.zip"),
}  # fmt: skip


def build(folder: Path) -> Path:
    """Build the wheel of this checkout with the hatchling that is installed."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def environment_of(wheel: Path, folder: Path) -> Path:
    """An environment with the wheel, and with the libraries of the present one; returns its folder of programs."""
    venv.create(folder, with_pip=False)
    (site,) = (folder / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # Without the .pth files of that folder, one of which leads to this checkout.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    programs = folder / "bin"
    for name, module in (("gan-hub", "gan_hub.cli.main"), ("accelerate", "accelerate.commands.accelerate_cli")):
        program = programs / name
        program.write_text(f"#!{programs / 'python'}\nfrom {module} import main\n\nmain()\n")
        program.chmod(0o755)
    return programs


def draw_data(folder: Path) -> None:
    """Photos, a painting, and digits in the IDX format, all of random pixels."""
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for path in (folder / "photos" / "1.png", folder / "photos" / "2.png", folder / "painting.png"):
        small = Image.fromarray(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8))
        small.resize((120, 90), Image.Resampling.BICUBIC).save(path)
    (folder / "data").mkdir()
    for split, count in (("train", 320), ("t10k", 64)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = rng.integers(0, 255, (count, 28, 28), dtype=np.uint8) // 4 + 18 * labels[:, None, None]
        head = struct.pack(">4i", 0x803, count, 28, 28), struct.pack(">2i", 0x801, count)
        for name, data in (("images-idx3", head[0] + images.tobytes()), ("labels-idx1", head[1] + labels.tobytes())):
            (folder / "data" / f"{split}-{name}-ubyte.gz").write_bytes(gzip.compress(data, 1))


def page_answers(programs: Path, folder: Path, environment: dict[str, str]) -> str:
    """Open the page and wait until it answers; returns what is wrong, or nothing."""
    port = free_port()
    command = [str(programs / "gan-hub"), "app", "--port", str(port)]
    with (folder / "page.log").open("wb") as log:
        page = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(240):
            if page.poll() is not None:
                break
            try:
                if "GAN Hub" in httpx2.get(f"http://127.0.0.1:{port}/", timeout=5).text:
                    return ""
            except httpx2.HTTPError:
                time.sleep(0.5)
    finally:
        page.send_signal(signal.SIGTERM)
        page.wait(60)
    return f"the page does not answer: {(folder / 'page.log').read_text()[-600:]}"


def main() -> int:
    """Run everything; returns the exit status."""
    problems: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="gan-hub-wheel-") as scratch:
        folder = Path(scratch) / "work"
        folder.mkdir()
        wheel = build(Path(scratch))
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
        missing = [name for name in RESOURCES if f"gan_hub/deploy/resources/{name}" not in names]
        problems["what a deployment copies"] = f"the wheel lacks {', '.join(missing)}" if missing else ""
        drawing = [name for name in names if "draw_examples" in name or name.startswith(("tests/", "docs/", "train/"))]
        problems["nothing else"] = f"the wheel holds {', '.join(drawing[:3])}" if drawing else ""
        programs = environment_of(wheel, Path(scratch) / "venv")
        draw_data(folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GAN_HUB"))}
        environment = {
            **kept,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HF_HUB_OFFLINE": "1",
            "GRADIO_ANALYTICS_ENABLED": "False",
            "OMP_NUM_THREADS": "1",
        }
        where = "import gan_hub; print(gan_hub.__file__)"
        found = subprocess.run(
            [programs / "python", "-c", where], cwd=folder, env=environment, capture_output=True, text=True, check=True
        ).stdout
        problems["no checkout"] = "" if found.startswith(scratch) else f"gan_hub was found in {found}"
        for name, command in COMMANDS.items():
            done = subprocess.run(
                [str(programs / command[0]), *command[1:]],
                cwd=folder, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            problems[name] = f"exit status {done.returncode}: {done.stderr[-800:]}" if done.returncode else ""
        problems["the page"] = page_answers(programs, folder, environment)
    for name, problem in problems.items():
        print(f"{'FAILED' if problem else 'ok':6} {name}{': ' + problem if problem else ''}", flush=True)
    passed = sum(not problem for problem in problems.values())
    print(f"{passed} passed / {len(problems)}")
    return 0 if passed == len(problems) else 1


if __name__ == "__main__":
    sys.exit(main())

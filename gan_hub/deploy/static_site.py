"""Build the static page: `python spaces/static/build.py --models mnist-gan monet --out site/`.

The folder it writes runs on any file server. Models are exported to ONNX and held against torch; onnxruntime-web comes
from the npm registry that npm is configured for, at the version and with the hash in vendor.json.
"""

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from gan_hub import GanGenerator, PhotoStylizer, __version__
from gan_hub.deploy.resources import PACKAGE, resource
from gan_hub.hub.export import ExportError, export_onnx
from gan_hub.hub.models import load_model
from gan_hub.loading.model_files import BUNDLED_FOLDER
from gan_hub.loading.weights import count_parameters
from gan_hub.recipes.names import file_stem, public_name

EXAMPLES = PACKAGE / "page" / "examples"
THUMBNAIL = "thumbnail.jpg"  # in a bundled stylizer's folder
PAGE = ("index.html", "style.css", "icon.svg")
GENERATOR_FIELDS = (
    "latent_dim",
    "num_classes",
    "class_names",
    "channels",
    "image_size",
    "num_categories",
    "num_active",
)
NPM_SECONDS = 300


class BuildError(RuntimeError):
    """The page can't be built; the message says why and what to do."""


@dataclass(frozen=True)
class Options:
    """What is built.

    Attributes:
        out: the folder; what an earlier build left there is replaced.
        models: bundled names, folders, or org/name on the Hub: generators for Sample and Walk, styles for Stylize.
    """

    out: Path
    models: tuple[str, ...] = ("mnist-gan", "fashion-gan", "emoji-gan", "monet", "van-gogh", "starry-night")


def build(models: Sequence[str], out: Path) -> int:
    """Write the page with these models, whole or not at all.

    Args:
        models: as in `Options`.
        out: as in `Options`.

    Returns:
        Bytes of all files.

    Raises:
        BuildError: onnxruntime-web can't be had, two models would have one name, or `out` holds something else.
        ModelError: a model can't be had.
        ExportError: a model can't be exported.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / "models.json").is_file():
        raise BuildError(f"'{out}' holds something that is no page of this kind; choose another folder")
    if not models:
        raise BuildError("a page needs at least one model; name some, such as --models mnist-gan monet")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        site = Path(folder) / "site"
        site.mkdir()
        for name in PAGE:
            shutil.copy(resource("static") / name, site)
        shutil.copytree(resource("static") / "js", site / "js")
        vendor(site / "vendor")
        entries = [add_model(name, site / "models") for name in models]
        files = [entry["file"] for entry in entries]
        if twice := {file for file in files if files.count(file) > 1}:
            raise BuildError(f"two of the models would be {sorted(twice)[0]}; leave one of them out")
        examples = []
        if any(entry["kind"] == "stylizer" for entry in entries):
            shutil.copytree(EXAMPLES, site / "examples", ignore=lambda _, names: [n for n in names if n[-4:] != ".jpg"])
            examples = sorted(path.name for path in (site / "examples").iterdir())
        facts = {"version": __version__, "models": entries, "examples": examples}
        (site / "models.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        site.rename(out)
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def add_model(name: str, folder: Path) -> dict[str, Any]:
    """Export a model into a folder, with weights in 16 bits if that changes nothing; returns its entry in models.json.

    Raises:
        BuildError: the page has no use for it.
        ModelError: it can't be had.
        ExportError: it can't be exported.
    """
    model = load_model(name)
    public = public_name(model)
    stem = file_stem(public)
    entry: dict[str, Any] = {"name": public, "title": title(stem), "file": f"{stem}.onnx"}
    if isinstance(model, PhotoStylizer) and model.scale > 1:
        raise BuildError(f"'{name}' is an upscaler, which takes minutes in a browser; leave it out")
    path = folder / entry["file"]
    try:
        made = export_onnx(model, path, half=True)
    except ExportError:
        made = export_onnx(model, path)
    print(f"{public}: {made.num_bytes / 1e6:.1f} MB, differs by at most {made.max_difference:.1e} from torch")
    entry |= {"bytes": made.num_bytes, "num_parameters": count_parameters(model)}
    if isinstance(model, GanGenerator):
        config = {field: getattr(model.config, field) for field in GENERATOR_FIELDS}
        return {**entry, "kind": "generator", "config": config}
    thumbnail = BUNDLED_FOLDER / name / THUMBNAIL
    if public == name and thumbnail.is_file():
        shutil.copy(thumbnail, folder / f"{stem}.jpg")
        entry["thumbnail"] = f"{stem}.jpg"
    shape = {"grid": model.grid, "noise_grid": model.noise_grid, "noise_cells": model.noise_cells, "scale": model.scale}
    return {**entry, "kind": "stylizer", **shape}


def title(name: str) -> str:
    """What a model is called on the page: "van-gogh" is Van Gogh, "mnist-gan" MNIST."""
    words = re.sub(r"-gan$", "", name).split("-")
    return " ".join("MNIST" if word == "mnist" else word[:1].upper() + word[1:] for word in words)


def vendor(folder: Path) -> None:
    """Put onnxruntime-web into a folder: the package that npm fetches, if it has the hash in vendor.json.

    Raises:
        BuildError: npm is missing or can't fetch it, or it is another one.
    """
    lock = json.loads((resource("static") / "vendor.json").read_text())
    folder.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        packed = _packed(f"{lock['package']}@{lock['version']}", Path(scratch))
        data = packed.read_bytes()
        found = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
        if found != lock["integrity"]:
            raise BuildError(
                f"npm fetched another {lock['package']} {lock['version']} than vendor.json names ({found}); nothing of "
                "it is used"
            )
        with tarfile.open(packed) as archive:
            for source, target in lock["files"].items():
                member = archive.extractfile(source)
                assert member is not None
                content = member.read()
                # Reproducible, and a quarter of the size on every server; the page unpacks it.
                content = gzip.compress(content, 9, mtime=0) if target.endswith(".gz") else content
                (folder / target).write_bytes(content)
    shutil.copy(resource("static") / "NOTICE.txt", folder)


def _packed(package: str, folder: Path) -> Path:
    """The package's archive, fetched by npm into an empty folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise BuildError("the page needs onnxruntime-web from the npm registry; install npm (Node.js) to fetch it")
    command = [npm, "pack", package, "--ignore-scripts", "--silent", "--pack-destination", str(folder)]
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"npm did not fetch {package} within {NPM_SECONDS} s; try again") from error
    if result.returncode:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        raise BuildError(f"npm could not fetch {package}: {lines[0] if lines else 'it says nothing'}")
    (archive,) = folder.glob("*.tgz")
    return archive


def main(arguments: Sequence[str] | None = None) -> None:
    """Build, and say how large the page is; what goes wrong for a reason is one sentence and exit code 2."""
    options = tyro.cli(Options, args=arguments, description=__doc__)
    try:
        size = build(options.models, options.out)
    except (BuildError, ValueError, OSError) as error:
        print(f"build.py: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"the page is in {options.out}, {size / 1e6:.1f} MB; try it: python -m http.server --directory {options.out}")

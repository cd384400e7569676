"""Building the static page: what is refused. What it makes is seen in tests/browser/test_static.py."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gan_hub.deploy import static_site
from gan_hub.deploy.resources import resource
from gan_hub.deploy.static_site import BuildError, title, vendor
from gan_hub.loading.model_files import ModelError


def test_titles() -> None:
    assert [title(name) for name in ("mnist-gan", "van-gogh", "emoji-gan", "shapes")] == [
        "MNIST",
        "Van Gogh",
        "Emoji",
        "Shapes",
    ]


def test_what_is_vendored_is_pinned() -> None:
    lock = json.loads((resource("static") / "vendor.json").read_text())
    assert lock["integrity"].startswith("sha512-")
    assert set(lock["files"].values()) == {"ort.js", "ort-wasm.gz"}


def test_another_package_than_the_pinned_one_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.tgz").write_bytes(b"something else")
    monkeypatch.setattr(static_site, "_packed", lambda *_: tmp_path / "other.tgz")
    with pytest.raises(BuildError, match=r"npm fetched another onnxruntime-web .* nothing of it is used"):
        vendor(tmp_path / "vendor")
    assert list((tmp_path / "vendor").iterdir()) == []


def test_without_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(BuildError, match=r"install npm \(Node.js\) to fetch it"):
        vendor(tmp_path / "vendor")


def test_when_npm_can_not_fetch_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **_: Any) -> subprocess.CompletedProcess:
        return subprocess.CompletedProcess(command, 1, stdout="", stderr="\nnpm error code ENOTFOUND\nnpm error more")

    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(BuildError, match=r"npm could not fetch onnxruntime-web@[\d.]+: npm error code ENOTFOUND"):
        vendor(tmp_path / "vendor")


@pytest.mark.parametrize(
    ("models", "error", "message"),
    [
        ((), BuildError, "at least one model"),
        (("upscale-2x",), BuildError, "is an upscaler, which takes minutes in a browser"),
        (("nobody",), ModelError, "there is no model 'nobody'"),
    ],
)
def test_a_page_that_can_not_be_leaves_nothing_and_keeps_what_was_there(
    models: tuple[str, ...], error: type[Exception], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_site, "vendor", lambda folder: folder.mkdir())
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "models.json").write_text("from before")
    with pytest.raises(error, match=message):
        static_site.build(models, tmp_path / "site")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (tmp_path / "site" / "models.json").read_text() == "from before"

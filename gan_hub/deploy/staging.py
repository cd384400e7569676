"""The folder of a Space: the page or the static site, with the README and the pins that the Hub builds it by."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import SpaceCardData
from packaging.requirements import Requirement

from gan_hub.deploy import static_site
from gan_hub.deploy.resources import INSTALLED, PACKAGE, resource
from gan_hub.hub.playground import MODELS_VARIABLE, STYLES_VARIABLE
from gan_hub.loading.model_files import CONFIG_FILE
from gan_hub.loading.weights import WEIGHTS_FILE

TAG = "gan-hub"  # of every Space made here: it may be made again
PORT = 7860
PYTHON = "3.12"  # ZeroGPU knows 3.12 and 3.10
ZERO_TORCH = "2.11.0"  # the newest that ZeroGPU lists; its GPUs need the torch that it patches
ZERO_HARDWARE = "zero-a10g"  # what ZeroGPU is called, whatever GPU it has
# What the page needs, of what pyproject.toml names; gradio is the Space's SDK and brings its own dependencies, which
# would not let themselves be pinned.
RUNTIME = (
    "av",
    "cachetools",
    "httpx2",
    "huggingface-hub",
    "jinja2",
    "numpy",
    "pillow",
    "safetensors",
    "torch",
    "tqdm",
    "tyro",
)
MAX_BUILD_SECONDS = 900

Sdk = Literal["gradio", "docker", "static"]


@dataclass(frozen=True)
class Plan:
    """What a Space is to be.

    Attributes:
        name: of the Space, without its owner.
        sdk: that runs it.
        hardware: a flavor of the Hub; None = what it gives for nothing.
        generators: bundled names or org/name, the default first.
        styles: the same, of stylizers.
        commits: of those on the Hub that are downloaded when the Space is built, and not when it is first visited.
        models: as they were named, for a static page.
    """

    name: str
    sdk: Sdk
    hardware: str | None = None
    generators: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    commits: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()

    def variables(self) -> dict[str, str]:
        """The environment that the page finds its models and its device in."""
        found = {MODELS_VARIABLE: ",".join(self.generators), STYLES_VARIABLE: ",".join(self.styles)}
        if self.hardware and not self.hardware.startswith(("cpu", "zero")):
            found["GAN_HUB_DEVICE"] = "cuda"
        return {} if self.sdk == "static" else {name: value for name, value in found.items() if value}


def stage(plan: Plan, folder: Path) -> None:
    """Write the Space's files into an empty or missing folder.

    Raises:
        RuntimeError: the static page can't be built; the message says why.
    """
    if plan.sdk == "static":
        try:
            static_site.build(plan.models, folder)
        except (static_site.BuildError, ValueError, OSError) as error:
            raise RuntimeError(f"the static page can't be built: {error}") from error
    else:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("app.py", "LICENSE"):
            shutil.copy(resource(name), folder)
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", INSTALLED.name)
        shutil.copytree(PACKAGE, folder / "gan_hub", ignore=ignored)
        (folder / "requirements.txt").write_text(requirements(plan), encoding="utf-8")
        if plan.sdk == "docker":
            shutil.copy(resource("Dockerfile"), folder)
            (folder / ".dockerignore").write_text("**/__pycache__\n.git\n", encoding="utf-8")
    (folder / "README.md").write_text(readme(plan), encoding="utf-8")


def requirements(plan: Plan, python: str = PYTHON) -> str:
    """The text of requirements.txt: the pins of constraints.txt for the Space's Python, but ZeroGPU's torch."""
    pinned = pins(python)
    if plan.hardware == ZERO_HARDWARE:
        pinned["torch"] = ZERO_TORCH
    names = [*RUNTIME, "gradio"] if plan.sdk == "docker" else RUNTIME
    return "".join(f"{name}=={pinned[name]}\n" for name in sorted(names))


def pins(python: str = PYTHON) -> dict[str, str]:
    """The versions in constraints.txt that hold for a Python on a Space, by name."""
    machine = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    found = {}
    for line in resource("constraints.txt").read_text(encoding="utf-8").splitlines():
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate(machine):
            found[pin.name] = str(pin.specifier).removeprefix("==")
    return found


def readme(plan: Plan) -> str:
    """The text of the Space's README: its configuration, and what it is."""
    return f"---\n{front_matter(plan).to_yaml()}\n---\n\n{_WORDS[plan.sdk].format(title=title(plan.name))}"


def front_matter(plan: Plan) -> SpaceCardData:
    """The configuration that the Hub builds the Space by."""
    more: dict[str, Any] = {
        "title": title(plan.name),
        "emoji": "🎨",
        "colorFrom": "green",
        "colorTo": "blue",
        "sdk": plan.sdk,
        "license": "apache-2.0",
        "short_description": "Pictures from seeds, paintings from photos",
        "tags": [TAG, "gan", "style-transfer"],
        "models": [name for name in (*plan.generators, *plan.styles) if "/" in name] or None,
    }
    if plan.sdk == "gradio":
        more |= {"sdk_version": pins()["gradio"], "python_version": PYTHON, "app_file": "app.py"}
        if plan.hardware and plan.hardware != ZERO_HARDWARE:  # which is no suggestion that the Hub takes
            more["suggested_hardware"] = plan.hardware
        files = f"{CONFIG_FILE},{WEIGHTS_FILE}"
        more["preload_from_hub"] = [f"{name} {files} {commit}" for name, commit in plan.commits.items()] or None
    elif plan.sdk == "docker":
        more["app_port"] = PORT
    else:
        more["app_file"] = "index.html"
    return SpaceCardData(**{key: value for key, value in more.items() if value is not None})


def title(name: str) -> str:
    """What a Space is called: "digit-garden" is Digit Garden."""
    words = name.replace("_", "-").split("-")
    return " ".join(word[:1].upper() + word[1:] for word in words if word)


_WORDS: dict[Sdk, str] = {
    "gradio": """# {title}

Pictures from seeds, walks between them, and paintings from photos, by networks that anyone can train with GAN Hub.
Photos are deleted from the server after an hour.

The variables `GAN_HUB_MODELS` and `GAN_HUB_STYLES` name the models that are offered, with commas between them, and
nothing else can be opened then but what is bundled; without them, any public model of GAN Hub on the Hub can be typed.
""",
    "docker": """# {title}

Pictures from seeds, walks between them, and paintings from photos, by networks that anyone can train with GAN Hub.

At home: `docker build -t playground . && docker run --rm -p 7860:7860 playground`, then open http://127.0.0.1:7860. Add
`-e GAN_HUB_MODELS=org/name` for other models, and `--gpus all -e GAN_HUB_DEVICE=cuda` for a GPU.
""",
    "static": """# {title}

Pictures from seeds, walks between them, and paintings from photos, made in your browser by networks of GAN Hub: nothing
leaves your device. At home, any file server shows the page: `python -m http.server`.
""",
}

"""The folder of a Space: it says what the Hub needs to know, and runs by itself on the versions it names."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml
from gradio_client import Client
from huggingface_hub import SpaceHardware
from packaging.requirements import Requirement

from gan_hub.deploy.staging import (
    PORT,
    PYTHON,
    RUNTIME,
    ZERO_HARDWARE,
    ZERO_TORCH,
    Plan,
    pins,
    readme,
    requirements,
    stage,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
ZERO_TORCHES = ("2.8.0", "2.9.1", "2.10.0", "2.11.0")  # that ZeroGPU lists
ZERO_PYTHONS = ("3.12", "3.10")
NOT_ON_A_SPACE = {"accelerate", "matplotlib", "torchvision"}  # for training
GRADIO = Plan("digit-garden", "gradio", None, ("mnist-gan", "org/a"), ("monet",))
DOCKER = Plan("digit-garden", "docker", None, ("mnist-gan",), ("monet",))
ZERO = Plan("digit-garden", "gradio", ZERO_HARDWARE, ("mnist-gan",), ("monet",))


def front_matter(plan: Plan) -> dict[str, Any]:
    _, text, words = readme(plan).split("---\n", 2)
    assert words.strip().startswith("# Digit Garden")
    return yaml.safe_load(text)


def names_and_versions(text: str) -> dict[str, str]:
    return dict(line.split("==") for line in text.splitlines())


def test_front_matter_of_a_gradio_space() -> None:
    found = front_matter(Plan("digit-garden", "gradio", "t4-small", ("org/a",), ("monet",), {"org/a": "a" * 40}))
    assert found["sdk"] == "gradio"
    assert found["sdk_version"] == pins()["gradio"]
    assert found["python_version"] in ZERO_PYTHONS
    assert (ROOT / found["app_file"]).is_file()
    assert found["models"] == ["org/a"]
    assert found["preload_from_hub"] == [f"org/a config.json,model.safetensors {'a' * 40}"]
    assert found["suggested_hardware"] in [flavor.value for flavor in SpaceHardware]
    assert len(found["short_description"]) <= 60
    assert found["license"] == "apache-2.0"
    assert {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"} >= {
        found["colorFrom"],
        found["colorTo"],
    }


def test_front_matter_of_the_others() -> None:
    assert front_matter(DOCKER) | {"sdk": "docker", "app_port": PORT} == front_matter(DOCKER)
    static = front_matter(Plan("digit-garden", "static", models=("mnist-gan",)))
    assert (static["sdk"], static["app_file"]) == ("static", "index.html")
    assert "suggested_hardware" not in front_matter(ZERO)


def test_pins_are_the_project_s() -> None:
    pinned = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        pin = Requirement(line)
        pinned.setdefault(pin.name, set()).add(f"{pin.specifier}")
    for plan in (GRADIO, DOCKER):
        for name, version in names_and_versions(requirements(plan)).items():
            assert f"=={version}" in pinned[name]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {Requirement(line).name for line in project["dependencies"]} - NOT_ON_A_SPACE
    assert set(RUNTIME) | {"gradio"} == needed
    assert set(names_and_versions(requirements(GRADIO))) == needed - {"gradio"}  # the SDK's version says which
    assert set(names_and_versions(requirements(DOCKER))) == needed


def test_pins_are_those_of_the_python_of_the_space() -> None:
    assert PYTHON == "3.12"
    versions = [
        line.split(" ;")[0].split("==")[1]
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line.startswith("torch==") and "'3.11'" in line and "< " not in line
    ]
    assert [pins()["torch"]] == versions


def test_zero_gpu_gets_a_torch_that_it_knows_and_the_project_allows() -> None:
    pinned = names_and_versions(requirements(ZERO))
    assert pinned["torch"] == ZERO_TORCH
    assert ZERO_TORCH in ZERO_TORCHES
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (allowed,) = [Requirement(line) for line in project["dependencies"] if line.startswith("torch>")]
    assert allowed.specifier.contains(ZERO_TORCH)
    others = {name: version for name, version in pinned.items() if name != "torch"}
    assert others.items() <= names_and_versions(requirements(GRADIO)).items()


def test_what_the_page_finds_in_its_environment() -> None:
    assert GRADIO.variables() == {"GAN_HUB_MODELS": "mnist-gan,org/a", "GAN_HUB_STYLES": "monet"}
    assert Plan("x", "gradio", "t4-small", ("org/a",)).variables() == {
        "GAN_HUB_MODELS": "org/a",
        "GAN_HUB_DEVICE": "cuda",
    }
    assert "GAN_HUB_DEVICE" not in ZERO.variables()
    assert Plan("x", "static", models=("mnist-gan",)).variables() == {}


def test_nothing_of_this_machine_is_staged(tmp_path: Path) -> None:
    stage(DOCKER, tmp_path / "space")
    files = {path.relative_to(tmp_path / "space").as_posix() for path in (tmp_path / "space").rglob("*")}
    assert {
        "app.py",
        "README.md",
        "requirements.txt",
        "LICENSE",
        "Dockerfile",
        "gan_hub/page/server/zerogpu.py",
    } <= files
    assert not [name for name in files if "__pycache__" in name or name.startswith(("tests", "train", "spaces"))]


def answers(folder: Path, python: str, plan: Plan, **environment: str) -> list[str]:
    """Open the page in a staged folder; the models that it offers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GAN_HUB"))}
    settings = {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port), "SPACE_ID": "org/digit-garden"}
    process = subprocess.Popen(
        [python, "app.py"],
        cwd=folder,
        env={**clean, **settings, **plan.variables(), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for _ in range(240):
            time.sleep(0.5)
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                    assert b"GAN Hub" in page.read()
                break
            except OSError:
                continue
        client = Client(f"http://127.0.0.1:{port}/", verbose=False, download_files=str(folder.parent / "downloads"))
        pictures, _, link = client.predict("mnist-gan", None, 7, 2, 2, 1.0, None, api_name="/sample")
        assert len(pictures) == 2
        assert "seed=7" in link
        return [entry["model"] for entry in client.predict(api_name="/models")]
    finally:
        process.kill()
        process.wait()


def test_the_staged_page_runs_by_itself(tmp_path: Path) -> None:
    """In an environment that has the libraries of this one, but not the project."""
    plan = Plan("digit-garden", "gradio", None, ("emoji-gan", "mnist-gan"), ("monet",))
    stage(plan, tmp_path / "space")
    venv.create(tmp_path / "venv", symlinks=os.name != "nt")
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site / "libraries.pth").write_text("\n".join(libraries))
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # which test workers set
    # An editable installation leaves a folder gan_hub with the wheel's added files in it, which is no module.
    found = [python, "-c", "import gan_hub.generator"]
    alone = subprocess.run(found, cwd=tmp_path, env=outside, capture_output=True, text=True)
    assert "No module named 'gan_hub" in alone.stderr
    assert answers(tmp_path / "space", str(python), plan) == ["emoji-gan", "mnist-gan"]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("plan", [DOCKER, ZERO], ids=["docker", "zero-gpu"])
def test_the_staged_page_runs_on_its_pins_alone(plan: Plan, tmp_path: Path) -> None:
    stage(plan, tmp_path / "space")
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    sdk = [] if plan.sdk == "docker" else [f"gradio=={front_matter(plan)['sdk_version']}"]
    listed = tmp_path / "space" / "requirements.txt"
    listed.write_text(requirements(plan, f"{sys.version_info[0]}.{sys.version_info[1]}"))  # this may be an older one
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", str(listed), *sdk], check=True)
    subprocess.run([python, "-m", "pip", "check"], check=True)
    assert answers(tmp_path / "space", python, plan) == ["mnist-gan"]


def dockerfile() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", (ROOT / "spaces" / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_container_runs_as_user_1000_on_the_port_that_the_readme_names(tmp_path: Path) -> None:
    stage(DOCKER, tmp_path / "space")
    steps = dockerfile()
    kinds = [kind for kind, _ in steps]
    assert kinds[0] == "FROM"
    assert steps[0][1] == f"python:{PYTHON}-slim"
    adds_user = next(i for i, (kind, rest) in enumerate(steps) if kind == "RUN" and "--uid 1000" in rest)
    assert adds_user < kinds.index("USER") < kinds.index("COPY")
    assert steps[kinds.index("USER")][1] == "user"
    environment = dict(pair.split("=", 1) for kind, rest in steps if kind == "ENV" for pair in rest.split())
    expected = str(front_matter(DOCKER)["app_port"])
    assert environment["GRADIO_SERVER_PORT"] == expected
    assert environment["GRADIO_SERVER_NAME"] == "0.0.0.0"
    assert environment["HF_HOME"].startswith("/home/user/")
    assert [rest for kind, rest in steps if kind == "EXPOSE"] == [expected]
    for kind, rest in steps:
        if kind == "COPY":
            *sources, _ = [part for part in rest.split() if not part.startswith("--")]
            assert all((tmp_path / "space" / source).exists() for source in sources)


def test_what_the_container_starts_answers_its_health_check(tmp_path: Path) -> None:
    """The command and the check as they stand in the Dockerfile, on another port and with this Python."""
    stage(DOCKER, tmp_path / "space")
    steps = dict(dockerfile())
    command, check = (yaml.safe_load(steps[kind][steps[kind].index("[") :]) for kind in ("CMD", "HEALTHCHECK"))
    assert command == ["python", "app.py"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = dict(pair.split("=", 1) for kind, rest in dockerfile() if kind == "ENV" for pair in rest.split())
    environment |= {"GRADIO_SERVER_PORT": port, "HF_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    page = subprocess.Popen(
        [sys.executable, *command[1:]], cwd=tmp_path / "space", env={**clean, **environment}, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(120):
            time.sleep(0.5)
            assert page.poll() is None
            healthy = subprocess.run(
                [sys.executable, *(part.replace(str(PORT), port) for part in check[1:])], capture_output=True
            )
            if healthy.returncode == 0:
                return
        raise AssertionError(healthy.stderr)
    finally:
        page.kill()
        page.wait()


def test_the_workflow_calls_what_is_there() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "space.yml").read_text())
    (job,) = workflow["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert any(command.startswith("python spaces/deploy.py") for command in commands)
    assert workflow["permissions"] == {"contents": "read"}
    deploy = next(step for step in job["steps"] if "deploy.py" in step.get("run", ""))
    assert deploy["env"]["HF_TOKEN"] == "${{ secrets.HF_TOKEN }}"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert all(extra in extras for command in commands for extra in re.findall(r"\.\[(\w+)\]", command))

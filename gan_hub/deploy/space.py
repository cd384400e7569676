"""Put a playground online: `python spaces/deploy.py org/space --models org/a org/b`.

A Gradio Space by default; `--static` makes one that runs in the visitor's browser and is free for everyone, `--docker`
one that also runs at home. An existing Space that was made by this command is brought up to date.
"""

import json
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx2
import tyro
from huggingface_hub import HfApi, SpaceHardware, get_token
from huggingface_hub.errors import HfHubHTTPError

from gan_hub.deploy.staging import MAX_BUILD_SECONDS, TAG, ZERO_HARDWARE, Plan, Sdk, stage
from gan_hub.loading import model_files

POLL_SECONDS = 5.0
NUM_LOG_LINES = 15
KINDS: tuple[model_files.Kind, ...] = ("generator", "stylizer", "upscaler")
ADVICE = {
    "NO_APP_FILE": "its app.py is missing",
    "CONFIG_ERROR": "the Hub refuses its README's front matter",
    "BUILD_ERROR": "it could not be built",
    "RUNTIME_ERROR": "it was built, but does not start",
    "PAUSED": "it is paused; restart it on its page",
    "STOPPED": "it is stopped; restart it on its page",
    "DELETING": "it is being deleted",
}


class DeployError(RuntimeError):
    """The Space can't be put online; the message says why and what to do."""


@dataclass(frozen=True)
class Options:
    """What is put online, and where.

    Attributes:
        space: org/name of the Space.
        models: generators and styles: bundled names, or org/name on the Hub; a static page also takes folders.
        hardware: flavor, such as zero-a10g or t4-small; what the Hub gives for nothing if left out.
        private: shown to its owners alone.
        static: a page that runs in the visitor's browser; needs npm and the extra 'export'.
        docker: a container, which also runs at home.
        preload: download the models when the Space is built.
        dry_run: write and list the files, and stop.
        out: keep the files in this folder, which must be empty or missing.
        timeout: seconds to wait until the Space runs.
    """

    space: Annotated[str, tyro.conf.Positional]
    models: tuple[str, ...] = ("mnist-gan", "fashion-gan", "emoji-gan", "monet", "van-gogh", "starry-night")
    hardware: str | None = None
    private: bool = False
    static: bool = False
    docker: bool = False
    preload: bool = False
    dry_run: bool = False
    out: Path | None = None
    timeout: float = MAX_BUILD_SECONDS


def plan_of(options: Options) -> Plan:
    """Check the options, and find out what the models are.

    Raises:
        DeployError: the options are not possible together.
        ModelError: a model can't be had by visitors.
    """
    if not model_files.REPO_ID.fullmatch(options.space):
        raise DeployError(f"'{options.space}' is no name of a Space; write it as org/name, such as you/playground")
    if not options.models:
        raise DeployError("a playground needs at least one model; name some with --models")
    if options.static and options.docker:
        raise DeployError("a Space is static or a container, not both; choose one of --static and --docker")
    sdk: Sdk = "static" if options.static else "docker" if options.docker else "gradio"
    _check_hardware(options.hardware, sdk)
    name = options.space.split("/")[1]
    if sdk == "static":
        return Plan(name, sdk, models=options.models)
    kinds: dict[str, model_files.Kind | None] = {}
    commits = {}
    for model in options.models:
        # As nobody: that is who visitors are, whatever the owner of the Space may see.
        files = model_files.locate(model, token=False, allow_folders=False, kinds=KINDS)
        kinds[model] = model_files.kind_of(model_files.load_config(files))
        if kinds[model] not in ("generator", "stylizer"):
            raise DeployError(f"'{model}' is no generator and no style, so the page can't offer it; leave it out")
        if options.preload and files.commit:
            commits[model] = files.commit
    generators, styles = (
        tuple(model for model, kind in kinds.items() if kind == wanted) for wanted in ("generator", "stylizer")
    )
    return Plan(name, sdk, options.hardware, generators, styles, commits)


def _check_hardware(hardware: str | None, sdk: Sdk) -> None:
    flavors = [flavor.value for flavor in SpaceHardware]
    if hardware is None:
        return
    if sdk == "static":
        raise DeployError("a static page runs in the visitor's browser; leave --hardware out")
    if hardware not in flavors:
        raise DeployError(f"unknown hardware '{hardware}'; choose from: {', '.join(flavors)}")
    if hardware == ZERO_HARDWARE and sdk == "docker":
        raise DeployError("ZeroGPU runs Gradio Spaces alone; leave --docker out, or choose other hardware")


def deploy(api: HfApi, space: str, plan: Plan, folder: Path, *, private: bool, timeout: float) -> str:
    """Create or update the Space, upload the folder, and wait until it runs; returns the Space's address.

    Raises:
        DeployError: the Hub refuses, the Space does not run, or it takes too long.
    """
    url = f"{api.endpoint}/spaces/{space}"
    try:
        _create(api, space, plan, private)
        print(f"uploading {sum(1 for path in folder.rglob('*') if path.is_file())} files to {url}")
        api.upload_folder(
            folder_path=folder,
            repo_id=space,
            repo_type="space",
            commit_message="Deploy with GAN Hub",
            delete_patterns="*",
        )
    except (HfHubHTTPError, httpx2.HTTPError) as error:
        raise _refusal(error, space, plan) from error
    _wait(api, space, url, timeout)
    return url


def _create(api: HfApi, space: str, plan: Plan, private: bool) -> None:
    """Create the Space with its hardware and variables; one that was made here before is given those of the plan."""
    variables = plan.variables()
    try:
        api.create_repo(
            space,
            repo_type="space",
            space_sdk=plan.sdk,
            private=private or None,
            space_hardware=plan.hardware,  # type: ignore[arg-type]  # a checked flavor
            space_variables=[{"key": key, "value": value} for key, value in variables.items()] or None,
        )
        return
    except HfHubHTTPError as error:
        if error.response.status_code != 409:
            raise
    if TAG not in (api.space_info(space).tags or []):
        raise DeployError(f"'{space}' is taken by a Space that was not made by this command; choose another name")
    print(f"'{space}' is there already: it is brought up to date")
    for key, value in variables.items():
        api.add_space_variable(space, key, value)
    for key in set(api.get_space_variables(space)) & {"GAN_HUB_MODELS", "GAN_HUB_STYLES", "GAN_HUB_DEVICE"}:
        if key not in variables:
            api.delete_space_variable(space, key)
    if plan.hardware and api.get_space_runtime(space).requested_hardware != plan.hardware:
        api.request_space_hardware(space, plan.hardware)  # type: ignore[arg-type]


def _wait(api: HfApi, space: str, url: str, timeout: float) -> None:
    print(f"waiting until it runs, up to {timeout / 60:.0f} minutes")
    try:
        runtime = api.wait_for_space(space, timeout=timeout, poll_interval=POLL_SECONDS)
    except TimeoutError as error:
        raise DeployError(
            f"'{space}' is not running after {timeout:.0f} s; it goes on without you, look at {url}"
        ) from error
    except (HfHubHTTPError, httpx2.HTTPError) as error:
        raise DeployError(f"'{space}' is uploaded, but the Hub does not say whether it runs; look at {url}") from error
    if runtime.stage in ("RUNNING", "SLEEPING"):
        return
    what = ADVICE.get(runtime.stage, f"it is in the stage {runtime.stage}")
    lines: list[str] = []
    with suppress(HfHubHTTPError, httpx2.HTTPError, json.JSONDecodeError, KeyError):
        lines = list(api.fetch_space_logs(space, build=runtime.stage == "BUILD_ERROR"))[-NUM_LOG_LINES:]
    log = "".join(f"\n  {line.rstrip()}" for line in [str(runtime.raw.get("errorMessage") or ""), *lines] if line)
    raise DeployError(f"'{space}' does not run: {what}; see {url}" + (f". The last it said:{log}" if log else ""))


def _refusal(error: Exception, space: str, plan: Plan) -> DeployError:
    """What the Hub's client raised, in words."""
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    owner = space.split("/")[0]
    if status == 401:
        return DeployError("the Hub does not know your token; log in with `hf auth login`")
    if status == 402:
        free = "" if plan.sdk == "static" else "; with --static it is free"
        what = f"the hardware {plan.hardware}" if plan.hardware else f"a {plan.sdk.capitalize()} Space"
        return DeployError(f"the Hub wants payment for {what} under '{owner}': see its pricing page{free}")
    if status == 403:
        return DeployError(
            f"your token may not write to '{space}': use one with the role write, of a member of '{owner}'"
        )
    reason = f"it answered {status}: {error}" if status else type(error).__name__
    return DeployError(f"the Hub could not be asked for '{space}' ({reason}); try again later")


def run(options: Options, api: HfApi) -> None:
    """Stage, and unless it is a dry run deploy.

    Raises:
        DeployError: the options, the Hub or the Space are not right.
        ModelError: a model can't be had.
        RuntimeError: the static page can't be built.
    """
    plan = plan_of(options)
    if not options.dry_run and not (api.token or get_token()):
        raise DeployError("there is no token; log in with `hf auth login`, or look at the files with --dry_run")
    if options.out is not None and options.out.is_dir() and any(options.out.iterdir()):
        raise DeployError(f"'{options.out}' is not empty; choose another folder")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch) / "space"
        stage(plan, folder)
        if options.dry_run:
            _show(plan, folder)
            return
        url = deploy(api, options.space, plan, folder, private=options.private, timeout=options.timeout)
    print(f"it runs: {url}")


def _show(plan: Plan, folder: Path) -> None:
    """The README, the environment and the files, for a dry run."""
    print((folder / "README.md").read_text(encoding="utf-8"))
    for name, value in plan.variables().items():
        print(f"variable {name}={value}")
    total = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total += path.stat().st_size
        print(f"{path.stat().st_size:>12,} {path.relative_to(folder)}")
    print(f"{total:>12,} bytes in all")

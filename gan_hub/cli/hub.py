"""The commands for the Hub and for the files of models: push, list, convert, halve, export."""

from pathlib import Path
from typing import Annotated

import tyro

from gan_hub.cli.arguments import Model, Revision
from gan_hub.hub import convert as converting
from gan_hub.hub import push as pushing
from gan_hub.hub.export import TOLERANCE, export_onnx
from gan_hub.hub.models import load_model
from gan_hub.hub.search import PIPELINES, find_models
from gan_hub.loading import weights
from gan_hub.loading.model_files import bundled_names
from gan_hub.recipes.fields import command_choice


def push(
    run: Annotated[Path, tyro.conf.Positional],
    repo_id: Annotated[str, tyro.conf.Positional],
    private: bool = False,
    create_pr: bool = False,
    branch: str | None = None,
    history: bool = False,
    samples: bool = True,
) -> None:
    """Push a run to the Hub, in one commit: model, card, samples, curves, directions, encoder, options.

    Args:
        run: the folder of a run, or any that holds a model.
        repo_id: org/name; created if it is not there.
        private: create the repository private.
        create_pr: propose the commit to the owner as a pull request.
        branch: to push to; created if it is not there.
        history: store each checkpoint as the revision step-{steps} too, for the page's time machine.
        samples: push the sheets of samples too; those of a style show photos of its training.
    """
    pushed = pushing.push(
        run, repo_id, private=private, create_pr=create_pr, branch=branch, history=history, samples=samples
    )
    print(f"pushed to {pushed.url}")
    if pushed.steps:
        print(f"with its history: {', '.join(f'step-{step}' for step in pushed.steps)}")


def list_models(
    author: str | None = None,
    search: str | None = None,
    kind: Annotated[str, command_choice(PIPELINES)] | None = None,
    limit: int = 50,
) -> None:
    """List the models of gan-hub on the Hub, the last changed first.

    Args:
        author: user or organisation.
        search: part of the name.
        kind: only models of this kind.
        limit: how many at most.
    """
    found = find_models(author=author, search=search, kind=kind, limit=limit)
    for model in found:
        print(f"{model.model:50}  {model.task:30}  {model.downloads:>9,}  {model.changed}")
    if not found:
        names = ", ".join(bundled_names())
        print(f"there is no such model; push one with: gan-hub push RUN org/name. Bundled are {names}")


def convert(source: Annotated[Path, tyro.conf.Positional], out: Annotated[Path, tyro.conf.Positional]) -> None:
    """Turn an old DCGAN's weights, such as netG.pth of csinva or HugGAN, into a generator, if its architecture matches.

    Args:
        source: a file with a state dictionary; a pickle is opened in a process of its own, as tensors only.
        out: the folder to write.
    """
    generator = converting.convert(source, out)
    height, width = generator.image_size
    print(f"{out} holds a dcgan, {height}x{width} pixels, {generator.channels} channels; see: gan-hub sample {out}")


def halve(model: Annotated[Path, tyro.conf.Positional]) -> None:
    """Store a model's weights in 16 bits: half the download, the same pictures to the eye.

    Args:
        model: its folder.
    """
    before, after = weights.halve(model)
    print(f"the weights in {model} took {before:,} bytes and take {after:,}")


def export(model: Model, onnx: Path, half: bool = False, revision: Revision = None) -> None:
    """Write a generator, a style or an upscaler as ONNX, and compare its pictures with the model's own.

    Args:
        onnx: the file to write.
        half: store the weights in 16 bits: half the download. Refused where it changes the pictures.
    """
    made = export_onnx(load_model(model, revision=revision), onnx, half=half)
    print(
        f"{model} is in {made.path}, {made.num_bytes:,} bytes; over {made.num_checked} pictures it differs by at most "
        f"{made.max_difference:.1e} from torch ({TOLERANCE:.0e} is accepted)"
    )

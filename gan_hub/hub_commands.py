"""The commands of `gan-hub` that deal with the Hub: push."""

from pathlib import Path
from typing import Annotated

import tyro

from gan_hub import push as pushing


def push(
    run: Annotated[Path, tyro.conf.Positional],
    repo_id: Annotated[str, tyro.conf.Positional],
    private: bool = False,
    create_pr: bool = False,
    branch: str | None = None,
    history: bool = False,
    samples: bool = True,
) -> None:
    """Push what a training left to the Hub, in one commit: model, card, samples, curves, directions, encoder, options.

    Args:
        run: the folder of a run, or any that holds a model.
        repo_id: org/name; created if it is not there.
        private: create the repository private.
        create_pr: propose the commit to the owner as a pull request.
        branch: to push to; created if it is not there.
        history: store each checkpoint as the revision step-{steps} too, for the page's time machine.
        samples: push the sheets of samples too; those of a style show the photos that it learned on.
    """
    pushed = pushing.push(
        run, repo_id, private=private, create_pr=create_pr, branch=branch, history=history, samples=samples
    )
    print(f"pushed to {pushed.url}")
    if pushed.steps:
        print(f"with its history: {', '.join(f'step-{step}' for step in pushed.steps)}")

"""The command that puts a playground online: deploy."""

from typing import Annotated

import tyro
from huggingface_hub import HfApi

from gan_hub.deploy.space import Options, run


def deploy(options: Annotated[Options, tyro.conf.arg(name="")]) -> None:
    """Put a playground online: a Gradio Space, a container, or a static page that runs in the visitor's browser."""
    run(options, HfApi())

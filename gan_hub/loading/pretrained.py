"""The base of generators and stylizers: one network built from a checked config, loaded strictly, saved and pushed."""

import json
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import torch
from huggingface_hub import PyTorchModelHubMixin
from safetensors.torch import save_file
from torch import nn

from gan_hub.loading import model_files
from gan_hub.loading.budget import build_checked, on_meta
from gan_hub.loading.config import ConfigError, FlatConfig
from gan_hub.loading.weights import WEIGHTS_FILE, ModelError

LOADERS: dict[model_files.Kind, str] = {
    "generator": "GanGenerator",
    "stylizer": "PhotoStylizer",
    "upscaler": "PhotoStylizer",
}
Model = TypeVar("Model", bound="PretrainedModel")


class PretrainedModel(nn.Module, PyTorchModelHubMixin):
    """A model that consists of its config.json and its model.safetensors.

    Attributes:
        config: the checked configuration.
        network: built from the config by `_build_network`.
        files: those that the model was loaded from; None for a new model.
        source: the name that the model was loaded by; None for a new model.
        revision: the commit that the model was loaded from, if it came from the Hub.

    Raises:
        ConfigError: the config asks for more than `MAX_PARAMETERS`.
    """

    config_class: ClassVar[type[FlatConfig]]
    kinds: ClassVar[tuple[model_files.Kind, ...]]

    def __init__(self, config: Any) -> None:  # Any: a subclass says which config it is
        super().__init__()
        self.config = config
        self.network = build_checked(self._build_network, config.architecture)
        self.files: model_files.ModelFiles | None = None
        self.source: str | None = None
        self.revision: str | None = None

    def _build_network(self) -> nn.Module:
        raise NotImplementedError

    def _check_pass(self) -> None:
        """Raise ConfigError if a forward pass would cost too much; called on the meta device (see `loading.budget`)."""
        raise NotImplementedError

    @property
    def device(self) -> torch.device:
        """The device that holds the weights."""
        return next(self.parameters()).device

    @classmethod
    def from_pretrained(  # type: ignore[override]  # the mixin's **model_kwargs would let a repository set any argument
        cls: type[Model],
        pretrained_model_name_or_path: str | Path,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        allow_folders: bool = True,
    ) -> Model:
        """Load a bundled model by name, a model in a folder, or one on the Hub as "org/name", in evaluation mode.

        Config and weights come from one commit, which is kept in `revision`. See `model_files.locate` for the
        arguments, and the module `model_files` for what is checked before anything is allocated.

        Raises:
            ModelError: the model is not found, not reachable, of another kind, or not valid; the message says why and
                what to do.
        """
        files = model_files.locate(
            pretrained_model_name_or_path,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
            allow_folders=allow_folders,
            kinds=cls.kinds,
        )
        values = model_files.load_config(files)
        if (kind := model_files.kind_of(values)) is not None and kind not in cls.kinds:
            article = "an" if kind[0] in "aeiou" else "a"
            raise ModelError(
                f"'{files.name}' is {article} {kind}, which {cls.__name__} can't load; "
                f"use {LOADERS[kind]}.from_pretrained instead"
            )
        try:
            config = cls.config_class.from_dict(values)
            with on_meta():
                model = cls(**config.to_dict()).eval()
                if files.folder is None:  # not for local models: torch imports sympy for this check, which takes time
                    model._check_pass()
        except ConfigError as error:
            raise ModelError(f"'{files.name}' can't be loaded: {error}") from error
        files.load_weights(model)
        model.files, model.source, model.revision = files, files.name, files.commit
        return model.eval()

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> str | None:
        """Write model.safetensors, config.json and, unless it exists, README.md; the arguments are the mixin's.

        `model_card_kwargs={"facts": ...}` is passed to `generate_model_card`.
        """
        card_kwargs = {"name": Path(save_directory).resolve().name, **(kwargs.pop("model_card_kwargs", None) or {})}
        return super().save_pretrained(save_directory, model_card_kwargs=card_kwargs, **kwargs)

    def push_to_hub(self, repo_id: str, **kwargs: Any) -> str:
        """Save as `save_pretrained` does and upload to the repository; the arguments are the mixin's."""
        card_kwargs = {**(kwargs.pop("model_card_kwargs", None) or {}), "name": repo_id}
        return super().push_to_hub(repo_id, model_card_kwargs=card_kwargs, **kwargs)

    def _save_pretrained(self, save_directory: Path) -> None:
        """Write model.safetensors and config.json; called by the mixin's `save_pretrained` and `push_to_hub`."""
        # safetensors refuses channels_last tensors. `save_file` writes the same bytes each time, `save_model` does not.
        state = {name: tensor.detach().to("cpu").contiguous() for name, tensor in self.state_dict().items()}
        # Only the types of a newly built network load, so a model that runs in bfloat16 is saved in float32.
        state = {name: tensor.float() if tensor.dtype == torch.bfloat16 else tensor for name, tensor in state.items()}
        save_file(state, save_directory / WEIGHTS_FILE, metadata={"format": "pt"})
        text = json.dumps(self.config.to_dict(), indent=2, sort_keys=True, ensure_ascii=False)
        (save_directory / model_files.CONFIG_FILE).write_text(text + "\n", encoding="utf-8")

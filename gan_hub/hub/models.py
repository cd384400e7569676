"""A model of any kind by its name: what its config says decides which class loads it."""

from pathlib import Path

from gan_hub.generator import GanGenerator
from gan_hub.loading import model_files
from gan_hub.stylizer import PhotoStylizer


def load_model(name: str | Path, *, revision: str | None = None) -> GanGenerator | PhotoStylizer:
    """Load a generator, a stylizer or an upscaler; arguments and errors are those of `from_pretrained`."""
    files = model_files.locate(name, revision=revision, kinds=("generator", "stylizer", "upscaler"))
    is_stylizer = model_files.kind_of(model_files.load_config(files)) in PhotoStylizer.kinds
    loader = PhotoStylizer if is_stylizer else GanGenerator
    return loader.from_pretrained(name, revision=files.commit or revision)

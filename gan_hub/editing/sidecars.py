"""What may lie beside a generator, loaded when it is first asked for: directions and an encoder."""

from pathlib import Path

from gan_hub.editing import encoder as encoders
from gan_hub.editing.directions import DIRECTIONS_FILE, MAX_BYTES, Directions, check_fit
from gan_hub.editing.encoder import LatentEncoder
from gan_hub.loading import model_files
from gan_hub.loading.config import GeneratorConfig


class Sidecars:
    """Directions and encoder of one generator.

    Attributes:
        config: of the generator.
        files: that the generator was loaded from; None for a new one, which has neither.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        self.config = config
        self.files: model_files.ModelFiles | None = None
        # What is not there yet has not been looked for.
        self._loaded: dict[str, Directions | LatentEncoder | None] = {}

    @property
    def directions(self) -> Directions | None:
        """See `GanGenerator.directions`."""
        if "directions" not in self._loaded:
            path = self.files.optional_path(DIRECTIONS_FILE, MAX_BYTES) if self.files else None
            self._loaded["directions"] = None if path is None else self._read(path)
        found = self._loaded["directions"]
        assert not isinstance(found, LatentEncoder)
        return found

    @directions.setter
    def directions(self, directions: Directions | None) -> None:
        self._loaded["directions"] = directions and check_fit(directions, self.config)

    @property
    def encoder(self) -> LatentEncoder | None:
        """See `GanGenerator.encoder`."""
        if "encoder" not in self._loaded:
            self._loaded["encoder"] = LatentEncoder.beside(self.files, self.config) if self.files else None
        found = self._loaded["encoder"]
        assert not isinstance(found, Directions)
        return found

    @encoder.setter
    def encoder(self, encoder: LatentEncoder | None) -> None:
        if encoder is not None:
            encoders.check_fit(encoder.config, self.config)
        self._loaded["encoder"] = encoder

    def save(self, folder: Path) -> None:
        """Write what there is to the generator's folder, and remove there what there is not: it was another one's."""
        directions, encoder = self.directions, self.encoder
        for name in (DIRECTIONS_FILE, encoders.CONFIG_FILE, encoders.WEIGHTS_FILE):
            (folder / name).unlink(missing_ok=True)
        if directions is not None:
            directions.save(folder)
        if encoder is not None:
            encoder.save(folder)

    def _read(self, path: Path) -> Directions:
        assert self.files is not None
        return Directions.load(path, self.config, name=self.files.name)

"""Where the benchmark keeps what it makes: data, environments, logs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.tiles import Layer

APPS = Path(__file__).parent / "apps"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with its parts."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def apps(self) -> Path:
        return APPS

    def python(self, environment: str) -> Path:
        return self.folder / "envs" / environment / "bin" / "python"

    def path(self, layer: Layer) -> Path:
        return self.data / layer.cube.path

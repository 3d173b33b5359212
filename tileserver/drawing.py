"""One picture: which layer, at which step, on which grid, in which colours. What an ETag is of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from tileserver import __version__
from tileserver.catalog import Dataset
from tileserver.colormap import CLASSES
from tileserver.encode import Format
from tileserver.grid import Grid
from tileserver.layer import Layer, Selection
from tileserver.plan import Resampling
from tileserver.style import Category, Colormap, Scale

DEFAULT_COLORMAP = "viridis"


@dataclass(frozen=True, slots=True)
class StyleChoice:
    """How a request wants a layer drawn; None where it does not say."""

    colormap: Colormap | None = None
    rescale: tuple[float, float] | None = None
    scale: Scale | None = None
    opacity: float = 1.0
    nodata: float | None = None

    @property
    def key(self) -> str:
        """The same for the same choice, in every process."""
        colormap = self.colormap.key if self.colormap else ""
        return f"{colormap}|{self.rescale}|{self.scale}|{self.opacity}|{self.nodata}"


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """One picture of a layer: where, when, how."""

    dataset: Dataset
    layer: Layer
    selection: Selection
    target: Grid
    choice: StyleChoice = StyleChoice()
    resampling: Resampling = "nearest"
    format: Format = "png"

    @property
    def etag(self) -> str:
        """A strong validator, known before any work: all that the bytes depend on."""
        parts = (
            __version__,
            self.dataset.id,
            self.dataset.version,
            self.layer.key,
            str(self.selection.indices),
            str(self.target.key),
            self.choice.key,
            self.resampling,
            self.format,
        )
        return f'"{hashlib.blake2b("|".join(parts).encode(), digest_size=12).hexdigest()}"'


def default_colormap(layer: Layer) -> Colormap:
    """A layer's colours where a request does not say: the catalogue's, its classes', viridis."""
    if layer.style.colormap_name is not None:
        return Colormap.named(layer.style.colormap_name)
    if 0 < len(layer.flags) <= CLASSES:
        spare = Colormap.named("tab20").lut
        return Colormap.categorical(
            layer.id,
            [
                Category(flag.value, flag.label, flag.color or _rgba(spare[i * 13 % 256]))
                for i, flag in enumerate(layer.flags)
            ],
        )
    return Colormap.named(DEFAULT_COLORMAP)


def _rgba(color: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> tuple[int, int, int, int]:
    red, green, blue, alpha = color.tolist()
    return (red, green, blue, alpha)

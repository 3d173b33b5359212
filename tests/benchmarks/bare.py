"""The least that a nearest tile of a lat/lon grid costs: gather, mask, scale, index, deflate.

Plain numpy on one decoded chunk, with all that can be kept made before: the yardstick that the
whole way of a tile is held against.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from tests.benchmarks.cubes import FILL
from tests.benchmarks.tiles import Tile
from tileserver.encode import palette_png
from tileserver.render import Indexed

SIDE = 256
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Lattice:
    """A lat/lon grid of square cells, rows from north; `size`, `west`, `north` in degrees."""

    size: float
    west: float
    north: float
    shape: tuple[int, int]


WORLD = Lattice(0.25, -180.0, 90.0, (720, 1440))
REGION = Lattice(0.01, -40.0, 60.0, (8192, 8192))


def cells(tile: Tile, lattice: Lattice) -> tuple[Index, Index]:
    """The rows and the columns of the cells that the tile's pixel centres lie in."""
    at = (np.arange(SIDE) + 0.5) / SIDE / 2**tile.z
    lon = 360 * (at + tile.x / 2**tile.z) - 180
    lat = np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * (at + tile.y / 2**tile.z)))))
    rows = np.floor((lattice.north - lat) / lattice.size).astype(np.intp)
    cols = np.floor((lon - lattice.west) / lattice.size).astype(np.intp)
    return rows.clip(0, lattice.shape[0] - 1), cols.clip(0, lattice.shape[1] - 1)


def color_table(scale: float, offset: float, low: float, high: float) -> NDArray[np.uint8]:
    """The palette's index of each int16, by its bits: 0 is missing, 1 to 255 `low` to `high`."""
    stored = np.arange(65_536, dtype=np.uint16).view(np.int16)
    part = (stored * scale + offset - low) / (high - low)
    index: NDArray[np.uint8] = (1 + np.rint(part.clip(0, 1) * 254)).astype(np.uint8)
    index[stored == FILL] = 0
    return index


def palette() -> NDArray[np.uint8]:
    """Viridis, (256, 4); the first is transparent."""
    colors = (colormaps["viridis"](np.linspace(0, 1, 255)) * 255).round().astype(np.uint8)
    return np.concatenate([np.zeros((1, 4), np.uint8), colors])


def draw(
    chunk: NDArray[np.int16], rows: Index, cols: Index, table: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The indexed picture, (SIDE, SIDE)."""
    where = (rows * chunk.shape[1])[:, None] + cols
    stored = chunk.ravel().take(where)
    index: NDArray[np.uint8] = table.take(stored.view(np.uint16))
    return index


def encode(index: NDArray[np.uint8], colors: NDArray[np.uint8]) -> bytes:
    return palette_png(Indexed(index, colors))

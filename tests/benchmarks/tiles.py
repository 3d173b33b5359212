"""Which tiles are asked for, and what is drawn in them."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

import numpy as np

from tests.benchmarks.cubes import BY_NAME, Cube, sea

LEAST_SEA = 0.5  # of a tile's area, where land is masked


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Of WebMercatorQuad, `step` along the time axis."""

    z: int
    x: int
    y: int
    step: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """A variable and how it is drawn; `low` to `high` in viridis unless `plain` (a photograph)."""

    cube: Cube
    variable: str
    low: float = 0.0
    high: float = 1.0
    resampling: str = "nearest"
    format: str = "png"
    algorithm: str = ""
    size: int = 256

    @property
    def plain(self) -> bool:
        """Whether it is shown in its own colours."""
        return self.variable == "rgb"

    def primer(self) -> Layer:
        """What reads the same chunks of the same tile and is another picture, of another plan."""
        if self.algorithm:
            return replace(self, algorithm="", low=0, high=4000)
        if self.plain:
            return replace(self, format="webp" if self.format == "jpg" else "jpg")
        return replace(self, size=512)


def bounds(tile: Tile) -> tuple[float, float, float, float]:
    """(west, south, east, north) in degrees."""
    count = 2**tile.z

    def latitude(row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / count))))

    west, east = (360 * col / count - 180 for col in (tile.x, tile.x + 1))
    return west, latitude(tile.y + 1), east, latitude(tile.y)


def candidates(cube: Cube, zooms: tuple[int, ...]) -> list[Tile]:
    """All tiles of the zooms that lie in the data, in their order, at step 0."""
    west, south, east, north = cube.bounds
    found = []
    for z in zooms:
        across, down = span(west, east, 2**z), range(2**z)
        for x in across:
            for y in down:
                box = bounds(Tile(z, x, y))
                inside = south <= box[1] and box[3] <= north
                if inside and (not cube.masked or wet(box)):
                    found.append(Tile(z, x, y))
    return found


def span(west: float, east: float, count: int) -> range:
    """The columns that lie between two meridians."""
    first = math.ceil((west + 180) / 360 * count - 1e-9)
    return range(first, math.floor((east + 180) / 360 * count + 1e-9))


def wet(box: tuple[float, float, float, float]) -> bool:
    """Whether enough of a box in degrees is sea."""
    west, south, east, north = box
    rows = slice(int(90 - north), max(int(90 - north) + 1, math.ceil(90 - south)))
    cols = slice(int(west + 180), max(int(west + 180) + 1, math.ceil(east + 180)))
    return bool(np.mean(sea()[rows, cols]) >= LEAST_SEA)


def choose(cube: Cube, zooms: tuple[int, ...], count: int, seed: int) -> list[Tile]:
    """`count` distinct tiles in a random order that the seed fixes, at random steps.

    Raises:
        ValueError: the zooms have fewer.
    """
    draw = random.Random(f"{cube.name} {zooms} {seed}")
    steps = range(max(1, cube.steps))
    every = [Tile(t.z, t.x, t.y, s) for t in candidates(cube, zooms) for s in steps]
    if len(every) < count:
        raise ValueError(f"{cube.name} has {len(every)} tiles at zooms {zooms}, not {count}")
    return draw.sample(every, count)


GLOBAL = BY_NAME["global3"]
SEA = Layer(GLOBAL, "packed", -2, 32)
SEA_FLOAT = Layer(GLOBAL, "single", -2, 32)
FINE = Layer(BY_NAME["fine"], "packed", -15, 15)
PLAIN = Layer(BY_NAME["plain"], "packed", -10, 10)
SHARDED = Layer(BY_NAME["sharded"], "packed", -10, 10)
UTM = Layer(BY_NAME["utm"], "b08", 1000, 4500, resampling="bilinear")
UTM_OTHER = Layer(BY_NAME["utm"], "b04", 300, 1500, resampling="bilinear")
RGB_JPEG = Layer(BY_NAME["rgb"], "rgb", format="jpg")
RGB_WEBP = Layer(BY_NAME["rgb2"], "rgb", format="webp")
HILLSHADE = Layer(BY_NAME["dem"], "b1", algorithm="hillshade")

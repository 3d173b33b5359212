"""Datasets in memory with made-up values, for tests of series and statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from affine import Affine

from tileserver.axis import Axis
from tileserver.config import DatasetConfig
from tileserver.cube import Cube, Dimension, Level, Packing, Variable
from tileserver.dataset import Dataset, make_dataset
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.sources.memory import MemorySource
from tileserver.timeaxis import TimeAxis

DAY_S = 86400.0
PLAIN = Packing()


@dataclass(frozen=True)
class Field:
    """A variable to be: stored numbers by level, from the finest, and how they are laid out."""

    dims: tuple[str, ...]
    grids: tuple[Grid, ...]
    arrays: tuple[np.ndarray, ...]
    chunks: tuple[int, ...]
    packing: Packing = PLAIN

    def variable(self, name: str) -> Variable:
        levels = tuple(
            Level(grid, self.chunks, array.shape, int(np.prod(self.chunks)) * array.itemsize)
            for grid, array in zip(self.grids, self.arrays, strict=True)
        )
        return Variable(name, self.dims, self.arrays[0].dtype, levels, self.packing, units="K")


def make(fields: Mapping[str, Field], dimensions: Mapping[str, object]) -> Dataset:
    """A dataset called `synthetic` of these fields."""
    known = {name: Dimension(name, values) for name, values in dimensions.items()}
    cube = Cube({name: field.variable(name) for name, field in fields.items()}, known)
    source = MemorySource(cube, {name: field.arrays for name, field in fields.items()})
    return make_dataset(DatasetConfig(id="synthetic", url="memory"), source)


def days(count: int) -> TimeAxis:
    """Daily steps from 1970 on."""
    return TimeAxis(np.arange(count) * DAY_S)


def noise(*shape: int, seed: int = 1, dtype: str = "f8") -> np.ndarray:
    """Values around 280 with a tenth of them missing."""
    random = np.random.default_rng(seed)
    values = 280 + 10 * random.standard_normal(shape)
    values[random.random(shape) < 0.1] = np.nan
    return values.astype(dtype)


def regular(first_lon: float = -180.0, step: float = 2.0) -> Grid:
    """A global grid of square cells, rows from north to south."""
    rows = round(180 / step)
    x = Axis(first_lon, step, 2 * rows, period=360.0)
    return Grid(LONLAT, x, Axis(90, -step, rows))


def gaussian(first_lon: float = 0.0) -> Grid:
    """A global grid with irregular rows."""
    lat = 90 * np.sin(np.linspace(1.5, -1.5, 60))
    x = Axis.from_centers(first_lon + np.arange(120) * 3.0, period=360.0)
    return Grid(LONLAT, x, Axis.from_centers(lat))


def projected(crs: str, west: float, north: float, cell: float, size: int) -> Grid:
    return Grid.from_affine(parse_crs(crs), Affine(cell, 0, west, 0, -cell, north), (size, size))


def as_xarray(grid: Grid, values: np.ndarray) -> xr.DataArray:
    """Values (time, rows, cols) with their coordinates."""
    coords = {"y": grid.y.cell_centers(), "x": grid.x.cell_centers()}
    return xr.DataArray(values, dims=("time", "y", "x"), coords=coords)

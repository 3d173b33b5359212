"""Coordinates of a cube as arrays of Zarr 2: times, levels, and where its cells lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
from numcodecs import Zstd

from tileserver.cube import Cube, Dimension, Raw, Variable
from tileserver.grid import Grid, is_degrees, transformer
from tileserver.sources.virtual.tree import array_document
from tileserver.sources.zarr.hierarchy import Document
from tileserver.timeaxis import TimeAxis

COMPRESSOR: Document = {"id": "zstd", "level": 1}
EPOCH = "seconds since 1970-01-01"
LARGEST_CHUNK = 1 << 20  # cells of coordinates along two dimensions
WGS84 = pyproj.CRS("OGC:CRS84")
DIMENSIONS = "_ARRAY_DIMENSIONS"  # where xarray looks for their names in Zarr 2


def packed(raw: npt.NDArray[Any], chunk: tuple[int, ...], fill: float) -> bytes:
    """A chunk as it is stored: filled up to its whole size, little-endian, compressed."""
    if raw.shape != chunk:
        whole = np.full(chunk, fill, raw.dtype)
        whole[tuple(map(slice, raw.shape))] = raw
        raw = whole
    data = np.ascontiguousarray(raw.astype(raw.dtype.newbyteorder("<"), copy=False))
    return bytes(Zstd(level=COMPRESSOR["level"]).encode(data))


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An array whose values are at hand.

    Args:
        values: all of them, of one chunk.
    """

    values: npt.NDArray[Any]
    attrs: Document

    @property
    def document(self) -> Document:
        """Its `.zarray`."""
        dtype = self.values.dtype.newbyteorder("<")
        shape = self.values.shape
        return array_document(shape, shape, dtype, None, compressor=COMPRESSOR)

    def chunk(self, _: tuple[int, ...]) -> bytes:
        """The only one."""
        return packed(self.values, self.values.shape, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Longitudes or latitudes of cells that follow no axes (rows, cols), worked out by chunk."""

    grid: Grid
    which: int
    attrs: Document

    @property
    def document(self) -> Document:
        """Its `.zarray`."""
        return array_document(
            self.grid.shape, self._chunks, np.dtype("<f8"), np.nan, compressor=COMPRESSOR
        )

    def chunk(self, place: tuple[int, ...]) -> bytes:
        """One of them."""
        (height, width), (rows, cols) = self.grid.shape, self._chunks
        row = np.arange(place[0] * rows, min((place[0] + 1) * rows, height)) + 0.5
        col = np.arange(place[1] * cols, min((place[1] + 1) * cols, width)) + 0.5
        assert self.grid.lookup is not None
        x, y = self.grid.lookup.points(*np.meshgrid(col, row))
        lon_lat = transformer(self.grid.crs, WGS84).transform(x, y)
        return packed(np.asarray(lon_lat[self.which]), self._chunks, np.nan)

    @property
    def _chunks(self) -> tuple[int, int]:
        height, width = self.grid.shape
        return max(1, min(height, LARGEST_CHUNK // max(width, 1))), width


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """The names of what places the cells of a grid."""

    rows: str
    cols: str
    mapping: str
    beside: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """Of its dimensions."""
        return self.rows, self.cols


class Coordinates:
    """Those of a cube's variables, by name."""

    def __init__(self, cube: Cube, variables: Iterable[Variable]) -> None:
        self.known: dict[str, Known | Cells] = {}
        self._places: dict[object, _Place] = {}
        for variable in variables:
            for name in variable.dims:
                if name not in self.known and (found := _along(cube.dimensions[name])) is not None:
                    self.known[name] = found
            if _identity(variable.grid) not in self._places:
                self._place(variable.grid)

    def placing(self, variable: Variable) -> Document:
        """What a variable says of its dimensions and of its place."""
        place = self._places[_identity(variable.grid)]
        found: Document = {DIMENSIONS: [*variable.dims, *place.names]}
        found["grid_mapping"] = place.mapping
        if place.beside:
            found["coordinates"] = " ".join(place.beside)
        return found

    def _place(self, grid: Grid) -> None:
        number = len(self._places)
        end = f"_{number + 1}" if number else ""
        mapping = f"spatial_ref{end}"
        self.known[mapping] = Known(np.array(0), {"crs_wkt": grid.crs.to_wkt(), **_cf(grid.crs)})
        if grid.lookup is not None:
            place = _Place(f"row{end}", f"col{end}", mapping, (f"lon{end}", f"lat{end}"))
            for which, (name, about) in enumerate(zip(place.beside, (LON, LAT), strict=True)):
                attrs = {**about, DIMENSIONS: [*place.names]}
                self.known[name] = Cells(grid, which, attrs)
        else:
            degrees = is_degrees(grid.crs)
            rows, cols = ("lat", "lon") if degrees else ("y", "x")
            place = _Place(f"{rows}{end}", f"{cols}{end}", mapping)
            told = (LAT, LON) if degrees else (Y, X)
            for name, axis, about in zip(place.names, (grid.y, grid.x), told, strict=True):
                self.known[name] = Known(axis.cell_centers(), {**about, DIMENSIONS: [name]})
        self._places[_identity(grid)] = place


LON: Document = {"standard_name": "longitude", "units": "degrees_east"}
LAT: Document = {"standard_name": "latitude", "units": "degrees_north"}
X: Document = {"standard_name": "projection_x_coordinate", "axis": "X"}
Y: Document = {"standard_name": "projection_y_coordinate", "axis": "Y"}


def _identity(grid: Grid) -> object:
    return id(grid.lookup) if grid.lookup is not None else (grid.shape, grid.bounds, grid.crs)


def _cf(crs: pyproj.CRS) -> Document:
    return {DIMENSIONS: [], "grid_mapping_name": crs.to_cf().get("grid_mapping_name", "unknown")}


def _along(dimension: Dimension) -> Known | None:
    """The coordinates of a dimension, as they are stored."""
    attrs: Document = {DIMENSIONS: [dimension.name]}
    if dimension.title:
        attrs["long_name"] = dimension.title
    values = dimension.values
    if isinstance(values, TimeAxis):
        return Known(_whole(values.seconds), attrs | {"units": EPOCH, "calendar": values.calendar})
    if isinstance(values, tuple):
        return Known(np.array(values, dtype="U"), attrs)
    return Known(values, attrs | ({"units": dimension.units} if dimension.units else {}))


def _whole(seconds: npt.NDArray[np.float64]) -> Raw:
    is_whole = bool(np.isfinite(seconds).all() and (seconds == np.floor(seconds)).all())
    return seconds.astype(np.int64) if is_whole else seconds

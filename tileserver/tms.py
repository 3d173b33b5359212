"""Tile matrix sets as immutable values: where their tiles lie, and which touch some bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyproj

from tileserver.axis import Axis
from tileserver.errors import InvalidParameter, TileOutOfRange
from tileserver.extent import reach
from tileserver.grid import LONLAT, Bounds, Grid, is_degrees, transformer

WEB_MERCATOR_QUAD = "WebMercatorQuad"
DEEPEST_ZOOM = 30
LARGEST_TILE_PX = 1024
# OGC 17-083r4, 6.1: a pixel of 0.28 mm; a degree on the equator of WGS 84.
PIXEL_M = 0.28e-3
METRES_PER_DEGREE = 6378137.0 * math.pi / 180
NEAR_POLE_DEG = 90 - 1e-9


@dataclass(frozen=True, slots=True)
class Matrix:
    """One zoom: `width` × `height` tiles of `tile_px` pixels of `cell_size` CRS units, from the
    top left corner (left, top)."""

    zoom: int
    cell_size: float
    left: float
    top: float
    width: int
    height: int
    tile_px: int

    @property
    def span(self) -> float:
        """The side of a tile in CRS units."""
        return self.cell_size * self.tile_px


@dataclass(frozen=True, slots=True, eq=False)
class MatrixSet:
    """A tile matrix set.

    Args:
        key: tells it from all others, also from one that had its id before.
        crs: coordinates are (x, y) whatever the CRS's own axis order; `northing_first` says that
            standards write them the other way round.
        crs_urn: as WMTS names the CRS.
    """

    id: str
    key: str
    title: str
    crs: pyproj.CRS
    crs_urn: str
    northing_first: bool
    matrices: tuple[Matrix, ...]
    is_quadtree: bool

    def matrix(self, zoom: int) -> Matrix:
        """The matrix of a zoom; a quadtree goes on below its last one. Raises TileOutOfRange."""
        last = self.matrices[-1]
        if self.first_zoom <= zoom <= last.zoom:
            return self.matrices[zoom - self.first_zoom]
        if self.is_quadtree and last.zoom < zoom <= DEEPEST_ZOOM:
            factor = 2 ** (zoom - last.zoom)
            return Matrix(
                zoom, last.cell_size / factor, last.left, last.top,
                last.width * factor, last.height * factor, last.tile_px,
            )  # fmt: skip
        deepest = DEEPEST_ZOOM if self.is_quadtree else last.zoom
        zooms = f"zooms {self.first_zoom} to {deepest}"
        raise TileOutOfRange(zoom, f"{self.id} has {zooms}", "TileMatrix")

    @property
    def first_zoom(self) -> int:
        """The registry begins one set, of UTM, with matrix 1."""
        return self.matrices[0].zoom

    @property
    def last_zoom(self) -> int:
        """The deepest that is registered."""
        return self.matrices[-1].zoom

    @property
    def bounds(self) -> Bounds:
        """(west, south, east, north) of all tiles of the first zoom, in CRS units."""
        top = self.matrices[0]
        return (
            top.left, top.top - top.height * top.span, top.left + top.width * top.span, top.top,
        )  # fmt: skip

    @property
    def metres_per_unit(self) -> float:
        """Of the CRS, as scale denominators count it."""
        if is_degrees(self.crs):
            return METRES_PER_DEGREE
        return float(self.crs.axis_info[0].unit_conversion_factor)

    def scale_denominator(self, zoom: int) -> float:
        """Of a matrix (OGC 17-083r4, 6.1.1)."""
        return self.matrix(zoom).cell_size * self.metres_per_unit / PIXEL_M


def tile_grid(tiles: MatrixSet, z: int, x: int, y: int, size: int | None = None) -> Grid:
    """The pixels of a tile, `size` × `size` (default: the set's own).

    Raises TileOutOfRange for a tile that the set lacks, InvalidParameter for a size over
    LARGEST_TILE_PX.
    """
    matrix = tiles.matrix(z)
    size = size or matrix.tile_px
    if not 1 <= size <= LARGEST_TILE_PX:
        raise InvalidParameter("tilesize", size, f"expected at most {LARGEST_TILE_PX} pixels")
    if not 0 <= x < matrix.width:
        raise TileOutOfRange(
            f"{z}/{x}/{y}", f"x is 0 to {matrix.width - 1} at zoom {z} of {tiles.id}", "TileCol"
        )
    if not 0 <= y < matrix.height:
        raise TileOutOfRange(
            f"{z}/{x}/{y}", f"y is 0 to {matrix.height - 1} at zoom {z} of {tiles.id}", "TileRow"
        )
    cell = matrix.span / size
    return Grid(
        tiles.crs,
        Axis(matrix.left + x * matrix.span, cell, size),
        Axis(matrix.top - y * matrix.span, -cell, size),
        key=(tiles.key, z, x, y, size),
    )


@dataclass(frozen=True, slots=True)
class TileRange:
    """The tiles of a matrix that touch some bounds, all ends included."""

    min_x: int
    max_x: int
    min_y: int
    max_y: int


def tile_range(tiles: MatrixSet, zoom: int, bounds: Bounds) -> TileRange:
    """The tiles of a zoom that touch lon/lat bounds (west > east: across 180°)."""
    matrix = tiles.matrix(zoom)
    west, south, east, north = projected_bounds(tiles, bounds)
    # A tile that only touches at its edge shows nothing.
    slack = 1e-9 * matrix.span
    return TileRange(
        _within((west + slack - matrix.left) / matrix.span, matrix.width),
        _within((east - slack - matrix.left) / matrix.span, matrix.width),
        _within((matrix.top - north + slack) / matrix.span, matrix.height),
        _within((matrix.top - south - slack) / matrix.span, matrix.height),
    )


def tile_at(tiles: MatrixSet, zoom: int, lon: float, lat: float) -> tuple[int, int]:
    """The column and row of the tile at a point in degrees, cut to the set."""
    matrix = tiles.matrix(zoom)
    x, y = transformer(LONLAT, tiles.crs).transform(lon, lat)
    if not math.isfinite(x + y):
        x, y = matrix.left, matrix.top
    col, row = (x - matrix.left) / matrix.span, (matrix.top - y) / matrix.span
    return (_within(col, matrix.width), _within(row, matrix.height))


def _within(position: float, size: int) -> int:
    return min(max(math.floor(position), 0), size - 1)


@lru_cache(maxsize=4096)
def projected_bounds(tiles: MatrixSet, bounds: Bounds) -> Bounds:
    """Lon/lat bounds in the set's CRS, cut to the set."""
    limits = tiles.bounds
    west, south, east, north = bounds
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    boxes: list[Bounds | None] = [(first, south, last, north) for first, last in spans]
    if not is_degrees(tiles.crs):
        change = transformer(LONLAT, tiles.crs).transform
        # A hair from the poles, which some projections put at infinity.
        low, high = max(south, -NEAR_POLE_DEG), min(north, NEAR_POLE_DEG)
        boxes = [reach(change, (first, low, last, high)) for first, last in spans]
    ends = np.array([box for box in boxes if box is not None])
    if not len(ends):
        return limits
    box = (*ends[:, :2].min(axis=0).tolist(), *ends[:, 2:].max(axis=0).tolist())
    return (
        max(box[0], limits[0]), max(box[1], limits[1]),
        min(box[2], limits[2]), min(box[3], limits[3]),
    )  # fmt: skip


def native_zoom(tiles: MatrixSet, grid: Grid) -> int:
    """The first zoom whose pixels are as fine as the grid's cells, at its middle."""
    x, y = transformer(grid.crs, tiles.crs).transform(*grid.middle())
    if not np.isfinite(x + y).all():
        return tiles.first_zoom
    step = min(math.hypot(x[1] - x[0], y[1] - y[0]), math.hypot(x[2] - x[0], y[2] - y[0]))
    if not math.isfinite(step) or step <= 0:
        return tiles.first_zoom
    for matrix in tiles.matrices:
        if matrix.cell_size <= step * 1.01:
            return matrix.zoom
    return tiles.matrices[-1].zoom

"""The pixels of a map: from its box and size to a grid, and the parts that it is drawn in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tileserver.axis import Axis
from tileserver.grid import Bounds, Grid
from tileserver.services.ogc.wms_crs import NamedCrs
from tileserver.tms import DEEPEST_ZOOM, LARGEST_TILE_PX, MatrixSet, tile_grid

# A map of which each edge lies so near a tile's, in pixels, shows that tile.
SAME_PX = 1e-4
# Larger maps are drawn in parts: to plan one in a CRS that is not separable takes 5 ms of the event
# loop, of a part less than one; and what a part holds is bounded.
WHOLE_PX, PART_PX = 512, 256


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A rectangle of a map, from its row and column on."""

    row: int
    col: int
    grid: Grid


def map_grid(
    place: NamedCrs, bounds: Bounds, size: tuple[int, int], sets: Sequence[MatrixSet]
) -> Grid:
    """The pixels of a map of (width, height); where they are a tile's, that tile's grid, so that
    what is kept of the one serves the other.

    Args:
        bounds: (west, south, east, north) in the CRS, longitudes maybe beyond 180°.
        sets: whose tiles it may be.
    """
    width, height = size
    if width == height <= LARGEST_TILE_PX:
        for tiles in sets:
            tile = _tile(tiles, bounds, width) if tiles.crs.srs == place.crs.srs else None
            if tile is not None:
                return tile
    west, south, east, north = bounds
    return Grid(
        place.crs,
        Axis(west, (east - west) / width, width),
        Axis(north, (south - north) / height, height),
        key=("map", place.crs.srs, *bounds, width, height),
    )


def _tile(tiles: MatrixSet, bounds: Bounds, size: int) -> Grid | None:
    west, south, east, north = bounds
    tolerance = SAME_PX * (east - west) / size
    if abs((north - south) - (east - west)) > tolerance:
        return None
    first = tiles.matrices[0]
    deepest = DEEPEST_ZOOM if tiles.is_quadtree else tiles.last_zoom
    near = tiles.first_zoom + round(math.log2(first.span / (east - west)))
    zooms = [near] if tiles.is_quadtree else range(tiles.first_zoom, deepest + 1)
    for zoom in zooms:
        if not tiles.first_zoom <= zoom <= deepest:
            continue
        matrix = tiles.matrix(zoom)
        x, y = round((west - matrix.left) / matrix.span), round((matrix.top - north) / matrix.span)
        if not (0 <= x < matrix.width and 0 <= y < matrix.height):
            continue
        tile = tile_grid(tiles, zoom, x, y, size)
        pairs = zip(tile.bounds, bounds, strict=True)
        if max(abs(own - asked) for own, asked in pairs) <= tolerance:
            return tile
    return None


def is_whole(grid: Grid) -> bool:
    """Whether a map is drawn in one part."""
    height, width = grid.shape
    return height * width <= WHOLE_PX**2


def parts(grid: Grid) -> Iterator[Part]:
    """The rectangles of a map, row by row: all of it where it is small."""
    if is_whole(grid):
        yield Part(0, 0, grid)
        return
    height, width = grid.shape
    for row in range(0, height, PART_PX):
        y = _piece(grid.y, row)
        for col in range(0, width, PART_PX):
            x = _piece(grid.x, col)
            yield Part(row, col, Grid(grid.crs, x, y, key=("part", row, col, grid.key)))


def _piece(axis: Axis, first: int) -> Axis:
    size = min(PART_PX, axis.size - first)
    return replace(axis, start=axis.start + first * axis.step, size=size)


def sketch(grid: Grid, most: int = 256) -> Grid:
    """The same place in at most so many pixels a side."""
    height, width = grid.shape
    x, y = _coarser(grid.x, min(width, most)), _coarser(grid.y, min(height, most))
    return Grid(grid.crs, x, y, key=("sketch", most, grid.key))


def _coarser(axis: Axis, size: int) -> Axis:
    return replace(axis, step=axis.step * axis.size / size, size=size)

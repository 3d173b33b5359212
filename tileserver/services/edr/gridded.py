"""Values of all cells that an area touches: of queries for areas, boxes and circles."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from tileserver.area import Weights, weigh
from tileserver.axis import Axis, Floats
from tileserver.errors import InvalidParameter
from tileserver.geometry import Surface, framed, polygons
from tileserver.grid import FULL_CIRCLE_DEG, LONLAT, Grid, is_degrees
from tileserver.pipeline import Engine
from tileserver.services.coverage import MOST_CELLS
from tileserver.services.edr.coverage import Coverage, Values, merged
from tileserver.services.edr.frame import LONLAT_FRAME, Frame
from tileserver.services.edr.question import Question, Reach, reach
from tileserver.services.edr.reading import (
    Block,
    cell_m,
    check_count,
    check_reading,
    count_of,
    each,
    read,
    without_overviews,
)
from tileserver.services.edr.wkt import NAME, Places, surface_of
from tileserver.services.window import Part, finest, place, sampled

# A cell of which less than this part is inside was touched by the rounding of edges alone.
SLIVER = 1e-4
CORNERS = 180  # of a circle
LARGEST_RADIUS_M = 5_000_000
DEGREE_M = 111_195  # of latitude, on the sphere
NARROWEST = 1e-3  # cosine of a latitude
_GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """The cells of a layer in an area.

    Args:
        inside: (rows, cols).
    """

    reach: Reach
    parts: tuple[Part, ...]
    x: Floats
    y: Floats
    inside: npt.NDArray[np.bool_]

    def blocks(self) -> list[Block]:
        """What is read, one for each level."""
        found, cells = self.reach, self.inside.size
        return [
            Block(found.layer, found.at(rung), found.steps, self.parts, cells)
            for rung in found.rungs.tolist()
        ]


async def area(engine: Engine, question: Question, surface: Surface) -> list[Coverage]:
    """The values of the cells that an area in degrees touches, NaN in the others around them.

    On the dataset's own grid where its axes are those of the answer's CRS; else on one in degrees
    with cells of about the same size, each with the value of the cell that holds its centre.

    Raises PayloadTooLarge, SourceError.
    """
    windows = await asyncio.to_thread(_windows, engine, question, surface)
    values = await each(windows, partial(_values, engine, question))
    return merged(
        window.reach.coverage("grid", window.x, window.y, found)
        for window, found in zip(windows, values, strict=True)
    )


def circle(places: Places, radius_m: float, frame: Frame) -> Surface:
    """The area in degrees within a distance of some points, on the ellipsoid.

    Raises InvalidParameter.
    """
    lons, lats = frame.to_lonlat(places.x, places.y)
    if (np.abs(lats) > 90).any():
        raise InvalidParameter(NAME, "…", "expected latitudes from -90 to 90")
    azimuths = np.linspace(0, FULL_CIRCLE_DEG, CORNERS, endpoint=False)
    far = np.full(CORNERS, radius_m)
    rings = []
    for lon, lat in zip(lons.tolist(), lats.tolist(), strict=True):
        around = _GEOD.fwd(np.full(CORNERS, lon), np.full(CORNERS, lat), azimuths, far)
        rings.append(shapely.Polygon(np.column_stack(around[:2])))
    return surface_of(shapely.MultiPolygon(rings), LONLAT_FRAME)


def _windows(engine: Engine, question: Question, surface: Surface) -> list[_Window]:
    reaches = [found for layer in question.layers if (found := reach(question, layer))]
    windows = [made for each in reaches if (made := _window(each, surface, question.frame))]
    check_count(count_of(window.reach, window.inside.size) for window in windows)
    check_reading(engine, (block for window in windows for block in window.blocks()))
    return windows


def _window(found: Reach, surface: Surface, frame: Frame) -> _Window | None:
    grid = finest(found.layer).grid
    layer = without_overviews(found.layer)
    is_own = grid.lookup is None and (is_degrees(grid.crs) if frame.is_degrees else True)
    target = grid if is_own else _degrees_around(grid, surface)
    weights = None if target is None else weigh(target, surface, most_cells=MOST_CELLS)
    if target is None or weights is None:
        return None
    rows, cols, inside = _trimmed(weights)
    if cols.stop - cols.start == target.x.size and target.x.period is not None:
        cols, inside = _from_the_west(target.x, inside)
    if not inside.any():
        return None
    if is_own:
        return _Window(found, place(layer, 0, rows, cols), *_centers(target, rows, cols), inside)
    part = Grid(LONLAT, _cut(target.x, cols), _cut(target.y, rows))
    parts = sampled(layer, part)
    return _Window(found, parts, part.x.cell_centers(), part.y.cell_centers(), inside)


def _trimmed(weights: Weights) -> tuple[slice, slice, npt.NDArray[np.bool_]]:
    """The window without edges that are slivers only; a small area keeps the cells it is in."""
    inside = weights.parts > SLIVER
    if not inside.any():
        return weights.rows, weights.cols, weights.parts > 0
    rows = np.flatnonzero(inside.any(axis=1))
    cols = np.flatnonzero(inside.any(axis=0))
    across, down = weights.cols.start, weights.rows.start
    return (
        slice(down + int(rows[0]), down + int(rows[-1]) + 1),
        slice(across + int(cols[0]), across + int(cols[-1]) + 1),
        inside[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1],
    )


def _from_the_west(
    axis: Axis, inside: npt.NDArray[np.bool_]
) -> tuple[slice, npt.NDArray[np.bool_]]:
    """A window all round the globe, begun at 180° west."""
    east = (axis.cell_centers() + FULL_CIRCLE_DEG / 2) % FULL_CIRCLE_DEG
    first = int(east.argmin() if axis.step > 0 else east.argmax())
    return slice(first, first + axis.size), np.roll(inside, -first, axis=1)


def _centers(grid: Grid, rows: slice, cols: slice) -> tuple[Floats, Floats]:
    """x and y of a window; longitudes go on beyond 180° where it does, but begin before it."""
    across = np.arange(cols.start, cols.stop)
    turns = across // grid.x.size * (grid.x.period or 0.0) * math.copysign(1, grid.x.step)
    x = grid.x.cell_centers()[across % grid.x.size] + turns
    if grid.x.period is not None and (x.min() >= 180 or x.min() < -180):
        x = x - np.floor((x.min() + 180) / FULL_CIRCLE_DEG) * FULL_CIRCLE_DEG
    return x, grid.y.cell_centers()[rows]


def _degrees_around(grid: Grid, surface: Surface) -> Grid | None:
    """A grid in degrees of the part of an area where cells are, with cells of about their size."""
    near = polygons(shapely.intersection(surface, _boxes(grid)))
    if near.is_empty:
        return None
    # Of an area on both sides of 180° the one that is not cut there is the narrower.
    around = (near, framed(near, center=FULL_CIRCLE_DEG / 2))
    west, south, east, north = min((each.bounds for each in around), key=lambda b: b[2] - b[0])
    high = cell_m(grid) / DEGREE_M
    # Where a cell is as wide as it is high it spans the fewest degrees nearest to the equator.
    nearest = 0.0 if south < 0 < north else min(abs(south), abs(north))
    wide = high / max(math.cos(math.radians(nearest)), NARROWEST)
    if not math.isfinite(high):
        return None
    width = max(1, math.ceil((east - west) / wide - 1e-9))
    height = max(1, math.ceil((north - south) / high - 1e-9))
    return Grid(LONLAT, Axis(west, wide, width), Axis(north, -high, height))


def _boxes(grid: Grid) -> shapely.Geometry:
    west, south, east, north = grid.lonlat_bounds()
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.MultiPolygon(
        [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
    )


def _cut(axis: Axis, window: slice) -> Axis:
    return Axis(axis.start + window.start * axis.step, axis.step, window.stop - window.start)


async def _values(engine: Engine, question: Question, window: _Window) -> Values:
    """The values (steps, levels, rows, cols) of a layer."""
    levels = []
    for block in window.blocks():
        found = await read(engine, question, block)
        found[:, ~window.inside] = np.nan
        levels.append(found)
    return np.stack(levels, axis=1)

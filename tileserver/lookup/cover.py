"""How much of each cell that a lookup finds lies in an area, and how large cells are."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import shapely

from tileserver.axis import Floats
from tileserver.geometry import Surface
from tileserver.grid import LONLAT, Grid, is_degrees
from tileserver.lookup.blocks import Index, Valid
from tileserver.outline import BEND_TOLERANCE, Outline, bent, check_cells, coverage, rings
from tileserver.projection import reprojected

LONGEST_EDGE = 4.0  # in cells, of an outline before it is bent
MOST_POINTS = 200_000
LARGEST_JUMP = 8.0  # in cells, from one point of an outline to the next; farther apart is a seam
CENTERS_AT_ONCE = 1 << 20
# Along each side of a cell on the border of an area: the fewer such cells, the more.
FEWEST_PARTS, MOST_PARTS = 4, 32
PARTS_IN_ALL = 1 << 21
CORNER = 1e-6  # of a cell: corners are taken just inside, as neighbours may lie elsewhere
METRES_PER_DEGREE = 111_195.0


class Cover(NamedTuple):
    """The part (rows, cols) of each cell of a window that is inside, from 0 to 1."""

    parts: Floats
    first_row: int
    first_col: int


def cover_of(grid: Grid, surface: Surface, most_cells: int) -> Cover | None:
    """What an area in degrees covers of a grid with a lookup; None where that is nothing.

    Exact where the whole outline lies on the grid and crosses no seam. Elsewhere cells at the
    border count by how many of their parts have their centre inside.

    Raises PayloadTooLarge where more than `most_cells` are to be looked at.
    """
    outline = _outline(grid, surface)
    if outline is not None:
        return _covered(grid, outline, most_cells)
    check_cells(grid.y.size * grid.x.size, most_cells)
    return _counted(grid, surface)


def _outline(grid: Grid, surface: Surface) -> Outline | None:
    """The outline in cells, None where it has gaps."""
    lookup = grid.lookup
    assert lookup is not None
    if not lookup.is_continuous:
        return None
    cell = min(grid.cell_size) / (1 if is_degrees(grid.crs) else METRES_PER_DEGREE)
    if not math.isfinite(cell):  # so few cells have a place that none is met in the middle
        return None
    longest = max(LONGEST_EDGE * cell, shapely.length(surface) / MOST_POINTS)
    points, ring = rings(shapely.segmentize(surface, longest))

    def positions(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        cols, rows = lookup.positions(*reprojected(LONLAT, grid.crs, x, y))
        return (cols - grid.x.start) / grid.x.step, (rows - grid.y.start) / grid.y.step

    placed, ring = bent(points, ring, positions, BEND_TOLERANCE)
    inside = (placed >= 0) & (placed <= (grid.x.size, grid.y.size))
    if not inside.all():
        return None
    if grid.x.wraps:
        for number in np.unique(ring):
            own = ring == number
            placed[own, 0] = np.unwrap(placed[own, 0], period=grid.x.size)
    steps = np.abs(np.diff(placed, axis=0))[np.diff(ring) == 0]
    return Outline.of(placed, ring) if steps.max(initial=0) <= LARGEST_JUMP else None


def _covered(grid: Grid, outline: Outline, most_cells: int) -> Cover | None:
    west, south = (math.floor(v.min()) for v in outline.boxes[:2])
    east, north = (math.ceil(v.max()) for v in outline.boxes[2:])
    check_cells((east - west) * (north - south), most_cells)
    parts = coverage(outline, np.arange(west, east + 1.0), np.arange(south, north + 1.0))
    if not parts.any():
        return None
    # Rows that run northwards turn an outline round.
    parts = np.clip(parts if parts.sum() > 0 else -parts, 0.0, 1.0)
    if grid.x.wraps and east - west > grid.x.size:
        around = np.zeros((len(parts), grid.x.size))
        for col in range(west, east):
            around[:, col % grid.x.size] += parts[:, col - west]
        return Cover(np.clip(around, 0.0, 1.0), south, 0)
    return Cover(parts, south, west % grid.x.size if grid.x.wraps else west)


def _counted(grid: Grid, surface: Surface) -> Cover | None:
    """By the centres of cells, and of parts of those that have neighbours of the other kind."""
    shapely.prepare(surface)
    parts = np.zeros(grid.shape)
    height = max(1, CENTERS_AT_ONCE // grid.x.size)
    for first in range(0, grid.y.size, height):
        rows = np.arange(first, min(first + height, grid.y.size))
        cols, down = np.meshgrid(np.arange(grid.x.size) + 0.5, rows + 0.5)
        parts[first : first + height] = _inside(grid, surface, cols, down)
    if not parts.any():
        return _smaller_than_a_cell(grid, surface)
    at = np.nonzero(_border(parts > 0))
    assert grid.lookup is not None
    if not grid.lookup.is_continuous:
        at = np.nonzero(_border(parts > 0) | _cut(grid, surface, parts > 0))
    count = math.isqrt(PARTS_IN_ALL // max(1, len(at[0])))
    count = min(max(count, FEWEST_PARTS), MOST_PARTS)
    for start in range(0, len(at[0]), CENTERS_AT_ONCE // count**2):
        some = tuple(each[start : start + CENTERS_AT_ONCE // count**2] for each in at)
        parts[some] = _shares(grid, surface, some, count)
    return Cover(parts, 0, 0)


def _cut(grid: Grid, surface: Surface, inside: Valid) -> Valid:
    """Cells of which a corner is of another kind than the centre: their neighbours in the array
    need not be those on the Earth."""
    cut = np.zeros(grid.shape, np.bool_)
    height = max(1, CENTERS_AT_ONCE // grid.x.size)
    for first in range(0, grid.y.size, height):
        rows = np.arange(first, min(first + height, grid.y.size), dtype=np.float64)
        cols, down = np.meshgrid(np.arange(grid.x.size, dtype=np.float64), rows)
        for right in (CORNER, 1 - CORNER):
            for below in (CORNER, 1 - CORNER):
                corners = _inside(grid, surface, cols + right, down + below)
                cut[first : first + height] |= corners != inside[first : first + height]
    return cut


def _smaller_than_a_cell(grid: Grid, surface: Surface) -> Cover | None:
    assert grid.lookup is not None
    spot = shapely.point_on_surface(surface)
    place = reprojected(LONLAT, grid.crs, np.array([spot.x]), np.array([spot.y]))
    cols, rows = grid.lookup.positions(*place)
    col, row = grid.x.positions(cols), grid.y.positions(rows)
    if np.isnan(col + row)[0]:
        return None
    at = (row.astype(np.intp), col.astype(np.intp))
    share = np.maximum(_shares(grid, surface, at, MOST_PARTS), MOST_PARTS**-2)
    return Cover(share[:, None], int(at[0][0]), int(at[1][0]))


def _border(inside: Valid) -> Valid:
    """Cells that have a neighbour of the other kind."""
    wide = np.pad(inside, 1, mode="edge")
    parts = [
        wide[down : down + inside.shape[0], right : right + inside.shape[1]]
        for down in range(3)
        for right in range(3)
    ]
    border: Valid = np.logical_or.reduce(parts) & ~np.logical_and.reduce(parts)
    return border


def _shares(grid: Grid, surface: Surface, at: tuple[Index, ...], count: int) -> Floats:
    """The part (n,) of cells that is inside, by the centres of count × count parts."""
    offsets: Floats = (np.arange(count) + 0.5) / count
    across, down = np.tile(offsets, count), np.repeat(offsets, count)
    inside = _inside(grid, surface, at[1][:, None] + across, at[0][:, None] + down)
    shares: Floats = inside.mean(axis=1)
    return shares


def _inside(grid: Grid, surface: Surface, cols: Floats, rows: Floats) -> Valid:
    """Whether positions in cells of the grid are in the area; shaped alike."""
    lon, lat = _lonlat(grid, cols, rows)
    known = np.isfinite(lon) & np.isfinite(lat)
    inside = np.zeros(cols.shape, np.bool_)
    inside[known] = shapely.contains_xy(surface, lon[known], lat[known])
    return inside


def _lonlat(grid: Grid, cols: Floats, rows: Floats) -> tuple[Floats, Floats]:
    assert grid.lookup is not None
    x, y = grid.lookup.points(grid.x.start + cols * grid.x.step, grid.y.start + rows * grid.y.step)
    return reprojected(grid.crs, LONLAT, x, y)


def solid_angles(grid: Grid, rows: slice, cols: slice) -> Floats:
    """The areas (rows, cols) of the cells of a window on the unit sphere, between great circles
    through their corners; 0 where there is no cell."""
    columns = np.arange(cols.start, cols.stop) % grid.x.size
    lines = np.arange(rows.start, rows.stop)
    corners = []
    for right, down in (
        (CORNER, CORNER),
        (1 - CORNER, CORNER),
        (1 - CORNER, 1 - CORNER),
        (CORNER, 1 - CORNER),
    ):
        lon, lat = _lonlat(grid, *np.meshgrid(columns + right, lines + down))
        x, y = np.radians(lon), np.radians(lat)
        corners.append(np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=-1))
    a, b, c, d = corners
    areas = np.abs(_excess(a, b, c) + _excess(a, c, d))
    return np.nan_to_num(areas)


def _excess(a: Floats, b: Floats, c: Floats) -> Floats:
    """The signed areas of triangles of unit vectors (van Oosterom and Strackee 1983,
    doi:10.1109/TBME.1983.325207)."""
    triple = (a * np.cross(b - a, c - a)).sum(axis=-1)
    cosines = 1 + (a * b).sum(axis=-1) + (b * c).sum(axis=-1) + (c * a).sum(axis=-1)
    angles: Floats = 2 * np.arctan2(triple, cosines)
    return angles

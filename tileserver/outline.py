"""The outline of an area in a grid's CRS, and the part of each cell that lies inside it.

The part of a cell is an integral along the outline, cut at the grid's lines: each piece that rises
by dv of a cell's height adds dv to all cells on its left in its row, and u · dv to its own, u being
the mean part of the cell on the piece's left (Green's theorem; font rasterizers know it as signed
area coverage, e.g. FreeType's ftgrays.c). That is exact for edges that are straight in the
grid's CRS, and costs no more than the pieces and the cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from tileserver.axis import Floats
from tileserver.errors import PayloadTooLarge
from tileserver.geometry import Surface, framed, polygons
from tileserver.grid import FULL_CIRCLE_DEG, LONLAT, Grid, is_degrees, transformer

Index = npt.NDArray[np.intp]
Project = Callable[[Floats, Floats], tuple[Floats, Floats]]

MOST_CROSSINGS = 20_000_000
CROSSINGS_AT_ONCE = 500_000  # some 100 MB of arrays
# Projected outlines stray from the true curve by at most this part of a cell.
BEND_TOLERANCE = 1e-3
LONGEST_EDGE_DEG = 1.0
MOST_HALVINGS = 16
SEAM_DEG = 1e-9  # what is cut off on both sides of the meridian where a projection is torn


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Edges (n,) of rings from (x0, y0) to (x1, y1) in the grid's CRS, the inside on the left.

    `boxes` holds west, south, east, north of each ring (4, rings). Where the area goes beyond
    what the projection shows (the horizon of a geostationary satellite) it is not `whole`.
    """

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    boxes: Floats
    whole: bool = True

    @classmethod
    def of(cls, points: Floats, ring: Index, *, whole: bool = True) -> Outline:
        """From points (n, 2) and the number of the ring that each is in; no ring need be closed."""
        starts = np.flatnonzero(np.diff(ring, prepend=-1))
        following = np.arange(1, len(points) + 1)
        following[np.append(starts[1:], len(points)) - 1] = starts
        boxes = np.concatenate(
            [np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)], axis=1
        )
        x, y = points.T
        return cls(x, y, x[following], y[following], boxes.T, whole)

    def moved(self, turn: float, sign_x: float, sign_y: float) -> Outline:
        """The outline moved eastwards, then mirrored where a sign is negative."""
        west, south, east, north = self.boxes
        across = np.sort(np.stack([sign_x * (west + turn), sign_x * (east + turn)]), axis=0)
        along = np.sort(np.stack([sign_y * south, sign_y * north]), axis=0)
        return Outline(
            sign_x * (self.x0 + turn),
            sign_y * self.y0,
            sign_x * (self.x1 + turn),
            sign_y * self.y1,
            np.stack([across[0], along[0], across[1], along[1]]),
        )


def check_cells(count: int, most: int) -> None:
    """Refuse an area of more cells than that. Raises PayloadTooLarge."""
    if count > most:
        raise PayloadTooLarge(
            f"the area spans {count} cells: ask for at most {most}, or at a coarser level"
        )


def trace(grid: Grid, surface: Surface) -> Outline | None:
    """The outline in the grid's CRS; None where none of it can lie on the grid."""
    if is_degrees(grid.crs):
        points, ring = rings(surface)
        return Outline.of(_shifted_datum(points, grid.crs), ring)
    near = _near(grid, framed(surface, _central_meridian(grid.crs)))
    if near.is_empty:
        return None
    points, ring = rings(shapely.segmentize(near, LONGEST_EDGE_DEG))
    tolerance = BEND_TOLERANCE * min(grid.resolution)
    projected, ring = bent(points, ring, transformer(LONLAT, grid.crs).transform, tolerance)
    seen = np.isfinite(projected).all(axis=1)
    return Outline.of(projected[seen], ring[seen], whole=bool(seen.all())) if seen.any() else None


def rings(surface: Surface) -> tuple[Floats, Index]:
    """The points (n, 2) of an area's rings, its inside on their left, and the ring of each."""
    oriented = shapely.orient_polygons(surface)
    parts = shapely.get_rings(shapely.get_parts(oriented))
    points, ring = shapely.get_coordinates(parts, return_index=True)
    return points, ring


def _shifted_datum(points: Floats, crs: pyproj.CRS) -> Floats:
    """Points in degrees of another datum, still in their own turn of longitude."""
    if crs.srs == LONLAT.srs:
        return points
    lon, lat = transformer(LONLAT, crs).transform(*points.T)
    half = FULL_CIRCLE_DEG / 2
    moved = np.mod(lon - points[:, 0] + half, FULL_CIRCLE_DEG) - half
    shifted = np.column_stack([points[:, 0] + moved, lat])
    return np.where(np.isfinite(shifted), shifted, points)


def _central_meridian(crs: pyproj.CRS) -> float:
    """Opposite to it a projection is torn."""
    operation = crs.coordinate_operation
    for parameter in operation.params if operation else ():
        if parameter.name.lower().startswith("longitude of"):
            return float(np.degrees(float(parameter.value) * parameter.unit_conversion_factor))
    return 0.0


def _near(grid: Grid, surface: Surface) -> Surface:
    """What of an area is around a projected grid: elsewhere its projection may have no values."""
    west, south, east, north = grid.lonlat_bounds()
    width = east - west + (FULL_CIRCLE_DEG if west > east else 0)
    margin = 0.1 + 0.05 * max(width, north - south)
    middle = _central_meridian(grid.crs)
    box = shapely.box(
        west - margin,
        max(south - margin, -90.0),
        min(west + width + margin, west - margin + FULL_CIRCLE_DEG),
        min(north + margin, 90.0),
    )
    half = FULL_CIRCLE_DEG / 2 - SEAM_DEG
    untorn = shapely.box(middle - half, -90, middle + half, 90)
    around = shapely.intersection(framed(box, middle), untorn)
    return polygons(shapely.intersection(surface, around))


def bent(points: Floats, ring: Index, project: Project, tolerance: float) -> tuple[Floats, Index]:
    """The projected points (n, 2), more of them where an edge bends; infinite where not seen."""
    there = np.column_stack(project(*points.T))
    for _ in range(MOST_HALVINGS):
        middles = (points[:-1] + points[1:]) / 2
        between = np.column_stack(project(*middles.T))
        bent = (ring[:-1] == ring[1:]) & (_distance(there[:-1], there[1:], between) > tolerance)
        at = np.flatnonzero(bent) + 1
        if not at.size:
            break
        points = np.insert(points, at, middles[bent], axis=0)
        there = np.insert(there, at, between[bent], axis=0)
        ring = np.insert(ring, at, ring[at])
    return there, ring


def _distance(a: Floats, b: Floats, point: Floats) -> Floats:
    """From points (n, 2) to the lines from a to b; 0 where one of them is not finite."""
    with np.errstate(invalid="ignore"):
        along, to_point = b - a, point - a
        length = np.hypot(along[:, 0], along[:, 1])
        across = np.abs(along[:, 0] * to_point[:, 1] - along[:, 1] * to_point[:, 0])
        apart = np.hypot(to_point[:, 0], to_point[:, 1])
        distance = np.where(length > 0, across / np.where(length > 0, length, 1), apart)
    return np.where(np.isfinite(distance), distance, 0.0)


def coverage(outline: Outline, lines_x: Floats, lines_y: Floats) -> Floats:
    """The part (rows, cols) of each cell that is inside, negative where the outline runs clockwise.

    Args:
        outline: rings that do not cross, in the coordinates of the lines.
        lines_x: the cols + 1 rising edges of the columns.
        lines_y: the rows + 1 rising edges of the rows.

    Raises PayloadTooLarge where the outline crosses the lines too often.
    """
    # One column more, on the left, takes what reaches beyond the cells.
    sums = np.zeros((len(lines_y) - 1, len(lines_x)))
    for x, y, last in _pieces(outline, lines_x, lines_y):
        _add(sums, x, y, last, lines_x, lines_y)
    backwards = sums[:, ::-1]
    np.cumsum(backwards, axis=1, out=backwards)
    return sums[:, 1:]


def _pieces(
    outline: Outline, lines_x: Floats, lines_y: Floats
) -> Iterator[tuple[Floats, Floats, npt.NDArray[np.bool_]]]:
    """Points along the edges, cut at every line, some edges at a time; True at an edge's last."""
    counts = _count(outline.x0, outline.x1, lines_x) + _count(outline.y0, outline.y1, lines_y)
    total = int(counts.sum())
    if total > MOST_CROSSINGS:
        raise PayloadTooLarge(
            f"the outline crosses the borders of cells {total} times: simplify it to at most "
            f"{MOST_CROSSINGS}, or ask at a coarser level"
        )
    batch = np.cumsum(counts + 2) // CROSSINGS_AT_ONCE
    for part in np.split(np.arange(len(counts)), np.flatnonzero(np.diff(batch)) + 1):
        yield _cut(outline, part, lines_x, lines_y)


def _cut(
    outline: Outline, part: Index, lines_x: Floats, lines_y: Floats
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    x0, y0, x1, y1 = (v[part] for v in (outline.x0, outline.y0, outline.x1, outline.y1))
    edge_x, line_x = _crossings(x0, x1, lines_x)
    edge_y, line_y = _crossings(y0, y1, lines_y)
    at_x, at_y = lines_x[line_x], lines_y[line_y]
    t_x = (at_x - x0[edge_x]) / (x1 - x0)[edge_x]
    t_y = (at_y - y0[edge_y]) / (y1 - y0)[edge_y]
    number = np.arange(len(part))
    edge = np.concatenate([number, edge_x, edge_y, number])
    t = np.concatenate([np.zeros(len(part)), t_x, t_y, np.ones(len(part))])
    x = np.concatenate([x0, at_x, x0[edge_y] + t_y * (x1 - x0)[edge_y], x1])
    y = np.concatenate([y0, y0[edge_x] + t_x * (y1 - y0)[edge_x], at_y, y1])
    order = np.lexsort((t, edge))
    return x[order], y[order], np.diff(edge[order], append=-1) != 0


def _count(start: Floats, stop: Floats, lines: Floats) -> Index:
    first, last = _between(start, stop, lines)
    return last - first


def _between(start: Floats, stop: Floats, lines: Floats) -> tuple[Index, Index]:
    """The first line strictly within each interval, and the one after the last."""
    first = np.searchsorted(lines, np.minimum(start, stop), side="right")
    last = np.searchsorted(lines, np.maximum(start, stop), side="left")
    return first, np.maximum(first, last)


def _crossings(start: Floats, stop: Floats, lines: Floats) -> tuple[Index, Index]:
    """Pairs of an edge and a line that it crosses."""
    first, last = _between(start, stop, lines)
    counts = last - first
    edge = np.repeat(np.arange(len(start)), counts)
    offset = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    return edge, np.repeat(first, counts) + offset


def _add(
    sums: Floats,
    x: Floats,
    y: Floats,
    last: npt.NDArray[np.bool_],
    lines_x: Floats,
    lines_y: Floats,
) -> None:
    """Adds the pieces between neighbouring points, which lie in one cell each, to the sums."""
    inner = np.flatnonzero(~last)
    x0, x1, y0, y1 = x[inner], x[inner + 1], y[inner], y[inner + 1]
    row = np.searchsorted(lines_y, (y0 + y1) / 2, side="right") - 1
    seen = (row >= 0) & (row < len(lines_y) - 1) & (y0 != y1)
    x0, x1, y0, y1, row = (v[seen] for v in (x0, x1, y0, y1, row))
    rise = (y1 - y0) / (lines_y[row + 1] - lines_y[row])
    col = np.searchsorted(lines_x, (x0 + x1) / 2, side="right") - 1
    # Beyond the last column all of it is on the left of a piece; before the first, none.
    col = np.clip(col, 0, len(lines_x) - 2)
    left = ((x0 + x1) / 2 - lines_x[col]) / (lines_x[col + 1] - lines_x[col])
    left = np.clip(left, 0.0, 1.0)
    flat = sums.reshape(-1)
    at = row * sums.shape[1] + col
    np.add.at(flat, at + 1, rise * left)
    np.add.at(flat, at, rise * (1 - left))

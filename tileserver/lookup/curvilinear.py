"""Grids with a longitude and a latitude for each cell: ocean models, swaths, limited areas.

A cell reaches midway to its neighbours: its corners are the means, on the sphere, of the four
centres around them; on the outside as far as on the inside. Where the store tells corners these are
taken. A cell without a place (NaN, a fill value) is none, nor is one that is far larger than most,
which strays to a point that stands for none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tileserver.axis import Axis, Floats
from tileserver.grid import FULL_CIRCLE_DEG, LONLAT, Bounds, Grid
from tileserver.lookup.blocks import Index, Singles, Valid
from tileserver.lookup.finding import find
from tileserver.lookup.mesh import UNIT, Mesh, Vertices

MOST_CELLS = 50_000_000
LARGEST_CELL = 100.0  # times the median one
MOST_TURNS = 16  # of the Earth that cells may cover in all; more are scrambled
ROWS_AT_ONCE_CELLS = 1 << 18
BINS = 7200  # of longitude, to tell how far cells reach round the Earth
CORNERS_ALIKE = 0.99  # part of the cells whose corners are their neighbours' too


@dataclass(frozen=True, slots=True, eq=False)
class MeshLookup:
    """Cells found by longitude and latitude in a mesh, made once.

    Args:
        bounds: in degrees.
    """

    mesh: Mesh
    bounds: Bounds

    @property
    def is_continuous(self) -> bool:
        """But at seams, where a tripolar grid is folded or a global one ends."""
        return True

    @property
    def nbytes(self) -> int:
        """What keeping it costs."""
        return self.mesh.nbytes

    def positions(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Positions along columns and rows of longitudes and latitudes."""
        return find(self.mesh, x, y)

    def points(self, cols: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """Longitudes and latitudes at positions."""
        return self.mesh.places(cols, rows)


def curvilinear_grid(lon: Floats, lat: Floats) -> Grid:
    """The grid of cells with these centres (rows, cols) in degrees, NaN where there is no cell.

    Raises ValueError where they make no grid.
    """
    _check(lon, lat)
    wraps = _wraps(lon, lat)
    vertices = _vertices_between(lon, lat, wraps)
    return _grid(vertices, np.isfinite(lon + lat), wraps)


def curvilinear_grid_of_corners(lon: Floats, lat: Floats) -> Grid | None:
    """The same by the cells' four corners (rows, cols, 4), in turn, in degrees.

    None where neighbours do not share theirs. Raises ValueError.
    """
    _check(lon[..., 0], lat[..., 0])
    order = _order(lon, lat)
    if order is None:
        return None
    lon, lat = lon[..., order], lat[..., order]
    valid: Valid = np.logical_and.reduce(np.isfinite(lon + lat), axis=-1)
    east = _unit(lon[:, -1, (1, 2)], lat[:, -1, (1, 2)])
    west = _unit(lon[:, 0, (0, 3)], lat[:, 0, (0, 3)])
    wraps = bool(np.nanmedian(np.abs(east - west)) < 1e-6)
    return _grid(_vertices_at(lon, lat), valid, wraps)


def _check(lon: Floats, lat: Floats) -> None:
    if lon.shape != lat.shape or lon.ndim != 2:
        raise ValueError("longitudes and latitudes are not of one shape")
    if lon.size > MOST_CELLS:
        raise ValueError(
            f"they are {lon.size} cells, at most {MOST_CELLS} are looked up: regrid them, or "
            "register a coarser copy"
        )
    if min(lon.shape) < 2:
        raise ValueError("two rows and columns at least tell how large cells are")


def _grid(vertices: Vertices, valid: Valid, wraps: bool) -> Grid:
    height, width = valid.shape
    period = float(width) if wraps else None
    lookup = mesh_lookup(vertices, valid)
    return Grid(LONLAT, Axis(0.0, 1.0, width, period=period), Axis(0.0, 1.0, height), lookup=lookup)


def mesh_lookup(vertices: Vertices, valid: Valid) -> MeshLookup:
    """From vertices (3, rows + 1, cols + 1) in UNIT and whether cells (rows, cols) are there.

    Raises ValueError where they make no grid.
    """
    sizes, areas = _extents(vertices, valid)
    known = sizes[valid & (sizes > 0)]
    if not known.size:
        raise ValueError("their coordinates are missing or all the same")
    size = float(np.median(known))
    valid = np.logical_and.reduce([valid, sizes > 0, sizes <= LARGEST_CELL * size])
    if float(areas[valid].sum()) > MOST_TURNS * 4 * np.pi:
        raise ValueError("their cells cover the Earth many times over: the order is scrambled")
    mesh = Mesh.of(vertices, valid, size)
    return MeshLookup(mesh, _bounds(mesh, vertices, valid))


def _unit(lon: Floats, lat: Floats) -> Floats:
    """Unit vectors (…, 3)."""
    x, y = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=-1)


def _wraps(lon: Floats, lat: Floats) -> bool:
    """Whether the last column neighbours the first, and does not repeat it or any other."""
    if lon.shape[1] < 4:
        return False
    step = max(1, lon.shape[0] // 256)
    part = _unit(lon[::step], lat[::step])
    steps = np.linalg.norm(np.diff(part, axis=1), axis=-1)
    across = np.linalg.norm(part[:, -1] - part[:, 0], axis=-1)
    ends = (steps[:, 0] + steps[:, -1]) / 2
    known = np.isfinite(across) & np.isfinite(ends) & (ends > 0)
    if not known.any():
        return False
    ratio = across[known] / ends[known]
    # Columns that turn back, as those of a swath, come near to each other by chance.
    onwards = ((part[:, 0] - part[:, -1]) * (part[:, 1] - part[:, 0])).sum(axis=-1)[known] > 0
    return bool((np.abs(ratio - 1) < 0.5).mean() > 0.5 and onwards.mean() > 0.5)


def _vertices_between(lon: Floats, lat: Floats, wraps: bool) -> Vertices:
    """Corners (3, rows + 1, cols + 1) in UNIT midway between centres; 0 where there is none."""
    height, width = lon.shape
    vertices = np.zeros((3, height + 1, width + 1), np.int32)
    step = max(4, ROWS_AT_ONCE_CELLS // width)
    for start in range(0, height + 1, step):
        stop = min(start + step, height + 1)
        # Rows of corners from start to stop lie between rows of centres start - 1 to stop; two more
        # on each side tell how it goes on where one is missing.
        first, last = max(start - 3, 0), min(stop + 2, height)
        centers = _padded(_unit(lon[first:last], lat[first:last]), wraps)
        own = centers[start - first : stop - first + 1]
        means = own[:-1, :-1] + own[:-1, 1:] + own[1:, :-1] + own[1:, 1:]
        with np.errstate(invalid="ignore"):
            means *= UNIT / np.linalg.norm(means, axis=-1, keepdims=True)
        vertices[:, start:stop] = np.nan_to_num(np.moveaxis(means, -1, 0)).round()
    return vertices


def _padded(centers: Floats, wraps: bool) -> Floats:
    """Centres (rows + 2, cols + 2, 3) with one more on each side, and where NaN is beside others,
    as far from these as they are from the next."""
    padded = np.pad(centers, ((1, 1), (1, 1), (0, 0)), constant_values=np.nan)
    if wraps:
        padded[:, 0], padded[:, -1] = padded[:, -2], padded[:, 1]
    for _ in range(2):  # beside, then across corners
        padded = _extrapolated(padded)
    return padded


def _extrapolated(points: Floats) -> Floats:
    wide = np.pad(points, ((2, 2), (2, 2), (0, 0)), constant_values=np.nan)
    height, width = points.shape[:2]

    def moved(down: int, right: int) -> Floats:
        return wide[2 + down : 2 + down + height, 2 + right : 2 + right + width]

    total, count = np.zeros_like(points), np.zeros((height, width, 1))
    for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        found = 2 * moved(down, right) - moved(2 * down, 2 * right)
        there = np.isfinite(found[..., :1])
        total += np.where(there, found, 0.0)
        count += there
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(points), total / np.where(count > 0, count, np.nan), points)


def _order(lon: Floats, lat: Floats) -> list[int] | None:
    """The order of corners in which they go along a row first, then back along the next."""
    step_y, step_x = (max(1, n // 64) for n in lon.shape[:2])
    rows = np.arange(0, lon.shape[0] - 1, step_y)[:, None]
    cols = np.arange(0, lon.shape[1] - 1, step_x)[None, :]
    own, right, below = (
        _unit(lon[rows + down, cols + across], lat[rows + down, cols + across])
        for down, across in ((0, 0), (0, 1), (1, 0))
    )
    side = np.nanmedian(np.linalg.norm(own[..., 0, :] - own[..., 2, :], axis=-1))
    for first in range(4):
        for direction in (1, -1):
            a, b, c, d = ((first + direction * i) % 4 for i in range(4))
            apart = np.stack(
                [
                    own[..., b, :] - right[..., a, :],
                    own[..., c, :] - right[..., d, :],
                    own[..., d, :] - below[..., a, :],
                    own[..., c, :] - below[..., b, :],
                ]
            )
            distance = np.linalg.norm(apart, axis=-1).max(axis=0)
            alike = distance[np.isfinite(distance)] < 1e-2 * side
            if alike.size and alike.mean() >= CORNERS_ALIKE:
                return [a, b, c, d]
    return None


def _vertices_at(lon: Floats, lat: Floats) -> Vertices:
    """Corners (3, rows + 1, cols + 1) in UNIT of those of cells, of the first that has one."""
    height, width = lon.shape[:2]
    vertices = np.zeros((3, height + 1, width + 1), np.int32)
    # The corner 0 of a cell is its own, the others where there is no such cell.
    for corner, (down, right) in reversed(list(enumerate(((0, 0), (0, 1), (1, 1), (1, 0))))):
        x, y = np.radians(lon[..., corner]), np.radians(lat[..., corner])
        known = np.isfinite(x) & np.isfinite(y)
        vectors = (np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y))
        for axis, values in enumerate(vectors):
            target = vertices[axis, down : down + height, right : right + width]
            np.copyto(target, np.nan_to_num(values * UNIT).round().astype(np.int32), where=known)
    return vertices


def _extents(vertices: Vertices, valid: Valid) -> tuple[Singles, Singles]:
    """The longer diagonal of each cell, 0 where a corner is none, and its area, on the unit
    sphere (rows, cols)."""
    height, width = valid.shape
    sizes, areas = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    step = max(1, ROWS_AT_ONCE_CELLS // width)
    for start in range(0, height, step):
        part = vertices[:, start : min(start + step, height) + 1] / UNIT
        a, b, c, d = part[:, :-1, :-1], part[:, :-1, 1:], part[:, 1:, 1:], part[:, 1:, :-1]
        there = np.logical_and.reduce([(corner != 0).any(axis=0) for corner in (a, b, c, d)])
        diagonals = c - a, d - b
        longest = np.maximum(*(np.sqrt((v * v).sum(axis=0)) for v in diagonals))
        first, second = (np.moveaxis(v, 0, -1) for v in diagonals)
        area = np.linalg.norm(np.cross(first, second), axis=-1) / 2
        sizes[start : start + step] = np.where(there & (area > 0), longest, 0)
        areas[start : start + step] = area
    return sizes, areas


def _bounds(mesh: Mesh, vertices: Vertices, valid: Valid) -> Bounds:
    """Around the valid cells, in degrees; a turn of longitude where they hold a pole."""
    height, width = valid.shape
    reached = np.zeros(BINS + 1, np.intp)
    south, north = 90.0, -90.0
    step = max(1, ROWS_AT_ONCE_CELLS // width)
    for start in range(0, height, step):
        rows = slice(start, min(start + step, height))
        x, y, z = vertices[:, rows.start : rows.stop + 1].astype(np.float64)
        lon, lat = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
        corners = [
            (a, b)
            for a in (slice(None, -1), slice(1, None))
            for b in (slice(None, -1), slice(1, None))
        ]
        lons, lats = (np.stack([v[c][valid[rows]] for c in corners]) for v in (lon, lat))
        if not lons.size:
            continue
        south, north = min(south, float(lats.min())), max(north, float(lats.max()))
        _reach(reached, lons)
    poles = ~np.isnan(find(mesh, np.zeros(2), np.array([-90.0, 90.0]))[0])
    south, north = (-90.0 if poles[0] else south), (90.0 if poles[1] else north)
    if poles.any():
        return (-180.0, south, 180.0, north)
    west, east = _arc(np.cumsum(reached[:-1]) > 0)
    return (west, south, east, north)


def _reach(reached: Index, lons: Floats) -> None:
    """Counts up the bins where cells with these longitudes (4, n) begin, and down behind them."""
    around = lons[0] + (lons - lons[0] + 180) % FULL_CIRCLE_DEG - 180
    scale = BINS / FULL_CIRCLE_DEG
    first = np.floor((around.min(axis=0) + 180) * scale).astype(np.intp)
    last = np.floor((around.max(axis=0) + 180) * scale).astype(np.intp) + 1
    for turn in (-BINS, 0, BINS):
        start, stop = np.clip(first + turn, 0, BINS), np.clip(last + turn, 0, BINS)
        np.add.at(reached, start, 1)
        np.add.at(reached, stop, -1)


def _arc(reached: Valid) -> tuple[float, float]:
    """West and east, in degrees, of the shortest arc that holds all bins that are reached."""
    at = np.flatnonzero(reached)
    gaps = np.diff(at, append=at[0] + BINS)
    widest = int(gaps.argmax())
    width = FULL_CIRCLE_DEG / BINS
    if gaps[widest] <= 1:
        return (-180.0, 180.0)
    west = float(at[(widest + 1) % len(at)]) * width - 180
    east = (float(at[widest]) + 1) * width - 180
    return (west, east if east > west else east + FULL_CIRCLE_DEG)

"""Where cells lie: axes and grids.

Conventions of the whole project, stated here once:

- arrays are (band, row, col); colours after `colorize` are (row, col, 4) uint8, straight alpha;
- validity is a bool array, True = valid;
- points are (x, y) = (lon, lat), pyproj transformers are made with `always_xy=True`;
- shapes are (height, width), windows half-open slices (rows, cols);
- bounds are (west, south, east, north); transforms map pixel corners to CRS units;
- a position on an axis counts cells from its first edge: 0.0 is the outer edge of cell 0, 0.5 its
  centre, `floor(position)` the cell that contains the coordinate;
- where cells follow no axes of the CRS (swaths, rotated images) a `Lookup` finds them, and a grid's
  axes count cells of its finest level: `Axis(0, 1, n)`, of the next `Axis(0, 2, n / 2)`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyproj
from affine import Affine

from tileserver.extent import lonlat_reach

Floats = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]

FULL_CIRCLE_DEG = 360.0
# Centres may stray from a regular spacing by this part of a cell before the axis counts as
# irregular: a thousandth of a cell moves no pixel that anybody could see.
REGULAR_TOLERANCE = 1e-3
EDGE = 1e-9  # of a cell
FLOAT32_BITS = 23  # of the significand; coordinates stored so stray by their rounding


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """One axis of a grid, `size` cells from the edge `start` in steps of `step` CRS units.

    Args:
        edges: the size + 1 cell edges where cells are irregular, strictly monotonic; else None.
        centers: the size cell centres of an irregular axis.
        period: 360 for a longitude axis in degrees, whose coordinates repeat; else None.
    """

    start: float
    step: float
    size: int
    edges: Floats | None = None
    centers: Floats | None = None
    period: float | None = None

    def __post_init__(self) -> None:
        if self.size < 1 or not math.isfinite(self.start) or not math.isfinite(self.step):
            raise ValueError(f"an axis needs at least one cell and finite edges, got {self}")
        if self.step == 0:
            raise ValueError("an axis needs a step other than 0")

    @classmethod
    def from_centers(
        cls, centers: npt.ArrayLike, *, period: float | None = None, default_step: float = 1.0
    ) -> Axis:
        """The axis whose cells have these centres (size,), in CRS units.

        Edges lie midway between centres. Longitudes that jump by a turn (… 179, -179 …) are
        unrolled. Raises ValueError for centres that are not finite or not strictly monotonic.
        """
        raw = np.atleast_1d(np.asarray(centers))
        values = raw.astype(np.float64)
        if not np.isfinite(values).all():
            raise ValueError("coordinates hold NaN or infinity")
        if values.size == 1:
            return cls(float(values[0]) - default_step / 2, default_step, 1, period=period)
        if period is not None:
            values = np.unwrap(values, period=period)
        steps = np.diff(values)
        if not ((steps > 0).all() or (steps < 0).all()):
            raise ValueError("coordinates do not rise or fall throughout")
        step = (values[-1] - values[0]) / (values.size - 1)
        if _is_regular(values, step, raw.dtype):
            return cls(float(values[0] - step / 2), float(step), values.size, period=period)
        middles = (values[:-1] + values[1:]) / 2
        first, last = values[0] - steps[0] / 2, values[-1] + steps[-1] / 2
        edges = np.concatenate([[first], middles, [last]])
        return cls(
            float(first), float(step), values.size, edges=edges, centers=values, period=period
        )

    @property
    def stop(self) -> float:
        """The outer edge of the last cell."""
        if self.edges is not None:
            return float(self.edges[-1])
        return self.start + self.step * self.size

    @property
    def low(self) -> float:
        """The smallest coordinate that the cells cover."""
        return min(self.start, self.stop)

    @property
    def high(self) -> float:
        """The largest coordinate that the cells cover."""
        return max(self.start, self.stop)

    @property
    def wraps(self) -> bool:
        """Whether the cells go round the globe, so that the last neighbours the first."""
        if self.period is None:
            return False
        return abs(self.high - self.low - self.period) < abs(self.step) / 2

    def padded(self, cells: int) -> Axis:
        """The same with so many more cells at both ends; ValueError for an irregular axis."""
        if self.edges is not None:
            raise ValueError("only a regular axis goes on beyond its ends")
        return replace(self, start=self.start - cells * self.step, size=self.size + 2 * cells)

    def cell_centers(self) -> Floats:
        """The cell centres (size,), in CRS units."""
        if self.centers is not None:
            return self.centers
        return self.start + (np.arange(self.size, dtype=np.float64) + 0.5) * self.step

    def cell_edges(self) -> Floats:
        """The cell edges (size + 1,), in CRS units."""
        if self.edges is not None:
            return self.edges
        return self.start + np.arange(self.size + 1, dtype=np.float64) * self.step

    def positions(self, coords: Floats, *, clamp: bool = False) -> Floats:
        """Positions of coordinates in CRS units; outside the axis NaN, or its end with `clamp`."""
        x = self._rolled(coords)
        if self.edges is None:
            positions: Floats = (x - self.start) / self.step
        else:
            counts = np.arange(self.size + 1, dtype=np.float64)
            if clamp:
                x = np.clip(x, self.low, self.high)
            positions = _interpolated(x, self.edges, counts)
        if clamp:
            return np.clip(positions, 0, self.size)
        # A coordinate on an outer edge, as rounding leaves it, belongs to the cell inside.
        inside = (positions >= -EDGE) & (positions <= self.size + EDGE)
        return np.where(inside, np.clip(positions, 0, self.size - EDGE), np.nan)

    def centered(self, positions: Floats) -> Floats:
        """Positions that count from the first cell's centre (0.0), to interpolate between cells.

        Positions beyond one turn, on an axis that wraps, stay so.
        """
        if self.centers is None or self.edges is None:
            return positions - 0.5
        turns = np.floor(positions / self.size) * self.size
        x = _interpolated(positions - turns, np.arange(self.size + 1.0), self.edges)
        inner = _interpolated(x, self.centers, np.arange(float(self.size)))
        return np.where(np.isnan(inner), positions - 0.5, inner + turns)

    def _rolled(self, coords: Floats) -> Floats:
        """Coordinates brought into the axis' own turn, e.g. -90 to 270 on a 0 to 360 axis."""
        if self.period is None:
            return coords
        low = (self.low + self.high - self.period) / 2
        # Only what lies outside is turned, so that no rounding touches what fits already.
        turned = low + np.mod(coords - low, self.period)
        return np.where((coords >= self.low) & (coords <= self.high), coords, turned)


def _interpolated(x: Floats, known: Floats, values: Floats) -> Floats:
    """Linear interpolation over a rising or falling axis; NaN outside it."""
    if known[0] > known[-1]:
        known, values = known[::-1], values[::-1]
    return np.interp(x, known, values, left=np.nan, right=np.nan)


def _is_regular(values: Floats, step: float, dtype: np.dtype[np.generic]) -> bool:
    ideal = values[0] + np.arange(values.size) * step
    tolerance = REGULAR_TOLERANCE * abs(step)
    if dtype.kind == "f" and dtype.itemsize < 8:
        rounding = 2.0 ** (1 - FLOAT32_BITS) * float(np.abs(values).max())
        tolerance = max(tolerance, min(rounding, 0.25 * abs(step)))
    return bool(np.abs(values - ideal).max() <= tolerance)


class Lookup(Protocol):
    """Finds cells that follow no axes of the CRS. Immutable, and used by several threads.

    Its positions count cells of the finest level, along columns and rows, from the outer edges of
    the first: the units of its grids' axes.
    """

    @property
    def bounds(self) -> Bounds:
        """(west, south, east, north) of all cells in CRS units; longitudes may go on beyond 180°,
        and span a turn where cells lie all round the globe."""
        ...

    @property
    def is_continuous(self) -> bool:
        """Whether neighbours in the array are neighbours on the Earth, but at a few seams.

        Where not, a pixel shows the cell that holds its centre, whatever kernel is asked for.
        """
        ...

    def positions(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Positions along columns and rows of points in the CRS; NaN where no cell is.

        x and y broadcast, e.g. (1, w) and (h, 1); both answers have the shape that results.
        """
        ...

    def points(self, cols: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """The points x and y in the CRS at positions of one shape; NaN where there is none."""
        ...


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Grid:
    """Cells in a CRS: an x axis (columns) and a y axis (rows).

    The same type says where a dataset's cells lie and where a tile's pixels lie. `key` tells one
    grid from another within a process; a tile's grid is keyed by its address, so that what was
    worked out for a tile is found again.

    Args:
        lookup: finds the cells where they follow no axes of the CRS; shared by all levels.
    """

    crs: pyproj.CRS
    x: Axis
    y: Axis
    key: object = field(default_factory=object)
    lookup: Lookup | None = None

    @classmethod
    def from_affine(cls, crs: pyproj.CRS, transform: Affine, shape: tuple[int, int]) -> Grid:
        """The grid of a raster without rotation; ValueError where there is one."""
        if transform.b or transform.d:
            raise ValueError("the grid is rotated: warp the file north-up, e.g. with gdalwarp")
        period = FULL_CIRCLE_DEG if is_degrees(crs) else None
        return cls(
            crs,
            Axis(transform.c, transform.a, shape[1], period=period),
            Axis(transform.f, transform.e, shape[0]),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in cells."""
        return (self.y.size, self.x.size)

    @property
    def transform(self) -> Affine:
        """Pixel corners to CRS units; of an irregular axis by its mean step."""
        return Affine(self.x.step, 0, self.x.start, 0, self.y.step, self.y.start)

    @property
    def bounds(self) -> Bounds:
        """(west, south, east, north) in CRS units."""
        if self.lookup is not None:
            return self.lookup.bounds
        return (self.x.low, self.y.low, self.x.high, self.y.high)

    @property
    def resolution(self) -> tuple[float, float]:
        """Mean cell size (x, y), positive, in units of the axes: of the CRS without a lookup."""
        return (abs(self.x.step), abs(self.y.step))

    @property
    def cell_size(self) -> tuple[float, float]:
        """Cell size (x, y), positive, in CRS units: the mean, with a lookup that in the middle.

        There it is along columns and rows, and of longitudes at the equator.
        """
        if self.lookup is None:
            return self.resolution
        x, y = self.middle()
        across, down = x[1:] - x[0], y[1:] - y[0]
        if is_degrees(self.crs):
            across = (across + 180) % FULL_CIRCLE_DEG - 180
            across = across * math.cos(math.radians(y[0]))
        return (math.hypot(across[0], down[0]), math.hypot(across[1], down[1]))

    def middle(self) -> tuple[Floats, Floats]:
        """x and y (3,), in CRS units, of three points: one in the middle of the grid, that one cell
        to its right, and that one cell down; NaN where a lookup knows no place."""
        if self.lookup is None:
            wide, high = self.resolution
            west, south = (self.x.low + self.x.high) / 2, (self.y.low + self.y.high) / 2
            return np.array([west, west + wide, west]), np.array([south, south, south + high])
        (cols, rows), (wide, high) = _inner_positions(self), self.resolution
        x, y = self.lookup.points(
            np.stack([cols, cols + wide, cols]), np.stack([rows, rows, rows + high])
        )
        known = np.flatnonzero(np.isfinite(x + y).all(axis=0))
        chosen = int(known[0]) if known.size else 0
        return x[:, chosen], y[:, chosen]

    def padded(self, pixels: int) -> Grid:
        """The same with so many more pixels on each side; ValueError for irregular axes."""
        key = ("padded", pixels, self.key)
        return replace(self, x=self.x.padded(pixels), y=self.y.padded(pixels), key=key)

    def lonlat_bounds(self) -> Bounds:
        """(west, south, east, north) in degrees; west > east where the grid crosses 180°.

        A grid that goes round the globe is (-180, …, 180, …).
        """
        west, south, east, north = self._degree_bounds()
        south, north = max(south, -90.0), min(north, 90.0)
        if not math.isfinite(west + east) or east - west >= FULL_CIRCLE_DEG - 1e-6:
            return (-180.0, south, 180.0, north)
        return (_half_turn(west), south, _half_turn(east, upper=True), north)

    def _degree_bounds(self) -> Bounds:
        if is_degrees(self.crs):
            return self.bounds
        box = _projected_bounds(self.crs.srs, self.bounds)
        return box if self.lookup is None else _within(box, self)


@lru_cache(maxsize=1024)
def _projected_bounds(crs: str, bounds: Bounds) -> Bounds:
    """Bounds in a CRS as degrees; ValueError where none of them is on the Earth."""
    known = _parsed_crs(crs)
    to_lonlat, back = transformer(known, LONLAT), transformer(LONLAT, known)
    found = lonlat_reach(to_lonlat.transform, back.transform, bounds)
    if found is None:
        raise ValueError("the grid lies nowhere on the Earth in its CRS")
    return found


def _within(box: Bounds, grid: Grid) -> Bounds:
    """The part of a box of degrees that a turned grid fills: by its outline, unless that is cut, or
    holds a pole."""
    if box[2] - box[0] >= FULL_CIRCLE_DEG / 2 or box[3] >= 90 or box[1] <= -90:
        return box
    assert grid.lookup is not None
    part = np.linspace(0, 1, 65)
    ends = np.zeros_like(part), np.ones_like(part)
    across, down = np.concatenate([part, part, *ends]), np.concatenate([*ends, part, part])
    x, y = grid.lookup.points(
        grid.x.low + (grid.x.high - grid.x.low) * across,
        grid.y.low + (grid.y.high - grid.y.low) * down,
    )
    lon, lat = transformer(grid.crs, LONLAT).transform(x, y)
    if not np.isfinite(lon + lat).all():
        return box
    first = (box[0] + box[2] - FULL_CIRCLE_DEG) / 2
    lon = first + np.mod(lon - first, FULL_CIRCLE_DEG)
    return (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))


def _inner_positions(grid: Grid) -> tuple[Floats, Floats]:
    """Positions (n,) of cells spread over a grid, those in its middle first, in axis units."""
    parts = np.linspace(0.1, 0.9, 17)
    across, down = (part.ravel() for part in np.meshgrid(parts, parts))
    order = np.argsort(np.hypot(across - 0.5, down - 0.5), kind="stable")
    return (
        grid.x.low + (grid.x.high - grid.x.low) * across[order],
        grid.y.low + (grid.y.high - grid.y.low) * down[order],
    )


def _half_turn(lon: float, *, upper: bool = False) -> float:
    """The longitude in [-180, 180), or (-180, 180] for an upper bound."""
    if -180 <= lon <= 180:
        return lon
    turned = (lon + 180) % FULL_CIRCLE_DEG - 180
    return 180.0 if upper and turned == -180 else turned


@lru_cache(maxsize=256)
def _parsed_crs(text: str) -> pyproj.CRS:
    return pyproj.CRS.from_user_input(text)


def parse_crs(text: str) -> pyproj.CRS:
    """The CRS that a text (EPSG:…, WKT, PROJ, PROJJSON) names; pyproj.exceptions.CRSError else."""
    return _parsed_crs(text)


LONLAT = parse_crs("OGC:CRS84")
WEB_MERCATOR = parse_crs("EPSG:3857")


@lru_cache(maxsize=256)
def _is_degrees(text: str) -> bool:
    crs = _parsed_crs(text)
    if not crs.is_geographic or crs.is_derived or crs.axis_info[0].unit_name != "degree":
        return False
    return crs.prime_meridian is None or crs.prime_meridian.longitude == 0


def is_degrees(crs: pyproj.CRS) -> bool:
    """Whether coordinates are longitudes and latitudes in degrees, from Greenwich (not of a rotated
    pole)."""
    return _is_degrees(crs.srs)


@lru_cache(maxsize=256)
def _transformer(src: str, dst: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(_parsed_crs(src), _parsed_crs(dst), always_xy=True)


def transformer(src: pyproj.CRS, dst: pyproj.CRS) -> pyproj.Transformer:
    """The kept transformer of points (x, y) from one CRS to another."""
    return _transformer(src.srs, dst.srs)

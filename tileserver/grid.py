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
import pyproj
from affine import Affine

from tileserver.axis import Axis, Floats
from tileserver.extent import lonlat_reach

Bounds = tuple[float, float, float, float]

FULL_CIRCLE_DEG = 360.0


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

    def coarsened(self, factor: tuple[int, int]) -> Grid:
        """The grid of cells that each hold so many (along y and x) of these, see Axis."""
        return Grid(self.crs, self.x.coarsened(factor[1]), self.y.coarsened(factor[0]))

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

"""How much of each cell of a grid lies in an area, in m²: the weights of means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from numpy.polynomial import chebyshev

from tileserver.axis import Axis, Floats
from tileserver.geometry import Geometry, Surface
from tileserver.grid import FULL_CIRCLE_DEG, LONLAT, Grid, transformer
from tileserver.lookup.cover import cover_of, solid_angles
from tileserver.outline import Outline, check_cells, coverage, trace

Index = npt.NDArray[np.intp]

MOST_CELLS = 25_000_000
# A cell of which less than this part is inside counts as outside: the rounding of edges.
SMALLEST_PART = 1e-9
EARTH_RADIUS_M = 6_371_007.2  # the authalic radius of WGS 84
CENTERS_AT_ONCE = 1_000_000
SCALE_NODES = 24
SCALE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The cells of a window that an area touches.

    Args:
        rows: of the grid.
        cols: of the grid; they go on beyond its width where it wraps, as in a ReadPlan.
        parts: (rows, cols) the part of each cell that is inside, from 0 to 1; 1 for a point.
        areas: the cells' areas in m², of a shape that broadcasts to (rows, cols).
    """

    rows: slice
    cols: slice
    parts: Floats
    areas: Floats

    @property
    def weights(self) -> Floats:
        """(rows, cols) the area in m² of each cell's part inside, 0 outside."""
        weights: Floats = self.parts * self.areas
        return weights


def weigh(grid: Grid, geometry: Geometry, *, most_cells: int = MOST_CELLS) -> Weights | None:
    """The weights of the cells in an area (degrees, as `parse_geometry` gives); None outside.

    A point is the cell that contains it. Raises PayloadTooLarge where the window has more than
    `most_cells` cells or the outline is too intricate for them. Where an area goes beyond the
    horizon of a geostationary grid, cells count whole whose centre is inside.
    """
    if isinstance(geometry, shapely.Point):
        cell = locate(grid, geometry.x, geometry.y)
        if cell is None:
            return None
        rows, cols = (slice(index, index + 1) for index in cell)
        return Weights(rows, cols, np.ones((1, 1)), cell_area(grid, rows, cols))
    if grid.lookup is not None:
        cover = cover_of(grid, geometry, most_cells)
        return None if cover is None else _trimmed(grid, *cover)
    outline = trace(grid, geometry)
    if outline is not None and not outline.whole:
        check_cells(grid.y.size * grid.x.size, most_cells)
        return _trimmed(grid, _centers_inside(grid, geometry), 0, 0)
    window = None if outline is None else _window(grid, outline)
    if outline is None or window is None:
        return None
    rows, cols = window
    check_cells((rows.stop - rows.start) * (cols.stop - cols.start), most_cells)
    return _trimmed(grid, _parts(grid, outline, rows, cols), rows.start, cols.start)


def _centers_inside(grid: Grid, surface: Surface) -> Floats:
    """1 for each cell of the grid (rows, cols) whose centre lies in the area, 0 for the others.

    For areas that go beyond the horizon, whose outlines have no form in the grid's CRS.
    """
    inside = np.zeros(grid.shape)
    to_lonlat = transformer(grid.crs, LONLAT)
    shapely.prepare(surface)
    x, y = grid.x.cell_centers(), grid.y.cell_centers()
    height = max(1, CENTERS_AT_ONCE // len(x))
    for first in range(0, len(y), height):
        lon, lat = to_lonlat.transform(*np.meshgrid(x, y[first : first + height]))
        seen = np.isfinite(lon) & np.isfinite(lat)
        inside[first : first + height][seen] = shapely.contains_xy(surface, lon[seen], lat[seen])
    return inside


def _trimmed(grid: Grid, parts: Floats, first_row: int, first_col: int) -> Weights | None:
    """The weights of parts, without the rows and columns around them that hold none."""
    touched = parts > 0
    if not touched.any():
        return None
    own_rows = _extent(np.logical_or.reduce(touched, axis=1))
    own_cols = _extent(np.logical_or.reduce(touched, axis=0))
    rows = slice(first_row + own_rows.start, first_row + own_rows.stop)
    turned = (first_col + own_cols.start) // grid.x.size * grid.x.size
    cols = slice(first_col + own_cols.start - turned, first_col + own_cols.stop - turned)
    return Weights(rows, cols, parts[own_rows, own_cols], cell_area(grid, rows, cols))


def _extent(touched: npt.NDArray[np.bool_]) -> slice:
    at = np.flatnonzero(touched)
    return slice(int(at[0]), int(at[-1]) + 1)


def locate(grid: Grid, lon: float, lat: float) -> tuple[int, int] | None:
    """The cell (row, col) that contains a point in degrees; None outside the grid."""
    rows, cols = locate_all(grid, np.array([lon]), np.array([lat]))
    return None if rows[0] < 0 else (int(rows[0]), int(cols[0]))


def locate_all(grid: Grid, lon: Floats, lat: Floats) -> tuple[Index, Index]:
    """The rows and columns of the cells that contain points (n,) in degrees; -1 outside."""
    x, y = (
        (lon, lat)
        if grid.crs.srs == LONLAT.srs
        else transformer(LONLAT, grid.crs).transform(lon, lat)
    )
    known = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
    if grid.lookup is not None:
        x, y = grid.lookup.positions(x, y)
    col, row = grid.x.positions(x), grid.y.positions(y)
    known &= np.isfinite(row) & np.isfinite(col)
    return (
        np.where(known, row, -1).astype(np.intp),
        np.where(known, col, -1).astype(np.intp),
    )


def cell_area(grid: Grid, rows: slice, cols: slice) -> Floats:
    """The areas in m² of the cells of a window, of a shape that broadcasts to (rows, cols).

    Longitude and latitude: R² Δλ (sin φ2 - sin φ1) on the sphere, cut at the poles. For evenly
    spaced rows that is proportional to cos φ, which is what is usual with xarray.
    Projected: the planar area over the projection's areal scale. In transverse Mercator (UTM) it
    is the planar area itself: within a zone the scale varies by 0.1 % at most, less than moves a
    mean, and plain means of pixels are what everybody else computes there. Equal-area projections
    have no such scale. With a lookup: between great circles through the corners, on the sphere.
    """
    if grid.lookup is not None:
        return EARTH_RADIUS_M**2 * solid_angles(grid, rows, cols)
    wide = np.abs(np.diff(grid.x.cell_edges()))[np.arange(cols.start, cols.stop) % grid.x.size]
    if grid.x.edges is None:
        wide = wide[:1]
    edges = grid.y.cell_edges()[rows.start : rows.stop + 1]
    if grid.crs.is_geographic:
        heights = np.abs(np.diff(np.sin(np.radians(np.clip(edges, -90.0, 90.0)))))
        area: Floats = EARTH_RADIUS_M**2 * heights[:, None] * np.radians(wide)[None, :]
        return area
    planar: Floats = np.abs(np.diff(edges))[:, None] * wide[None, :]
    if not is_distorted(grid.crs):
        return planar
    return planar / _areal_scale(grid, rows, cols)


def is_distorted(crs: pyproj.CRS) -> bool:
    """Whether a CRS has an areal scale that means must take into account."""
    operation = crs.coordinate_operation
    if operation is None or not crs.is_projected:
        return False
    method = operation.method_name.lower()
    even = ("equal area", "transverse mercator", "sinusoidal", "mollweide", "equal earth")
    return not any(name in method for name in even)


def _areal_scale(grid: Grid, rows: slice, cols: slice) -> Floats:
    """The projection's areal scale at cell centres, by a polynomial through Chebyshev nodes.

    The scale is smooth, and evaluating it in each of a million cells would take seconds.
    """
    x = grid.x.cell_centers()[np.arange(cols.start, cols.stop) % grid.x.size]
    y = grid.y.cell_centers()[rows]
    exact = _ScaleOf(grid.crs)
    if len(x) * len(y) <= SCALE_NODES**2:
        return exact(x, y)
    nodes = chebyshev.chebpts1(SCALE_NODES)
    inverse = np.linalg.inv(chebyshev.chebvander(nodes, SCALE_NODES - 1))
    at_nodes = exact(_spread(nodes, x), _spread(nodes, y))
    coefficients = inverse @ at_nodes @ inverse.T
    basis_x = chebyshev.chebvander(_shrunk(x), SCALE_NODES - 1)
    basis_y = chebyshev.chebvander(_shrunk(y), SCALE_NODES - 1)
    scale: Floats = basis_y @ coefficients @ basis_x.T
    some_x, some_y = (np.linspace(0, len(v) - 1, 9).round().astype(np.intp) for v in (x, y))
    error = np.abs(scale[np.ix_(some_y, some_x)] / exact(x[some_x], y[some_y]) - 1)
    return scale if error.max() <= SCALE_TOLERANCE else exact(x, y)


def _spread(nodes: Floats, values: Floats) -> Floats:
    """Nodes in [-1, 1] as coordinates from the first value to the last."""
    spread: Floats = values[0] + (values[-1] - values[0]) * (nodes + 1) / 2
    return spread


def _shrunk(values: Floats) -> Floats:
    """Coordinates in [-1, 1], the first at -1 and the last at 1."""
    extent = values[-1] - values[0]
    return 2 * (values - values[0]) / extent - 1 if extent else np.zeros(len(values))


class _ScaleOf:
    """Areal scale of a CRS: planar over true area; 1 where it is not known."""

    __slots__ = ("_projection", "_to_lonlat")

    def __init__(self, crs: pyproj.CRS) -> None:
        self._projection = pyproj.Proj(crs)
        geodetic = crs.geodetic_crs
        self._to_lonlat = transformer(crs, geodetic if geodetic is not None else LONLAT)

    def __call__(self, x: Floats, y: Floats) -> Floats:
        """At all points of the mesh of x (w,) and y (h,), as (h, w)."""
        mesh_x, mesh_y = np.meshgrid(x, y)
        lon, lat = self._to_lonlat.transform(mesh_x.ravel(), mesh_y.ravel())
        scale = np.asarray(self._projection.get_factors(lon, lat).areal_scale)
        scale = np.where(np.isfinite(scale) & (scale > 0), scale, 1.0)
        return scale.reshape(mesh_x.shape)


def _rising(axis: Axis, crs: pyproj.CRS | None = None) -> tuple[Floats, float]:
    """Cell edges in rising order and their sign: of a falling axis the negated ones.

    Latitudes stop at the poles, beyond which half of a row that is centred on one would lie.
    """
    edges = axis.cell_edges()
    if crs is not None and crs.is_geographic:
        edges = np.clip(edges, -90.0, 90.0)
    sign = 1.0 if axis.step > 0 else -1.0
    return sign * edges, sign


def _turns(grid: Grid) -> tuple[float, ...]:
    """By how much longitudes may differ between an area's and the grid's convention."""
    if not grid.crs.is_geographic:
        return (0.0,)
    return tuple(FULL_CIRCLE_DEG * turn for turn in (-2, -1, 0, 1, 2))


def _window(grid: Grid, outline: Outline) -> tuple[slice, slice] | None:
    """The rows and columns that the outline's boxes touch; None if there are none."""
    west, south, east, north = outline.boxes
    rows = _touched(*_rising(grid.y, grid.crs), south, north)
    edges, sign = _rising(grid.x)
    cols = np.zeros(grid.x.size, np.bool_)
    for turn in _turns(grid):
        cols |= _touched(edges, sign, west + turn, east + turn)
    if not (rows.any() and cols.any()):
        return None
    return _extent(rows), _arc(np.flatnonzero(cols), grid.x)


def _touched(edges: Floats, sign: float, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
    """Which cells any of the intervals from low to high (n,) touches."""
    if sign < 0:
        low, high = -high, -low
    first = np.searchsorted(edges, low, side="right") - 1
    stop = np.searchsorted(edges, high, side="left")
    size = len(edges) - 1
    first, stop = np.clip(first, 0, size), np.clip(stop, 0, size)
    outside = (high <= edges[0]) | (low >= edges[-1]) | (stop <= first)
    changes = np.zeros(size + 1, np.intp)
    np.add.at(changes, first[~outside], 1)
    np.add.at(changes, stop[~outside], -1)
    return np.cumsum(changes[:-1]) > 0


def _arc(cols: Index, axis: Axis) -> slice:
    """The columns' window: on an axis that wraps, round the widest gap between them."""
    gaps = np.diff(cols, append=cols[0] + axis.size)
    widest = int(gaps.argmax())
    if not axis.wraps or gaps[widest] == 1 or widest == len(cols) - 1:
        return slice(int(cols[0]), int(cols[-1]) + 1)
    start = int(cols[widest + 1])
    return slice(start, int(cols[widest]) + 1 + axis.size)


def _parts(grid: Grid, outline: Outline, rows: slice, cols: slice) -> Floats:
    """The part (rows, cols) of each cell inside the outline, from 0 to 1."""
    edges_y, sign_y = _rising(grid.y, grid.crs)
    edges_x, sign_x = _rising(grid.x)
    if cols.stop > grid.x.size:
        edges_x = np.concatenate([edges_x, edges_x[1:] + FULL_CIRCLE_DEG])
    lines_x = edges_x[cols.start : cols.stop + 1]
    lines_y = edges_y[rows.start : rows.stop + 1]
    parts = np.zeros((len(lines_y) - 1, len(lines_x) - 1))
    for turn in _turns(grid):
        moved = outline.moved(turn, sign_x, sign_y)
        if moved.boxes[2].max() > lines_x[0] and moved.boxes[0].min() < lines_x[-1]:
            parts += sign_x * sign_y * coverage(moved, lines_x, lines_y)
    # An area may be smaller than that part of a single cell.
    parts[parts < min(SMALLEST_PART, parts.max() / 1000)] = 0.0
    parts[parts > 1 - SMALLEST_PART] = 1.0
    return parts

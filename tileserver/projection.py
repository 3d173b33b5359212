"""From the pixels of one grid to coordinates in another CRS, exactly where it must be and fast.

A pair of cylindrical CRS (degrees, Mercator …) is separable: x depends on the column alone and y
on the row. For all others the exact transformation is done at 6 × 6 to 17 × 17 Chebyshev nodes and
interpolated by the tensor product of their Lagrange polynomials (Berrut and Trefethen 2004,
"Barycentric Lagrange interpolation", doi:10.1137/S0036144502417715); the error is checked against
the exact transformation at other points, and where it is too large (a date line, a pole, the edge
of the Earth) the block is quartered, down to a size at which every pixel is transformed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj

from tileserver.axis import Floats
from tileserver.grid import Grid, is_degrees, parse_crs, transformer

# Along each axis; the fewest that are exact enough are taken.
NODES = (6, 10, 17)
# OpenBLAS wakes its threads for larger products; on a busy machine that takes milliseconds.
LARGEST_PRODUCT = 1 << 18
# In pixels of the target: a nearest pixel is then wrong only within 0.002 px of a cell's border.
TOLERANCE_PX = 0.002
SMALLEST_BLOCK = 32
RADIUS_M = 6378137.0  # of the sphere of Web Mercator (EPSG:1024)
ROUNDING_M, ROUNDING_DEG = 1e-6, 1e-10
Index = npt.NDArray[np.intp]

CYLINDRICAL = (
    "Popular Visualisation Pseudo Mercator",
    "Mercator (variant A)",
    "Mercator (variant B)",
    "Equidistant Cylindrical",
    "Equidistant Cylindrical (Spherical)",
)


@lru_cache(maxsize=256)
def _is_cylindrical(text: str) -> bool:
    crs = pyproj.CRS.from_user_input(text)
    operation = crs.coordinate_operation
    return is_degrees(crs) or (
        crs.is_projected and operation is not None and operation.method_name in CYLINDRICAL
    )


def axis_coordinates(target: Grid, grid: Grid, *, corners: bool = False) -> tuple[Floats, Floats]:
    """Coordinates on the axes of `grid` of the target's pixel centres, or of its pixel corners.

    In the grid's CRS, or what its lookup makes of that; shaped as `coordinates` says.
    """
    if target.lookup is grid.lookup and (grid.lookup is None or target.crs.srs == grid.crs.srs):
        return coordinates(target, grid.crs, corners=corners)
    if target.lookup is None:
        x, y = coordinates(target, grid.crs, corners=corners)
    else:
        cols, rows = np.meshgrid(*_pixels(target, corners))
        x, y = reprojected(target.crs, grid.crs, *target.lookup.points(cols, rows))
    return (x, y) if grid.lookup is None else grid.lookup.positions(x, y)


def reprojected(src: pyproj.CRS, dst: pyproj.CRS, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Points of one CRS in another, NaN where they have no image."""
    if src.srs == dst.srs:
        return x, y
    found_x, found_y = Exact(transformer(src, dst))(x.ravel(), y.ravel())
    return found_x.reshape(x.shape), found_y.reshape(x.shape)


def _pixels(target: Grid, corners: bool) -> tuple[Floats, Floats]:
    if corners:
        return target.x.cell_edges(), target.y.cell_edges()
    return target.x.cell_centers(), target.y.cell_centers()


def coordinates(target: Grid, crs: pyproj.CRS, *, corners: bool = False) -> tuple[Floats, Floats]:
    """Coordinates in `crs` of the target's pixel centres, or of its pixel corners.

    Returns:
        x and y, shaped (1, w) and (h, 1) where the two CRS are separable and (h, w) elsewhere
        (h + 1 and w + 1 for corners); NaN where a pixel has no place in the CRS.
    """
    xs, ys = _pixels(target, corners)
    if target.crs.srs == crs.srs:
        return xs[None, :], ys[:, None]
    if _is_web_mercator(target.crs.srs, crs.srs) and _is_on_map(xs) and _is_on_map(ys):
        return _unprojected(xs, ys)
    exact = Exact(transformer(target.crs, crs))
    if _is_cylindrical(target.crs.srs) and _is_cylindrical(crs.srs):
        vectors = _separable(exact, xs, ys)
        if vectors is not None:
            return vectors
    return _interpolated(exact, xs, ys)


def _is_on_map(values: Floats) -> bool:
    """Whether Web Mercator's square holds coordinates."""
    return bool(np.abs(values[[0, -1]]).max() <= math.pi * RADIUS_M + ROUNDING_M)


@lru_cache(maxsize=256)
def _is_web_mercator(src: str, dst: str) -> bool:
    """Whether `src` is the spherical Mercator projection of the degrees of `dst`."""
    operation = parse_crs(src).coordinate_operation
    if operation is None or operation.method_name != CYLINDRICAL[0]:
        return False
    xs, ys = (np.linspace(-end, end, 9) * RADIUS_M for end in (3.1, 6.0))
    true = transformer(parse_crs(src), parse_crs(dst)).transform(xs, ys)
    return all(
        np.allclose(own.ravel(), other, rtol=0, atol=ROUNDING_DEG)
        for own, other in zip(_unprojected(xs, ys), true, strict=True)
    )


def _unprojected(xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
    """Longitudes (1, w) and latitudes (h, 1) in degrees (EPSG Guidance Note 7-2, 3.2.1.2)."""
    lon = np.clip(np.degrees(xs / RADIUS_M), -180.0, 180.0)
    return lon[None, :], np.degrees(np.arctan(np.sinh(ys / RADIUS_M)))[:, None]


class Exact:
    """A pyproj transformation with NaN for points that have no image."""

    __slots__ = ("_transformer",)

    def __init__(self, chosen: pyproj.Transformer) -> None:
        self._transformer = chosen

    def __call__(self, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
        """Points (n,) of the one CRS in the other."""
        x, y = self._transformer.transform(xs, ys)
        bad = ~(np.isfinite(x) & np.isfinite(y))
        if bad.any():
            x, y = np.where(bad, np.nan, x), np.where(bad, np.nan, y)
        return x, y

    def mesh(self, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
        """All points of the grid spanned by xs (w,) and ys (h,), as (h, w)."""
        x, y = np.meshgrid(xs, ys)
        out_x, out_y = self(x.ravel(), y.ravel())
        return out_x.reshape(x.shape), out_y.reshape(x.shape)


def _separable(exact: Exact, xs: Floats, ys: Floats) -> tuple[Floats, Floats] | None:
    """Vectors x (1, w) and y (h, 1), or None where a datum shift couples the two."""
    width = len(xs)
    middle_x, middle_y = xs[width // 2], ys[len(ys) // 2]
    all_x = np.concatenate([xs, np.full(len(ys), middle_x), xs[[0, -1, 0, -1]]])
    all_y = np.concatenate([np.full(width, middle_y), ys, ys[[0, 0, -1, -1]]])
    x, y = exact(all_x, all_y)
    columns, rows = x[:width], y[width:-4]
    corner_x, corner_y = x[-4:], y[-4:]
    limit_x = TOLERANCE_PX * _pixel(columns) + 1e-12
    limit_y = TOLERANCE_PX * _pixel(rows) + 1e-12
    same = (np.abs(corner_x - columns[[0, -1, 0, -1]]) <= limit_x).all() and (
        np.abs(corner_y - rows[[0, 0, -1, -1]]) <= limit_y
    ).all()
    return (columns[None, :], rows[:, None]) if same else None


def _pixel(values: Floats) -> float:
    if len(values) < 2:
        return 1.0
    steps = np.abs(np.diff(values))
    return float(np.nanmin(steps)) if np.isfinite(steps).any() else 0.0


def _interpolated(exact: Exact, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
    if min(len(xs), len(ys)) == 1:  # no pixel has a neighbour by which to measure an error
        return exact.mesh(xs, ys)
    whole = _polynomial(exact, xs, ys)
    if whole is not None:
        return whole
    out_x = np.empty((len(ys), len(xs)))
    out_y = np.empty_like(out_x)
    blocks = _quarters(slice(0, len(ys)), slice(0, len(xs)))
    while blocks:
        rows, cols = blocks.pop()
        x, y = xs[cols], ys[rows]
        if max(len(x), len(y)) <= SMALLEST_BLOCK or min(len(x), len(y)) == 1:
            out_x[rows, cols], out_y[rows, cols] = exact.mesh(x, y)
            continue
        block = _polynomial(exact, x, y)
        if block is None:
            blocks += _quarters(rows, cols)
        else:
            out_x[rows, cols], out_y[rows, cols] = block
    return out_x, out_y


def _quarters(rows: slice, cols: slice) -> list[tuple[slice, slice]]:
    middle_row, middle_col = (rows.start + rows.stop) // 2, (cols.start + cols.stop) // 2
    halves_y = [slice(rows.start, middle_row), slice(middle_row, rows.stop)]
    halves_x = [slice(cols.start, middle_col), slice(middle_col, cols.stop)]
    return [(r, c) for r in halves_y for c in halves_x if r.stop > r.start and c.stop > c.start]


def _polynomial(exact: Exact, xs: Floats, ys: Floats) -> tuple[Floats, Floats] | None:
    """x and y (h, w) interpolated between Chebyshev nodes, or None where that is not exact."""
    for count in NODES:
        fit = _Fit.through(exact, xs, ys, count)
        if fit is None:
            return None
        if fit.is_exact():
            return fit.at_pixels()
    return None


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Two polynomials through their values at nodes, and the true values at some pixels.

    Args:
        basis_y, basis_x: (h, n) and (w, n), the nodes' polynomials at the pixels.
        nodes: x and y at the nodes, (n, n) each.
        rows, cols: the pixels to check at.
        true: x and y there, exactly.
    """

    basis_y: Floats
    basis_x: Floats
    nodes: tuple[Floats, Floats]
    rows: Index
    cols: Index
    true: tuple[Floats, Floats]

    @classmethod
    def through(cls, exact: Exact, xs: Floats, ys: Floats, count: int) -> _Fit | None:
        """The polynomials through count × count nodes; None where any point has no image."""
        rows, cols = _checked(len(ys), count), _checked(len(xs), count)
        meshes = [(_nodes(xs, count), _nodes(ys, count)), (xs[cols], ys[rows])]
        x, y = exact(
            np.concatenate([np.tile(across, len(down)) for across, down in meshes]),
            np.concatenate([np.repeat(down, len(across)) for across, down in meshes]),
        )
        if not np.isfinite(x.sum() + y.sum()):
            return None
        (node_x, true_x), (node_y, true_y) = (
            (v[: count**2].reshape(count, count), v[count**2 :].reshape(len(rows), len(cols)))
            for v in (x, y)
        )
        return cls(
            _basis(len(ys), count), _basis(len(xs), count),
            (node_x, node_y), rows, cols, (true_x, true_y),
        )  # fmt: skip

    def is_exact(self) -> bool:
        """Whether the polynomials are within the tolerance of the truth, in pixels."""
        basis_y, basis_x = self.basis_y[self.rows], self.basis_x[self.cols]
        for nodes, true in zip(self.nodes, self.true, strict=True):
            error = np.abs(basis_y @ nodes @ basis_x.T - true).max()
            if not error <= TOLERANCE_PX * self._step(nodes):
                return False
        return True

    def _step(self, nodes: Floats) -> float:
        """How far a coordinate moves from one pixel to the next, at the middle."""
        row, col = (max(1, len(basis) // 2) for basis in (self.basis_y, self.basis_x))
        near = self.basis_y[row - 1 : row + 1] @ nodes @ self.basis_x[col - 1 : col + 1].T
        return float(np.hypot(near[1, 1] - near[1, 0], near[1, 1] - near[0, 1]))

    def at_pixels(self) -> tuple[Floats, Floats]:
        """x and y (h, w)."""
        x, y = (_product(self.basis_y @ nodes, self.basis_x.T) for nodes in self.nodes)
        return x, y


def _product(left: Floats, right: Floats) -> Floats:
    """left @ right, by strips of LARGEST_PRODUCT multiplications."""
    out = np.empty((len(left), right.shape[1]))
    step = max(1, LARGEST_PRODUCT // right.size)
    for start in range(0, len(left), step):
        np.matmul(left[start : start + step], right, out=out[start : start + step])
    return out


@lru_cache(maxsize=256)
def _checked(size: int, count: int) -> Index:
    """Pixels at which the interpolation is checked: those between the nodes, where it errs most."""
    between = np.cos(np.pi * (np.arange(count - 1) + 0.5) / (count - 1))
    return np.unique(((between + 1) / 2 * (size - 1)).round().astype(np.intp))


@lru_cache(maxsize=64)
def _chebyshev(count: int) -> Floats:
    """Chebyshev points of the second kind in [-1, 1]."""
    points: Floats = np.cos(np.pi * np.arange(count) / (count - 1))
    return points


def _nodes(values: Floats, count: int) -> Floats:
    nodes: Floats = values[0] + (values[-1] - values[0]) * (_chebyshev(count) + 1) / 2
    return nodes


@lru_cache(maxsize=128)
def _basis(size: int, count: int) -> Floats:
    """(size, count) Lagrange polynomials of the nodes at equally spaced points of [-1, 1]."""
    nodes = _chebyshev(count)
    weights = (-1.0) ** np.arange(count)
    weights[[0, -1]] /= 2
    points = np.linspace(-1, 1, size)
    distance = points[:, None] - nodes[None, :]
    hit = distance == 0
    quotient = weights / np.where(hit, 1.0, distance)
    basis = quotient / quotient.sum(axis=1, keepdims=True)
    lagrange: Floats = np.where(hit.any(axis=1)[:, None], hit.astype(np.float64), basis)
    return lagrange

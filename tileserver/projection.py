"""From the pixels of one grid to coordinates in another CRS, exactly where it must be and fast.

A pair of cylindrical CRS (degrees, Mercator …) is separable: x depends on the column alone and y
on the row. For all others the exact transformation is done at 17 × 17 Chebyshev nodes and
interpolated by the tensor product of their Lagrange polynomials (Berrut and Trefethen 2004,
"Barycentric Lagrange interpolation", doi:10.1137/S0036144502417715); the error is checked against
the exact transformation at other points, and where it is too large (a date line, a pole, the edge
of the Earth) the block is quartered, down to a size at which every pixel is transformed.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj

from tileserver.grid import Floats, Grid, is_degrees, transformer

NODES = 17
# In pixels of the target: a nearest pixel is then wrong only within 0.002 px of a cell's border.
TOLERANCE_PX = 0.002
SMALLEST_BLOCK = 32

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


def coordinates(target: Grid, crs: pyproj.CRS, *, corners: bool = False) -> tuple[Floats, Floats]:
    """Coordinates in `crs` of the target's pixel centres, or of its pixel corners.

    Returns:
        x and y, shaped (1, w) and (h, 1) where the two CRS are separable and (h, w) elsewhere
        (h + 1 and w + 1 for corners); NaN where a pixel has no place in the CRS.
    """
    xs = target.x.cell_edges() if corners else target.x.cell_centers()
    ys = target.y.cell_edges() if corners else target.y.cell_centers()
    if target.crs.srs == crs.srs:
        return xs[None, :], ys[:, None]
    exact = Exact(transformer(target.crs, crs))
    if _is_cylindrical(target.crs.srs) and _is_cylindrical(crs.srs):
        vectors = _separable(exact, xs, ys)
        if vectors is not None:
            return vectors
    return _interpolated(exact, xs, ys)


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
    out_x = np.empty((len(ys), len(xs)))
    out_y = np.empty_like(out_x)
    blocks = [(slice(0, len(ys)), slice(0, len(xs)))]
    while blocks:
        rows, cols = blocks.pop()
        x, y = xs[cols], ys[rows]
        if max(len(x), len(y)) <= SMALLEST_BLOCK:
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
    nodes_x, nodes_y = _nodes(xs), _nodes(ys)
    at_x, at_y = exact.mesh(nodes_x, nodes_y)
    if np.isnan(at_x).any():
        return None
    basis_x, basis_y = _basis(len(xs)), _basis(len(ys))
    x, y = basis_y @ at_x @ basis_x.T, basis_y @ at_y @ basis_x.T
    check_rows, check_cols = _checked(len(ys)), _checked(len(xs))
    true_x, true_y = exact.mesh(xs[check_cols], ys[check_rows])
    error_x = np.abs(x[np.ix_(check_rows, check_cols)] - true_x)
    error_y = np.abs(y[np.ix_(check_rows, check_cols)] - true_y)
    limit_x, limit_y = _footprint(x), _footprint(y)
    fits = (error_x <= TOLERANCE_PX * limit_x).all() and (error_y <= TOLERANCE_PX * limit_y).all()
    return (x, y) if fits else None


def _footprint(values: Floats) -> float:
    """How far the coordinate moves from one pixel to the next, at the block's middle."""
    row, col = (max(1, n // 2) for n in values.shape)
    along = values[row, col] - values[row, col - 1]
    across = values[row, col] - values[row - 1, col]
    return float(np.hypot(along, across))


def _checked(size: int) -> npt.NDArray[np.intp]:
    """Pixels at which the interpolation is checked: both ends and some between the nodes."""
    return np.unique(np.linspace(0, size - 1, 12).round().astype(np.intp))


@lru_cache(maxsize=64)
def _chebyshev() -> Floats:
    """Chebyshev points of the second kind in [-1, 1]."""
    points: Floats = np.cos(np.pi * np.arange(NODES) / (NODES - 1))
    return points


def _nodes(values: Floats) -> Floats:
    nodes: Floats = values[0] + (values[-1] - values[0]) * (_chebyshev() + 1) / 2
    return nodes


@lru_cache(maxsize=64)
def _basis(size: int) -> Floats:
    """(size, NODES) Lagrange polynomials of the nodes at equally spaced points of [-1, 1]."""
    nodes = _chebyshev()
    weights = (-1.0) ** np.arange(NODES)
    weights[[0, -1]] /= 2
    points = np.linspace(-1, 1, size)
    distance = points[:, None] - nodes[None, :]
    hit = distance == 0
    quotient = weights / np.where(hit, 1.0, distance)
    basis = quotient / quotient.sum(axis=1, keepdims=True)
    lagrange: Floats = np.where(hit.any(axis=1)[:, None], hit.astype(np.float64), basis)
    return lagrange

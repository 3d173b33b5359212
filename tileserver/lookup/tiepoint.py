"""Images that a lattice of longitudes and latitudes places: tie points, ground control points.

Between the points longitude and latitude are linear along rows and columns, beyond the outermost
they go on as between the last two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tileserver.axis import Axis, Floats
from tileserver.grid import FULL_CIRCLE_DEG, LONLAT, Bounds, Grid
from tileserver.lookup.curvilinear import MeshLookup, mesh_lookup
from tileserver.lookup.mesh import UNIT

# The mesh has great circles for edges; between so many more points than the lattice has these
# are as good as straight in longitude and latitude.
FINER = 16
MOST_POINTS = 1 << 20
POLAR_DEG = 85.0  # beyond it longitudes are not linear, but vectors are


@dataclass(frozen=True, slots=True, eq=False)
class TiePoints:
    """A finer lattice, as a mesh, and where its rows and columns lie among the image's.

    Args:
        cols, rows: positions of the mesh's vertices, rising.
    """

    mesh: MeshLookup
    cols: Floats
    rows: Floats

    @property
    def bounds(self) -> Bounds:
        """Around the lattice, in degrees."""
        return self.mesh.bounds

    @property
    def is_continuous(self) -> bool:
        """It is, all over."""
        return True

    def positions(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Positions along columns and rows of longitudes and latitudes."""
        cols, rows = self.mesh.positions(x, y)
        return (
            np.interp(cols, np.arange(len(self.cols)), self.cols),
            np.interp(rows, np.arange(len(self.rows)), self.rows),
        )

    def points(self, cols: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """Longitudes and latitudes at positions."""
        return self.mesh.points(
            np.interp(cols, self.cols, np.arange(len(self.cols)), left=np.nan, right=np.nan),
            np.interp(rows, self.rows, np.arange(len(self.rows)), left=np.nan, right=np.nan),
        )


def tie_point_grid(
    lon: Floats, lat: Floats, *, rows: Floats, cols: Floats, shape: tuple[int, int]
) -> Grid:
    """The grid of an image of a shape that tie points place.

    Args:
        lon, lat: of the tie points (n, m), in degrees.
        rows, cols: their positions (n,) and (m,) in the image, where 0.5 is the centre of the first
            row or column; strictly monotonic.

    Raises ValueError where they make no lattice.
    """
    if lon.shape != lat.shape or lon.shape != (len(rows), len(cols)):
        raise ValueError(f"tie points of shape {lon.shape} do not fit their rows and columns")
    if lon.size > MOST_POINTS or min(lon.shape) < 2:
        raise ValueError(f"they are {lon.shape}, expected from 2 × 2 to {MOST_POINTS} in all")
    for positions in (rows, cols):
        steps = np.diff(positions)
        if not ((steps > 0).all() or (steps < 0).all()):
            raise ValueError("their rows or columns do not rise or fall throughout")
    if not np.isfinite(lon + lat).all():
        raise ValueError("some have no longitude or latitude")
    parts = _vectors(lon, lat) if np.abs(lat).max() > POLAR_DEG else _unrolled(lon, lat)
    finer = max(1, min(FINER, math.isqrt(MOST_POINTS // lon.size)))
    to_rows, to_cols = (
        _finer(np.sort(positions), size, finer)
        for positions, size in zip((rows, cols), shape, strict=True)
    )
    dense = np.stack([_linear(_linear(p, rows, to_rows).T, cols, to_cols).T for p in parts])
    vectors = dense if len(dense) == 3 else np.stack(_vectors(*dense))
    vectors *= UNIT / np.linalg.norm(vectors, axis=0)
    valid = np.ones((len(to_rows) - 1, len(to_cols) - 1), np.bool_)
    lookup = TiePoints(mesh_lookup(vectors.round().astype(np.int32), valid), to_cols, to_rows)
    return Grid(LONLAT, Axis(0.0, 1.0, shape[1]), Axis(0.0, 1.0, shape[0]), lookup=lookup)


def _vectors(lon: Floats, lat: Floats) -> tuple[Floats, ...]:
    x, y = np.radians(lon), np.radians(lat)
    return (np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y))


def _unrolled(lon: Floats, lat: Floats) -> tuple[Floats, ...]:
    """Longitudes without a jump at 180°, and latitudes."""
    across = np.unwrap(lon, period=FULL_CIRCLE_DEG, axis=1)
    first = np.unwrap(across[:, :1], period=FULL_CIRCLE_DEG, axis=0)
    return across + (first - across[:, :1]), lat


def _finer(positions: Floats, size: int, finer: int) -> Floats:
    """Rising positions, more of them between, from the first edge of an axis to its last."""
    between = np.arange((len(positions) - 1) * finer + 1) / finer
    dense = np.interp(between, np.arange(len(positions)), positions)
    inner = dense[(dense > 0) & (dense < size)]
    return np.concatenate([[min(0.0, dense[0])], inner, [max(float(size), dense[-1])]])


def _linear(values: Floats, known: Floats, wanted: Floats) -> Floats:
    """Values (n, m) at rising or falling places (n,), at others (k,): linear, also beyond."""
    if known[0] > known[-1]:
        values, known = values[::-1], known[::-1]
    first = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
    part = ((wanted - known[first]) / (known[first + 1] - known[first]))[:, None]
    linear: Floats = values[first] * (1 - part) + values[first + 1] * part
    return linear

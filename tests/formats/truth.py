"""Where cells lie and what they hold, by pyproj and whoever reads the values: no code of ours.

Positions count cells from the first edge: 0.0 is the outer edge of cell 0, 0.5 its centre. They go
on for SLACK of a cell beyond the outer edges, so that a pixel on an edge is seen to be on one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import affine
import numpy as np
import pyproj

LonLat = tuple[float, float]
Pair = tuple[np.ndarray, np.ndarray]
DEGREES = "OGC:CRS84"
SLACK = 0.25


class Place(Protocol):
    """Where the cells of a level lie."""

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""

    @property
    def wraps(self) -> bool:
        """Whether the last column neighbours the first."""

    def find(self, x: np.ndarray, y: np.ndarray, crs: str) -> Pair:
        """Positions (rows, cols) of points in a CRS, NaN farther outside than SLACK."""

    def spots(self, rows: np.ndarray, cols: np.ndarray) -> Pair:
        """Longitudes and latitudes of positions."""


def transform(src: str, dst: str, x: np.ndarray, y: np.ndarray) -> Pair:
    """Points from a CRS to another, NaN where there is no such place."""
    if src == dst:
        return x, y
    x, y = _change(src, dst).transform(x, y)
    lost = ~(np.isfinite(x) & np.isfinite(y))
    return np.where(lost, np.nan, x), np.where(lost, np.nan, y)


@lru_cache(maxsize=64)
def _change(src: str, dst: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(src, dst, always_xy=True)


@lru_cache(maxsize=64)
def _turns(crs: str) -> tuple[float, ...]:
    """By which longitudes are tried; none but 0 where x is no longitude."""
    known = pyproj.CRS(crs)
    plain = known.is_geographic and not known.is_derived
    return (0.0, -360.0, 360.0, -720.0, 720.0) if plain else (0.0,)


@dataclass(frozen=True)
class Separable:
    """Cells between the edges of two axes of a CRS, rising or falling.

    Longitudes are tried in several turns where the CRS is geographic.
    """

    crs: str
    x_edges: np.ndarray
    y_edges: np.ndarray

    @classmethod
    def of_centers(cls, crs: str, x: np.ndarray, y: np.ndarray) -> Separable:
        """Cells around centres, with edges midway."""
        return cls(crs, edges_of(x), edges_of(y))

    @classmethod
    def of_affine(cls, crs: str, to_crs: affine.Affine, shape: tuple[int, int]) -> Separable:
        """Cells of a raster that is north-up."""
        rows, cols = np.arange(shape[0] + 1.0), np.arange(shape[1] + 1.0)
        return cls(crs, to_crs.c + to_crs.a * cols, to_crs.f + to_crs.e * rows)

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self.y_edges) - 1, len(self.x_edges) - 1)

    @property
    def turns(self) -> tuple[float, ...]:
        return _turns(self.crs)

    @property
    def wraps(self) -> bool:
        step = abs(self.x_edges[1] - self.x_edges[0])
        span = abs(self.x_edges[-1] - self.x_edges[0])
        return len(self.turns) > 1 and abs(span - 360) < 0.01 * step

    def find(self, x: np.ndarray, y: np.ndarray, crs: str = DEGREES) -> Pair:
        x, y = transform(crs, self.crs, np.asarray(x, float), np.asarray(y, float))
        width = self.shape[1]
        cols = beyond = np.full(x.shape, np.nan)
        for turn in self.turns:
            found = _position(self.x_edges, x + turn)
            inside = (found >= 0) & (found <= width)
            cols = np.where(np.isnan(cols) & inside, found, cols)
            beyond = np.where(np.isnan(beyond), found, beyond)
        cols = np.where(np.isnan(cols), beyond, cols)
        rows = _position(self.y_edges, y)
        lost = np.isnan(rows) | np.isnan(cols)
        return np.where(lost, np.nan, rows), np.where(lost, np.nan, cols)

    def spots(self, rows: np.ndarray, cols: np.ndarray) -> Pair:
        x = np.interp(cols, np.arange(len(self.x_edges)), self.x_edges)
        y = np.interp(rows, np.arange(len(self.y_edges)), self.y_edges)
        return transform(self.crs, DEGREES, x, y)


@dataclass(frozen=True)
class Rotated:
    """Cells of a raster whose axes are turned or sheared against those of its CRS."""

    crs: str
    to_crs: affine.Affine
    shape: tuple[int, int]
    wraps: bool = False

    def find(self, x: np.ndarray, y: np.ndarray, crs: str = DEGREES) -> Pair:
        x, y = transform(crs, self.crs, np.asarray(x, float), np.asarray(y, float))
        back = ~self.to_crs
        cols = back.a * x + back.b * y + back.c
        rows = back.d * x + back.e * y + back.f
        height, width = self.shape
        inside = (np.abs(rows - height / 2) <= height / 2 + SLACK) & (
            np.abs(cols - width / 2) <= width / 2 + SLACK
        )
        return np.where(inside, rows, np.nan), np.where(inside, cols, np.nan)

    def spots(self, rows: np.ndarray, cols: np.ndarray) -> Pair:
        to = self.to_crs
        x, y = to.a * cols + to.b * rows + to.c, to.d * cols + to.e * rows + to.f
        return transform(self.crs, DEGREES, x, y)


def edges_of(centers: np.ndarray) -> np.ndarray:
    """Edges midway between centres, the outer ones as far out as the next is in."""
    values = np.asarray(centers, np.float64)
    if values.size == 1:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    steps = np.diff(values)
    middles = (values[:-1] + values[1:]) / 2
    return np.concatenate([[values[0] - steps[0] / 2], middles, [values[-1] + steps[-1] / 2]])


def _position(edges: np.ndarray, x: np.ndarray) -> np.ndarray:
    counts = np.arange(len(edges), dtype=np.float64)
    ends = SLACK * (edges[1] - edges[0]), SLACK * (edges[-1] - edges[-2])
    edges = np.concatenate([[edges[0] - ends[0]], edges, [edges[-1] + ends[1]]])
    counts = np.concatenate([[-SLACK], counts, [counts[-1] + SLACK]])
    if edges[0] > edges[-1]:
        edges, counts = edges[::-1], counts[::-1]
    return np.interp(x, edges, counts, left=np.nan, right=np.nan)


@dataclass(frozen=True)
class Truth:
    """One level of a variable: where its cells lie, and their physical values.

    Args:
        read: of the parameters of an ask, values (rows, cols) or (bands, rows, cols), NaN where
            there are none.
    """

    place: Place
    read: Callable[[Mapping[str, str]], np.ndarray]

    def expected(self, rows: np.ndarray, cols: np.ndarray, ask: Mapping[str, str]) -> np.ndarray:
        """Values (bands, …) at positions, NaN outside."""
        height, width = self.place.shape
        if self.place.wraps:
            cols = np.mod(cols, width)
        inside = (rows >= 0) & (rows <= height) & (cols >= 0) & (cols <= width)
        if not inside.any():
            return np.full((1, *rows.shape), np.nan)
        somewhere = [float(part[inside][0]) for part in (rows, cols)]  # for those outside
        row = np.clip(np.where(inside, rows, somewhere[0]), 0, height - 1e-9).astype(int)
        col = np.clip(np.where(inside, cols, somewhere[1]), 0, width - 1e-9).astype(int)
        return np.where(inside, self.picked(row, col, ask), np.nan)

    def picked(self, row: np.ndarray, col: np.ndarray, ask: Mapping[str, str]) -> np.ndarray:
        """Values (bands, …) of cells."""
        cells = np.asarray(self.read(ask)).reshape(-1, *self.place.shape)
        return cells[:, row, col].astype(np.float64)

    def agrees(
        self,
        got: np.ndarray,
        rows: np.ndarray,
        cols: np.ndarray,
        ask: Mapping[str, str],
        *,
        border: float | np.ndarray,
        rtol: float,
    ) -> np.ndarray:
        """Whether values (bands, …) at positions are those of their cells, or of the neighbour's
        where they lie so near to a border (in cells). NaN is no value, and outside."""
        known = ~np.isnan(rows)
        good = _same(got, self.expected(rows, cols, ask), rtol)
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                moved = self.expected(rows + down * border, cols + right * border, ask)
                good |= known & _same(got, moved, rtol)
        return good


def _same(got: np.ndarray, expected: np.ndarray, rtol: float) -> np.ndarray:
    finite = expected[np.isfinite(expected)]
    # float32 tiles of packed numbers near zero are as good as their largest parts.
    near = rtol * float(np.abs(finite).max()) if finite.size else 0.0
    return np.isclose(got, expected, rtol=rtol, atol=near, equal_nan=True)

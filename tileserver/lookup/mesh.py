"""Quadrilateral cells on the sphere, and the one that holds a point.

A cell's edges are great circles between its four vertices. Seen from a point along the gnomonic
projection these are straight lines, and where the point lies between them is the inverse of a
bilinear map: the root of a quadratic equation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats
from tileserver.lookup.blocks import SIDE, BlockLevel, Blocks, Index, Valid, joined
from tileserver.lookup.direction import Directions

Vertices = npt.NDArray[np.int32]

UNIT = float(2**31 - 1)  # of vertices, whose vectors are kept as integers: 3 mm on the Earth
ROUNDING = 3e-7  # of unit vectors in float32
CELLS_AT_ONCE = 1 << 18  # while boxes are made
INSIDE = 1e-9  # of a cell: rounding


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Rows and columns of cells.

    Args:
        shape: (rows, cols) of cells.
        vertices: x, y and z in UNIT, each flat of (rows + 1) · (cols + 1).
        valid: (rows · cols,) whether a cell has a place.
        blocks: boxes around the valid cells.
        size: of a typical cell's longer side, on the unit sphere.
    """

    shape: tuple[int, int]
    vertices: tuple[Vertices, Vertices, Vertices]
    valid: Valid
    blocks: Blocks
    size: float

    @classmethod
    def of(cls, vertices: Vertices, valid: Valid, size: float) -> Mesh:
        """From vertices (3, rows + 1, cols + 1) in UNIT and the valid cells (rows, cols)."""
        shape = (valid.shape[0], valid.shape[1])
        blocks = Blocks.above(_boxes(vertices, valid), shape)
        x, y, z = (axis.ravel() for axis in vertices)
        return cls(shape, (x, y, z), valid.ravel(), blocks, size)

    @property
    def nbytes(self) -> int:
        """What keeping it costs."""
        return sum(v.nbytes for v in self.vertices) + self.valid.nbytes + self.blocks.nbytes

    def places(self, cols: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """Longitudes and latitudes in degrees at positions of one shape; NaN where no cell is."""
        height, width = self.shape
        row = np.clip(np.nan_to_num(np.floor(rows)), 0, height - 1).astype(np.intp)
        col = np.clip(np.nan_to_num(np.floor(cols)), 0, width - 1).astype(np.intp)
        there = (rows >= 0) & (rows <= height) & (cols >= 0) & (cols <= width)
        there &= self.valid.take(row * width + col)
        u, v = cols - col, rows - row
        weights = ((1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v)
        x, y, z = (
            sum(w * part for w, part in zip(weights, parts, strict=True))
            for parts in self.around(row * (width + 1) + col)
        )
        lon, lat = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
        return np.where(there, lon, np.nan), np.where(there, lat, np.nan)

    def around(self, base: Index) -> Iterator[list[Vertices]]:
        """x, y and z of the four vertices, in turn, of cells by the number of their first one."""
        width = self.shape[1] + 1
        for flat in self.vertices:
            yield [flat[i:].take(base, mode="wrap") for i in (0, 1, width + 1, width)]

    def within(self, points: Directions, row: Index, col: Index) -> tuple[Floats, Floats, Valid]:
        """Where in cells points (n,) lie, from 0 to 1 along columns and rows, and whether they do.

        Outside a cell the two say where about to go on looking, or are NaN.
        """
        corners_x, corners_y, ahead = [], [], None
        for x, y, z in zip(*self.around(row * (self.shape[1] + 1) + col), strict=True):
            along = x * points.cos_lon + y * points.sin_lon
            corners_x.append(y * points.cos_lon - x * points.sin_lon)
            corners_y.append(z * points.cos_lat - along * points.sin_lat)
            if ahead is None:  # not on the other side of the Earth
                ahead = along * points.cos_lat + z * points.sin_lat > 0
        u, v = _inverse_bilinear(corners_x, corners_y)
        inside = (np.abs(u - 0.5) <= 0.5 + INSIDE) & (np.abs(v - 0.5) <= 0.5 + INSIDE)
        assert ahead is not None
        inside &= ahead
        inside &= self.valid.take(row * self.shape[1] + col)
        return u, v, inside


def _inverse_bilinear(x: list[Floats], y: list[Floats]) -> tuple[Floats, Floats]:
    """u and v of the origin in quadrilaterals of four corners each, of either orientation:

    0 = a (1 - u) (1 - v) + b u (1 - v) + c u v + d (1 - u) v
    """
    (ax, bx, cx, dx), (ay, by, cy, dy) = x, y
    across_x, across_y, down_x, down_y = bx - ax, by - ay, dx - ax, dy - ay
    bend_x, bend_y = cx - bx - down_x, cy - by - down_y
    square = bend_x * down_y - bend_y * down_x
    linear = across_x * down_y - across_y * down_x + bend_x * ay - bend_y * ax
    constant = across_x * ay - across_y * ax
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(linear * linear - 4 * square * constant)
        orientation = (cx - ax) * (dy - by) - (cy - ay) * (dx - bx)
        v = -2 * constant / (linear + np.copysign(root, orientation))
        side_x, side_y = across_x + bend_x * v, across_y + bend_y * v
        u = -((ax + down_x * v) * side_x + (ay + down_y * v) * side_y)
        u /= side_x * side_x + side_y * side_y
    return u, v


def _boxes(vertices: Vertices, valid: Valid) -> BlockLevel:
    """The first level of boxes, around valid cells."""
    step = SIDE * max(1, CELLS_AT_ONCE // (SIDE * valid.shape[1]))
    bands = [
        _boxes_of_band(vertices[:, start : start + step + 1], valid[start : start + step])
        for start in range(0, valid.shape[0], step)
    ]
    rows = sum(band.shape[0] for band in bands)
    low, high = (
        np.concatenate(parts, axis=1)
        for parts in ([band.low for band in bands], [band.high for band in bands])
    )
    return BlockLevel(low, high, (rows, bands[0].shape[1]))


def _boxes_of_band(vertices: Vertices, valid: Valid) -> BlockLevel:
    vectors = vertices.astype(np.float32)
    vectors /= np.float32(UNIT)
    lows, highs = (
        extreme(down[:, :, :-1], down[:, :, 1:])
        for extreme in (np.minimum, np.maximum)
        for down in (extreme(vectors[:, :-1], vectors[:, 1:]),)
    )
    # An edge rises above the chord between its ends, by its length squared over 8.
    bulge = np.square(highs - lows).sum(axis=0) / 8 + np.float32(ROUNDING)
    low, shape = joined(np.where(valid, lows - bulge, np.inf), np.minimum, np.inf)
    high, _ = joined(np.where(valid, highs + bulge, -np.inf), np.maximum, -np.inf)
    return BlockLevel(low, high, shape)

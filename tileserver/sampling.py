"""Where the pixels of a target lie in a window of cells: values that are made once and kept.

One `Sampling` serves all times and variables on a grid. What drawing needs of it is worked out when
it is made: drawing the next step of the same tile gathers numbers and weighs them, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats

Resampling = Literal["nearest", "bilinear", "average", "mode"]

T = TypeVar("T", bound=np.generic)
Valid = npt.NDArray[np.bool_]
Weights = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Index = npt.NDArray[np.int32]
Window = tuple[slice, slice]
ENDS = (slice(None, -1), slice(1, None))  # the first and the second corner of each pixel


@dataclass(frozen=True, slots=True, eq=False)
class Cross:
    """A cell for each pixel of a separable grid: by row (h,) and column (w,)."""

    row: Places
    col: Places

    @property
    def nbytes(self) -> int:
        """What keeping it costs."""
        return self.row.nbytes + self.col.nbytes

    def gather(self, block: npt.NDArray[T]) -> npt.NDArray[T]:
        """The cells' numbers (h, w) of a block (rows, cols), a new array.

        Few cells are gathered along one axis after the other, of many none is touched in vain.
        """
        if block.size <= self.row.size * self.col.size:
            # All lie within the block: "wrap" is the mode that checks fastest.
            columns: npt.NDArray[T] = block.take(self.col, axis=1, mode="wrap")
            cells: npt.NDArray[T] = columns.take(self.row, axis=0, mode="wrap")
            return cells
        return Mesh(np.add.outer(self.row * block.shape[1], self.col)).gather(block)


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A cell for each pixel: index (h, w), int32 where it is kept, into the flattened block."""

    index: Index | Places

    @property
    def nbytes(self) -> int:
        """What keeping it costs."""
        return self.index.nbytes

    def gather(self, block: npt.NDArray[T]) -> npt.NDArray[T]:
        """The cells' numbers (h, w) of a block (rows, cols), a new array."""
        cells: npt.NDArray[T] = block.ravel().take(self.index, mode="wrap")
        return cells


Cells = Cross | Mesh


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """The cells that each pixel is interpolated from, and their weights.

    Args:
        first: the cell at the upper left; the others follow it, to the right and down.
        own: the cell that holds the pixel's centre.
        down, right: the weights of the rows and columns after the first, each (h, 1) and (1, w), or
            (h, w); with that of the first they sum to 1.
        repeated: how many of the block's first columns follow its last, on an axis that wraps.
    """

    first: Cells
    own: Cells
    down: tuple[Weights, ...]
    right: tuple[Weights, ...]
    repeated: int = 0

    @property
    def nbytes(self) -> int:
        """What keeping it costs."""
        weights = sum(each.nbytes for each in (*self.down, *self.right))
        return self.first.nbytes + self.own.nbytes + weights


@dataclass(frozen=True, slots=True, eq=False)
class Sampling:
    """Where the pixels of a target lie in a window of one level.

    Args:
        level: an index into the levels.
        rows, cols: the window to read; cols may go on beyond the grid where it wraps.
        shape: (h, w) of the target.
        resampling: the kernel to use; bilinear became average where it reduces too far.
        crop: the part (rows, cols) of the window that pixels take anything from; all of it where
            cutting it out would cost more than it saves.
        inside: factors, (h, w) or (h, 1) and (1, w), whose product says whether a pixel's centre
            lies on the grid; none where all do.
        cells: for nearest, the cell of each pixel in the crop.
        taps: for bilinear, those that it is interpolated from.
        y, x: for average and mode, positions in the crop of pixel corners, where 0.0 is the first
            cell's edge: (h + 1, 1) and (1, w + 1), or (h + 1, w + 1).
        reduction: cells per pixel along (y, x), at least 1.
        boxes: for the same with a lookup, instead of corners: (top, bottom, left, right) of each
            pixel, (h, w) each; 0 and 0 of one that has no place on the grid.
        turn: for average and mode, the columns in a turn, where a pixel may lie across the seam.
        chunks: where cells lie strewn over the array, the chunks (row, col) that hold them: they
            are piled up, each below the one before, and rows and cols count in that pile.
    """

    level: int
    rows: slice
    cols: slice
    shape: tuple[int, int]
    resampling: Resampling
    crop: Window = (slice(None), slice(None))
    inside: tuple[Valid, ...] = ()
    cells: Cells | None = None
    taps: Taps | None = None
    y: Floats | None = None
    x: Floats | None = None
    boxes: tuple[Floats, ...] = ()
    reduction: tuple[float, float] = (1.0, 1.0)
    turn: int | None = None
    chunks: tuple[tuple[int, int], ...] = ()

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Sampling:
        """Of a target none of which lies on the grid: nothing to read. For caches to keep."""
        return cls(0, slice(0, 0), slice(0, 0), shape, "nearest")

    @property
    def is_empty(self) -> bool:
        """Whether none of the target lies on the grid."""
        return bool(self.rows.stop <= self.rows.start)

    @property
    def nbytes(self) -> int:
        """What keeping it costs."""
        parts = (*self.inside, *self.boxes, self.cells, self.taps, self.y, self.x)
        return 512 + sum(part.nbytes for part in parts if part is not None)


def pixel_extents(corners: Floats, turn: int | None = None) -> tuple[Floats, Floats]:
    """The least and the greatest position of each pixel's corners; 0 and 0 where one is NaN.

    Args:
        corners: (h + 1, w + 1), or (h + 1, 1) and (1, w + 1) of separable grids.
        turn: cells in a turn of an axis that wraps: a pixel on the seam, whose corners lie at both
            ends, then goes on beyond the last cell.
    """
    low, high = _extremes(corners)
    if turn:
        split = high - low > turn / 2
        moved = [
            np.where(split & (part < low + turn / 2), part + turn, part)
            for part in corner_parts(corners)
        ]
        low, high = np.minimum.reduce(moved), np.maximum.reduce(moved)
    gone = ~np.isfinite(low + high)
    if gone.any():
        low[gone] = high[gone] = 0.0
    return low, high


def _extremes(corners: Floats) -> tuple[Floats, Floats]:
    low = high = corners
    if corners.shape[0] > 1:
        low, high = np.minimum(low[:-1], low[1:]), np.maximum(high[:-1], high[1:])
    if corners.shape[1] > 1:
        low = np.minimum(low[:, :-1], low[:, 1:])
        high = np.maximum(high[:, :-1], high[:, 1:])
    return low, high


def corner_parts(corners: Floats) -> list[Floats]:
    """The corners of each pixel, of a grid that is not separable."""
    return [corners[rows, cols] for rows in ENDS for cols in ENDS]

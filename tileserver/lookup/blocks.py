"""Which cells on the sphere are near points: a pyramid of boxes around blocks of them.

A block of the first level holds 4 × 4 cells, of each next level 4 × 4 blocks. Boxes are of unit
vectors; a point that lies in a cell lies in the boxes of all the blocks that hold it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats

Index = npt.NDArray[np.intp]
Singles = npt.NDArray[np.float32]
Valid = npt.NDArray[np.bool_]
Pairs = tuple[Index, Index]

SIDE = 4  # cells, or blocks, along the side of a block
MOST_AT_TOP = 64
CELLS = -1  # below the first level


@dataclass(frozen=True, slots=True, eq=False)
class BlockLevel:
    """Boxes low and high (3, rows · cols) around blocks; those of empty ones are inside out."""

    low: Singles
    high: Singles
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """A pyramid of boxes, from the finest level to one of a few blocks.

    Args:
        shape: (rows, cols) of the cells.
    """

    shape: tuple[int, int]
    levels: tuple[BlockLevel, ...]

    @classmethod
    def above(cls, first: BlockLevel, shape: tuple[int, int]) -> Blocks:
        """The pyramid over its first level."""
        levels = [first]
        while levels[-1].low.shape[1] > MOST_AT_TOP:
            levels.append(_coarser(levels[-1]))
        return cls(shape, tuple(levels))

    @property
    def nbytes(self) -> int:
        """What keeping them costs."""
        return sum(level.low.nbytes + level.high.nbytes for level in self.levels)

    @property
    def top(self) -> int:
        """The coarsest level."""
        return len(self.levels) - 1

    def all_at_top(self, count: int) -> Pairs:
        """All pairs of so many points and a block of the coarsest level."""
        blocks = self.levels[-1].low.shape[1]
        return np.repeat(np.arange(count), blocks), np.tile(np.arange(blocks), count)

    def descend(self, low: Singles, high: Singles, pairs: Pairs, first: int, last: int) -> Pairs:
        """From pairs of a box (3, n) and a block of the level `first` to those of a box and a block
        of the level `last` in blocks that it touches."""
        boxes, blocks = pairs
        for number in range(first, last, -1):
            level = self.levels[number]
            hit = np.ones(len(boxes), np.bool_)
            for axis in range(3):
                hit &= level.low[axis].take(blocks) <= high[axis].take(boxes)
                hit &= level.high[axis].take(blocks) >= low[axis].take(boxes)
            finer = self.levels[number - 1].shape if number else self.shape
            boxes, blocks = _children(boxes[hit], blocks[hit], level.shape, finer)
        return boxes, blocks


def _children(boxes: Index, blocks: Index, shape: tuple[int, int], finer: tuple[int, int]) -> Pairs:
    """Each block's blocks, or cells, of the next finer level."""
    row, col = np.divmod(blocks, shape[1])
    offsets = np.arange(SIDE)
    rows = (row[:, None] * SIDE + offsets)[:, :, None]
    cols = (col[:, None] * SIDE + offsets)[:, None, :]
    inside = (rows < finer[0]) & (cols < finer[1])
    parents = np.broadcast_to(boxes[:, None, None], inside.shape)
    return parents[inside], (rows * finer[1] + cols)[inside]


def _coarser(level: BlockLevel) -> BlockLevel:
    low, shape = joined(level.low.reshape(3, *level.shape), np.minimum, np.inf)
    high, _ = joined(level.high.reshape(3, *level.shape), np.maximum, -np.inf)
    return BlockLevel(low, high, shape)


def joined(values: Singles, extreme: np.ufunc, empty: float) -> tuple[Singles, tuple[int, int]]:
    """The extremes (3, blocks) of values (3, rows, cols) over SIDE × SIDE of them, and how many
    rows and columns of blocks that makes."""
    rows, cols = (-(-n // SIDE) for n in values.shape[1:])
    filled = np.full((3, rows * SIDE, cols * SIDE), empty, np.float32)
    filled[:, : values.shape[1], : values.shape[2]] = values
    down = extreme.reduce(filled.reshape(3, rows, SIDE, cols * SIDE), axis=2)
    across = extreme.reduce(down.reshape(3, rows, cols, SIDE), axis=3)
    return across.reshape(3, -1), (rows, cols)


def boxes_of_points(vectors: Floats, starts: Index) -> tuple[Singles, Singles]:
    """Boxes low and high (3, groups) around groups of unit vectors (n, 3), by where each starts."""
    low = np.minimum.reduceat(vectors, starts, axis=0).T
    high = np.maximum.reduceat(vectors, starts, axis=0).T
    return low.astype(np.float32, order="C"), high.astype(np.float32, order="C")

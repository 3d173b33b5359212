"""From a window of stored numbers to the pixels of a target: pure kernels.

All take a block (rows, cols) of the window that a `Sampling` names, and give physical values
(h, w) with a bool array of the same shape, True where a value is there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tileserver.cube import Packing, Raw
from tileserver.grid import Floats
from tileserver.plan import Sampling
from tileserver.warp.area import average, mode
from tileserver.warp.arrays import Valid, Values
from tileserver.warp.bilinear import bilinear
from tileserver.warp.nearest import gather, nearest

__all__ = ["Valid", "Values", "average", "bilinear", "gather", "mode", "nearest", "warp"]


def warp(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """The pixels of the sampling's target, by the kernel that it names."""
    if sampling.resampling == "nearest":
        return nearest(block, sampling, packing)
    block, sampling = _cropped(block, sampling)
    values = packing.physical(block)
    valid = packing.valid(block)
    if sampling.resampling == "bilinear":
        return bilinear(values, valid, sampling)
    if sampling.resampling == "average":
        return average(values, valid, sampling)
    return mode(values, valid, sampling)


def _cropped(block: Raw, sampling: Sampling) -> tuple[Raw, Sampling]:
    """The part of the window that pixels take anything from: windows are widened to chunks."""
    assert sampling.y is not None
    assert sampling.x is not None
    rows = _reach(sampling.y, sampling.reduction[0], block.shape[0])
    cols = slice(0, block.shape[1])
    if not sampling.turn:
        cols = _reach(sampling.x, sampling.reduction[1], block.shape[1])
    moved = replace(sampling, y=sampling.y - rows.start, x=sampling.x - cols.start)
    return block[rows, cols], moved


def _reach(positions: Floats, reduction: float, size: int) -> slice:
    margin = int(np.ceil(reduction)) + 1
    start = int(np.clip(np.floor(np.nanmin(positions)) - margin, 0, size - 1))
    stop = int(np.clip(np.ceil(np.nanmax(positions)) + margin, start + 1, size))
    return slice(start, stop)

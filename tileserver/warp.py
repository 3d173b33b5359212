"""From a window of stored numbers to the pixels of a target: pure kernels.

All take a block (rows, cols) of the window that a `Sampling` names, and give physical values
(h, w) with a bool array of the same shape, True where a value is there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tileserver.cube import Packing, Raw
from tileserver.errors import InvalidParameter
from tileserver.grid import Floats
from tileserver.plan import Sampling, pixel_extents

Values = npt.NDArray[np.floating]
Valid = npt.NDArray[np.bool_]

MOST_CLASSES = 256


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


def nearest(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """The value of the cell in which each pixel's centre lies."""
    assert sampling.index is not None
    raw = block.ravel().take(sampling.index, mode="clip")
    valid = packing.valid(raw)
    if sampling.inside is not None:
        valid &= sampling.inside
    return packing.physical(raw), valid


def bilinear(values: Values, valid: Valid, sampling: Sampling) -> tuple[Values, Valid]:
    """Linear interpolation between cell centres; a triangle over the reduction when reducing.

    As GDAL's warper does, cells that are not valid are left out and the others' weights raised
    to a sum of 1, and a pixel is there where the cell that holds its centre is valid:

        value = Σ wy wx v / Σ wy wx,   w(d) = max(0, 1 - |d| / reduction)
    """
    assert sampling.y is not None
    assert sampling.x is not None
    rows = _taps(sampling.y, sampling.reduction[0], values.shape[0], None)
    cols = _taps(sampling.x, sampling.reduction[1], values.shape[1], sampling.turn)
    combine = _separable_sum if sampling.y.shape[1] == 1 == sampling.x.shape[0] else _full_sum
    if valid.all():
        total = combine(values, rows, cols)
        weights = sum(weight for _, weight in rows) * sum(weight for _, weight in cols)
    else:
        total = combine(np.where(valid, values, 0), rows, cols)
        weights = combine(valid.astype(np.float64), rows, cols)
    there = _own(valid, sampling)
    return np.divide(total, weights, out=np.zeros_like(total), where=there), there


def _own(valid: Valid, sampling: Sampling) -> Valid:
    """Whether the cell that holds each pixel's centre is valid (h, w)."""
    assert sampling.y is not None
    assert sampling.x is not None
    row, col = (
        np.floor(np.where(np.isfinite(p), p, 0.0) + 0.5).astype(np.intp)
        for p in (sampling.y, sampling.x)
    )
    if sampling.turn:
        col %= sampling.turn
    height, width = valid.shape
    own: Valid = valid[np.clip(row, 0, height - 1), np.clip(col, 0, width - 1)]
    return own if sampling.inside is None else own & sampling.inside


Taps = list[tuple[npt.NDArray[np.intp], Floats]]


def _taps(positions: Floats, reduction: float, size: int, turn: int | None) -> Taps:
    """The cells within the kernel of each position, and their weights, one pair a tap."""
    reach = int(np.ceil(reduction))
    known = np.where(np.isfinite(positions), positions, 0.0)
    base = np.floor(known).astype(np.intp)
    taps = []
    for offset in range(1 - reach, reach + 1):
        cell = base + offset
        weight = np.maximum(0.0, 1.0 - np.abs(known - cell) / reduction)
        if turn:
            cell = cell % turn
        else:
            weight = np.where((cell >= 0) & (cell < size), weight, 0.0)
            cell = np.clip(cell, 0, size - 1)
        taps.append((cell, weight))
    return taps


def _separable_sum(values: Values, rows: Taps, cols: Taps) -> Floats:
    """Σ over taps, rows first: (h, 1) and (1, w) positions."""
    down = sum(values[cell[:, 0]] * weight for cell, weight in rows)
    across = sum(np.take(down, cell[0], axis=1) * weight for cell, weight in cols)
    return np.asarray(across)


def _full_sum(values: Values, rows: Taps, cols: Taps) -> Floats:
    """Σ over taps at (h, w) positions."""
    total = np.zeros(np.broadcast_shapes(rows[0][0].shape, cols[0][0].shape))
    for row, row_weight in rows:
        for col, col_weight in cols:
            total += values[row, col] * (row_weight * col_weight)
    return total


def average(values: Values, valid: Valid, sampling: Sampling) -> tuple[Values, Valid]:
    """The mean of the cells that a pixel covers, each weighted by the part that it covers.

    On a grid that is turned against the target the pixel's bounding box in the grid counts.
    """
    top, bottom, left, right = boxes = _boxes(sampling)
    if valid.all():
        total, weights = _box_sum(values, boxes), (bottom - top) * (right - left)
    else:
        total = _box_sum(np.where(valid, values, 0), boxes)
        weights = _box_sum(valid.astype(np.float64), boxes)
    there = weights > 1e-9
    return np.divide(total, weights, out=np.zeros_like(total), where=there), there


def mode(values: Values, valid: Valid, sampling: Sampling) -> tuple[Values, Valid]:
    """The value that covers most of a pixel; of two that cover the same, the smaller.

    Raises InvalidParameter where there are more than MOST_CLASSES different values.
    """
    classes = np.unique(values[valid])
    if classes.size > MOST_CLASSES:
        raise InvalidParameter(
            "resampling", "mode", f"expected at most {MOST_CLASSES} classes: use average or nearest"
        )
    boxes = _boxes(sampling)
    shape = np.broadcast_shapes(boxes[0].shape, boxes[2].shape)
    best, winner = np.zeros(shape), np.zeros(shape, values.dtype)
    for value in classes:
        covered = _box_sum((valid & (values == value)).astype(np.float64), boxes)
        larger = covered > best + 1e-9
        best[larger], winner[larger] = covered[larger], value
    return winner, best > 1e-9


Boxes = tuple[Floats, Floats, Floats, Floats]


def _boxes(sampling: Sampling) -> Boxes:
    """(top, bottom, left, right) of each pixel in positions of the window."""
    assert sampling.y is not None
    assert sampling.x is not None
    top, bottom = pixel_extents(sampling.y)
    left, right = pixel_extents(sampling.x, sampling.turn)
    return top, bottom, left, right


def _box_sum(values: Values, boxes: Boxes) -> Floats:
    """The integral of cells' values over boxes, by a summed-area table (Crow 1984).

    The table between its nodes is bilinear, which is exact for values that are constant in a cell.
    """
    top, bottom, left, right = boxes
    if top.shape[1] == 1 == left.shape[0]:
        down = _line_sum(values, top[:, 0], bottom[:, 0])
        return _line_sum(down.T, left[0], right[0]).T
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(values, axis=0, dtype=np.float64, out=table[1:, 1:])
    np.cumsum(table[1:, 1:], axis=1, out=table[1:, 1:])
    inner: Floats = (
        _table_at(table, bottom, right)
        - _table_at(table, top, right)
        - _table_at(table, bottom, left)
        + _table_at(table, top, left)
    )
    return inner


def _line_sum(values: Values, low: Floats, high: Floats) -> Floats:
    """The integral (k, m) of values (n, m) along the rows, from low to high (k,)."""
    table = np.zeros((values.shape[0] + 1, values.shape[1]))
    np.cumsum(values, axis=0, dtype=np.float64, out=table[1:])
    return _row_at(table, high) - _row_at(table, low)


def _row_at(table: Floats, y: Floats) -> Floats:
    row = np.clip(np.floor(y).astype(np.intp), 0, table.shape[0] - 2)
    down = (y - row)[:, None]
    between: Floats = table[row] * (1 - down) + table[row + 1] * down
    return between


def _table_at(table: Floats, y: Floats, x: Floats) -> Floats:
    row = np.clip(np.floor(y).astype(np.intp), 0, table.shape[0] - 2)
    col = np.clip(np.floor(x).astype(np.intp), 0, table.shape[1] - 2)
    down, right = y - row, x - col
    upper = table[row, col] * (1 - right) + table[row, col + 1] * right
    lower = table[row + 1, col] * (1 - right) + table[row + 1, col + 1] * right
    return upper * (1 - down) + lower * down

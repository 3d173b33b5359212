"""Kernels over all cells that a pixel covers: the mean, the most frequent value."""

from __future__ import annotations

import numpy as np

from tileserver.errors import InvalidParameter
from tileserver.grid import Floats
from tileserver.plan import Sampling, pixel_extents
from tileserver.warp.arrays import Valid, Values

MOST_CLASSES = 256


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

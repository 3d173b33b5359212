"""Linear interpolation between cell centres."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tileserver.grid import Floats
from tileserver.plan import Sampling
from tileserver.warp.arrays import Valid, Values


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

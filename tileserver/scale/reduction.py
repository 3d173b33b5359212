"""Cells of coarser levels from blocks of stored numbers, each level from the finest.

What is not valid does not count; a cell without any valid one is empty. Sums are of float64, so
that a mean of millions of cells is right to its last digits; it is rounded once, as it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.cube import Packing, Raw

Factor = tuple[int, int]
Array = npt.NDArray[Any]
METHODS = ("mean", "nearest", "mode", "min", "max")
STRIP_CELLS = 1 << 21  # of which there are float64 at one time


def reduce_block(
    raw: Raw, packing: Packing, method: str, factors: Sequence[Factor], empty: float
) -> list[Raw]:
    """The levels of a block (rows, cols), each of (ceil(rows / fy), ceil(cols / fx)) cells.

    Args:
        factors: cells of the block along y and x in one of each level; each a multiple of the one
            before. Where they do not divide the block its last cells have fewer.
        empty: the stored number of a cell without a valid one.
    """
    if method == "mean":
        return _means(raw, packing, factors, empty)
    if method in ("min", "max"):
        return _extremes(
            raw, packing, factors, empty, np.maximum if method == "max" else np.minimum
        )
    if method == "mode":
        return _modes(raw, packing, factors, empty)
    return [_nearest(raw, factor) for factor in factors]


def extent(raw: Raw, packing: Packing) -> tuple[float, float] | None:
    """The lowest and highest physical value of a block; None where it has no valid one."""
    low, high = np.inf, -np.inf
    for rows in _strips(raw.shape, 1):
        part = raw[rows]
        known = part[packing.valid(part)]
        if known.size:
            ends = packing.physical(np.array([known.min(), known.max()]))
            low, high = min(low, float(ends.min())), max(high, float(ends.max()))
    return None if low > high else (low, high)


def count_partial(raw: Raw, packing: Packing, factors: Sequence[Factor]) -> list[int]:
    """How many cells of each level of a block stand for valid cells and for others."""
    first = factors[0]
    count = np.empty(_reduced(raw.shape, first), np.int64)
    for rows in _strips(raw.shape, first[0]):
        own = slice(rows.start // first[0], -(-rows.stop // first[0]))
        count[own] = _summed(packing.valid(raw[rows]).astype(np.uint32), first)
    if count.sum() in (0, raw.size):
        return [0] * len(factors)
    found = []
    for factor, step in zip(factors, _steps(factors), strict=True):
        count = count if factor == first else _summed(count, step)
        whole = np.outer(*(_lengths(n, f) for n, f in zip(raw.shape, factor, strict=True)))
        found.append(int(np.count_nonzero((count > 0) & (count < whole))))
    return found


def _lengths(size: int, factor: int) -> Array:
    """Of the cells of a level along an axis, in cells of the finest."""
    return np.diff(np.append(np.arange(0, size, factor), size))


def _means(raw: Raw, packing: Packing, factors: Sequence[Factor], empty: float) -> list[Raw]:
    first = factors[0]
    shape = _reduced(raw.shape, first)
    total, count = np.empty(shape), np.empty(shape, np.int64)
    for rows in _strips(raw.shape, first[0]):
        part = raw[rows]
        valid = packing.valid(part)
        own = slice(rows.start // first[0], -(-rows.stop // first[0]))
        count[own] = _summed(valid.astype(np.uint32), first)
        total[own] = _summed(np.where(valid, part, 0).astype(np.float64, copy=False), first)
    levels = []
    for factor, (y, x) in zip(factors, _steps(factors), strict=True):
        if factor != first:
            total, count = _summed(total, (y, x)), _summed(count, (y, x))
        mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
        levels.append(_stored(mean, count > 0, raw.dtype, empty))
    return levels


def _stored(values: Array, valid: Array, dtype: np.dtype[Any], empty: float) -> Raw:
    """Numbers as they are stored, of integers the nearest."""
    if dtype.kind in "iu":
        np.rint(values, out=values)
    stored: Raw = values.astype(dtype)
    stored[~valid] = empty
    return stored


def _extremes(
    raw: Raw, packing: Packing, factors: Sequence[Factor], empty: float, ufunc: np.ufunc
) -> list[Raw]:
    kind = np.finfo if raw.dtype.kind == "f" else np.iinfo
    bounds: Any = kind(raw.dtype)
    highest = (packing.scale < 0) != (ufunc is np.minimum)  # of physical values, not stored ones
    stored_ufunc = np.minimum if highest else np.maximum
    neutral = bounds.max if highest else bounds.min
    valid = packing.valid(raw)
    values, known = np.where(valid, raw, np.array(neutral, raw.dtype)), valid
    levels = []
    for step in _steps(factors):
        values = _folded(values, step, stored_ufunc, neutral)
        known = _folded(known, step, np.logical_or, False)
        levels.append(np.where(known, values, np.array(empty, raw.dtype)))
    return levels


def _modes(raw: Raw, packing: Packing, factors: Sequence[Factor], empty: float) -> list[Raw]:
    """The most frequent number, of several the lowest."""
    valid = packing.valid(raw)
    levels: list[Raw] = [np.full(_reduced(raw.shape, f), empty, raw.dtype) for f in factors]
    most = [np.zeros(level.shape, np.int64) for level in levels]
    for number in np.unique(raw[valid]):
        count: Array = (raw == number) & valid
        for level, best, step in zip(levels, most, _steps(factors), strict=True):
            count = _summed(count.astype(np.int64, copy=False), step)
            more = count > best
            level[more] = number
            best[more] = count[more]
    return levels


def _nearest(raw: Raw, factor: Factor) -> Raw:
    """The cell in the middle, of an even number the one after it."""
    rows, cols = (
        np.minimum(np.arange(0, -(-size // f)) * f + f // 2, size - 1)
        for size, f in zip(raw.shape, factor, strict=True)
    )
    taken: Raw = raw[np.ix_(rows, cols)]
    return taken


def _steps(factors: Sequence[Factor]) -> Iterator[Factor]:
    """By how much each level reduces the one before."""
    before = (1, 1)
    for y, x in factors:
        yield y // before[0], x // before[1]
        before = (y, x)


def _reduced(shape: tuple[int, ...], factor: Factor) -> tuple[int, int]:
    return (-(-shape[0] // factor[0]), -(-shape[1] // factor[1]))


def _strips(shape: tuple[int, ...], multiple: int) -> Iterator[slice]:
    """Rows in parts that begin at a multiple."""
    height = max(1, STRIP_CELLS // max(1, shape[1]) // multiple) * multiple
    for start in range(0, shape[0], height):
        yield slice(start, min(start + height, shape[0]))


def _summed(values: Array, factor: Factor) -> Array:
    return _folded(values, factor, np.add, 0)


def _folded(values: Array, factor: Factor, ufunc: Callable[..., Array], neutral: Any) -> Array:
    """Each cell of the level: the ufunc over its cells, along columns and then rows."""
    across = _along(values.T, factor[1], ufunc, neutral).T
    return _along(across, factor[0], ufunc, neutral)


def _along(values: Array, factor: int, ufunc: Callable[..., Array], neutral: Any) -> Array:
    """The same along the first axis; what lacks at its end is neutral."""
    lacking = -len(values) % factor
    if lacking:
        rest = np.full((lacking, *values.shape[1:]), neutral, values.dtype)
        values = np.concatenate([values, rest])
    folded = values[::factor].copy(order="K")
    for first in range(1, factor):
        folded = ufunc(folded, values[first::factor])
    return folded

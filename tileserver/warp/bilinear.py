"""Linear interpolation between cell centres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from tileserver.cube import Packing, Raw
from tileserver.sampling import Cross, Sampling, Taps, Weights
from tileserver.warp.arrays import Valid, Values

Singles = npt.NDArray[np.float32]


def bilinear(cells: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """Linear interpolation between cell centres, float64; see `interpolate`.

    The kernel is of float32: it takes the numbers' distances from one of them, so that errors are
    relative to how far they lie apart, not to their size.
    """
    assert sampling.taps is not None
    raw = _repeated(cells, sampling.taps)
    valid = packing.valid(raw)
    origin = float(raw.ravel()[valid.argmax()]) if valid.any() else 0.0
    with np.errstate(all="ignore"):
        distances = np.subtract(raw, origin, dtype=np.float64).astype(np.float32)
    values, there = interpolate(distances, valid, sampling)
    return packing.physical(values.astype(np.float64) + origin), there


def bilinear_single(cells: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """The same as float32: enough for colours where float32 holds each stored number."""
    assert sampling.taps is not None
    raw = _repeated(cells, sampling.taps)
    values, there = interpolate(raw.astype(np.float32), packing.valid(raw), sampling)
    if not packing.is_plain:
        values *= np.float32(packing.scale)
        values += np.float32(packing.offset)
    return values, there


def _repeated(cells: Raw, taps: Taps) -> Raw:
    """The cells, the first columns after the last where the axis wraps."""
    if not taps.repeated:
        return cells
    width = cells.shape[1]
    wide: Raw = cells.take(np.arange(width + taps.repeated) % width, axis=1)
    return wide


def interpolate(numbers: Singles, valid: Valid, sampling: Sampling) -> tuple[Singles, Valid]:
    """Linear interpolation between cell centres; a triangle over the reduction when reducing.

    As GDAL's warper does, cells that are not valid are left out and the others' weights raised
    to a sum of 1, and a pixel is there where the cell that holds its centre is valid:

        value = Σ wy wx v / Σ wy wx,   w(d) = max(0, 1 - |d| / reduction)

    Overwrites the numbers that are not valid.
    """
    taps = sampling.taps
    assert taps is not None
    if valid.all():
        total = _blended(numbers, taps)
        there = np.ones(total.shape, np.bool_)
    else:
        np.copyto(numbers, 0, where=~valid)
        total = _blended(numbers, taps)
        weights = _blended(valid.astype(np.float32), taps)
        there = taps.own.gather(valid)
        weights += ~there  # no division by zero where nothing is shown
        total /= weights
    for part in sampling.inside:
        there &= part
    return total, there


def _blended(numbers: Singles, taps: Taps) -> Singles:
    """Σ wy wx v of each pixel, a new array."""
    if isinstance(taps.first, Cross):
        return _crosswise(numbers, taps.first, taps)
    flat, width = numbers.ravel(), numbers.shape[1]
    index = taps.first.index.astype(np.intp)

    def row(number: int) -> Singles:
        starts = (number * width + col for col in range(len(taps.right) + 1))
        return _mixed((flat[start:].take(index, mode="wrap") for start in starts), taps.right)

    return _mixed((row(number) for number in range(len(taps.down) + 1)), taps.down)


def _crosswise(numbers: Singles, first: Cross, taps: Taps) -> Singles:
    """Σ of a separable grid: columns first, or rows first where that is less."""
    fewer_rows = numbers.shape[0] <= first.row.size
    for axis in (1, 0) if fewer_rows else (0, 1):
        start, weights = ((first.row, taps.down), (first.col, taps.right))[axis]
        numbers = _mixed(_shifted(numbers, start, len(weights), axis), weights)
    return numbers


def _shifted(
    numbers: Singles, first: npt.NDArray[np.intp], more: int, axis: int
) -> Iterator[Singles]:
    """The cells at `first` along an axis, then those after, so many times."""
    return (numbers.take(first + tap, axis=axis, mode="wrap") for tap in range(more + 1))


def _mixed(parts: Iterable[Singles], weights: tuple[Weights, ...]) -> Singles:
    """Σ w v where the weights sum to 1: v0 + Σ w (v - v0), written into the parts."""
    remaining = iter(parts)
    first = next(remaining)
    change: Singles | None = None
    for part, weight in zip(remaining, weights, strict=True):
        part -= first
        part *= weight
        change = part if change is None else np.add(change, part, out=change)
    return first if change is None else np.add(change, first, out=change)

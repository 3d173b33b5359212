"""Linear interpolation between cell centres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from tileserver.cube import Raw
from tileserver.sampling import Cross, Sampling, Taps, Valid, Weights

Singles = npt.NDArray[np.float32]


def tapped(block: Raw, sampling: Sampling) -> Raw:
    """The part of a window that pixels are interpolated from, round the globe where it wraps."""
    assert sampling.taps is not None
    part: Raw = block[sampling.crop]
    if not sampling.taps.repeated:
        return part
    width = part.shape[1]
    wide: Raw = part.take(np.arange(width + sampling.taps.repeated) % width, axis=1)
    return wide


def bilinear(numbers: Singles, valid: Valid, taps: Taps) -> tuple[Singles, Valid]:
    """Linear interpolation between cell centres; a triangle over the reduction when reducing.

    As GDAL's warper does, cells that are not valid are left out and the others' weights raised
    to a sum of 1, and a pixel is there where the cell that holds its centre is valid:

        value = Σ wy wx v / Σ wy wx,   w(d) = max(0, 1 - |d| / reduction)

    Args:
        numbers, valid: float32 and bool (rows, cols) of what `tapped` gives.
    """
    if valid.all():
        total = _blended(numbers, taps)
        return total, np.ones(total.shape, np.bool_)
    total = _blended(np.where(valid, numbers, np.float32(0)), taps)
    weights = _blended(valid.astype(np.float32), taps)
    there = taps.own.gather(valid)
    weights += ~there  # no division by zero where nothing is shown
    total /= weights
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

"""The mean over the cells that a pixel covers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats
from tileserver.cube import Packing, Raw
from tileserver.plan import Sampling
from tileserver.warp.arrays import Valid, Values
from tileserver.warp.covering import SLIVER, Boxes, boxes_of, parts_of, share_of

# What is worked on at a time: it stays in the processor's cache.
BAND_CELLS = 1 << 18
# Numbers that are looked at along each axis to tell how large they are.
SAMPLE = 32
# Pixels that share one product of matrices: with more of them more of its factors are zero.
GROUP_PX = 8
# OpenBLAS wakes its threads for larger products; on a busy machine that takes milliseconds.
LARGEST_PRODUCT = 1 << 18


def average(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """The mean of the valid cells that a pixel covers, each weighted by the part that it fills.

    Float32 sums, to 1e-6 of the numbers' range, where they have up to 16 bits or are float32.
    Beside the block it holds a few MB, however large that is.
    """
    boxes = boxes_of(sampling)
    separable = boxes[0].shape[1] == 1 == boxes[2].shape[0]
    means, cover = (_separable if separable else _each)(block, packing, boxes)
    return packing.physical(means), cover > SLIVER


def _means(total: Values, cover: Values) -> Values:
    return np.divide(total, cover, out=np.zeros_like(total), where=cover > SLIVER)


def _separable(block: Raw, packing: Packing, boxes: Boxes) -> tuple[Values, Values]:
    """Of each pixel the mean of its valid cells, and the part of it that they fill.

    Σ share × value over Σ share, both as S_y V S_xᵀ. The matrices S of shares are banded: only the
    blocks along the band are multiplied.
    """
    dtype = np.float32 if block.dtype.itemsize <= 2 or block.dtype == np.float32 else np.float64
    top, bottom, left, right = (p.ravel() for p in boxes)
    down, across = _Shares.of(top, bottom, dtype), _Shares.of(left, right, dtype)
    origin = _origin(block, packing)
    total = np.zeros((top.size, block.shape[1]), dtype)
    cover, whole = np.zeros_like(total), True
    for rows in down.bands(block.shape[1]):
        values, known = _known(block[rows], packing, dtype(origin))
        whole &= known is None
        for pixels, cells, shares in down.within(rows):
            total[pixels] += _product(shares, values[cells])
            if known is None:
                cover[pixels] += shares.sum(axis=1, keepdims=True)
            else:
                cover[pixels] += _product(shares, known[cells])
    parts: Values = ((bottom > top)[:, None] & (right > left)).astype(dtype)
    if not whole:
        parts = _across(cover, across)
    means = _means(_across(total, across), parts)
    # What is to be unpacked keeps the digits that float32 would cut off.
    return means + (dtype(origin) if packing.is_plain else np.float64(dtype(origin))), parts


def _origin(block: Raw, packing: Packing) -> float:
    """A number amid the valid ones, of a sample, where all of that lie far from zero; else 0.

    The sums are of distances from it, so that their errors are relative to how far numbers lie
    apart, not to their size: temperatures in kelvin lose nothing by float32.
    """
    step = max(1, math.isqrt(block.size) // SAMPLE)
    sample = block[::step, ::step]
    known = sample[packing.valid(sample)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    far = min(abs(low), abs(high)) > high - low
    return low / 2 + high / 2 if far and low * high > 0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """Which part of each pixel each cell along an axis fills, in groups of GROUP_PX pixels.

    Args:
        size: the number of pixels.
        first, last: (groups,), the cells that a group covers, half-open.
        of_cells: (groups, GROUP_PX, most cells of a group).
    """

    size: int
    first: list[int]
    last: list[int]
    of_cells: Values

    @classmethod
    def of(cls, low: Floats, high: Floats, dtype: type[np.floating]) -> _Shares:
        """Of pixels from low (n,) to high (n,) in cells."""
        padding = np.zeros(-low.size % GROUP_PX)
        lows, highs = (np.append(p, padding).reshape(-1, GROUP_PX) for p in (low, high))
        there = highs > lows
        first = np.where(there, np.floor(lows), np.inf).min(axis=1)
        first[np.isinf(first)] = 0
        last = np.where(there, np.ceil(highs), first[:, None]).max(axis=1)
        cells = (first[:, None] + np.arange((last - first).max()))[:, None, :]
        shares = share_of(lows[..., None], highs[..., None], cells).astype(dtype)
        return cls(low.size, first.astype(int).tolist(), last.astype(int).tolist(), shares)

    def bands(self, width: int) -> Iterator[slice]:
        """All cells that pixels cover, in bands of about BAND_CELLS in rows of so many."""
        step = max(1, BAND_CELLS // width)
        for start in range(min(self.first), max(self.last), step):
            yield slice(start, min(start + step, max(self.last)))

    def within(self, band: slice) -> Iterator[tuple[slice, slice, Values]]:
        """Of each group that covers any of the band: pixels, cells counted in it, and shares."""
        for number, (first, last) in enumerate(zip(self.first, self.last, strict=True)):
            start, stop = max(first, band.start), min(last, band.stop)
            if start < stop:
                pixels = slice(number * GROUP_PX, min((number + 1) * GROUP_PX, self.size))
                shares = self.of_cells[number, : pixels.stop - pixels.start]
                cells = slice(start - band.start, stop - band.start)
                yield pixels, cells, shares[:, start - first : stop - first]


def _known(raw: Raw, packing: Packing, origin: np.floating) -> tuple[Values, Values | None]:
    """Distances from the origin, 0 where not valid; and 1 where valid, else 0, None if all are."""
    valid = packing.valid(raw)
    values = raw.astype(origin.dtype)
    values -= origin
    if valid.all():
        return values, None
    # By their bits, as a product with 0 leaves NaN, and choosing one by one takes longer.
    bits = np.negative(valid.view(np.int8), dtype=f"i{values.itemsize}")
    bits &= values.view(bits.dtype)
    return bits.view(values.dtype), valid.astype(values.dtype)


def _across(values: Values, shares: _Shares) -> Values:
    out = np.zeros((values.shape[0], shares.size), values.dtype)
    for pixels, cols, part in shares.within(slice(0, values.shape[1])):
        out[:, pixels] = _product(part, values[:, cols].T).T
    return out


def _product(shares: Values, values: Values) -> Values:
    """shares @ values, by pieces of LARGEST_PRODUCT multiplications."""
    width = max(1, LARGEST_PRODUCT // shares.size)
    if values.shape[1] <= width:
        return shares @ values
    out = np.empty((shares.shape[0], values.shape[1]), values.dtype)
    for start in range(0, values.shape[1], width):
        piece = slice(start, start + width)
        np.matmul(shares, values[:, piece], out=out[:, piece])
    return out


def _each(block: Raw, packing: Packing, boxes: Boxes) -> tuple[Values, Values]:
    """As _separable, where each pixel has a box of its own."""
    means, cover = np.zeros(boxes[0].shape), np.zeros(boxes[0].shape)
    for pixels, cells, inner in parts_of(boxes):
        raw = block[cells]
        if inner[0].size == 1:  # a box alone is separable, and may be of any size
            means[pixels], cover[pixels] = _separable(raw, packing, inner)
            continue
        valid = packing.valid(raw)
        if valid.all():
            cover[pixels] = (inner[1] > inner[0]) & (inner[3] > inner[2])
        else:
            cover[pixels] = _box_shares(valid, inner)
            raw = np.where(valid, raw, raw.dtype.type(0))
        means[pixels] = _means(_box_shares(raw, inner), cover[pixels])
    return means, cover


def _box_shares(cells: Raw | Valid, boxes: Boxes) -> Floats:
    """Σ share × value over boxes (h, w): by running sums down the columns, and taps across.

    The running sum between its nodes is linear, which is exact for cells of one value each.
    """
    top, bottom, left, right = boxes
    sums, edges = _running_sums(cells), np.stack([top, bottom])
    row, col = np.floor(edges).astype(np.intp), np.floor(left).astype(np.intp)
    index = (row + np.array([0, 1])[:, None, None, None]) * cells.shape[1] + col
    found, line = np.empty(index.shape, sums.dtype), np.zeros(index.shape)
    whole = int(np.floor(right - col).min())  # taps before it, but the first, lie within all boxes
    for tap in range(int(np.ceil(right - col).max())):
        # Beyond a box, and maybe beyond the last cell, a tap has no weight.
        sums.ravel().take(index, out=found, mode="clip")
        if 0 < tap < whole:
            line += found
        else:
            cell = col + tap
            line += found * np.maximum(np.minimum(right, cell + 1) - np.maximum(left, cell), 0)
        index += 1
    upper, lower = line[0] + (line[1] - line[0]) * (edges - row)
    area = (bottom - top) * (right - left)
    means: Floats = np.divide(lower - upper, area, out=np.zeros_like(area), where=area > 0)
    return means


def _running_sums(cells: Raw | Valid) -> npt.NDArray[np.number]:
    """(rows + 2, cols): row i is the sum of the cells above it; the last row stands twice."""
    narrow = cells.dtype.kind in "biu" and cells.dtype.itemsize <= 2 and cells.shape[0] < 1 << 15
    sums = np.zeros((cells.shape[0] + 2, cells.shape[1]), np.int32 if narrow else np.float64)
    sums[1:-1] = cells
    for above, row in itertools.pairwise(sums):  # np.cumsum down columns takes six times as long
        row += above
    return sums

"""The most frequent value among the cells that a pixel covers."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats
from tileserver.cube import Packing, Raw
from tileserver.errors import InvalidParameter
from tileserver.plan import Sampling
from tileserver.warp.arrays import Valid, Values
from tileserver.warp.covering import PART_CELLS, SLIVER, Boxes, boxes_of, parts_of, share_of

MOST_CLASSES = 256
# Two classes whose shares of a pixel differ by less fill the same.
TIE = 1e-9
# What is worked on at a time: it stays in the processor's cache.
PART_TAPS = 1 << 17

Codes = npt.NDArray[np.uint16]


def mode(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """The value that fills most of a pixel; of two that fill the same, the smaller.

    Of a pixel that alone covers more than PART_CELLS evenly spaced ones are counted.
    Raises InvalidParameter where some part of the picture has more than MOST_CLASSES values.
    """
    top, bottom, left, right = np.broadcast_arrays(*boxes_of(sampling))
    winner = np.zeros(top.shape, packing.physical(block[:0, :0]).dtype)
    there = np.zeros(top.shape, np.bool_)
    for pixels, cells, inner in parts_of((top, bottom, left, right)):
        raw, inner = _thinned(block[cells], inner)
        classes = _classes(raw, packing)
        if classes.size:
            number, there[pixels] = _most(_codes(raw, classes, packing), classes.size, inner)
            winner[pixels] = packing.physical(classes)[number]
    return winner, there


def _thinned(raw: Raw, boxes: Boxes) -> tuple[Raw, Boxes]:
    step = math.ceil(math.sqrt(raw.size / PART_CELLS))
    top, bottom, left, right = (p / step for p in boxes)
    return raw[::step, ::step], (top, bottom, left, right)


def _classes(raw: Raw, packing: Packing) -> Raw:
    """The different valid stored numbers, in the order of their physical values."""
    numbers = np.unique(raw)
    classes = numbers[packing.valid(numbers)]
    if classes.size > MOST_CLASSES:
        raise InvalidParameter(
            "resampling", "mode", f"expected at most {MOST_CLASSES} classes: use average or nearest"
        )
    ordered: Raw = classes[np.argsort(packing.physical(classes), kind="stable")]
    return ordered


def _codes(raw: Raw, classes: Raw, packing: Packing) -> Codes:
    """The place of each stored number among the classes; their count where it is not valid."""
    if raw.dtype.kind in "iu" and raw.dtype.itemsize <= 2:
        unsigned = f"u{raw.dtype.itemsize}"
        table = np.full(1 << 8 * raw.dtype.itemsize, classes.size, np.uint16)
        table[classes.view(unsigned)] = np.arange(classes.size)
        return table.take(np.ascontiguousarray(raw).view(unsigned))
    order = np.argsort(classes)
    place = np.searchsorted(classes, raw, sorter=order)
    codes = order.astype(np.uint16).take(place, mode="clip")
    codes[~packing.valid(raw)] = classes.size
    return codes


def _most(codes: Codes, count: int, boxes: Boxes) -> tuple[npt.NDArray[np.intp], Valid]:
    """The code below count that fills most of each box, and whether there is any."""
    flat = [p.ravel() for p in boxes]
    down, across = _reach(flat[0], flat[1]), _reach(flat[2], flat[3])
    step = max(1, PART_TAPS // (down.size * across.size + count))
    winner, most = np.empty(flat[0].size, np.intp), np.empty(flat[0].size)
    for start in range(0, winner.size, step):
        some = slice(start, start + step)
        top, bottom, left, right = (p[some] for p in flat)
        filled = _filled(codes, count, (top, bottom, left, right), (down, across))
        most[some] = filled.max(axis=0)
        winner[some] = (filled > most[some] - TIE).argmax(axis=0)
    shape = boxes[0].shape
    return winner.reshape(shape), most.reshape(shape) > SLIVER


def _reach(low: Floats, high: Floats) -> Floats:
    """0, 1, … for as many cells as the longest of the pixels touches, as (cells, 1)."""
    return np.arange(np.ceil(high - np.floor(low)).max())[:, None]


def _filled(codes: Codes, count: int, boxes: Boxes, taps: tuple[Floats, Floats]) -> Floats:
    """The part of each box (n,) that each code fills, as (count, n)."""
    top, bottom, left, right = boxes
    rows, cols = np.floor(top) + taps[0], np.floor(left) + taps[1]
    share = share_of(top, bottom, rows)[:, None] * share_of(left, right, cols)
    index = (rows * codes.shape[1]).astype(np.intp)[:, None] + cols.astype(np.intp)
    # Taps beyond the last cell have no share, whatever is found there.
    bins = codes.ravel().take(index, mode="clip") * np.intp(top.size)
    bins += np.arange(top.size)
    size = (count + 1) * top.size
    filled = np.asarray(np.bincount(bins.ravel(), share.ravel(), size), np.float64)
    return filled.reshape(-1, top.size)[:count]

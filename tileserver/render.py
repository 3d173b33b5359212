"""From stored numbers or physical values to colours: pure kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tileserver.colormap import float_type
from tileserver.cube import Packing, Raw
from tileserver.plan import Sampling
from tileserver.style import Style
from tileserver.warp import Valid, Values, gather, interpolate_single, warp

Rgba = npt.NDArray[np.uint8]
Table = npt.NDArray[np.uint8]
Range = tuple[float, float]

TABLES = 128  # kept tables of a palette index per stored number, of at most 64 kB each
WIDEST_TABLED = 2  # bytes of a stored integer that is looked up rather than computed


@dataclass(frozen=True, slots=True, eq=False)
class Indexed:
    """One band in colour: index uint8 (row, col) into palette (256, 4); 0 is transparent."""

    index: npt.NDArray[np.uint8]
    palette: npt.NDArray[np.uint8]

    def rgba(self) -> Rgba:
        """(row, col, 4) uint8, straight alpha."""
        whole = np.ascontiguousarray(self.palette).view(np.uint32).ravel()
        return whole.take(self.index).view(np.uint8).reshape(*self.index.shape, 4)


def draw(block: Raw, sampling: Sampling, packing: Packing, style: Style) -> Indexed:
    """One band in colour, straight from the stored numbers (rows, cols) of a sampling's window.

    Nearest pixels are the colours of cells, so physical values are computed for none of them where
    stored numbers have a table.
    """
    if sampling.resampling != "nearest":
        return colorize(*_interpolated(block, sampling, packing), style)
    cells = block[sampling.crop]
    assert sampling.cells is not None
    if cells.size <= math.prod(sampling.shape):
        index = sampling.cells.gather(_colors(cells, packing, style))
    else:
        index = _colors(sampling.cells.gather(cells), packing, style)
    for part in sampling.inside:
        index *= part
    return Indexed(index, style.palette())


def _interpolated(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """Physical values as exact as colours need them."""
    if sampling.resampling == "bilinear" and float_type(block) is np.float32:
        return interpolate_single(block, sampling, packing)
    return warp(block, sampling, packing)


def _colors(raw: Raw, packing: Packing, style: Style) -> npt.NDArray[np.uint8]:
    """The palette index of stored numbers of any shape, a new array."""
    if _is_tabled(raw.dtype):
        return _look_up(_index_table(packing, style, raw.dtype), raw)
    return style.index(packing.physical(raw), packing.valid(raw))


def _is_tabled(dtype: np.dtype[np.generic]) -> bool:
    return dtype.kind in "iu" and dtype.itemsize <= WIDEST_TABLED


def _look_up(table: Table, raw: Raw) -> npt.NDArray[np.uint8]:
    """The table's entry of each number's bits."""
    # None lies beyond the table: "wrap" is the mode that checks fastest.
    found: npt.NDArray[np.uint8] = table.take(raw.view(f"u{raw.itemsize}"), mode="wrap")
    return found


def _numbers(dtype: np.dtype[np.generic]) -> Raw:
    """All numbers of an integer type, in the order of their bits."""
    return np.arange(256**dtype.itemsize, dtype=f"u{dtype.itemsize}").view(dtype)


@lru_cache(maxsize=TABLES)
def _index_table(packing: Packing, style: Style, dtype: np.dtype[np.generic]) -> Table:
    """The palette index of each stored number: mask, scale and style in one."""
    raw = _numbers(dtype)
    return style.index(packing.physical(raw), packing.valid(raw))


def colorize(values: Values, valid: Valid, style: Style) -> Indexed:
    """One band (row, col) by its style."""
    return Indexed(style.index(values, valid), style.palette())


def draw_rgb(
    blocks: Sequence[Raw],
    samplings: Sequence[Sampling],
    packings: Sequence[Packing],
    ranges: Sequence[Range],
    *,
    opacity: float = 1.0,
) -> Rgba:
    """Three bands as red, green and blue, straight from stored numbers; see `compose`."""
    levels, there = [], []
    for block, sampling, packing, bounds in zip(blocks, samplings, packings, ranges, strict=True):
        if sampling.resampling == "nearest":
            raw = gather(block, sampling)
            levels.append(_levels(raw, packing, bounds))
            valid = packing.valid(raw)
            for part in sampling.inside:
                valid &= part
        else:
            values, valid = _interpolated(block, sampling, packing)
            levels.append(_scaled(values, bounds))
        there.append(valid)
    return _stacked(levels, np.logical_and.reduce(there), opacity)


def _levels(raw: Raw, packing: Packing, bounds: Range) -> npt.NDArray[np.uint8]:
    """The level of a channel for stored numbers of any shape."""
    if _is_tabled(raw.dtype):
        return _look_up(_level_table(packing, bounds, raw.dtype), raw)
    return _scaled(packing.physical(raw), bounds)


@lru_cache(maxsize=TABLES)
def _level_table(packing: Packing, bounds: Range, dtype: np.dtype[np.generic]) -> Table:
    """The level of a channel for each stored number, whether it is valid or not."""
    return _scaled(packing.physical(_numbers(dtype)), bounds)


def compose(bands: Sequence[Values], valid: Valid, ranges: Sequence[Range], opacity: float) -> Rgba:
    """Three bands (row, col) as red, green, blue, each linear over its range; (row, col, 4).

    A pixel that lacks any band is transparent black.
    """
    levels = [_scaled(values, bounds) for values, bounds in zip(bands, ranges, strict=True)]
    return _stacked(levels, valid, opacity)


def _scaled(values: Values, bounds: Range) -> npt.NDArray[np.uint8]:
    """Levels 0..255 over a range, to the nearest, ends clipped; 0 for NaN."""
    low, high = bounds
    x: Values = values - low
    x *= 255.0 / (high - low)
    np.fmax(x, 0, out=x)
    np.fmin(x, 255, out=x)
    return np.rint(x, out=x).astype(np.uint8)


def _stacked(levels: Sequence[npt.NDArray[np.uint8]], valid: Valid, opacity: float) -> Rgba:
    """Channels (row, col) side by side, all 0 where not valid."""
    rgba = np.empty((*valid.shape, 4), np.uint8)
    for channel, level in enumerate(levels):
        np.multiply(level, valid, out=rgba[..., channel])
    np.multiply(valid, np.uint8(round(255 * opacity)), out=rgba[..., 3])
    return rgba


def empty(shape: tuple[int, int], palette: npt.NDArray[np.uint8]) -> Indexed:
    """A picture where no pixel has data."""
    return Indexed(np.zeros(shape, np.uint8), palette)

"""From stored numbers or physical values to colours: pure kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tileserver.colormap import float_type
from tileserver.cube import Packing, Raw
from tileserver.plan import Sampling
from tileserver.style import Style, clip
from tileserver.warp import Valid, Values, bilinear_single, gather, warp

Rgba = npt.NDArray[np.uint8]
Table = npt.NDArray[np.uint8]
Range = tuple[float, float]
C = TypeVar("C", np.uint8, np.uint32)

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
    if _is_enlarged(block, sampling):
        index = _gathered(_colors(block[sampling.crop], packing, style), sampling)
        return Indexed(index, style.palette())
    index = _colors(gather(block[sampling.crop], sampling), packing, style)
    for part in sampling.inside:
        index *= part
    return Indexed(index, style.palette())


def _is_enlarged(block: Raw, sampling: Sampling) -> bool:
    """Whether there are fewer cells than pixels: they are coloured before they are gathered."""
    return sampling.resampling == "nearest" and (
        block[sampling.crop].size <= math.prod(sampling.shape)
    )


def _gathered(colors: npt.NDArray[C], sampling: Sampling) -> npt.NDArray[C]:
    """The cells' colours of each pixel (row, col), 0 outside the grid."""
    assert sampling.cells is not None
    pixels = sampling.cells.gather(colors)
    for part in sampling.inside:
        pixels *= part
    return pixels


def _interpolated(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """Physical values as exact as colours need them."""
    if sampling.resampling == "bilinear" and float_type(block) is np.float32:
        return bilinear_single(block[sampling.crop], sampling, packing)
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
    table = style.index(packing.physical(raw), packing.valid(raw))
    table.setflags(write=False)
    return table


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
    first = samplings[0]
    if all(each is first for each in samplings) and _is_enlarged(blocks[0], first):
        cells = [block[first.crop] for block in blocks]
        bands = [_leveled(*each) for each in zip(cells, packings, ranges, strict=True)]
        whole = _gathered(_stacked(bands, opacity), first)
    else:
        jobs = zip(blocks, samplings, packings, ranges, strict=True)
        whole = _stacked([_level_band(*job) for job in jobs], opacity)
    return _rgba(whole)


Band = tuple[npt.NDArray[np.uint8], Valid]  # the levels of a channel, and where they are known
Whole = npt.NDArray[np.uint32]  # four channels in one number, red lowest


def _level_band(block: Raw, sampling: Sampling, packing: Packing, bounds: Range) -> Band:
    """One channel of the target (row, col)."""
    if sampling.resampling != "nearest":
        values, valid = _interpolated(block, sampling, packing)
        return _scaled(values, bounds), valid
    levels, valid = _leveled(gather(block[sampling.crop], sampling), packing, bounds)
    for part in sampling.inside:
        valid &= part
    return levels, valid


def _leveled(raw: Raw, packing: Packing, bounds: Range) -> Band:
    """One channel of stored numbers of any shape."""
    valid = packing.valid(raw)
    if _is_tabled(raw.dtype):
        return _look_up(_level_table(packing, bounds, raw.dtype), raw), valid
    return _scaled(packing.physical(raw), bounds), valid


@lru_cache(maxsize=TABLES)
def _level_table(packing: Packing, bounds: Range, dtype: np.dtype[np.generic]) -> Table:
    """The level of a channel for each stored number, whether it is valid or not."""
    table = _scaled(packing.physical(_numbers(dtype)), bounds)
    table.setflags(write=False)
    return table


def compose(bands: Sequence[Values], valid: Valid, ranges: Sequence[Range], opacity: float) -> Rgba:
    """Three bands (row, col) as red, green, blue, each linear over its range; (row, col, 4).

    A pixel that lacks any band is transparent black.
    """
    jobs = zip(bands, ranges, strict=True)
    return _rgba(_stacked([(_scaled(values, bounds), valid) for values, bounds in jobs], opacity))


def _scaled(values: Values, bounds: Range) -> npt.NDArray[np.uint8]:
    """Levels 0..255 over a range, to the nearest, ends clipped; 0 for NaN."""
    low, high = bounds
    x: Values = values - low
    x *= 255.0 / (high - low)
    clip(x, 255)
    return np.rint(x, out=x).astype(np.uint8)


def _stacked(bands: Sequence[Band], opacity: float) -> Whole:
    """Three channels (row, col) and their opacity, all 0 where any is not valid."""
    (red, _), (green, _), (blue, _) = bands
    whole = blue.astype(np.uint32)
    for lower in (green, red):
        whole <<= 8
        whole |= lower
    whole |= np.uint32(round(255 * opacity) << 24)
    whole *= np.logical_and.reduce([valid for _, valid in bands])
    return whole


def _rgba(whole: Whole) -> Rgba:
    """The channels of (row, col) side by side, (row, col, 4)."""
    return whole.astype("<u4", copy=False).view(np.uint8).reshape(*whole.shape, 4)


def empty(shape: tuple[int, int], palette: npt.NDArray[np.uint8]) -> Indexed:
    """A picture where no pixel has data."""
    return Indexed(np.zeros(shape, np.uint8), palette)

"""Where pixels lie on an axis, and the window of cells around them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tileserver.grid import Axis, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Where pixel centres lie on an axis.

    Args:
        at: positions (h, 1), (1, w) or (h, w), NaN outside the axis; without a jump where the
            target crosses the seam of an axis that wraps.
        low, high: the extremes, NaN where all of the target lies outside.
        whole: whether none does.
    """

    axis: Axis
    at: Floats
    low: float
    high: float
    whole: bool

    @classmethod
    def on(cls, axis: Axis, coords: Floats) -> Positions:
        """The positions of coordinates in CRS units."""
        if axis.edges is None:
            # The plain case of Axis.positions, for what it costs.
            at = coords - axis.start
            at /= axis.step
            low, high = float(at.min()), float(at.max())
            if low >= 0 and high < axis.size and not (axis.wraps and high - low > axis.size / 2):
                return cls(axis, at, low, high, True)
        at = axis.positions(coords)
        if axis.wraps:
            at = unrolled(at, axis)
        known = finite(at)
        if not known.size:
            return cls(axis, at, math.nan, math.nan, False)
        return cls(axis, at, float(known.min()), float(known.max()), known.size == at.size)

    @property
    def filled(self) -> Floats:
        """The positions, somewhere on the axis for pixels that have none."""
        return self.at if self.whole else np.where(np.isfinite(self.at), self.at, self.low)


def corner_positions(axis: Axis, coords: Floats) -> Floats:
    """Positions of pixel corners, at the axis' ends for what lies beyond it, NaN for NaN."""
    if axis.edges is None:
        at = coords - axis.start
        at /= axis.step
        low, high = float(at.min()), float(at.max())
        if low >= 0 and high <= axis.size and not (axis.wraps and high - low > axis.size / 2):
            return at
    at = axis.positions(coords, clamp=True)
    return unrolled(at, axis) if axis.wraps else at


def unrolled(cols: Floats, axis: Axis) -> Floats:
    """Columns without a jump where the target crosses the seam of an axis that wraps."""
    if not np.isfinite(cols).any():
        return cols
    size = axis.size
    rolled = np.where(cols < size / 2, cols + size, cols)
    if cols.shape[0] == 1 and np.isfinite(cols).all():
        rolled = np.unwrap(cols, period=size, axis=1)
    elif np.ptp(finite(rolled)) >= np.ptp(finite(cols)):
        rolled = cols
    first_turn: Floats = rolled - size * np.floor(np.nanmin(rolled) / size)
    return first_turn


def finite(values: Floats) -> Floats:
    """Those of the values that are finite, (n,)."""
    known: Floats = values[np.isfinite(values)]
    return known


def window(
    low: float, high: float, chunk: int, axis: Axis, margin: int = 0
) -> tuple[slice, int | None]:
    """The cells from one position to another, and the turn where they are all that there are.

    A window within one chunk is widened to the chunk: reading it then copies nothing.
    """
    start, stop = math.floor(low) - margin, math.ceil(high) + margin
    stop = max(stop, start + 1)
    if axis.wraps and (start < 0 or stop > axis.size):
        if chunk >= axis.size or stop - start >= axis.size:
            return slice(0, axis.size), axis.size
        turns = axis.size if start < 0 else 0
        return slice(start + turns, stop + turns), None
    start, stop = max(start, 0), min(stop, axis.size)
    if start // chunk == (stop - 1) // chunk:
        first = start // chunk * chunk
        return slice(first, min(first + chunk, axis.size)), None
    return slice(start, stop), None

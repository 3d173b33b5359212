"""Where pixels lie on an axis, and the window of cells around them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tileserver.axis import Axis, Floats
from tileserver.sampling import corner_parts

# With a lookup a pixel whose corners lie farther apart than so many times as most is at a seam.
FARTHEST = 8.0


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


def extents_around(
    positions: Positions, corner_coords: Floats, reduction: float
) -> tuple[Floats, Floats]:
    """The least and the greatest position (h, w) of each pixel, on the axis.

    One whose corners lie off the axis, or far apart, reaches as far as most do around its centre.
    """
    axis, at = positions.axis, positions.at
    parts = corner_parts((corner_coords - axis.start) / axis.step)
    if axis.wraps:
        parts = [part - axis.size * np.round((part - at) / axis.size) for part in parts]
    low, high = np.minimum.reduce(parts), np.maximum.reduce(parts)
    local = (high - low <= FARTHEST * (reduction + 1)) & (low <= at) & (at <= high)
    low = np.where(local, low, at - reduction / 2)
    high = np.where(local, high, at + reduction / 2)
    return np.maximum(low, 0), np.minimum(high, axis.size * (2 if axis.wraps else 1))


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

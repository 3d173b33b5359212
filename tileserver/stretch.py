"""The range of values that a map shows by default."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

LOWER_PERCENT, UPPER_PERCENT = 2, 98


def percentile_stretch(values: npt.NDArray[np.floating]) -> tuple[float, float]:
    """The 2nd to 98th percentile of values (n,), rounded outwards to about two digits.

    A range is always one: without any finite value it is 0 to 1, of equal values half of one of
    their own size around them.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return (0.0, 1.0)
    low, high = (float(v) for v in np.percentile(finite, (LOWER_PERCENT, UPPER_PERCENT)))
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        low, high = float(finite.min()), float(finite.max())
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        margin = abs(low) / 2 or 0.5
        return (low - margin, high + margin)
    step = 10.0 ** math.floor(math.log10(high - low) - 1)
    return (_rounded(math.floor(low / step), step), _rounded(math.ceil(high / step), step))


def _rounded(count: int, step: float) -> float:
    """count × step without the dust of binary fractions."""
    return float(f"{count * step:.12g}")

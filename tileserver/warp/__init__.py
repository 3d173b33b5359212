"""From a window of stored numbers to the pixels of a target: pure kernels.

All take a block (rows, cols) of the window that a `Sampling` names, and give values (h, w) with a
bool array of the same shape, True where a value is there.
"""

from __future__ import annotations

import numpy as np

from tileserver.cube import Packing, Raw
from tileserver.plan import Sampling
from tileserver.warp.area import average, mode
from tileserver.warp.arrays import Valid, Values
from tileserver.warp.bilinear import Singles, bilinear, tapped
from tileserver.warp.nearest import gather, nearest

__all__ = [
    "Valid", "Values", "average", "gather", "interpolate_single", "mode", "nearest", "warp",
]  # fmt: skip


def warp(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """The physical values of the sampling's target, by the kernel that it names."""
    if sampling.resampling == "nearest":
        return nearest(block, sampling, packing)
    if sampling.resampling == "bilinear":
        return interpolate(block, sampling, packing)
    block = block[sampling.crop]
    kernel = average if sampling.resampling == "average" else mode
    return kernel(packing.physical(block), packing.valid(block), sampling)


def interpolate(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """Bilinear values, float64.

    The kernel is of float32: it takes the numbers' distances from one of them, so that errors are
    relative to how far they lie apart, not to their size.
    """
    raw = tapped(block, sampling)
    valid = packing.valid(raw)
    origin = float(raw.ravel()[valid.argmax()]) if valid.any() else 0.0
    with np.errstate(all="ignore"):
        distances = np.subtract(raw, origin, dtype=np.float64).astype(np.float32)
    values, there = _bilinear(distances, valid, sampling)
    return packing.physical(values.astype(np.float64) + origin), there


def interpolate_single(block: Raw, sampling: Sampling, packing: Packing) -> tuple[Values, Valid]:
    """Bilinear values, float32: enough for colours where float32 holds each stored number."""
    raw = tapped(block, sampling)
    values, there = _bilinear(raw.astype(np.float32), packing.valid(raw), sampling)
    if not packing.is_plain:
        values *= np.float32(packing.scale)
        values += np.float32(packing.offset)
    return values, there


def _bilinear(numbers: Singles, valid: Valid, sampling: Sampling) -> tuple[Singles, Valid]:
    assert sampling.taps is not None
    values, there = bilinear(numbers, valid, sampling.taps)
    for part in sampling.inside:
        there &= part
    return values, there
